# tests of provider
check_PROGRAMS += tests/provider/test_provider
TESTS += tests/provider/test_provider
tests_provider_test_provider_SOURCES = tests/provider/test_provider.c
tests_provider_test_provider_LDADD = $(test_ldadd)
check_PROGRAMS += tests/provider/test_supply
TESTS += tests/provider/test_supply
tests_provider_test_supply_SOURCES = tests/provider/test_supply.c
tests_provider_test_supply_LDADD = $(test_ldadd)
check_PROGRAMS += tests/provider/test_discovery
TESTS += tests/provider/test_discovery
tests_provider_test_discovery_SOURCES = tests/provider/test_discovery.c
tests_provider_test_discovery_LDADD = $(test_ldadd)
