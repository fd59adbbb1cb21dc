# spawn: floor 1, short-lived children, programs with limits, helpers
libcallboard_la_SOURCES += \
	src/spawn/child.c src/spawn/child.h \
	src/spawn/helpers.c src/spawn/helpers.h \
	src/spawn/run.c \
	src/spawn/spawn.c src/spawn/spawn.h
