# nginx: templates that callboardctl fills, and what nginx serves by itself.
# The templates are compiled in, so that callboardctl needs no file.
EXTRA_DIST += nginx/full.conf.in nginx/http.conf.in nginx/server.conf.in
nginx_templates = $(srcdir)/nginx/full.conf.in $(srcdir)/nginx/http.conf.in \
	$(srcdir)/nginx/server.conf.in
nginx/templates.h: $(nginx_templates) $(srcdir)/nginx/embed
	$(AM_V_GEN)$(MKDIR_P) nginx && \
	sh $(srcdir)/nginx/embed $(nginx_templates) > $@.tmp && mv $@.tmp $@
BUILT_SOURCES += nginx/templates.h
CLEANFILES += nginx/templates.h
EXTRA_DIST += nginx/embed
