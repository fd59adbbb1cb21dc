# cache
libcallboard_la_SOURCES += \
	src/cache/cache.h
