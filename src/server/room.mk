# server: floor 6, master, kinds of processes, the FastCGI loop
libcallboard_la_SOURCES += \
	src/server/calls.c src/server/calls.h \
	src/server/calls_jwks.c \
	src/server/carrier.c src/server/carrier.h \
	src/server/charge.c src/server/charge.h \
	src/server/child.c src/server/child.h \
	src/server/children.c \
	src/server/engine.c \
	src/server/fetch.c \
	src/server/generation.c \
	src/server/loop.c src/server/loop.h \
	src/server/master.c src/server/master.h src/server/master_priv.h \
	src/server/notify.c src/server/notify.h \
	src/server/prober.c src/server/prober.h \
	src/server/rooms.c src/server/rooms.h \
	src/server/sandbox.c src/server/sandbox.h \
	src/server/sandbox_kernel.c \
	src/server/secrets.c src/server/secrets.h \
	src/server/sinks.c src/server/sinks.h \
	src/server/sockets.c src/server/sockets.h \
	src/server/supply.c src/server/supply.h \
	src/server/test.c \
	src/server/title.c src/server/title.h \
	src/server/watch.c \
	src/server/web.c src/server/web_fill.c src/server/web_priv.h
bin_PROGRAMS += callboard
callboard_SOURCES = src/server/main.c
callboard_LINK = $(installed_link)
callboard_LDADD = libcallboard.la $(DEPS_LIBS)

# The unit, with this build's paths; configure says where it goes.
nodist_systemdsystemunit_DATA = callboard.service
EXTRA_DIST += src/server/callboard.service.in
CLEANFILES += callboard.service
callboard.service: src/server/callboard.service.in Makefile
	$(AM_V_GEN)sed -e 's#[@]bindir[@]#$(bindir)#g' \
		-e 's#[@]docdir[@]#$(docdir)#g' \
		$(srcdir)/src/server/callboard.service.in >$@.new && mv $@.new $@
