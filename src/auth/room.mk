# auth: floor 3, who asks
libcallboard_la_SOURCES += \
	src/auth/auth.c src/auth/auth.h src/auth/auth_priv.h \
	src/auth/session.c \
	src/auth/sign.c
