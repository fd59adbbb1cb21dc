/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.c - makes a snapshot from manifests and wishes.
 */
#include "registry/snapshot_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/limits.h"

/* What parsed filters and rows of 256 plugins need, with much to spare. */
#define SNAPSHOT_ARENA_MAX (16 * CB_MIB)

static const char *text_or_null(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

static int add_cards(struct cbi_snapshot *snapshot,
                     struct cbi_plugin_entry *entry)
{
	json_t *list = json_object_get(entry->manifest, "cards"), *row;
	struct cbi_plugin_card *cards;
	size_t i;

	cards = cb_alloc(&snapshot->ctx,
	                 (json_array_size(list) + 1) * sizeof(*cards));
	if (!cards)
		return CB_ENOMEM;
	json_array_foreach(list, i, row)
	{
		struct cbi_plugin_card *card = &cards[i];

		card->plugin = entry;
		card->name = cbi_manifest_text(row, "name");
		card->place = cbi_manifest_text(row, "place");
		card->title = cbi_manifest_text(row, "title");
		card->needs = cbi_manifest_text(row, "needs");
		card->order =
		    (int)json_integer_value(json_object_get(row, "order"));
		card->when = text_or_null(row, "when");
		if (card->when && snapshot->filter) {
			int rc = snapshot->filter->parse(
			    &snapshot->ctx, card->when, &card->filter);

			if (rc < 0)
				return rc;
		}
	}
	entry->cards = cards;
	entry->card_count = json_array_size(list);
	return CB_OK;
}

static int add_routes(struct cbi_snapshot *snapshot,
                      struct cbi_plugin_entry *entry)
{
	json_t *list = json_object_get(entry->manifest, "routes"), *row;
	struct cbi_plugin_route *routes;
	size_t i;

	routes = cb_alloc(&snapshot->ctx,
	                  (json_array_size(list) + 1) * sizeof(*routes));
	if (!routes)
		return CB_ENOMEM;
	json_array_foreach(list, i, row)
	{
		struct cbi_plugin_route *route = &routes[i];

		route->plugin = entry;
		route->path = cbi_manifest_text(row, "path");
		route->title = cbi_manifest_text(row, "title");
		route->needs = cbi_manifest_text(row, "needs");
		route->methods = cbi_manifest_text(row, "methods");
		route->nav = text_or_null(row, "nav");
		route->api = json_is_true(json_object_get(row, "api"));
	}
	entry->routes = routes;
	entry->route_count = json_array_size(list);
	return CB_OK;
}

/* The row of table `plugin`; what is not there stays as it is. */
static int add_wish(struct cbi_snapshot *snapshot,
                    struct cbi_plugin_entry *entry, json_t *wish)
{
	const char *at = cbi_manifest_text(wish, "changed_at");
	struct cb_ctx *ctx = &snapshot->ctx;

	if (!wish)
		return CB_OK;
	entry->wanted = !json_is_false(json_object_get(wish, "wanted"));
	entry->quarantined =
	    json_is_string(json_object_get(wish, "quarantined_at"));
	entry->changed_by =
	    cb_strdup(ctx, cbi_manifest_text(wish, "changed_by"));
	entry->changed_at = cb_strdup(ctx, at);
	if (!entry->reason[0])
		entry->reason =
		    cb_strdup(ctx, cbi_manifest_text(wish, "reason"));
	if (!entry->changed_by || !entry->changed_at || !entry->reason)
		return CB_ENOMEM;
	if (cbi_clock_parse(at, &entry->changed_ms) < 0)
		entry->changed_ms = 0;
	return CB_OK;
}

static int add_entry(struct cbi_snapshot *snapshot,
                     struct cbi_plugin_entry *entry, const json_t *manifest,
                     cbi_wish_fn *wish_of, void *arg)
{
	json_t *wish;
	int rc;

	entry->manifest = manifest;
	entry->name = cbi_manifest_text(manifest, "name");
	entry->tier = cbi_manifest_text(manifest, "tier");
	entry->version = cbi_manifest_text(manifest, "version");
	entry->summary = cbi_manifest_text(manifest, "summary");
	entry->file = cbi_manifest_text(manifest, "file");
	entry->pool = cbi_manifest_text(manifest, "pool");
	entry->routed = cbi_manifest_text(manifest, "routed");
	entry->abi = cbi_manifest_text(manifest, "abi");
	entry->reason = cbi_manifest_text(manifest, "reason");
	entry->trouble = cbi_manifest_text(manifest, "trouble");
	entry->refused = cbi_manifest_refused(manifest);
	entry->wanted = true;
	entry->changed_by = entry->changed_at = "";
	entry->board = entry->refused ? -1 : cbi_board_plugin(entry->name);
	wish = wish_of ? wish_of(arg, entry->name) : NULL;
	rc = add_wish(snapshot, entry, wish);
	json_decref(wish);
	if (rc == CB_OK && !entry->refused)
		rc = add_cards(snapshot, entry);
	if (rc == CB_OK && !entry->refused)
		rc = add_routes(snapshot, entry);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	const json_t *const *left = a, *const *right = b;
	int order = strcmp(cbi_manifest_text(*left, "name"),
	                   cbi_manifest_text(*right, "name"));

	if (order)
		return order;
	return cbi_manifest_refused(*left) - cbi_manifest_refused(*right);
}

static size_t rank_of(const json_t *list, const json_t *manifest)
{
	size_t rank = 0;

	while (json_array_get(list, rank) != manifest)
		rank++;
	return rank;
}

static int fill(struct cbi_snapshot *snapshot, cbi_wish_fn *wish, void *arg)
{
	json_t *list = json_object_get(snapshot->root, "plugins"), *row;
	size_t n = json_array_size(list), i;
	const json_t **rows;
	int rc = CB_OK;

	rows = cb_alloc(&snapshot->ctx, (n + 1) * sizeof(*rows));
	snapshot->plugins =
	    cb_alloc(&snapshot->ctx, (n + 1) * sizeof(*snapshot->plugins));
	snapshot->attached =
	    cb_alloc(&snapshot->ctx, (n + 1) * sizeof(*snapshot->attached));
	if (!rows || !snapshot->plugins || !snapshot->attached)
		return CB_ENOMEM;
	json_array_foreach(list, i, row)
	{
		rows[i] = row;
	}
	qsort(rows, n, sizeof(*rows), by_name);
	for (i = 0; i < n && rc == CB_OK; i++)
		rc = add_entry(snapshot, &snapshot->plugins[i], rows[i], wish,
		               arg);
	snapshot->count = n;
	for (i = 0; i < n && rc == CB_OK; i++) {
		snapshot->plugins[i].rank =
		    rank_of(list, snapshot->plugins[i].manifest);
		snapshot->plugins[i].attached = &snapshot->attached[i];
	}
	return rc;
}

int cbi_snapshot_create(json_t *root, const struct cbi_registry_filter *filter,
                        cbi_wish_fn *wish, void *arg, uint64_t number,
                        struct cbi_snapshot **out)
{
	struct cbi_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	int rc;

	if (!snapshot)
		return CB_ENOMEM;
	cbi_lane_init(&snapshot->lane, SNAPSHOT_ARENA_MAX);
	cbi_ctx_init(&snapshot->ctx, &snapshot->lane);
	snapshot->root = json_incref(root);
	snapshot->filter = filter;
	snapshot->number = number;
	rc = fill(snapshot, wish, arg);
	if (rc < 0)
		cbi_snapshot_destroy(snapshot);
	else
		*out = snapshot;
	return rc;
}

void cbi_snapshot_destroy(struct cbi_snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; snapshot->attached && i < snapshot->count; i++) {
		void *thing = atomic_load(&snapshot->attached[i].thing);

		if (thing)
			atomic_load (&snapshot->attached[i].drop)(thing);
	}
	cbi_ctx_finish(&snapshot->ctx);
	cbi_lane_finish(&snapshot->lane);
	json_decref(snapshot->root);
	free(snapshot);
}
