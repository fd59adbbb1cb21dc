# source: floor 3, tool data: both ends of the fetch socket
libcallboard_la_SOURCES += \
	src/source/ask.c src/source/ask.h \
	src/source/call.c src/source/call.h \
	src/source/desk.c src/source/desk.h \
	src/source/fill.c src/source/fill.h \
	src/source/fleet.c \
	src/source/loop.c src/source/loop.h \
	src/source/memory.c src/source/memory.h \
	src/source/queue.c src/source/queue.h \
	src/source/serve.c src/source/serve.h \
	src/source/source.h \
	src/source/value.c src/source/value.h \
	src/source/warm.c src/source/warm.h \
	src/source/way.c src/source/way.h \
	src/source/wire.c src/source/wire.h
