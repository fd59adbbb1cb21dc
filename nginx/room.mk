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

# css, scripts and icons, under one hash.  htmx and lucide come from npm.
EXTRA_DIST += nginx/tools.conf.in nginx/assets
install-data-local:
	@test -d $(srcdir)/node_modules/htmx.org || { \
	  echo "the assets need htmx and the icons: run npm ci --omit=dev in $(srcdir)" >&2; exit 1; }
	$(MKDIR_P) "$(DESTDIR)$(pkgdatadir)/assets"
	sh $(srcdir)/nginx/assets/make-assets $(srcdir)/nginx/assets \
	  $(srcdir)/node_modules "$(DESTDIR)$(pkgdatadir)/assets"
uninstall-local:
	rm -rf "$(DESTDIR)$(pkgdatadir)/assets"
