# tests of config
check_PROGRAMS += tests/config/test_config
TESTS += tests/config/test_config
tests_config_test_config_SOURCES = tests/config/test_config.c
tests_config_test_config_LDADD = $(test_ldadd)
