/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - callboard/source.h for plugins, and their sources for fetch and
 * for warming.
 */
#include "host/host_priv.h"

#include <string.h>

#include <callboard/source.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "base/str.h"
#include "source/source.h"

static const struct cb_source *find_source(const struct cbi_loaded *loaded,
                                           const char *name)
{
	const struct cb_source *source = loaded->plugin.sources;

	for (; source && source->name; source++)
		if (strcmp(source->name, name) == 0)
			return source;
	return NULL;
}

const struct cb_key *cbi_host_key(const struct cbi_loaded *loaded,
                                  const char *name)
{
	const struct cb_key *key = loaded->plugin.keys;

	for (; key && key->name; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

/* The source key of an entity, checked; in a call already. */
static int ask_key(struct cb_ctx *ctx, const struct cbi_loaded *loaded,
                   const struct cb_source *source,
                   const struct cb_entity *entity, const char **key)
{
	struct cbi_call *call = cbi_call_of(ctx);
	const struct cb_source *was = call->asking;
	int rc;

	call->asking = source;
	rc = source->key(ctx, loaded->data, entity, key);
	call->asking = was;
	if (rc != CB_OK)
		return rc > 0 ? cb_fail(ctx, CB_EBUG, "key returned %d", rc)
		              : rc;
	if (!*key || !(*key)[0])
		return CB_ENOKEY;
	if (strlen(*key) > CB_SOURCE_KEY_MAX)
		return cb_fail(ctx, CB_ETOOBIG,
		               "source '%s': a key of more than %d bytes",
		               source->name, CB_SOURCE_KEY_MAX);
	return CB_OK;
}

/* ---- For cards
 * --------------------------------------------------------------- */

static int get_value(struct cb_ctx *ctx, struct cbi_call *call,
                     const struct cb_source *source, const char *key,
                     struct cbi_source_value *value)
{
	const struct cbi_loaded *loaded = call->loaded;
	struct cbi_source_ref ref = {
		.plugin = loaded->name,
		.source = source->name,
		.version = loaded->plugin.version,
		.key = key,
		.pool = call->host->pool,
		.fetchers = call->host->fetchers,
	};
	int64_t now = cbi_clock_wall_ms();
	int rc;

	call->asked = true;
	rc = call->host->joins.value(ctx, &ref, CB_READER_BUDGET_MS, value);
	call->unkept = call->unkept || (rc == CB_OK && value->unkept);
	/* Not fetched for this call: it was there. */
	if (rc == CB_OK && value->fetched_at < now && loaded->board >= 0)
		atomic_fetch_add(
		    &cbi_board()->plugins[loaded->board].cache_hits, 1);
	if (rc == CB_OK && value->fresh_until < now &&
	    now - value->fetched_at > call->stale_ms)
		call->stale_ms = now - value->fetched_at;
	return rc;
}

static int read_source(struct cb_ctx *ctx, const char *name,
                       const struct cb_entity *entity,
                       struct cbi_source_value *value)
{
	struct cbi_call *call = cbi_call_of(ctx);
	const struct cb_source *source;
	const char *key;
	int rc;

	if (!call || call->filling || !call->host->joins.value)
		return cb_fail(
		    ctx, CB_EPLACE,
		    "source '%s' can be read by cards and pages only", name);
	source = find_source(call->loaded, name);
	if (!source)
		return cb_fail(ctx, CB_EBUG, "plugin '%s' has no source '%s'",
		               call->loaded->name, name);
	rc = ask_key(ctx, call->loaded, source, entity, &key);
	return rc == CB_OK ? get_value(ctx, call, source, key, value) : rc;
}

int cb_source_text(struct cb_ctx *ctx, const char *name,
                   const struct cb_entity *entity, const char **out)
{
	struct cbi_source_value value;
	int rc = read_source(ctx, name, entity, &value);

	if (rc == CB_OK)
		*out = value.body;
	return rc;
}

int cb_source_json(struct cb_ctx *ctx, const char *name,
                   const struct cb_entity *entity, json_t **out)
{
	struct cbi_source_value value;
	int rc = read_source(ctx, name, entity, &value);
	const char *why;

	if (rc < 0)
		return rc;
	rc = cb_json_parse(ctx, value.body, value.len, out);
	if (rc != CB_EINVAL)
		return rc;
	/* It is the tool's fault, not the request's. */
	why = cb_strdup(ctx, cb_failure(ctx));
	cb_failure_clear(ctx);
	return cb_fail(ctx, CB_EUPSTREAM, "source '%s' is not JSON: %s", name,
	               why ? why : "");
}

/* ---- For fetch and warm ----------------------------------------------------
 */

static int seconds_of(const struct cbi_loaded *loaded,
                      const struct cb_source *source)
{
	const struct cb_key *key =
	    source->fresh_key ? cbi_host_key(loaded, source->fresh_key) : NULL;
	int seconds = source->fresh;

	if (key)
		memcpy(&seconds, (const char *)loaded->data + key->offset,
		       sizeof(seconds));
	return seconds > 0 || key ? seconds : 60;
}

static void describe(const struct cbi_host *host,
                     const struct cbi_loaded *loaded,
                     const struct cb_source *source,
                     struct cbi_host_source *out)
{
	out->plugin = loaded->name;
	out->version = loaded->plugin.version;
	out->pool = host->pool;
	out->source = source;
	out->fresh_s = seconds_of(loaded, source);
	out->stale_s = source->stale;
	out->board = loaded->board;
}

static int find(struct cb_ctx *ctx, struct cbi_host *host, const char *plugin,
                const char *name, struct cbi_loaded **loaded,
                const struct cb_source **source)
{
	int rc = cbi_guard_ask(ctx, host, plugin, loaded);

	/* Whatever keeps it away: there is nothing to fetch with. */
	if (rc < 0) {
		cb_failure_clear(ctx);
		return cb_fail(ctx, CB_ENOENT, "plugin '%.*s' is not on here",
		               CB_NAME_MAX, plugin);
	}
	*source = find_source(*loaded, name);
	if (!*source)
		return cb_fail(ctx, CB_ENOENT,
		               "plugin '%s' has no source '%.64s'", plugin,
		               name);
	return CB_OK;
}

int cbi_host_source(struct cb_ctx *ctx, struct cbi_host *host,
                    const char *plugin, const char *source,
                    struct cbi_host_source *out)
{
	const struct cb_source *row;
	struct cbi_loaded *loaded;
	int rc = find(ctx, host, plugin, source, &loaded, &row);

	if (rc == CB_OK)
		describe(host, loaded, row, out);
	return rc;
}

int cbi_host_fill(struct cb_ctx *ctx, struct cbi_host *host, const char *plugin,
                  const char *source, const char *key, struct cb_buf *out)
{
	const struct cb_source *row;
	struct cbi_loaded *loaded;
	struct cbi_call call;
	int rc = find(ctx, host, plugin, source, &loaded, &row);

	if (rc == CB_OK)
		rc = cbi_guard_permit(ctx, loaded);
	if (rc < 0)
		return rc;
	cbi_guard_enter(ctx, &call, host, loaded);
	call.filling = row;
	rc = row->fill(ctx, loaded->data, key, out);
	/* These answer a card; from a fill they are a mistake. */
	if (rc > 0 || rc == CB_ENOKEY || rc == CB_EPENDING)
		rc = cb_fail(ctx, CB_EBUG, "fill returned %s",
		             rc > 0 ? "a positive number" : cb_code_name(rc));
	cbi_guard_leave(ctx, &call, rc);
	return rc;
}

static int ask_keys(struct cb_ctx *ctx, struct cbi_host *host,
                    struct cbi_loaded *loaded, const struct cb_entity *entity,
                    int (*each)(struct cb_ctx *ctx, void *arg,
                                const struct cbi_host_source *source,
                                const char *key),
                    void *arg)
{
	const struct cb_source *row = loaded->plugin.sources;
	int rc = CB_OK;

	for (; rc == CB_OK && row && row->name; row++) {
		struct cbi_host_source source;
		struct cbi_call call;
		const char *key;

		cbi_guard_enter(ctx, &call, host, loaded);
		rc = ask_key(ctx, loaded, row, entity, &key);
		cbi_guard_return(ctx, &call);
		if (rc < 0) {
			cb_failure_clear(ctx);
			rc = CB_OK;
			continue;
		}
		describe(host, loaded, row, &source);
		rc = each(ctx, arg, &source, key);
	}
	return rc;
}

/* All of the pool by name, those without code too. */
static int names_of(struct cb_ctx *ctx, struct cbi_host *host,
                    const char *const **out, size_t *n)
{
	const struct cbi_plugin_entry *entries;
	const struct cbi_snapshot *snapshot;
	const char **names;
	size_t count;
	int rc = cbi_registry_look(ctx, host->joins.registry, &snapshot);

	if (rc < 0)
		return rc;
	count = cbi_snapshot_plugins(snapshot, &entries);
	names = cb_alloc(ctx, (count + 1) * sizeof(*names));
	if (!names)
		return CB_ENOMEM;
	*n = 0;
	for (size_t rank = 0; rank < count; rank++)
		for (size_t i = 0; i < count; i++)
			if (entries[i].rank == rank &&
			    cbi_host_belongs(&entries[i], host->pool))
				names[(*n)++] = entries[i].name;
	*out = names;
	return CB_OK;
}

int cbi_host_keys(struct cb_ctx *ctx, struct cbi_host *host, const char *plugin,
                  const struct cb_entity *entity,
                  int (*each)(struct cb_ctx *ctx, void *arg,
                              const struct cbi_host_source *source,
                              const char *key),
                  void *arg)
{
	const char *const *names;
	size_t n = 0;
	int rc = names_of(ctx, host, &names, &n);

	for (size_t i = 0; i < n && rc == CB_OK; i++) {
		struct cbi_loaded *loaded;

		if (plugin && strcmp(names[i], plugin) != 0)
			continue;
		rc = cbi_guard_ask(ctx, host, names[i], &loaded);
		if (rc < 0) {
			cb_failure_clear(ctx);
			rc = CB_OK;
			continue;
		}
		rc = ask_keys(ctx, host, loaded, entity, each, arg);
	}
	return rc;
}
