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
	src/ctl/plugin_check.c \
	src/ctl/plugin_new.c \
	src/ctl/plugin_test.c \
	src/ctl/policy.c \
	src/ctl/provider.c \
	src/ctl/status.c \
	src/ctl/stores.c \
	src/ctl/token.c \
	src/ctl/upstream.c src/ctl/upstream.h \
	src/ctl/warm.c
nodist_callboardctl_SOURCES = nginx/templates.h src/ctl/new/templates.h
callboardctl_CPPFLAGS = $(AM_CPPFLAGS) -I.
callboardctl_LINK = $(installed_link)
callboardctl_LDADD = libcallboard.la $(DEPS_LIBS)

# What `plugin new` begins with; compiled in, as nginx's files are.
new_templates = $(srcdir)/src/ctl/new/declarative.yaml.in \
	$(srcdir)/src/ctl/new/entity.yaml.in \
	$(srcdir)/src/ctl/new/foreign.yaml.in \
	$(srcdir)/src/ctl/new/native.c.in $(srcdir)/src/ctl/new/native.mk.in \
	$(srcdir)/src/ctl/new/node.mjs.in $(srcdir)/src/ctl/new/node_test.mjs.in \
	$(srcdir)/src/ctl/new/python.py.in \
	$(srcdir)/src/ctl/new/python_test.py.in \
	$(srcdir)/src/ctl/new/sh.sh.in $(srcdir)/src/ctl/new/sh_test.sh.in \
	$(srcdir)/src/ctl/new/values.json.in
EXTRA_DIST += $(new_templates)
src/ctl/new/templates.h: $(new_templates) $(srcdir)/nginx/embed
	$(AM_V_GEN)$(MKDIR_P) src/ctl/new && \
	sh $(srcdir)/nginx/embed $(new_templates) > $@.tmp && mv $@.tmp $@
BUILT_SOURCES += src/ctl/new/templates.h
CLEANFILES += src/ctl/new/templates.h
