# tests of web/pages
check_PROGRAMS += tests/web/pages/test_pages tests/web/pages/test_plain
TESTS += tests/web/pages/test_pages tests/web/pages/test_plain
tests_web_pages_test_pages_SOURCES = tests/web/pages/test_pages.c \
	tests/web/pages/house.c tests/web/pages/house.h
tests_web_pages_test_pages_LDADD = $(test_ldadd)
tests_web_pages_test_plain_SOURCES = tests/web/pages/test_plain.c \
	tests/html/html_room.h
tests_web_pages_test_plain_LDADD = $(test_ldadd)
check_PROGRAMS += tests/web/pages/test_chaos
TESTS += tests/web/pages/test_chaos
tests_web_pages_test_chaos_SOURCES = tests/web/pages/test_chaos.c \
	tests/lib/chaos.c tests/lib/chaos.h \
	tests/web/pages/house.c tests/web/pages/house.h
tests_web_pages_test_chaos_LDADD = $(test_ldadd)
check_PROGRAMS += tests/web/pages/test_words
TESTS += tests/web/pages/test_words
tests_web_pages_test_words_SOURCES = tests/web/pages/test_words.c \
	tests/web/pages/house.c tests/web/pages/house.h
tests_web_pages_test_words_LDADD = $(test_ldadd)
check_PROGRAMS += tests/web/pages/test_cost
TESTS += tests/web/pages/test_cost
tests_web_pages_test_cost_SOURCES = tests/web/pages/test_cost.c \
	tests/web/pages/house.c tests/web/pages/house.h
tests_web_pages_test_cost_LDADD = $(test_ldadd)
check_PROGRAMS += tests/web/pages/test_graph
TESTS += tests/web/pages/test_graph
tests_web_pages_test_graph_SOURCES = tests/web/pages/test_graph.c \
	tests/source/fetcher.c tests/source/fetcher.h \
	tests/web/pages/house.c tests/web/pages/house.h
tests_web_pages_test_graph_LDADD = $(test_ldadd)
