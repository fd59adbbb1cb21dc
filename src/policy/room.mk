# policy: floor 3, who may do and see what
libcallboard_la_SOURCES += src/policy/policy.c src/policy/policy.h
