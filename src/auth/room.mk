# auth
libcallboard_la_SOURCES += \
	src/auth/auth.h
