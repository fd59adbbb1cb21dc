/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_foreign.c - a plugin.yaml with `serve:`: what it shows is made by a
 * program of its own.
 *
 * Each card has a source of its name, so that it is kept, waited for and drawn
 * like any other; declared are what tells one value of it from another.
 */
#include "declare/take.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "foreign/foreign.h"

#define FRESH_S 30
#define STALE_S 3600

static const struct cbi_member card_members[] = {
	{ "title", CBI_MEMBER_LINE, true },
	{ "place", CBI_MEMBER_LINE, false },
	{ "when", CBI_MEMBER_LINE, false },
	{ "needs", CBI_MEMBER_LINE, false },
	{ "order", CBI_MEMBER_NUMBER, false },
	{ "key", CBI_MEMBER_LINE, false },
	{ "fresh", CBI_MEMBER_TIME, false },
	{ "stale", CBI_MEMBER_TIME, false },
	{ "personal", CBI_MEMBER_TRUTH, false },
};

static const struct cbi_member page_members[] = {
	{ "title", CBI_MEMBER_LINE, true },
	{ "nav", CBI_MEMBER_LINE, false },
	{ "needs", CBI_MEMBER_LINE, false },
};

static const struct cbi_member api_members[] = {
	{ "methods", CBI_MEMBER_LINE, false },
	{ "needs", CBI_MEMBER_LINE, false },
};

static bool truth(const struct cbi_yaml *map, const char *name)
{
	const struct cbi_yaml *node = cbi_yaml_get(map, name);

	return node && node->type == CBI_YAML_BOOL && node->truth;
}

/* {key, personal}; key is null where the entity alone tells. */
static json_t *declare_source(struct cbi_take *take,
                              const struct cbi_yaml *node, const char *what)
{
	json_t *key = cbi_yaml_get(node, "key")
	                  ? cbi_take_source_key(take, node, what)
	                  : json_null();

	return json_pack("{s:o, s:b}", "key", key, "personal",
	                 truth(node, "personal"));
}

static void take_card(struct cbi_take *take, const struct cbi_yaml *node)
{
	const char *what = cb_printf(take->ctx, "card '%.60s'", node->key);
	json_t *source;

	if (!what || !cbi_take_name(take, node, "card") ||
	    !CBI_TAKE_MAP(take, node, what, card_members))
		return;
	source = declare_source(take, node, what);
	json_array_append_new(take->cards,
	                      cbi_take_card_row(take, node, what, source));
	json_array_append_new(
	    take->sources,
	    json_pack("{s:s, s:s, s:i, s:i, s:n}", "name", node->key,
	              "hosts_key", "", "fresh",
	              cbi_take_seconds(node, "fresh", FRESH_S), "stale",
	              cbi_take_seconds(node, "stale", STALE_S), "fresh_key"));
	json_object_set_new(json_object_get(take->declared, "sources"),
	                    node->key, source);
}

static void add_route(struct cbi_take *take, const struct cbi_yaml *node,
                      const char *what, bool api, const char *methods)
{
	const char *title = cbi_take_text(node, "title");
	const char *word = "read", *action = "read";

	if (!cbi_take_path(take, node, what))
		return;
	json_array_append_new(
	    take->routes,
	    json_pack("{s:s, s:o, s:b, s:s, s:s, s:o}", "path", node->key,
	              "title", cbi_take_json(title), "api", api, "methods",
	              methods, "needs",
	              cbi_take_needs(take, node, what, word, action), "nav",
	              cbi_take_json(cbi_take_text(node, "nav"))));
}

static void take_page(struct cbi_take *take, const struct cbi_yaml *node)
{
	const char *what = cb_printf(take->ctx, "page '%.60s'", node->key);

	if (what && CBI_TAKE_MAP(take, node, what, page_members))
		add_route(take, node, what, false, "GET");
}

/* "GET POST" of those that the portal passes on. */
static bool methods_ok(const char *text)
{
	static const char *const known[] = { "GET", "POST", "PUT", "DELETE" };

	while (*text) {
		size_t len = strcspn(text, " ");
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found = found || (strlen(known[i]) == len &&
			                  strncmp(known[i], text, len) == 0);
		if (!found)
			return false;
		text += len;
		text += *text == ' ';
	}
	return true;
}

static void take_api(struct cbi_take *take, const struct cbi_yaml *node)
{
	const char *what = cb_printf(take->ctx, "api '%.60s'", node->key);
	const char *methods;

	if (!what || !CBI_TAKE_MAP(take, node, what, api_members))
		return;
	methods = cbi_take_text(node, "methods");
	if (methods && !methods_ok(methods)) {
		cbi_take_wrong(take, cbi_yaml_get(node, "methods"),
		               "%s: methods: expected some of GET POST PUT "
		               "DELETE, not '%.60s'",
		               what, methods);
		return;
	}
	add_route(take, node, what, true, methods ? methods : "GET");
}

static void each(struct cbi_take *take, const struct cbi_yaml *root,
                 const char *name,
                 void (*fn)(struct cbi_take *take, const struct cbi_yaml *node))
{
	const struct cbi_yaml *map = cbi_yaml_get(root, name);

	if (!map)
		return;
	if (map->count > CB_PLUGIN_ROWS_MAX) {
		cbi_take_wrong_key(take, map, "more than %d %s",
		                   CB_PLUGIN_ROWS_MAX, name);
		return;
	}
	for (const struct cbi_yaml *one = map->first; one; one = one->next)
		fn(take, one);
}

/* What the program does itself. */
static void refuse(struct cbi_take *take, const struct cbi_yaml *root,
                   const char *name, const char *why)
{
	const struct cbi_yaml *node = cbi_yaml_get(root, name);

	if (node)
		cbi_take_wrong_key(take, node, "%s: %s", name, why);
}

void cbi_take_foreign(struct cbi_take *take, const struct cbi_yaml *root)
{
	const struct cbi_yaml *node = cbi_yaml_get(root, "serve");
	struct cbi_foreign_serve serve;

	if (cbi_foreign_serve(take->ctx, node->text, &serve) < 0) {
		cbi_take_wrong(take, node, "%s", cb_failure(take->ctx));
		cb_failure_clear(take->ctx);
		return;
	}
	json_object_set_new(take->manifest, "tier", json_string("foreign"));
	json_object_set_new(take->declared, "serve", json_string(node->text));
	refuse(take, root, "sources",
	       "a plugin with 'serve' fetches by itself, in its program");
	refuse(take, root, "tests",
	       "a plugin with 'serve' has its tests beside its program");
	each(take, root, "cards", take_card);
	each(take, root, "pages", take_page);
	each(take, root, "apis", take_api);
}
