# tests of scm
check_PROGRAMS += tests/scm/test_scm
TESTS += tests/scm/test_scm
tests_scm_test_scm_SOURCES = tests/scm/test_scm.c
tests_scm_test_scm_LDADD = $(test_ldadd)
