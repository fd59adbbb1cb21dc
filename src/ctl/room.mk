# ctl: floor 6, callboardctl, one file a command
bin_PROGRAMS += callboardctl
callboardctl_SOURCES = \
	src/ctl/audit.c \
	src/ctl/catalog.c \
	src/ctl/common.c \
	src/ctl/config.c \
	src/ctl/ctl.h \
	src/ctl/db.c \
	src/ctl/entity.c \
	src/ctl/history.c \
	src/ctl/import_org.c \
	src/ctl/main.c \
	src/ctl/migrate.c \
	src/ctl/nginx.c src/ctl/nginx.h \
	src/ctl/nginx_apply.c \
	src/ctl/nginx_files.c src/ctl/nginx_foreign.c \
	src/ctl/plugin.c \
	src/ctl/policy.c \
	src/ctl/provider.c \
	src/ctl/status.c \
	src/ctl/stores.c \
	src/ctl/token.c \
	src/ctl/upstream.c src/ctl/upstream.h \
	src/ctl/warm.c
nodist_callboardctl_SOURCES = nginx/templates.h
callboardctl_CPPFLAGS = $(AM_CPPFLAGS) -I.
callboardctl_LINK = $(installed_link)
callboardctl_LDADD = libcallboard.la $(DEPS_LIBS)
