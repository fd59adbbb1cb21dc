# redis
libcallboard_la_SOURCES += \
	src/redis/redis.h
