/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - brings plugins into a process.
 *
 * A file is mapped once and never unloaded: switching off leaves it where it
 * is.  State is malloc'ed for the life of the process and filled before start;
 * afterwards it is only read.
 */
#include "host/host_priv.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/str.h"
#include "config/config.h"

struct cbi_loaded *cbi_host_find(struct cbi_host *host, const char *name)
{
	for (size_t i = 0; i < host->count; i++)
		if (strcmp(host->plugins[i].name, name) == 0)
			return &host->plugins[i];
	return NULL;
}

/* ---- One plugin ------------------------------------------------------------
 */

static int map_file(struct cb_ctx *ctx, struct cbi_loaded *loaded)
{
	const char *path =
	    json_string_value(json_object_get(loaded->manifest, "file"));
	const struct cb_plugin *found;
	void *handle;
	int rc = cbi_registry_same_file(ctx, loaded->manifest);

	if (rc < 0)
		return rc;
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return cb_fail(ctx, CB_EAWAY, "%s", dlerror());
	found = dlsym(handle, "cb_plugin_entry");
	if (!found)
		return cb_fail(ctx, CB_EAWAY,
		               "%s does not export cb_plugin_entry", path);
	memcpy(&loaded->plugin, found,
	       found->size < sizeof(loaded->plugin) ? found->size
	                                            : sizeof(loaded->plugin));
	return CB_OK;
}

static int prepare(struct cb_ctx *ctx, struct cbi_host *host,
                   struct cbi_loaded *loaded)
{
	size_t size;
	int rc = map_file(ctx, loaded);

	if (rc < 0)
		return rc;
	size = loaded->plugin.state_size;
	loaded->data = calloc(1, size ? size : 1);
	if (!loaded->data)
		return cb_fail(ctx, CB_ENOMEM, "no memory for its state");
	return cbi_registry_fill_state(ctx, host->joins.config, &loaded->plugin,
	                               loaded->data);
}

static int start(struct cb_ctx *ctx, struct cbi_host *host,
                 struct cbi_loaded *loaded)
{
	struct cbi_call call;
	int rc;

	/* Constructors run when the file is mapped: that is charged too. */
	cbi_guard_enter(ctx, &call, host, loaded);
	rc = prepare(ctx, host, loaded);
	if (rc == CB_OK && loaded->plugin.start) {
		rc = loaded->plugin.start(ctx, loaded->data);
		if (rc < 0)
			cb_fail(ctx, rc, "start returned %s", cb_code_name(rc));
	}
	cbi_guard_return(ctx, &call);
	return rc;
}

static void tell_board(const struct cbi_loaded *loaded, const char *trouble)
{
	struct cbi_board *board = cbi_board();
	struct cbi_board_plugin *row;
	uint32_t generation = atomic_load(&board->generation);

	if (loaded->board < 0)
		return;
	row = &board->plugins[loaded->board];
	if (!trouble) {
		atomic_store(&row->ran, generation);
		return;
	}
	/* One writer per generation: the others say the same. */
	if (atomic_load(&row->broke) == generation && row->trouble[0])
		return;
	cbi_str_copy(row->trouble, sizeof(row->trouble), trouble);
	atomic_store(&row->broke, generation);
}

int cbi_host_ensure(struct cb_ctx *ctx, struct cbi_host *host,
                    struct cbi_loaded *loaded)
{
	int state = CBI_LOADED_NOT, rc;

	if (atomic_load(&loaded->state) == CBI_LOADED_READY)
		return CB_OK;
	if (!atomic_compare_exchange_strong(&loaded->state, &state,
	                                    CBI_LOADED_STARTING)) {
		if (state == CBI_LOADED_READY)
			return CB_OK;
		if (state == CBI_LOADED_STARTING)
			return CB_EPENDING;
		return cb_fail(ctx, CB_EAWAY, "plugin '%s' was not started",
		               loaded->name);
	}
	rc = start(ctx, host, loaded);
	if (rc == CB_OK) {
		atomic_store(&loaded->state, CBI_LOADED_READY);
		tell_board(loaded, NULL);
		return CB_OK;
	}
	atomic_store(&loaded->state, CBI_LOADED_BROKEN);
	tell_board(loaded, cb_failure(ctx));
	return CB_EAWAY;
}

/* ---- All of a pool ---------------------------------------------------------
 */

bool cbi_host_belongs(const struct cbi_plugin_entry *entry, const char *pool)
{
	return !entry->refused && (strcmp(entry->pool, pool) == 0 ||
	                           strcmp(entry->routed, pool) == 0);
}

bool cbi_host_is_code(const struct cbi_plugin_entry *entry)
{
	return strcmp(entry->tier, "native") == 0;
}

static int add_all(struct cb_ctx *ctx, struct cbi_host *host,
                   const struct cbi_snapshot *snapshot)
{
	const struct cbi_plugin_entry *entries;
	size_t n = cbi_snapshot_plugins(snapshot, &entries);

	host->plugins = calloc(n + 1, sizeof(*host->plugins));
	if (!host->plugins)
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	for (size_t rank = 0; rank < n; rank++)
		for (size_t i = 0; i < n; i++) {
			struct cbi_loaded *loaded = &host->plugins[host->count];
			json_t *manifest;

			if (entries[i].rank != rank ||
			    !cbi_host_belongs(&entries[i], host->pool) ||
			    !cbi_host_is_code(&entries[i]))
				continue;
			manifest = (json_t *)(uintptr_t)entries[i].manifest;
			loaded->manifest = json_incref(manifest);
			loaded->name = json_string_value(
			    json_object_get(manifest, "name"));
			loaded->board = entries[i].board;
			host->count++;
		}
	return CB_OK;
}

static void start_all(struct cb_ctx *ctx, struct cbi_host *host,
                      const struct cbi_snapshot *snapshot)
{
	for (size_t i = 0; i < host->count; i++) {
		struct cbi_loaded *loaded = &host->plugins[i];
		const struct cbi_plugin_entry *entry =
		    cbi_snapshot_plugin(snapshot, loaded->name);

		/* One that is off waits for its first call after somebody
		 * switched it on: whoever disabled a plugin that crashes in
		 * start must have peace. */
		if (!cbi_snapshot_on(entry))
			continue;
		if (cbi_host_ensure(ctx, host, loaded) < 0)
			cb_failure_clear(ctx);
	}
}

static void set_sizes(struct cbi_host *host)
{
	const struct cbi_config *config = host->joins.config;
	const struct cbi_pool *pool = cbi_config_pool(config, host->pool);

	host->row = cbi_board_process_find(getpid());
	host->plugin_ms =
	    pool ? pool->plugin_ms : cbi_config_settings(config)->plugin_ms;
	host->fetchers = pool ? pool->fetch : 0;
}

int cbi_host_load(struct cb_ctx *ctx, const struct cbi_host_joins *joins,
                  const char *pool, struct cbi_host **out)
{
	struct cbi_host *host = calloc(1, sizeof(*host));
	const struct cbi_snapshot *snapshot;
	int rc;

	if (!host)
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	host->joins = *joins;
	host->pool = strdup(pool);
	if (!host->pool) {
		free(host);
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	}
	set_sizes(host);
	rc = cbi_registry_look(ctx, joins->registry, &snapshot);
	if (rc == CB_OK)
		rc = add_all(ctx, host, snapshot);
	if (rc < 0) {
		cbi_host_finish(host);
		return rc;
	}
	start_all(ctx, host, snapshot);
	*out = host;
	return CB_OK;
}

void cbi_host_finish(struct cbi_host *host)
{
	if (!host)
		return;
	for (size_t i = host->count; i-- > 0;) {
		struct cbi_loaded *loaded = &host->plugins[i];

		if (atomic_load(&loaded->state) == CBI_LOADED_READY &&
		    loaded->plugin.stop)
			loaded->plugin.stop(loaded->data);
		free(loaded->data);
		json_decref(loaded->manifest);
	}
	free(host->plugins);
	free(host->pool);
	free(host);
}
