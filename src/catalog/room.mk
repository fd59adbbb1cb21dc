# catalog
libcallboard_la_SOURCES += src/catalog/entity.c src/catalog/entity.h
libcallboard_la_SOURCES += src/catalog/filter.c src/catalog/filter.h
libcallboard_la_SOURCES += src/catalog/filter_priv.h
libcallboard_la_SOURCES += src/catalog/fold.c src/catalog/fold.h
libcallboard_la_SOURCES += src/catalog/predicate.c
libcallboard_la_SOURCES += src/catalog/project.c src/catalog/project.h
libcallboard_la_SOURCES += src/catalog/scan.c src/catalog/scan.h
