# auth: floor 3, who asks
libcallboard_la_SOURCES += \
	src/auth/auth.c src/auth/auth.h src/auth/auth_priv.h \
	src/auth/external.c src/auth/external.h \
	src/auth/external_who.c \
	src/auth/issuer.c \
	src/auth/kept.c src/auth/kept.h \
	src/auth/keys.c \
	src/auth/limits.c \
	src/auth/memory.c src/auth/memory.h \
	src/auth/personal.c src/auth/personal.h \
	src/auth/personal_store.c \
	src/auth/sign.c \
	src/auth/token.c \
	src/auth/verify.c \
	src/auth/assertion.c src/auth/assertion.h \
	src/auth/attempt.c src/auth/attempt.h \
	src/auth/expel.c src/auth/expel.h \
	src/auth/flight.c src/auth/flight.h \
	src/auth/idp.c src/auth/idp.h src/auth/idp_priv.h \
	src/auth/idp_before.c src/auth/idp_read.c src/auth/idp_rules.c \
	src/auth/outside.c src/auth/outside.h src/auth/outside_priv.h \
	src/auth/outside_ask.c src/auth/outside_assert.c \
	src/auth/outside_bind.c \
	src/auth/outside_keys.c src/auth/outside_person.c \
	src/auth/outside_token.c \
	src/auth/resolve.c src/auth/resolve.h \
	src/auth/revoke.c \
	src/auth/session.c src/auth/sessions.c src/auth/sessions.h
