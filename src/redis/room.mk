# redis: the one door to Redis
libcallboard_la_SOURCES += \
	src/redis/link.c \
	src/redis/redis.c \
	src/redis/redis.h src/redis/redis_priv.h
