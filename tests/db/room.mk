# tests of db, and the private stores that tests of all rooms may start
check_LTLIBRARIES += tests/lib/libstores.la
tests_lib_libstores_la_SOURCES = tests/lib/stores.c tests/lib/stores.h
tests_lib_libstores_la_CPPFLAGS = $(AM_CPPFLAGS) \
	-DCALLBOARD_TEST_BUILDDIR='"$(abs_builddir)"' \
	-DCALLBOARD_TEST_SRCDIR='"$(abs_srcdir)"'
CLEANFILES += tests/pg-template.tar tests/pg-template.tar.lock
# What a test links that wants them.
stores_ldadd = tests/lib/libstores.la $(test_ldadd)

check_PROGRAMS += tests/db/test_stores
TESTS += tests/db/test_stores
tests_db_test_stores_SOURCES = tests/db/test_stores.c
tests_db_test_stores_LDADD = $(stores_ldadd)
