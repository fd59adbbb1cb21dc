# tests of server
check_PROGRAMS += tests/server/test_loop
TESTS += tests/server/test_loop
tests_server_test_loop_SOURCES = tests/server/test_loop.c \
	tests/server/fcgi_client.c tests/server/fcgi_client.h
tests_server_test_loop_LDADD = $(test_ldadd)
