# audit: floor 2, what somebody changed: written, chained, read
libcallboard_la_SOURCES += \
	src/audit/audit.c src/audit/audit.h src/audit/audit_priv.h \
	src/audit/chain.c src/audit/chain.h \
	src/audit/list.c src/audit/list.h \
	src/audit/sink.c src/audit/sink.h
