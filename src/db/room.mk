# db: the one door to PostgreSQL
libcallboard_la_SOURCES += \
	src/db/connect.c \
	src/db/db.h src/db/db_priv.h \
	src/db/gate.c \
	src/db/listen.c \
	src/db/pipe.c \
	src/db/prepare.c \
	src/db/query.c \
	src/db/result.c \
	src/db/tx.c \
	src/db/where.c \
	src/db/wire.c \
	src/db/migrate.c src/db/migrate.h
