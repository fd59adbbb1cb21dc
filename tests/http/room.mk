# tests of http
http_tests = tests/http/test_guard tests/http/test_http tests/http/test_tls
check_PROGRAMS += $(http_tests)
TESTS += $(http_tests)
http_asking = tests/http/asking.c tests/http/asking.h tests/http/tool.c \
	tests/http/tool.h
tests_http_test_guard_SOURCES = tests/http/test_guard.c $(http_asking)
tests_http_test_guard_LDADD = $(test_ldadd)
tests_http_test_http_SOURCES = tests/http/test_http.c $(http_asking)
tests_http_test_http_LDADD = $(test_ldadd)
tests_http_test_tls_SOURCES = tests/http/test_tls.c $(http_asking)
tests_http_test_tls_LDADD = $(test_ldadd)
