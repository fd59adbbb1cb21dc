# policy
libcallboard_la_SOURCES += \
	src/policy/policy.h
