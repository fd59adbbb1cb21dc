# tests of scm
check_PROGRAMS += tests/scm/test_scm
TESTS += tests/scm/test_scm
tests_scm_test_scm_SOURCES = tests/scm/test_scm.c
tests_scm_test_scm_LDADD = $(test_ldadd)
check_PROGRAMS += tests/scm/test_git
TESTS += tests/scm/test_git
tests_scm_test_git_SOURCES = tests/scm/test_git.c
tests_scm_test_git_LDADD = $(test_ldadd)
check_PROGRAMS += tests/scm/test_infer
TESTS += tests/scm/test_infer
tests_scm_test_infer_SOURCES = tests/scm/test_infer.c
tests_scm_test_infer_LDADD = $(test_ldadd)
