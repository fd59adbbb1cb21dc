# policy: floor 3, who may do and see what
libcallboard_la_SOURCES += src/policy/policy.c src/policy/policy.h \
	src/policy/policy_priv.h src/policy/standing.c src/policy/decide.c \
	src/policy/condition.c src/policy/condition.h \
	src/policy/permission.c src/policy/permission.h \
	src/policy/casbin.c src/policy/casbin.h src/policy/conditional.c \
	src/policy/explain.c src/policy/entry.c src/policy/policy_store.c \
	src/policy/policy_store.h src/policy/policy_store_priv.h \
	src/policy/policy_rows.c src/policy/policy_merge.c
