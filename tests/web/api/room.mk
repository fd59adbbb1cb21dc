# tests of web/api
check_PROGRAMS += tests/web/api/test_error
TESTS += tests/web/api/test_error
tests_web_api_test_error_SOURCES = tests/web/api/test_error.c
tests_web_api_test_error_LDADD = $(test_ldadd)
check_PROGRAMS += tests/web/api/test_catalog
TESTS += tests/web/api/test_catalog
tests_web_api_test_catalog_SOURCES = tests/web/api/test_catalog.c \
	tests/catalog/shelf.c tests/catalog/shelf.h \
	tests/web/port_memory.c tests/web/port_memory.h
tests_web_api_test_catalog_LDADD = $(stores_ldadd)
check_PROGRAMS += tests/web/api/test_tokens
TESTS += tests/web/api/test_tokens
tests_web_api_test_tokens_SOURCES = tests/web/api/test_tokens.c \
	tests/web/pages/house.c tests/web/pages/house.h
tests_web_api_test_tokens_LDADD = $(test_ldadd)
