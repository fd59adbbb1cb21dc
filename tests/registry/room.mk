# tests of registry
check_PROGRAMS += tests/registry/test_scan
TESTS += tests/registry/test_scan
tests_registry_test_scan_SOURCES = tests/registry/test_scan.c
tests_registry_test_scan_LDADD = $(test_ldadd)
