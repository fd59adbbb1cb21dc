# copy: the one door to LMDB
libcallboard_la_SOURCES += \
	src/copy/copy.h src/copy/copy_priv.h \
	src/copy/env.c \
	src/copy/read.c \
	src/copy/write.c
