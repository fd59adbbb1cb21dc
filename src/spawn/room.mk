# spawn: floor 1, short-lived children and programs
libcallboard_la_SOURCES += \
	src/spawn/run.c \
	src/spawn/spawn.c src/spawn/spawn.h
