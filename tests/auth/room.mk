# tests of auth and policy
auth_tests = tests/auth/test_auth tests/auth/test_token \
	tests/auth/test_external tests/auth/test_sign_in \
	tests/auth/test_assertion
auth_hall = tests/auth/hall.c tests/auth/hall.h
check_PROGRAMS += $(auth_tests)
TESTS += $(auth_tests)
tests_auth_test_assertion_SOURCES = tests/auth/test_assertion.c $(auth_hall)
tests_auth_test_assertion_LDADD = $(test_ldadd)
tests_auth_test_auth_SOURCES = tests/auth/test_auth.c $(auth_hall)
tests_auth_test_auth_LDADD = $(test_ldadd)
tests_auth_test_token_SOURCES = tests/auth/test_token.c $(auth_hall)
tests_auth_test_token_LDADD = $(test_ldadd)
tests_auth_test_external_SOURCES = tests/auth/test_external.c $(auth_hall)
tests_auth_test_external_LDADD = $(test_ldadd)
tests_auth_test_sign_in_SOURCES = tests/auth/test_sign_in.c $(auth_hall)
tests_auth_test_sign_in_LDADD = $(test_ldadd)
