# tests of audit
check_PROGRAMS += tests/audit/test_audit tests/audit/test_chain
TESTS += tests/audit/test_audit tests/audit/test_chain
tests_audit_test_audit_SOURCES = tests/audit/test_audit.c
tests_audit_test_audit_LDADD = $(stores_ldadd)
tests_audit_test_chain_SOURCES = tests/audit/test_chain.c
tests_audit_test_chain_LDADD = $(stores_ldadd)
