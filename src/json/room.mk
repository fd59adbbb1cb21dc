# json: reading it, writing it, canonical text
libcallboard_la_SOURCES += \
	src/json/json.c \
	src/json/json.h \
	src/json/number.c \
	src/json/write.c \
	src/json/yaml.c
