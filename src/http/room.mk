# http: floor 1, the door to libcurl
libcallboard_la_SOURCES += \
	src/http/http.h
