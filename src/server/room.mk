# server: floor 6, master, kinds of processes, the FastCGI loop
bin_PROGRAMS += callboard
callboard_SOURCES = src/server/main.c
callboard_LDADD = libcallboard.la $(DEPS_LIBS)
