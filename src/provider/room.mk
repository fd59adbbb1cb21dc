# provider: floor 3, where entities come from
libcallboard_la_SOURCES += \
	src/provider/discovery.c src/provider/discovery.h \
	src/provider/discovery_config.c \
	src/provider/discovery_keys.c \
	src/provider/discovery_priv.h \
	src/provider/file.c \
	src/provider/git.c \
	src/provider/github_org.c \
	src/provider/glob.c \
	src/provider/hosted.c \
	src/provider/graph.c \
	src/provider/keycloak.c \
	src/provider/kinds.h \
	src/provider/ldap_config.c \
	src/provider/ldap_org.c src/provider/ldap_org.h \
	src/provider/org.c src/provider/org.h \
	src/provider/pattern.c src/provider/pattern.h \
	src/provider/provider.c src/provider/provider.h \
	src/provider/provider_priv.h \
	src/provider/rest.c src/provider/rest.h \
	src/provider/supply.c src/provider/supply.h \
	src/provider/url.c
