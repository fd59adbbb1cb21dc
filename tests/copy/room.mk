# tests of copy
check_PROGRAMS += tests/copy/test_copy
TESTS += tests/copy/test_copy
tests_copy_test_copy_SOURCES = tests/copy/test_copy.c
tests_copy_test_copy_LDADD = $(test_ldadd)
