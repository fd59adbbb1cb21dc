# cache: ready answers, kept in the process
libcallboard_la_SOURCES += \
	src/cache/cache.c src/cache/cache.h
