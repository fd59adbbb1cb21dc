# tests of config
check_PROGRAMS += tests/config/test_config
TESTS += tests/config/test_config
tests_config_test_config_SOURCES = tests/config/test_config.c
tests_config_test_config_LDADD = $(test_ldadd)

check_PROGRAMS += tests/config/test_veil
TESTS += tests/config/test_veil
tests_config_test_veil_SOURCES = tests/config/test_veil.c
tests_config_test_veil_LDADD = $(test_ldadd)
