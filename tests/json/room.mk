# tests of json
check_PROGRAMS += tests/json/test_json
TESTS += tests/json/test_json
tests_json_test_json_SOURCES = tests/json/test_json.c
tests_json_test_json_LDADD = $(test_ldadd) -lm
check_PROGRAMS += tests/json/test_schema
TESTS += tests/json/test_schema
tests_json_test_schema_SOURCES = tests/json/test_schema.c
tests_json_test_schema_LDADD = $(test_ldadd)
check_PROGRAMS += tests/json/schema_oracle
tests_json_schema_oracle_SOURCES = tests/json/schema_oracle.c
tests_json_schema_oracle_LDADD = $(test_ldadd)
