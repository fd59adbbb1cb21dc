# audit: floor 2, the one function that writes what somebody changed
libcallboard_la_SOURCES += src/audit/audit.c src/audit/audit.h
