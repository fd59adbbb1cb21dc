# tests of host
check_PROGRAMS += tests/host/test_host
TESTS += tests/host/test_host
tests_host_test_host_SOURCES = tests/host/test_host.c
tests_host_test_host_LDADD = $(test_ldadd)
