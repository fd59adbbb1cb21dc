# host: floor 4, the counter: loads plugins, calls them, serves them
libcallboard_la_SOURCES += \
	src/host/act.c \
	src/host/call.c \
	src/host/catalog.c \
	src/host/db.c \
	src/host/declared.c src/host/declared.h \
	src/host/declared_run.c \
	src/host/filter.c \
	src/host/foreign.c src/host/foreign.h \
	src/host/foreign_model.c \
	src/host/guard.c \
	src/host/host.h src/host/host_priv.h \
	src/host/load.c \
	src/host/probe.c \
	src/host/reach.c \
	src/host/shaper.c \
	src/host/source.c
