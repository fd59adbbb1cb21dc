# tests of jose
check_PROGRAMS += tests/jose/test_jose
TESTS += tests/jose/test_jose
tests_jose_test_jose_SOURCES = tests/jose/test_jose.c
tests_jose_test_jose_LDADD = $(test_ldadd)
