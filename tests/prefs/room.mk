# tests of prefs
check_PROGRAMS += tests/prefs/test_prefs
TESTS += tests/prefs/test_prefs
tests_prefs_test_prefs_SOURCES = tests/prefs/test_prefs.c
tests_prefs_test_prefs_LDADD = $(stores_ldadd)
