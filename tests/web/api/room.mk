# tests of web/api
check_PROGRAMS += tests/web/api/test_error
TESTS += tests/web/api/test_error
tests_web_api_test_error_SOURCES = tests/web/api/test_error.c
tests_web_api_test_error_LDADD = $(test_ldadd)
