# source: floor 3, tool data: both ends of the fetch socket
libcallboard_la_SOURCES += \
	src/source/ask.h \
	src/source/serve.h \
	src/source/source.h \
	src/source/warm.h
