# tests of audit
check_PROGRAMS += tests/audit/test_audit tests/audit/test_chain tests/audit/test_sink
TESTS += tests/audit/test_audit tests/audit/test_chain tests/audit/test_sink
tests_audit_test_audit_SOURCES = tests/audit/test_audit.c
tests_audit_test_audit_LDADD = $(stores_ldadd)
tests_audit_test_chain_SOURCES = tests/audit/test_chain.c
tests_audit_test_chain_LDADD = $(stores_ldadd)
tests_audit_test_sink_SOURCES = tests/audit/test_sink.c
tests_audit_test_sink_LDADD = $(stores_ldadd)
