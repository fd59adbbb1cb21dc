# tests of cache
check_PROGRAMS += tests/cache/test_cache
TESTS += tests/cache/test_cache
tests_cache_test_cache_SOURCES = tests/cache/test_cache.c
tests_cache_test_cache_LDADD = $(test_ldadd)
