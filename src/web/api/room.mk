# web/api: one file an endpoint family
libcallboard_la_SOURCES += src/web/api/answer.c src/web/api/answer.h
libcallboard_la_SOURCES += src/web/api/api.h
libcallboard_la_SOURCES += src/web/api/entities.c
libcallboard_la_SOURCES += src/web/api/error.c src/web/api/error.h
libcallboard_la_SOURCES += src/web/api/history.c
libcallboard_la_SOURCES += src/web/api/judge.c
libcallboard_la_SOURCES += src/web/api/events.c
libcallboard_la_SOURCES += src/web/api/explain.c
libcallboard_la_SOURCES += src/web/api/list.c src/web/api/list.h
libcallboard_la_SOURCES += src/web/api/location_query.c
libcallboard_la_SOURCES += src/web/api/locations.c
libcallboard_la_SOURCES += src/web/api/openapi.c
libcallboard_la_SOURCES += src/web/api/params.c
libcallboard_la_SOURCES += src/web/api/permissions.c
libcallboard_la_SOURCES += src/web/api/queries.c
libcallboard_la_SOURCES += src/web/api/search.c
libcallboard_la_SOURCES += src/web/api/unprocessed.c
