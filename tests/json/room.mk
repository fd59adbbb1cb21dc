# tests of json
check_PROGRAMS += tests/json/test_json
TESTS += tests/json/test_json
tests_json_test_json_SOURCES = tests/json/test_json.c
tests_json_test_json_LDADD = $(test_ldadd) -lm
