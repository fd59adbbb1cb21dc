# audit
libcallboard_la_SOURCES += \
	src/audit/audit.h
