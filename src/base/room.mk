# base: floor 0, what every room stands on
libcallboard_la_SOURCES += \
	src/base/arena.c src/base/arena.h \
	src/base/board.c src/base/board.h \
	src/base/buf.c src/base/buf.h \
	src/base/clock.c src/base/clock.h \
	src/base/cron.c src/base/cron.h \
	src/base/ctx.c src/base/ctx.h \
	src/base/diff.c src/base/diff.h \
	src/base/feed.h \
	src/base/format.c src/base/format.h \
	src/base/hide.c src/base/hide.h \
	src/base/limits.h \
	src/base/log.c src/base/log.h \
	src/base/metric.c src/base/metric.h \
	src/base/regex.c src/base/regex.h src/base/regex_priv.h \
	src/base/regex_read.c \
	src/base/regex_run.c \
	src/base/regex_set.c \
	src/base/scope.h \
	src/base/str.c src/base/str.h \
	src/base/supply.h \
	src/base/who.h
