# tests of db, and the private stores that tests of all rooms may start
check_LIBRARIES += tests/lib/libstores.a
tests_lib_libstores_a_SOURCES = tests/lib/lane.c tests/lib/lane.h \
	tests/lib/stores.c tests/lib/stores.h
tests_lib_libstores_a_CPPFLAGS = $(AM_CPPFLAGS) \
	-DCALLBOARD_TEST_BUILDDIR='"$(abs_builddir)"' \
	-DCALLBOARD_TEST_SRCDIR='"$(abs_srcdir)"'
CLEANFILES += tests/pg-template.tar tests/pg-template.tar.lock
# What a test links that wants them.
stores_ldadd = tests/lib/libstores.a $(test_ldadd)

check_PROGRAMS += tests/db/test_stores
TESTS += tests/db/test_stores
tests_db_test_stores_SOURCES = tests/db/test_stores.c
tests_db_test_stores_LDADD = $(stores_ldadd)

check_PROGRAMS += tests/db/test_query
TESTS += tests/db/test_query
tests_db_test_query_SOURCES = tests/db/test_query.c
tests_db_test_query_LDADD = $(stores_ldadd)

check_PROGRAMS += tests/db/test_tx
TESTS += tests/db/test_tx
tests_db_test_tx_SOURCES = tests/db/test_tx.c
tests_db_test_tx_LDADD = $(stores_ldadd)

check_PROGRAMS += tests/db/test_away
TESTS += tests/db/test_away
tests_db_test_away_SOURCES = tests/db/test_away.c
tests_db_test_away_LDADD = $(stores_ldadd)

check_PROGRAMS += tests/db/test_migrate
TESTS += tests/db/test_migrate
tests_db_test_migrate_SOURCES = tests/db/test_migrate.c
tests_db_test_migrate_LDADD = $(stores_ldadd)

check_PROGRAMS += tests/db/test_where
TESTS += tests/db/test_where
tests_db_test_where_SOURCES = tests/db/test_where.c
tests_db_test_where_LDADD = $(test_ldadd)
