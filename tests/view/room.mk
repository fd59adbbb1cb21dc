# tests of view
check_PROGRAMS += tests/view/test_view
TESTS += tests/view/test_view
tests_view_test_view_SOURCES = tests/view/test_view.c tests/html/html_room.h
tests_view_test_view_LDADD = $(test_ldadd)
