# config: floor 2, callboard.yaml found, merged, checked, typed
libcallboard_la_SOURCES += \
	src/config/config.c src/config/config.h src/config/config_priv.h \
	src/config/kinds.c \
	src/config/known.c \
	src/config/pools.c \
	src/config/read.c \
	src/config/schedule.c \
	src/config/settings.c \
	src/config/veil.c
