# tests of events
check_PROGRAMS += tests/events/test_events
TESTS += tests/events/test_events
tests_events_test_events_SOURCES = tests/events/test_events.c
tests_events_test_events_LDADD = $(stores_ldadd)
