# registry: floor 3, which plugins there are and what becomes of them
libcallboard_la_SOURCES += \
	src/registry/registry.h
