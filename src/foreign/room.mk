# foreign: floor 2, plugins that are programs of their own: asked by FastCGI or
# HTTP
libcallboard_la_SOURCES += \
	src/foreign/connect.c \
	src/foreign/fastcgi.c \
	src/foreign/foreign.c src/foreign/foreign.h \
	src/foreign/serve.c
