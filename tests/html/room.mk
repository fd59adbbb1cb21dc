# tests of html
check_PROGRAMS += tests/html/test_addr tests/html/test_draw \
	tests/html/test_escape
TESTS += tests/html/test_addr tests/html/test_draw tests/html/test_escape \
	tests/html/literals_only
tests_html_test_addr_SOURCES = tests/html/test_addr.c tests/html/html_room.h
tests_html_test_addr_LDADD = $(test_ldadd)
tests_html_test_draw_SOURCES = tests/html/test_draw.c tests/html/html_room.h
tests_html_test_draw_LDADD = $(test_ldadd)
tests_html_test_escape_SOURCES = tests/html/test_escape.c \
	tests/html/html_room.h
tests_html_test_escape_LDADD = $(test_ldadd)
EXTRA_DIST += tests/html/literals_only
