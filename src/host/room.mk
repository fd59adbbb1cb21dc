# host: floor 4, the counter: loads plugins, calls them, serves them
libcallboard_la_SOURCES += \
	src/host/filter.c \
	src/host/host.h
