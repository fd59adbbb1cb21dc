# spawn: floor 1, short-lived children
libcallboard_la_SOURCES += src/spawn/spawn.c src/spawn/spawn.h
