# web: floor 5, the steps of a request; its two sub-rooms list their own files
libcallboard_la_SOURCES += \
	src/web/at.c src/web/at.h \
	src/web/audit_ask.c src/web/audit_ask.h \
	src/web/cookie.c src/web/cookie.h \
	src/web/found.c src/web/found.h \
	src/web/house.c \
	src/web/locations.c src/web/locations.h \
	src/web/may.c src/web/may.h \
	src/web/metrics.c src/web/metrics.h \
	src/web/note.c \
	src/web/permit.c \
	src/web/owns.c src/web/owns.h \
	src/web/port.h \
	src/web/read.c \
	src/web/refused.c \
	src/web/render.c \
	src/web/req.c src/web/req.h \
	src/web/router.c src/web/router.h \
	src/web/send.c \
	src/web/sign_in.c src/web/sign_in.h src/web/sign_in_session.c \
	src/web/steps.c src/web/steps.h \
	src/web/trace.c \
	src/web/used.c \
	src/web/view_as.c src/web/view_as.h \
	src/web/web.h \
	src/web/who.c
include src/web/api/room.mk
include src/web/pages/room.mk
