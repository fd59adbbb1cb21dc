# tests of source
source_tests = tests/source/test_away tests/source/test_call \
	tests/source/test_fleet \
	tests/source/test_source tests/source/test_value tests/source/test_warm
check_PROGRAMS += $(source_tests)
TESTS += $(source_tests)
source_fetcher = tests/source/fetcher.c tests/source/fetcher.h
tests_source_test_value_SOURCES = tests/source/test_value.c
tests_source_test_value_LDADD = $(test_ldadd)
source_reader = tests/source/reader.c tests/source/reader.h $(source_fetcher)
tests_source_test_source_SOURCES = tests/source/test_source.c $(source_reader)
tests_source_test_call_SOURCES = tests/source/test_call.c $(source_reader)
tests_source_test_call_LDADD = $(stores_ldadd)
tests_source_test_away_SOURCES = tests/source/test_away.c $(source_reader)
tests_source_test_away_LDADD = $(stores_ldadd)
tests_source_test_source_LDADD = $(stores_ldadd)
tests_source_test_warm_SOURCES = tests/source/test_warm.c $(source_fetcher)
tests_source_test_warm_LDADD = $(stores_ldadd)
tests_source_test_fleet_SOURCES = tests/source/test_fleet.c $(http_asking)
tests_source_test_fleet_LDADD = $(stores_ldadd)
