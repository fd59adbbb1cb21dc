# tests of host
check_PROGRAMS += tests/host/test_host
TESTS += tests/host/test_host
tests_host_test_host_SOURCES = tests/host/test_host.c tests/host/host_test.h
tests_host_test_host_LDADD = $(test_ldadd)
check_PROGRAMS += tests/host/test_reach
TESTS += tests/host/test_reach
tests_host_test_reach_SOURCES = tests/host/test_reach.c tests/host/host_test.h
tests_host_test_reach_LDADD = $(test_ldadd)
check_PROGRAMS += tests/host/test_shape
TESTS += tests/host/test_shape
tests_host_test_shape_SOURCES = tests/host/test_shape.c
tests_host_test_shape_LDADD = $(test_ldadd)
EXTRA_tests_host_test_shape_DEPENDENCIES = callboard-shape
