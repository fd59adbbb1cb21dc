# view: floor 2, view models: what a card shows, as JSON; the only one that
# knows md4c
libcallboard_la_SOURCES += \
	src/view/check.c \
	src/view/draw.c \
	src/view/markdown.c \
	src/view/markup.c \
	src/view/table.c \
	src/view/view.h src/view/view_priv.h
