# declare: floor 3, plugins that are one file
libcallboard_la_SOURCES += \
	src/declare/check.c \
	src/declare/declare.h \
	src/declare/entity.c src/declare/entity.h \
	src/declare/fill.c \
	src/declare/read.c \
	src/declare/read_action.c \
	src/declare/read_card.c src/declare/read_foreign.c \
	src/declare/read_keys.c \
	src/declare/read_request.c \
	src/declare/read_show.c \
	src/declare/read_source.c \
	src/declare/show.c \
	src/declare/test.c \
	src/declare/take.c src/declare/take.h \
	src/declare/template.c src/declare/template.h
