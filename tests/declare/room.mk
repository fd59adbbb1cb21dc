# tests of declare
check_PROGRAMS += tests/declare/test_declare
TESTS += tests/declare/test_declare
tests_declare_test_declare_SOURCES = tests/declare/test_declare.c
tests_declare_test_declare_LDADD = $(test_ldadd)
