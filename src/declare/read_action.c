/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_action.c - actions of a plugin.yaml: buttons that ask a tool for
 * something.
 *
 * In the manifest {name, title, card, confirm, needs, done}; declared as
 * {key, requests, refresh}.
 */
#include "declare/take.h"

#include <string.h>

#include "base/limits.h"

static const struct cbi_member members[] = {
	CBI_REQUEST_MEMBERS,
	{ "title", CBI_MEMBER_LINE, true },
	{ "card", CBI_MEMBER_LINE, false },
	{ "confirm", CBI_MEMBER_LINE, false },
	{ "needs", CBI_MEMBER_LINE, false },
	{ "key", CBI_MEMBER_ANY, false },
	{ "done", CBI_MEMBER_LINE, false },
	{ "refresh", CBI_MEMBER_LIST, false },
};

/* The declared card whose button it is: the named one, or the only one. */
static const json_t *card_of(struct cbi_take *take, const struct cbi_yaml *map,
                             const char *what, const char **name)
{
	json_t *all = json_object_get(take->declared, "cards"), *one;
	const char *given = cbi_take_text(map, "card"), *key;
	const char *names[CB_PLUGIN_ROWS_MAX];
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
		cbi_take_wrong(take, cbi_yaml_get(map, "card"),
		               "%s: card: there is no card '%.60s'%s", what,
		               given,
		               cbi_take_hint(take->ctx, given, names, n));
	else
		cbi_take_wrong_key(take, map,
		                   "%s: 'card' is missing: it says where the "
		                   "button stands",
		                   what);
	return NULL;
}

/* Sources whose values it changes: the named ones, or its card's. */
static json_t *refresh_of(struct cbi_take *take, const struct cbi_yaml *map,
                          const char *what, const json_t *card)
{
	const struct cbi_yaml *list = cbi_yaml_get(map, "refresh");
	const char *own = json_string_value(json_object_get(card, "source"));
	json_t *made = json_array();

	if (!list && own)
		json_array_append_new(made, json_string(own));
	for (const struct cbi_yaml *one = list ? list->first : NULL; one;
	     one = one->next) {
		if (one->type != CBI_YAML_TEXT ||
		    !json_object_get(json_object_get(take->declared, "sources"),
		                     one->text))
			cbi_take_wrong(take, one,
			               "%s: refresh: expected the name of a "
			               "source",
			               what);
		else
			json_array_append_new(made, json_string(one->text));
	}
	return made;
}

static json_t *key_of(struct cbi_take *take, const struct cbi_yaml *map,
                      const char *what, const json_t *card)
{
	const char *source = json_string_value(json_object_get(card, "source"));
	json_t *declared = json_object_get(take->declared, "sources");

	if (cbi_yaml_get(map, "key") || !source)
		return cbi_take_source_key(take, map, what);
	return json_incref(
	    json_object_get(json_object_get(declared, source), "key"));
}

static void take_action(struct cbi_take *take, const struct cbi_yaml *node)
{
	const char *what = cb_printf(take->ctx, "action '%.60s'", node->key);
	const char *base, *card_name, *title, *done;
	struct cbi_roots roots = { .kinds = CBI_ROOT_CONFIG, .strict = true };
	const json_t *card;
	json_t *key, *request;

	if (!what || !cbi_take_name(take, node, "action") ||
	    !CBI_TAKE_MAP(take, node, what, members))
		return;
	card = card_of(take, node, what, &card_name);
	key = key_of(take, node, what, card);
	roots.key = key;
	request = cbi_take_request(take, node, what, &roots, &base);
	json_object_set_new(request, "name", json_string(""));
	if (strcmp(json_string_value(json_object_get(request, "method")),
	           "GET") == 0)
		cbi_take_wrong_key(take, node,
		                   "%s: a GET changes nothing; expected post, "
		                   "put, patch or delete",
		                   what);
	title = cbi_take_text(node, "title");
	done = cbi_take_text(node, "done");
	json_array_append_new(
	    json_object_get(take->manifest, "actions"),
	    json_pack("{s:s, s:s, s:s, s:o, s:s, s:s}", "name", node->key,
	              "title", title ? title : "", "card",
	              card_name ? card_name : "", "confirm",
	              cbi_take_json(cbi_take_text(node, "confirm")), "needs",
	              cbi_take_needs(take, node, what, node->key, "use"),
	              "done", done ? done : "It is done."));
	json_object_set_new(
	    json_object_get(take->declared, "actions"), node->key,
	    json_pack("{s:o, s:[o], s:o}", "key", key, "requests", request,
	              "refresh", refresh_of(take, node, what, card)));
}

void cbi_take_actions(struct cbi_take *take, const struct cbi_yaml *root)
{
	const struct cbi_yaml *map = cbi_yaml_get(root, "actions");

	if (!map)
		return;
	if (map->count > CB_PLUGIN_ROWS_MAX) {
		cbi_take_wrong_key(take, map, "more than %d actions",
		                   CB_PLUGIN_ROWS_MAX);
		return;
	}
	json_object_set_new(take->manifest, "actions", json_array());
	json_object_set_new(take->declared, "actions", json_object());
	for (const struct cbi_yaml *one = map->first; one; one = one->next)
		take_action(take, one);
}
