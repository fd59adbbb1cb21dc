# http: floor 1, the door to libcurl
libcallboard_la_SOURCES += \
	src/http/client.c \
	src/http/guard.c \
	src/http/host.c \
	src/http/http.h src/http/http_priv.h \
	src/http/pin.c \
	src/http/plugin.c \
	src/http/request.c \
	src/http/table.c \
	src/http/target.c
