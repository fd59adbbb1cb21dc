# prefs: floor 3, what people keep with the portal
libcallboard_la_SOURCES += src/prefs/prefs.c src/prefs/prefs.h
