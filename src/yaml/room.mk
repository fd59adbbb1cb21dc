# yaml: the door to libfyaml
libcallboard_la_SOURCES += \
	src/yaml/build.c \
	src/yaml/event.c \
	src/yaml/scalar.c \
	src/yaml/stream.c \
	src/yaml/text.c \
	src/yaml/tree.c \
	src/yaml/yaml.h \
	src/yaml/yaml_priv.h
