# tests of catalog
check_PROGRAMS += tests/catalog/test_filter
TESTS += tests/catalog/test_filter
tests_catalog_test_filter_SOURCES = tests/catalog/test_filter.c
tests_catalog_test_filter_LDADD = $(test_ldadd)
check_PROGRAMS += tests/catalog/test_project
TESTS += tests/catalog/test_project
tests_catalog_test_project_SOURCES = tests/catalog/test_project.c
tests_catalog_test_project_LDADD = $(test_ldadd)
check_PROGRAMS += tests/catalog/test_model
TESTS += tests/catalog/test_model
tests_catalog_test_model_SOURCES = tests/catalog/test_model.c
tests_catalog_test_model_LDADD = $(test_ldadd)
check_PROGRAMS += tests/catalog/test_flatten
TESTS += tests/catalog/test_flatten
tests_catalog_test_flatten_SOURCES = tests/catalog/test_flatten.c
tests_catalog_test_flatten_LDADD = $(test_ldadd)
check_PROGRAMS += tests/catalog/test_fixtures
TESTS += tests/catalog/test_fixtures
tests_catalog_test_fixtures_SOURCES = tests/catalog/test_fixtures.c
tests_catalog_test_fixtures_LDADD = $(test_ldadd)
check_PROGRAMS += tests/catalog/test_location
TESTS += tests/catalog/test_location
tests_catalog_test_location_SOURCES = tests/catalog/test_location.c
tests_catalog_test_location_LDADD = $(stores_ldadd)
check_PROGRAMS += tests/catalog/test_follow
TESTS += tests/catalog/test_follow
tests_catalog_test_follow_SOURCES = tests/catalog/test_follow.c \
	tests/catalog/shelf.c tests/catalog/shelf.h
tests_catalog_test_follow_LDADD = $(stores_ldadd)
check_PROGRAMS += tests/catalog/test_query
TESTS += tests/catalog/test_query
tests_catalog_test_query_SOURCES = tests/catalog/test_query.c \
	tests/catalog/shelf.c tests/catalog/shelf.h
tests_catalog_test_query_LDADD = $(stores_ldadd)
check_PROGRAMS += tests/catalog/test_past
TESTS += tests/catalog/test_past
tests_catalog_test_past_SOURCES = tests/catalog/test_past.c \
	tests/catalog/shelf.c tests/catalog/shelf.h
tests_catalog_test_past_LDADD = $(stores_ldadd)
check_PROGRAMS += tests/catalog/test_table
TESTS += tests/catalog/test_table
tests_catalog_test_table_SOURCES = tests/catalog/test_table.c \
	tests/catalog/shelf.c tests/catalog/shelf.h
tests_catalog_test_table_LDADD = $(stores_ldadd)

check_LTLIBRARIES += tests/catalog/libyard.la
tests_catalog_libyard_la_SOURCES = tests/catalog/yard.c tests/catalog/yard.h
yard_ldadd = tests/catalog/libyard.la $(stores_ldadd)
check_PROGRAMS += tests/bench/ingest
tests_bench_ingest_SOURCES = tests/bench/ingest.c
tests_bench_ingest_LDADD = $(yard_ldadd)
check_PROGRAMS += tests/catalog/test_ingest
TESTS += tests/catalog/test_ingest
tests_catalog_test_ingest_SOURCES = tests/catalog/test_ingest.c
tests_catalog_test_ingest_LDADD = $(yard_ldadd)
check_PROGRAMS += tests/catalog/test_keep
TESTS += tests/catalog/test_keep
tests_catalog_test_keep_SOURCES = tests/catalog/test_keep.c
tests_catalog_test_keep_LDADD = $(yard_ldadd)
check_PROGRAMS += tests/catalog/test_engines
TESTS += tests/catalog/test_engines
tests_catalog_test_engines_SOURCES = tests/catalog/test_engines.c
tests_catalog_test_engines_LDADD = $(yard_ldadd)
check_PROGRAMS += tests/catalog/test_bad_files
TESTS += tests/catalog/test_bad_files
tests_catalog_test_bad_files_SOURCES = tests/catalog/test_bad_files.c
tests_catalog_test_bad_files_LDADD = $(yard_ldadd)
check_PROGRAMS += tests/catalog/test_rules
TESTS += tests/catalog/test_rules
tests_catalog_test_rules_SOURCES = tests/catalog/test_rules.c
tests_catalog_test_rules_LDADD = $(test_ldadd)
check_PROGRAMS += tests/catalog/test_site
TESTS += tests/catalog/test_site
tests_catalog_test_site_SOURCES = tests/catalog/test_site.c \
	tests/catalog/site.c tests/catalog/site.h
tests_catalog_test_site_LDADD = $(yard_ldadd)
check_PROGRAMS += tests/catalog/test_columns
TESTS += tests/catalog/test_columns
tests_catalog_test_columns_SOURCES = tests/catalog/test_columns.c \
	tests/catalog/shelf.c tests/catalog/shelf.h
tests_catalog_test_columns_LDADD = $(stores_ldadd)
check_PROGRAMS += tests/catalog/test_explain
TESTS += tests/catalog/test_explain
tests_catalog_test_explain_SOURCES = tests/catalog/test_explain.c
tests_catalog_test_explain_LDADD = $(yard_ldadd)
