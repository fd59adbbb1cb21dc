/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - what a snapshot answers.
 */
#include "registry/snapshot_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/board.h"

size_t cbi_snapshot_plugins(const struct cbi_snapshot *snapshot,
                            const struct cbi_plugin_entry **out)
{
	*out = snapshot->plugins;
	return snapshot->count;
}

const struct cbi_plugin_entry *cbi_snapshot_plugin(
    const struct cbi_snapshot *snapshot, const char *name)
{
	size_t low = 0, high = snapshot->count;

	/* The first of its name: of doubles that is the one in use. */
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (strcmp(snapshot->plugins[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == snapshot->count ||
	    strcmp(snapshot->plugins[low].name, name) != 0)
		return NULL;
	return &snapshot->plugins[low];
}

uint64_t cbi_snapshot_number(const struct cbi_snapshot *snapshot)
{
	return snapshot->number;
}

void *cbi_snapshot_attached(const struct cbi_plugin_entry *plugin)
{
	return atomic_load(&plugin->attached->thing);
}

bool cbi_snapshot_attach(const struct cbi_plugin_entry *plugin, void *thing,
                         void (*drop)(void *thing))
{
	void *none = NULL;

	/* Whoever attaches to an entry drops by the same function. */
	atomic_store(&plugin->attached->drop, drop);
	return atomic_compare_exchange_strong(&plugin->attached->thing, &none,
	                                      thing);
}

/* ---- States -------------------------------------------------------------- */

const char *cbi_plugin_state_name(enum cbi_plugin_state state)
{
	static const char *const names[] = {
		"found", "checked", "ready",       "running",
		"off",   "open",    "quarantined", "refused",
	};

	return names[state];
}

/* Did this host take it out since somebody last switched it? */
static bool quarantined_here(const struct cbi_plugin_entry *plugin)
{
	const struct cbi_board_plugin *row;
	int64_t at;

	if (plugin->board < 0)
		return false;
	row = &cbi_board()->plugins[plugin->board];
	at = atomic_load(&row->quarantined_at);
	return at && at > plugin->changed_ms;
}

bool cbi_snapshot_on(const struct cbi_plugin_entry *plugin)
{
	return !plugin->refused && plugin->wanted && !plugin->quarantined &&
	       !quarantined_here(plugin);
}

static bool broke(const struct cbi_plugin_entry *plugin)
{
	const struct cbi_board *board = cbi_board();
	const struct cbi_board_plugin *row;
	uint32_t generation = atomic_load(&board->generation);

	if (plugin->board < 0)
		return false;
	row = &board->plugins[plugin->board];
	return row->trouble[0] && atomic_load(&row->broke) == generation &&
	       atomic_load(&row->ran) != generation;
}

static bool pool_ready(const char *pool)
{
	const struct cbi_board *board = cbi_board();

	for (int i = 0; i < CB_BOARD_PROCESSES; i++) {
		const struct cbi_board_process *row = &board->processes[i];

		if (atomic_load(&row->pid) > 0 &&
		    atomic_load(&row->state) == CBI_STATE_READY &&
		    atomic_load(&row->kind) == CBI_PROCESS_WEB &&
		    strncmp(row->pool, pool, sizeof(row->pool)) == 0)
			return true;
	}
	return false;
}

enum cbi_plugin_state cbi_snapshot_state(const struct cbi_plugin_entry *plugin)
{
	const struct cbi_board *board = cbi_board();

	if (plugin->refused)
		return CBI_PLUGIN_REFUSED;
	if (plugin->quarantined || quarantined_here(plugin))
		return CBI_PLUGIN_QUARANTINED;
	if (!plugin->wanted)
		return CBI_PLUGIN_OFF;
	if (broke(plugin))
		return CBI_PLUGIN_REFUSED;
	if (cbi_breaker_open(plugin->board))
		return CBI_PLUGIN_OPEN;
	/* A plugin without code has nothing to load. */
	if (strcmp(plugin->tier, "native") != 0)
		return pool_ready(plugin->pool) ? CBI_PLUGIN_RUNNING
		                                : CBI_PLUGIN_CHECKED;
	if (plugin->board < 0 || !atomic_load(&board->generation) ||
	    atomic_load(&board->plugins[plugin->board].ran) !=
	        atomic_load(&board->generation))
		return CBI_PLUGIN_CHECKED;
	return pool_ready(plugin->pool) ? CBI_PLUGIN_RUNNING : CBI_PLUGIN_READY;
}

const char *cbi_snapshot_reason(struct cb_ctx *ctx,
                                const struct cbi_plugin_entry *plugin)
{
	const struct cbi_board_plugin *row;
	char *text = NULL;

	switch (cbi_snapshot_state(plugin)) {
	case CBI_PLUGIN_REFUSED:
		if (plugin->refused)
			return plugin->reason;
		row = &cbi_board()->plugins[plugin->board];
		text = cb_strndup(ctx, row->trouble,
		                  strnlen(row->trouble, CB_TROUBLE_MAX));
		break;
	case CBI_PLUGIN_OPEN:
		row = &cbi_board()->plugins[plugin->board];
		text = cb_printf(ctx, "failed %u times in a row",
		                 atomic_load(&row->failures));
		break;
	case CBI_PLUGIN_QUARANTINED:
		text = cb_printf(ctx, "crashed %d times within %d s",
		                 CB_CRASH_LIMIT, CB_CRASH_WINDOW_MS / 1000);
		break;
	case CBI_PLUGIN_OFF:
		return plugin->reason;
	default:
		if (!plugin->routed[0])
			return plugin->trouble;
		text = cb_printf(ctx,
		                 "waiting for nginx, which sends its requests "
		                 "to pool '%s' still",
		                 plugin->routed);
		break;
	}
	return text ? text : "";
}

/* ---- Finding ------------------------------------------------------------- */

static bool fits(const struct cbi_snapshot *snapshot,
                 const struct cbi_plugin_card *card, const char *place,
                 const struct cb_entity *entity)
{
	if (strcmp(card->place, place) != 0)
		return false;
	if (!card->when)
		return true;
	return entity && card->filter &&
	       snapshot->filter->match(card->filter, entity);
}

static int by_order(const void *a, const void *b)
{
	const struct cbi_plugin_card *const *left = a, *const *right = b;
	int order = ((*left)->order > (*right)->order) -
	            ((*left)->order < (*right)->order);

	if (!order)
		order = strcmp((*left)->plugin->name, (*right)->plugin->name);
	return order ? order : strcmp((*left)->name, (*right)->name);
}

int cbi_snapshot_cards(struct cb_ctx *ctx, const struct cbi_snapshot *snapshot,
                       const char *place, const struct cb_entity *entity,
                       const struct cbi_plugin_card *const **out, size_t *count)
{
	const struct cbi_plugin_card **list;
	size_t most = 0, n = 0;

	for (size_t i = 0; i < snapshot->count; i++)
		most += snapshot->plugins[i].card_count;
	list = cb_alloc(ctx, (most + 1) * sizeof(*list));
	if (!list)
		return CB_ENOMEM;
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct cbi_plugin_entry *entry = &snapshot->plugins[i];

		for (size_t k = 0; k < entry->card_count; k++)
			if (fits(snapshot, &entry->cards[k], place, entity) &&
			    cbi_snapshot_on(entry))
				list[n++] = &entry->cards[k];
	}
	qsort(list, n, sizeof(*list), by_order);
	*out = list;
	*count = n;
	return CB_OK;
}

/* What of path follows route's own; NULL when it does not begin with it. */
static const char *rest_of(const char *route, const char *path)
{
	size_t len = strlen(route);

	if (len == 0)
		return path;
	if (strncmp(path, route, len) != 0)
		return NULL;
	if (path[len] == '\0')
		return path + len;
	return path[len] == '/' ? path + len + 1 : NULL;
}

const struct cbi_plugin_route *cbi_snapshot_route(
    const struct cbi_snapshot *snapshot, const char *plugin, bool api,
    const char *path, const char **rest)
{
	const struct cbi_plugin_entry *entry =
	    cbi_snapshot_plugin(snapshot, plugin);
	const struct cbi_plugin_route *best = NULL;

	for (size_t i = 0; entry && i < entry->route_count; i++) {
		const struct cbi_plugin_route *route = &entry->routes[i];
		const char *after = rest_of(route->path, path);

		if (route->api != api || !after)
			continue;
		if (best && strlen(route->path) <= strlen(best->path))
			continue;
		best = route;
		*rest = after;
	}
	return best;
}

static int by_label(const void *a, const void *b)
{
	const struct cbi_plugin_route *const *left = a, *const *right = b;
	int order = strcmp((*left)->nav, (*right)->nav);

	return order ? order
	             : strcmp((*left)->plugin->name, (*right)->plugin->name);
}

int cbi_snapshot_nav(struct cb_ctx *ctx, const struct cbi_snapshot *snapshot,
                     const struct cbi_plugin_route *const **out, size_t *count)
{
	const struct cbi_plugin_route **list;
	size_t most = 0, n = 0;

	for (size_t i = 0; i < snapshot->count; i++)
		most += snapshot->plugins[i].route_count;
	list = cb_alloc(ctx, (most + 1) * sizeof(*list));
	if (!list)
		return CB_ENOMEM;
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct cbi_plugin_entry *entry = &snapshot->plugins[i];

		for (size_t k = 0; k < entry->route_count; k++)
			if (entry->routes[k].nav && cbi_snapshot_on(entry))
				list[n++] = &entry->routes[k];
	}
	qsort(list, n, sizeof(*list), by_label);
	*out = list;
	*count = n;
	return CB_OK;
}
