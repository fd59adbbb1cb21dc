# jose: the one door to libjose
libcallboard_la_SOURCES += src/jose/jose.c src/jose/jose.h
