# registry: floor 3, which plugins there are and what becomes of them
libcallboard_la_SOURCES += \
	src/registry/abi.c \
	src/registry/breaker.c \
	src/registry/build.c \
	src/registry/describe.c \
	src/registry/elf.c \
	src/registry/files.c \
	src/registry/keys.c \
	src/registry/health.c \
	src/registry/places.c \
	src/registry/probe.c \
	src/registry/registry.c \
	src/registry/registry.h src/registry/registry_priv.h \
	src/registry/scan.c \
	src/registry/snapshot.c src/registry/snapshot_priv.h \
	src/registry/switch.c \
	src/registry/tables.c \
	src/registry/text.c
