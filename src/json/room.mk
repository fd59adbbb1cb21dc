# json: reading it, writing it, canonical text
libcallboard_la_SOURCES += \
	src/json/json.c \
	src/json/json.h \
	src/json/number.c \
	src/json/schema.c src/json/schema.h src/json/schema_priv.h \
	src/json/schema_deep.c \
	src/json/schema_plain.c \
	src/json/schema_read.c \
	src/json/schema_value.c \
	src/json/write.c \
	src/json/yaml.c
