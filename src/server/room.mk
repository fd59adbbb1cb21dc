# server: floor 6, master, kinds of processes, the FastCGI loop
libcallboard_la_SOURCES += \
	src/server/carrier.c src/server/carrier.h \
	src/server/loop.c src/server/loop.h
bin_PROGRAMS += callboard
callboard_SOURCES = src/server/main.c
callboard_LDADD = libcallboard.la $(DEPS_LIBS)
