# tests of web; web/api and web/pages list their own
check_PROGRAMS += tests/web/test_read tests/web/test_router tests/web/test_steps
TESTS += tests/web/test_read tests/web/test_router tests/web/test_steps
tests_web_test_steps_SOURCES = tests/web/test_steps.c \
	tests/web/port_memory.c tests/web/port_memory.h
tests_web_test_steps_LDADD = $(test_ldadd)
tests_web_test_read_SOURCES = tests/web/test_read.c \
	tests/web/port_memory.c tests/web/port_memory.h
tests_web_test_read_LDADD = $(test_ldadd)
tests_web_test_router_SOURCES = tests/web/test_router.c
tests_web_test_router_LDADD = $(test_ldadd)
include tests/web/api/room.mk
include tests/web/pages/room.mk
