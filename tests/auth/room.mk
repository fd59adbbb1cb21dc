# tests of auth and policy
check_PROGRAMS += tests/auth/test_auth
TESTS += tests/auth/test_auth
tests_auth_test_auth_SOURCES = tests/auth/test_auth.c
tests_auth_test_auth_LDADD = $(test_ldadd)
