# crypto: the one door to OpenSSL
libcallboard_la_SOURCES += \
	src/crypto/crypto.c src/crypto/crypto.h \
	src/crypto/ec.c src/crypto/rsa.c
