/* SPDX-License-Identifier: Apache-2.0 */
/*
 * declared.c - a manifest of a plugin that is one file becomes the rows that
 * every plugin has; their functions are ours (declared_run.c).
 *
 * It is one piece of memory that goes with its snapshot: when a file is
 * changed, who is drawing draws on with the rows he began with.
 */
#include "host/declared.h"
#include "host/foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "config/config.h"

/* Every field has room for the widest of its types. */
#define FIELD sizeof(union field)

union field {
	const char *text;
	int number;
	bool truth;
};

struct declared {
	struct cbi_loaded loaded; /* first: what is attached is this */
	char version[48];
};

static const char *text(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

static int number(const json_t *row, const char *name)
{
	return (int)json_integer_value(json_object_get(row, name));
}

static const json_t *list(const json_t *manifest, const char *name, size_t *n)
{
	const json_t *rows = json_object_get(manifest, name);

	*n = json_array_size(rows);
	return rows;
}

static enum cb_key_type type_of(const char *name)
{
	static const struct {
		const char *name;
		enum cb_key_type type;
	} types[] = {
		{ "text", CB_KEY_TYPE_TEXT }, { "url", CB_KEY_TYPE_URL },
		{ "int", CB_KEY_TYPE_INT },   { "bool", CB_KEY_TYPE_BOOL },
		{ "secs", CB_KEY_TYPE_SECS },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (name && strcmp(types[i].name, name) == 0)
			return types[i].type;
	return CB_KEY_TYPE_TEXT;
}

static void make_keys(const json_t *rows, struct cb_key *keys)
{
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row)
	{
		keys[i] = (struct cb_key){
			.name = text(row, "name"),
			.type = type_of(text(row, "type")),
			.offset = i * FIELD,
			.fallback = text(row, "default"),
			.help = text(row, "help"),
			.least = number(row, "least"),
			.most = number(row, "most"),
		};
	}
}

static void make_sources(const json_t *rows, bool foreign,
                         struct cb_source *sources)
{
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row)
	{
		sources[i] = (struct cb_source){
			.name = text(row, "name"),
			.hosts_key = text(row, "hosts_key"),
			.key = foreign ? cbi_foreign_key : cbi_declared_key,
			.fill = foreign ? cbi_foreign_fill : cbi_declared_fill,
			.fresh = number(row, "fresh"),
			.stale = number(row, "stale"),
			.fresh_key = text(row, "fresh_key"),
		};
	}
}

static void make_cards(const json_t *rows, bool foreign, struct cb_card *cards)
{
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row)
	{
		cards[i] = (struct cb_card){
			.name = text(row, "name"),
			.place = text(row, "place"),
			.when = text(row, "when"),
			.title = text(row, "title"),
			.needs = text(row, "needs"),
			.draw = foreign ? cbi_foreign_draw : cbi_declared_draw,
			.order = number(row, "order"),
		};
	}
}

static void make_routes(const json_t *rows, bool foreign,
                        struct cb_route *routes)
{
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row)
	{
		routes[i] = (struct cb_route){
			.path = text(row, "path"),
			.title = text(row, "title"),
			.api = json_is_true(json_object_get(row, "api")),
			.methods = text(row, "methods"),
			.needs = text(row, "needs"),
			.nav = text(row, "nav"),
			.handle =
			    foreign ? cbi_foreign_page : cbi_declared_page,
		};
		if (foreign && routes[i].api)
			routes[i].handle = cbi_foreign_api;
	}
}

/* FNV-1a of all that is declared: another shape is another value. */
static uint64_t hash_of(const json_t *manifest)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	char *all = json_dumps(json_object_get(manifest, "declared"),
	                       JSON_COMPACT | JSON_SORT_KEYS);

	for (const char *at = all; at && *at; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
	free(all);
	return hash;
}

/* Takes size bytes of the piece, aligned. */
static void *piece(char **at, size_t size)
{
	char *mine = *at;

	*at += (size + 15) & ~(size_t)15;
	return mine;
}

static struct declared *make(const struct cbi_plugin_entry *entry)
{
	const json_t *m = entry->manifest;
	bool foreign = cbi_is_foreign(m);
	size_t n_keys, n_sources, n_cards, n_routes;
	const json_t *keys = list(m, "keys", &n_keys);
	const json_t *sources = list(m, "sources", &n_sources);
	const json_t *cards = list(m, "cards", &n_cards);
	const json_t *routes = list(m, "routes", &n_routes);
	size_t size = sizeof(struct declared) + 6 * 16 +
	              (n_keys + 1) * (sizeof(struct cb_key) + FIELD) +
	              (n_sources + 1) * sizeof(struct cb_source) +
	              (n_cards + 1) * sizeof(struct cb_card) +
	              (n_routes + 1) * sizeof(struct cb_route);
	char *at = calloc(1, size);
	struct declared *made;
	struct cb_plugin *plugin;

	if (!at)
		return NULL;
	made = piece(&at, sizeof(*made));
	plugin = &made->loaded.plugin;
	make_keys(
	    keys,
	    (struct cb_key *)(uintptr_t)(plugin->keys = piece(
					     &at, (n_keys + 1) *
						      sizeof(struct cb_key))));
	make_sources(
	    sources, foreign,
	    (struct cb_source *)(uintptr_t)(plugin->sources = piece(
						&at,
						(n_sources + 1) *
						    sizeof(struct cb_source))));
	make_cards(
	    cards, foreign,
	    (struct cb_card *)(uintptr_t)(plugin->cards = piece(
					      &at,
					      (n_cards + 1) *
						  sizeof(struct cb_card))));
	make_routes(
	    routes, foreign,
	    (struct cb_route *)(uintptr_t)(plugin->routes = piece(
					       &at,
					       (n_routes + 1) *
						   sizeof(struct cb_route))));
	made->loaded.data = piece(&at, (n_keys + 1) * FIELD);
	plugin->state_size = n_keys * FIELD;
	/* Values of another version, or of another text, are misses. */
	snprintf(made->version, sizeof(made->version), "%.30s+%016llx",
	         entry->version, (unsigned long long)hash_of(m));
	plugin->name = made->loaded.name = entry->name;
	plugin->version = made->version;
	plugin->summary = entry->summary;
	made->loaded.manifest = (json_t *)(uintptr_t)m;
	made->loaded.board = entry->board;
	atomic_store(&made->loaded.state, CBI_LOADED_READY);
	return made;
}

int cbi_declared_take(struct cb_ctx *ctx, struct cbi_host *host,
                      const struct cbi_plugin_entry *entry,
                      struct cbi_loaded **out)
{
	struct declared *made = cbi_snapshot_attached(entry);
	int rc;

	if (made) {
		*out = &made->loaded;
		return CB_OK;
	}
	made = make(entry);
	if (!made)
		return cb_fail(ctx, CB_ENOMEM, "no memory for plugin '%s'",
		               entry->name);
	rc = cbi_registry_fill_state(ctx, host->joins.config,
	                             &made->loaded.plugin, made->loaded.data);
	if (rc < 0) {
		free(made);
		return rc;
	}
	if (!cbi_snapshot_attach(entry, made, free)) {
		free(made);
		made = cbi_snapshot_attached(entry);
	}
	*out = &made->loaded;
	return CB_OK;
}
