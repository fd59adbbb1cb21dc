# catalog
libcallboard_la_SOURCES += src/catalog/entity.c src/catalog/entity.h
libcallboard_la_SOURCES += src/catalog/filter.c src/catalog/filter.h
libcallboard_la_SOURCES += src/catalog/filter_priv.h
libcallboard_la_SOURCES += src/catalog/fold.c src/catalog/fold.h
libcallboard_la_SOURCES += src/catalog/predicate.c
libcallboard_la_SOURCES += src/catalog/project.c src/catalog/project.h
libcallboard_la_SOURCES += src/catalog/scan.c src/catalog/scan.h
libcallboard_la_SOURCES += src/catalog/flatten.c src/catalog/flatten.h
libcallboard_la_SOURCES += src/catalog/model.c src/catalog/model.h
libcallboard_la_SOURCES += src/catalog/model_kind.c
libcallboard_la_SOURCES += src/catalog/model_priv.h
libcallboard_la_SOURCES += src/catalog/model_relation.c
libcallboard_la_SOURCES += src/catalog/model_shape.c
libcallboard_la_SOURCES += src/catalog/ref.c src/catalog/ref.h
libcallboard_la_SOURCES += src/catalog/placeholder.c src/catalog/placeholder.h
libcallboard_la_SOURCES += src/catalog/change.c src/catalog/change.h
libcallboard_la_SOURCES += src/catalog/remove.c src/catalog/remove.h
