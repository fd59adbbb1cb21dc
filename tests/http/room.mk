# tests of http
check_PROGRAMS += tests/http/test_http
TESTS += tests/http/test_http
tests_http_test_http_SOURCES = tests/http/test_http.c tests/http/tool.c \
	tests/http/tool.h
tests_http_test_http_LDADD = $(test_ldadd)
