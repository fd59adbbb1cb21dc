# events: floor 3, what webhooks tell
libcallboard_la_SOURCES += \
	src/events/events.h \
	src/events/queue.c \
	src/events/telling.c \
	src/events/topic.c
