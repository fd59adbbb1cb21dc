# tests of yaml
check_PROGRAMS += tests/yaml/test_yaml
TESTS += tests/yaml/test_yaml
tests_yaml_test_yaml_SOURCES = tests/yaml/test_yaml.c
tests_yaml_test_yaml_LDADD = $(test_ldadd)
