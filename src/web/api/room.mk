# web/api: one file an endpoint family
libcallboard_la_SOURCES += src/web/api/error.c src/web/api/error.h
