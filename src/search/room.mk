# search: floor 3, finding entities by words
libcallboard_la_SOURCES += src/search/search.c src/search/search.h
