# crypto
libcallboard_la_SOURCES += \
	src/crypto/crypto.h
