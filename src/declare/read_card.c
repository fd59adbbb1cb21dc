/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_card.c - cards and pages of a plugin.yaml.
 *
 * Declared as {source, show}; their rows of the manifest are those of any
 * card and route.
 */
#include "declare/take.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "declare/entity.h"

static const struct cbi_member card_members[] = {
	{ "title", CBI_MEMBER_LINE, true },
	{ "place", CBI_MEMBER_LINE, false },
	{ "when", CBI_MEMBER_LINE, false },
	{ "needs", CBI_MEMBER_LINE, false },
	{ "order", CBI_MEMBER_NUMBER, false },
	{ "source", CBI_MEMBER_LINE, false },
	{ "show", CBI_MEMBER_LIST, true },
};

static const struct cbi_member page_members[] = {
	{ "title", CBI_MEMBER_LINE, true },
	{ "nav", CBI_MEMBER_LINE, false },
	{ "needs", CBI_MEMBER_LINE, false },
	{ "source", CBI_MEMBER_LINE, false },
	{ "show", CBI_MEMBER_LIST, true },
};

/* The declared source that a card names, or the only one; NULL for none. */
static const json_t *source_of(struct cbi_take *take,
                               const struct cbi_yaml *map, const char *what,
                               const char **name)
{
	json_t *all = json_object_get(take->declared, "sources"), *one;
	const char *given = cbi_take_text(map, "source");
	const char *names[CB_PLUGIN_ROWS_MAX], *key;
	size_t n = 0;

	*name = NULL;
	json_object_foreach(all, key, one)
	{
		if (n < CB_PLUGIN_ROWS_MAX)
			names[n++] = key;
		if (given ? strcmp(given, key) == 0
		          : json_object_size(all) == 1)
			*name = key;
	}
	if (*name)
		return json_object_get(all, *name);
	if (given)
		cbi_take_wrong(take, cbi_yaml_get(map, "source"),
		               "%s: source: there is no source '%.60s'%s", what,
		               given,
		               cbi_take_hint(take->ctx, given, names, n));
	else if (n > 1)
		cbi_take_wrong_key(take, map,
		                   "%s: 'source' is missing: there are several",
		                   what);
	return NULL;
}

/* Calls fn for each value that a declared source key is made of. */
static void each_part(const json_t *key,
                      void (*fn)(const struct cbi_template_part *part,
                                 void *arg),
                      void *arg)
{
	struct cbi_template_part part;
	const char *text = json_string_value(key), *name;
	json_t *one;

	while (text && cbi_template_next(&text, &part))
		if (part.value)
			fn(&part, arg);
	json_object_foreach((json_t *)(uintptr_t)key, name, one)
	{
		each_part(one, fn, arg);
	}
}

static void note_entity(const struct cbi_template_part *part, void *arg)
{
	bool *needs = arg;

	*needs = *needs || cbi_entity_root(part);
}

static bool needs_entity(const json_t *source)
{
	bool needs = false;

	each_part(json_object_get(source, "key"), note_entity, &needs);
	return needs;
}

/* ",metadata.annotations.<name>" for each that the key asks for. */
static void note_annotation(const struct cbi_template_part *part, void *arg)
{
	struct cbi_span name = cbi_entity_annotated(part);
	struct cb_buf *when = arg;

	if (name.len)
		cb_buf_printf(when, "%smetadata.annotations.%.*s",
		              when->len ? "," : "", (int)name.len, name.ptr);
}

/* An entity that lacks what the source is asked by does not get the card. */
static json_t *when_of(const struct cbi_yaml *map, const char *place,
                       const json_t *source)
{
	const char *given = cbi_take_text(map, "when");
	struct cb_buf when;
	json_t *made;

	cbi_buf_init(&when, 4 * CB_PLUGIN_TEXT_MAX);
	if (given)
		cb_buf_text(&when, given);
	if (source && cbi_str_starts(place, "entity."))
		each_part(json_object_get(source, "key"), note_annotation,
		          &when);
	made = cbi_take_json(when.len ? cbi_buf_string(&when) : NULL);
	cbi_buf_finish(&when);
	return made;
}

static const char *place_of(const struct cbi_yaml *map)
{
	const char *place = cbi_take_text(map, "place");

	return place ? place : "entity.overview";
}

json_t *cbi_take_card_row(struct cbi_take *take, const struct cbi_yaml *map,
                          const char *what, const json_t *source)
{
	const char *title = cbi_take_text(map, "title");
	const struct cbi_yaml *order = cbi_yaml_get(map, "order");
	const char *place = place_of(map);

	return json_pack(
	    "{s:s, s:s, s:o, s:s, s:s, s:I}", "name", map->key, "place", place,
	    "when", when_of(map, place, source), "title", title ? title : "",
	    "needs", cbi_take_needs(take, map, what, "read", "read"), "order",
	    (json_int_t)(order && order->type == CBI_YAML_NUMBER ? order->whole
	                                                         : 100));
}

/* {source, show}. */
static json_t *declare(struct cbi_take *take, const struct cbi_yaml *map,
                       const char *what, const char *name, const json_t *source)
{
	return json_pack(
	    "{s:o, s:o}", "source", cbi_take_json(name), "show",
	    cbi_take_show(take, map, what, json_object_get(source, "key")));
}

static void take_card(struct cbi_take *take, const struct cbi_yaml *node)
{
	const char *what = cb_printf(take->ctx, "card '%.60s'", node->key);
	const json_t *source;
	const char *name;

	if (!what || !cbi_take_name(take, node, "card") ||
	    !CBI_TAKE_MAP(take, node, what, card_members))
		return;
	source = source_of(take, node, what, &name);
	if (source && needs_entity(source) &&
	    !cbi_str_starts(place_of(node), "entity."))
		cbi_take_wrong_key(take, node,
		                   "%s: its source '%s' needs an entity, and "
		                   "'%s' has none",
		                   what, name, place_of(node));
	json_array_append_new(take->cards,
	                      cbi_take_card_row(take, node, what, source));
	json_object_set_new(json_object_get(take->declared, "cards"), node->key,
	                    declare(take, node, what, name, source));
}

static bool too_many(struct cbi_take *take, const struct cbi_yaml *map)
{
	if (map->count <= CB_PLUGIN_ROWS_MAX)
		return false;
	cbi_take_wrong_key(take, map, "more than %d %s", CB_PLUGIN_ROWS_MAX,
	                   map->key);
	return true;
}

void cbi_take_cards(struct cbi_take *take, const struct cbi_yaml *root)
{
	const struct cbi_yaml *map = cbi_yaml_get(root, "cards");

	if (!map || too_many(take, map))
		return;
	for (const struct cbi_yaml *one = map->first; one; one = one->next)
		take_card(take, one);
}

/* ---- Pages --------------------------------------------------------------- */

static bool path_ok(const char *path)
{
	size_t len = strlen(path);

	return len <= 200 && path[0] != '/' &&
	       (len == 0 || path[len - 1] != '/') && !strstr(path, "//") &&
	       !strstr(path, "..") &&
	       strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
	                    "YZ0123456789-._~/") == len;
}

bool cbi_take_path(struct cbi_take *take, const struct cbi_yaml *node,
                   const char *what)
{
	if (path_ok(node->key))
		return true;
	cbi_take_wrong_key(take, node,
	                   "%s: a path has no slash at either end and "
	                   "only letters, digits, - . _ ~ /",
	                   what);
	return false;
}

static void take_page(struct cbi_take *take, const struct cbi_yaml *node)
{
	const char *what = cb_printf(take->ctx, "page '%.60s'", node->key);
	const json_t *source;
	const char *name, *title;

	if (!what || !CBI_TAKE_MAP(take, node, what, page_members))
		return;
	(void)cbi_take_path(take, node, what);
	source = source_of(take, node, what, &name);
	if (source && needs_entity(source))
		cbi_take_wrong_key(take, node,
		                   "%s: its source '%s' needs an entity, and a "
		                   "page has none",
		                   what, name);
	title = cbi_take_text(node, "title");
	json_array_append_new(
	    take->routes,
	    json_pack("{s:s, s:s, s:b, s:s, s:s, s:o}", "path", node->key,
	              "title", title ? title : "", "api", 0, "methods", "GET",
	              "needs", cbi_take_needs(take, node, what, "read", "read"),
	              "nav", cbi_take_json(cbi_take_text(node, "nav"))));
	json_object_set_new(json_object_get(take->declared, "pages"), node->key,
	                    declare(take, node, what, name, source));
}

void cbi_take_pages(struct cbi_take *take, const struct cbi_yaml *root)
{
	const struct cbi_yaml *map = cbi_yaml_get(root, "pages");

	if (!map || too_many(take, map))
		return;
	for (const struct cbi_yaml *one = map->first; one; one = one->next)
		take_page(take, one);
}
