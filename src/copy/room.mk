# copy
libcallboard_la_SOURCES += \
	src/copy/copy.h
