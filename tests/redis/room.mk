# tests of redis
check_PROGRAMS += tests/redis/test_redis
TESTS += tests/redis/test_redis
tests_redis_test_redis_SOURCES = tests/redis/test_redis.c
tests_redis_test_redis_LDADD = $(stores_ldadd)
