# db
libcallboard_la_SOURCES += \
	src/db/db.h \
	src/db/migrate.h
