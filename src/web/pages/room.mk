# web/pages: one file a page
libcallboard_la_SOURCES += \
	src/web/pages/admin.c src/web/pages/admin.h \
	src/web/pages/admin_catalog.c src/web/pages/admin_catalog.h \
	src/web/pages/admin_jobs.c src/web/pages/admin_rows.c \
	src/web/pages/audit.c \
	src/web/pages/cards.c \
	src/web/pages/plugin_action.c src/web/pages/plugin_action.h \
	src/web/pages/role.c src/web/pages/role_change.c \
	src/web/pages/role_condition.c src/web/pages/roles.c src/web/pages/roles.h \
	src/web/pages/roles_explain.c \
	src/web/pages/cards.h src/web/pages/catalog.c \
	src/web/pages/catalog.h src/web/pages/catalog_query.c \
	src/web/pages/catalog_rail.c src/web/pages/catalog_table.c \
	src/web/pages/door.c src/web/pages/door.h src/web/pages/entity.c \
	src/web/pages/entity.h src/web/pages/entity_actions.c \
	src/web/pages/entity_cards.c \
	src/web/pages/inspect.c \
	src/web/pages/diff.c src/web/pages/diff.h \
	src/web/pages/history.c src/web/pages/history.h \
	src/web/pages/history_versions.c \
	src/web/pages/graph.c src/web/pages/graph.h \
	src/web/pages/graph_draw.c src/web/pages/graph_lay.c \
	src/web/pages/graph_walk.c \
	src/web/pages/entity_head.c src/web/pages/entity_why.c \
	src/web/pages/error.c \
	src/web/pages/forms.c src/web/pages/forms.h \
	src/web/pages/import.c src/web/pages/import.h \
	src/web/pages/import_confirm.c \
	src/web/pages/import_done.c src/web/pages/import_preview.c \
	src/web/pages/import_repo.c \
	src/web/pages/origin.c src/web/pages/origin.h \
	src/web/pages/gallery.c src/web/pages/home.c src/web/pages/home.h \
	src/web/pages/pages.h src/web/pages/plain.c \
	src/web/pages/plugin_page.c src/web/pages/plugin_page.h \
	src/web/pages/plugins.c src/web/pages/search.c src/web/pages/search.h \
	src/web/pages/settings.c src/web/pages/settings.h \
	src/web/pages/settings_sessions.c \
	src/web/pages/settings_tokens.c \
	src/web/pages/sign_in.c src/web/pages/sign_in_failed.c \
	src/web/pages/shell.c src/web/pages/shell.h \
	src/web/pages/tables.c src/web/pages/things.c src/web/pages/things.h
