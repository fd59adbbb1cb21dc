/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables.c - all pages there are.
 */
#include "web/pages/admin.h"
#include "web/pages/cards.h"
#include "web/pages/catalog.h"
#include "web/pages/door.h"
#include "web/pages/entity.h"
#include "web/pages/graph.h"
#include "web/pages/history.h"
#include "web/pages/home.h"
#include "web/pages/import.h"
#include "web/pages/pages.h"
#include "web/pages/plugin_page.h"
#include "web/pages/roles.h"
#include "web/pages/search.h"
#include "web/pages/settings.h"

static const struct cbi_endpoint *const tables[] = {
	cbi_pages_home,
	cbi_pages_catalog,
	cbi_pages_entity,
	cbi_pages_cards,
	cbi_pages_plugin,
	cbi_pages_door,
	cbi_pages_admin,
	cbi_pages_plugins,
	cbi_pages_gallery,
	cbi_pages_search,
	cbi_pages_entity_actions,
	cbi_pages_history,
	cbi_pages_graph,
	cbi_pages_import,
	cbi_pages_import_confirm,
	cbi_pages_admin_catalog,
	cbi_pages_sign_in,
	cbi_pages_settings,
	cbi_pages_settings_sessions,
	cbi_pages_settings_tokens,
	cbi_pages_audit,
	cbi_pages_roles,
	cbi_pages_role,
	cbi_pages_explain,
};

const struct cbi_endpoint *const *cbi_pages_tables(size_t *n)
{
	*n = sizeof(tables) / sizeof(tables[0]);
	return tables;
}
