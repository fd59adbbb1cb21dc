# html
libcallboard_la_SOURCES += \
	src/html/addr.c src/html/addr.h src/html/blocks.c \
	src/html/charts.c src/html/draw.c src/html/forms.c \
	src/html/html.h \
	src/html/marks.c src/html/parts.c \
	src/html/parts.h src/html/place.c src/html/words.c src/html/writer.c
