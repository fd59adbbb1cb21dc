# tests of spawn
check_PROGRAMS += tests/spawn/test_spawn
TESTS += tests/spawn/test_spawn
tests_spawn_test_spawn_SOURCES = tests/spawn/test_spawn.c
tests_spawn_test_spawn_LDADD = $(test_ldadd)
