# tests of registry
registry_tests = tests/registry/test_breaker tests/registry/test_scan \
	tests/registry/test_snapshot tests/registry/test_switch \
	tests/registry/test_tables
check_PROGRAMS += $(registry_tests)
TESTS += $(registry_tests)
tests_registry_test_breaker_SOURCES = tests/registry/test_breaker.c
tests_registry_test_breaker_LDADD = $(test_ldadd)
tests_registry_test_scan_SOURCES = tests/registry/test_scan.c
tests_registry_test_scan_LDADD = $(test_ldadd)
tests_registry_test_snapshot_SOURCES = tests/registry/test_snapshot.c
tests_registry_test_snapshot_LDADD = $(test_ldadd)
tests_registry_test_tables_SOURCES = tests/registry/test_tables.c
tests_registry_test_tables_LDADD = $(test_ldadd)
tests_registry_test_switch_SOURCES = tests/registry/test_switch.c
tests_registry_test_switch_LDADD = $(stores_ldadd)
