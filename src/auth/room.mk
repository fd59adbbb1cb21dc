# auth: floor 3, who asks
libcallboard_la_SOURCES += \
	src/auth/auth.c src/auth/auth.h src/auth/auth_priv.h \
	src/auth/external.c src/auth/external.h \
	src/auth/external_who.c \
	src/auth/issuer.c \
	src/auth/keys.c \
	src/auth/limits.c \
	src/auth/memory.c src/auth/memory.h \
	src/auth/personal.c src/auth/personal.h \
	src/auth/personal_store.c \
	src/auth/session.c \
	src/auth/sign.c \
	src/auth/token.c \
	src/auth/verify.c
