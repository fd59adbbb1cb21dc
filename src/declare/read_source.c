/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_source.c - sources of a plugin.yaml: key, requests, shape, times.
 *
 * Declared as {key, requests, shape}; their row of the manifest is that of
 * any source.
 */
#include "declare/take.h"

#include <string.h>

#include "base/limits.h"

#define REQUESTS_MAX 8
#define FRESH_S 60
#define STALE_S 3600

static const struct cbi_member source_members[] = {
	CBI_REQUEST_MEMBERS,
	{ "key", CBI_MEMBER_ANY, false },
	{ "requests", CBI_MEMBER_LIST, false },
	{ "shape", CBI_MEMBER_TEXT, false },
	{ "fresh", CBI_MEMBER_LINE, false },
	{ "stale", CBI_MEMBER_TIME, false },
};

static const struct cbi_member request_members[] = {
	CBI_REQUEST_MEMBERS,
	{ "name", CBI_MEMBER_LINE, true },
};

json_t *cbi_take_source_key(struct cbi_take *take, const struct cbi_yaml *map,
                            const char *what)
{
	const struct cbi_roots roots = { .kinds = CBI_ROOT_ENTITY,
		                         .strict = true };
	const struct cbi_yaml *node = cbi_yaml_get(map, "key");
	json_t *made;

	if (!node)
		return json_string("all");
	what = cb_printf(take->ctx, "%s: key", what);
	if (!what)
		return NULL;
	if (node->type == CBI_YAML_TEXT && node->len) {
		cbi_take_template(take, node, node->text, what, &roots);
		return json_string(node->text);
	}
	if (node->type != CBI_YAML_MAP || !node->first) {
		cbi_take_wrong(take, node,
		               "%s: expected a text such as "
		               "\"{annotations.example.org/id}\", or a map of "
		               "such texts",
		               what);
		return json_string("");
	}
	made = json_object();
	for (const struct cbi_yaml *part = node->first; part;
	     part = part->next) {
		if (!cbi_take_name(take, part, what))
			continue;
		if (part->type != CBI_YAML_TEXT || !part->len)
			cbi_take_wrong(take, part, "%s: %s: expected a text",
			               what, part->key);
		else
			cbi_take_template(take, part, part->text, what, &roots);
		json_object_set_new(made, part->key,
		                    json_string(part->text ? part->text : ""));
	}
	return made;
}

/* All requests of a source go to one place: its credential is that one's. */
static void same_base(struct cbi_take *take, const struct cbi_yaml *node,
                      const char *what, const char *base, const char **first)
{
	if (base && *first && strcmp(base, *first) != 0)
		cbi_take_wrong(take, node,
		               "%s: begins with {config.%s}, the one before "
		               "with {config.%s}: the requests of a source go "
		               "to one place",
		               what, base, *first);
	if (!*first)
		*first = base;
}

static void take_named(struct cbi_take *take, const struct cbi_yaml *node,
                       const char *source, struct cbi_roots *roots,
                       json_t *names, json_t *list, const char **first)
{
	const char *name, *what, *base;
	json_t *request;

	if (!CBI_TAKE_MAP(take, node, source, request_members))
		return;
	name = cbi_take_text(node, "name");
	what = cb_printf(take->ctx, "%s: request '%.60s'", source,
	                 name ? name : "");
	if (!name || !what)
		return;
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
	        strlen(name) ||
	    strlen(name) > CB_NAME_MAX || strcmp(name, "key") == 0 ||
	    strcmp(name, "config") == 0)
		cbi_take_wrong(take, cbi_yaml_get(node, "name"),
		               "%s: a name is [a-z][a-z0-9-]*, and neither "
		               "'key' nor 'config'",
		               what);
	request = cbi_take_request(take, node, what, roots, &base);
	same_base(take, node, what, base, first);
	json_object_set_new(request, "name", json_string(name));
	json_array_append_new(list, request);
	json_array_append_new(names, json_string(name));
}

static json_t *take_requests(struct cbi_take *take, const struct cbi_yaml *node,
                             const char *what, const json_t *key,
                             const char **base)
{
	const struct cbi_yaml *all = cbi_yaml_get(node, "requests");
	json_t *list = json_array(), *names = json_array(), *one;
	struct cbi_roots roots = { .kinds = CBI_ROOT_CONFIG,
		                   .key = key,
		                   .names = names,
		                   .strict = true };

	if (!all || all->type != CBI_YAML_LIST) {
		one = cbi_take_request(take, node, what, &roots, base);
		json_object_set_new(one, "name", json_string(""));
		json_array_append_new(list, one);
	} else if (all->count > REQUESTS_MAX) {
		cbi_take_wrong(take, all, "%s: more than %d requests", what,
		               REQUESTS_MAX);
	} else {
		for (const struct cbi_yaml *at = all->first; at; at = at->next)
			take_named(take, at, what, &roots, names, list, base);
	}
	json_decref(names);
	return list;
}

/* "1m", or "{config.KEY}" of a key of type secs: its name. */
static const char *take_fresh(struct cbi_take *take,
                              const struct cbi_yaml *node, const char *what,
                              int *seconds)
{
	const char *text = cbi_take_text(node, "fresh"), *at = text;
	struct cbi_template_part part = { 0 };
	const json_t *key;

	*seconds = cbi_take_seconds(node, "fresh", FRESH_S);
	if (!text || !cbi_template_next(&at, &part) || !part.value ||
	    !cbi_span_is(part.root, "config") || *at) {
		if (text && cbi_take_seconds(node, "fresh", -1) < 0)
			cbi_take_wrong(take, cbi_yaml_get(node, "fresh"),
			               "%s: fresh: expected a time such as 90, "
			               "15m or 1h, or {config.KEY}",
			               what);
		return NULL;
	}
	*seconds = 0;
	key = cbi_take_key(take, part.rest.ptr, part.rest.len);
	if (key && strcmp(json_string_value(json_object_get(key, "type")),
	                  "secs") == 0)
		return json_string_value(json_object_get(key, "name"));
	cbi_take_wrong(take, cbi_yaml_get(node, "fresh"),
	               "%s: fresh: {config.%.*s} is no key of type secs", what,
	               (int)part.rest.len, part.rest.ptr);
	return NULL;
}

static void check_shape(struct cbi_take *take, const struct cbi_yaml *map,
                        const char *what)
{
	const struct cbi_yaml *node = cbi_yaml_get(map, "shape");
	const struct cbi_declare_file *file = take->file;

	if (!node || node->type != CBI_YAML_TEXT || !file->compile)
		return;
	if (file->compile(take->ctx, file->arg, node->text) == CB_OK)
		return;
	cbi_take_wrong(take, node, "%s: shape: %s", what,
	               cb_failure(take->ctx));
	cb_failure_clear(take->ctx);
}

static void take_source(struct cbi_take *take, const struct cbi_yaml *node)
{
	const char *what = cb_printf(take->ctx, "source '%.60s'", node->key);
	const char *base = NULL, *fresh_key, *shape;
	json_t *key, *requests;
	int fresh;

	if (!what || !cbi_take_name(take, node, "source") ||
	    !CBI_TAKE_MAP(take, node, what, source_members))
		return;
	key = cbi_take_source_key(take, node, what);
	requests = take_requests(take, node, what, key, &base);
	fresh_key = take_fresh(take, node, what, &fresh);
	check_shape(take, node, what);
	shape = cbi_take_text(node, "shape");
	json_array_append_new(
	    take->sources,
	    json_pack("{s:s, s:s, s:i, s:i, s:o}", "name", node->key,
	              "hosts_key", base ? base : "", "fresh", fresh, "stale",
	              cbi_take_seconds(node, "stale", STALE_S), "fresh_key",
	              cbi_take_json(fresh_key)));
	json_object_set_new(json_object_get(take->declared, "sources"),
	                    node->key,
	                    json_pack("{s:o, s:o, s:s}", "key", key, "requests",
	                              requests, "shape", shape ? shape : "."));
}

void cbi_take_sources(struct cbi_take *take, const struct cbi_yaml *root)
{
	const struct cbi_yaml *map = cbi_yaml_get(root, "sources");

	if (!map)
		return;
	if (map->count > CB_PLUGIN_ROWS_MAX) {
		cbi_take_wrong_key(take, map, "more than %d sources",
		                   CB_PLUGIN_ROWS_MAX);
		return;
	}
	for (const struct cbi_yaml *one = map->first; one; one = one->next)
		take_source(take, one);
}
