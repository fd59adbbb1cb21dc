# web: floor 5, the steps of a request; its two sub-rooms list their own files
libcallboard_la_SOURCES += \
	src/web/port.h src/web/req.h src/web/router.h src/web/web.h
include src/web/api/room.mk
include src/web/pages/room.mk
