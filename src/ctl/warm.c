/* SPDX-License-Identifier: Apache-2.0 */
/*
 * warm.c - `callboardctl warm`: what readers are going to want, for cron.
 *
 * The source keys of all entities are asked of the plugins, which are loaded
 * into this process for that; fetch does the work.
 */
#include "ctl/ctl.h"

#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "catalog/entity.h"
#include "db/db.h"
#include "host/host.h"
#include "redis/redis.h"
#include "registry/registry.h"
#include "source/ask.h"
#include "source/warm.h"

#define KEYS_MAX 1000000

struct keys {
	struct cbi_ctl *ctl;
	const char *pool;
	int fetchers;
	struct cbi_source_ref *refs;
	size_t count, cap;
};

static int add_key(struct cb_ctx *ctx, void *arg,
                   const struct cbi_host_source *source, const char *key)
{
	struct keys *keys = arg;
	struct cb_ctx *mine = &keys->ctl->ctx;
	struct cbi_source_ref *ref;

	/* Several entities may share a key. */
	for (size_t i = keys->count; i-- > 0 && keys->count - i < 64;)
		if (strcmp(keys->refs[i].key, key) == 0 &&
		    strcmp(keys->refs[i].source, source->source->name) == 0 &&
		    strcmp(keys->refs[i].plugin, source->plugin) == 0)
			return CB_OK;
	if (keys->count == keys->cap) {
		size_t cap = keys->cap ? keys->cap * 2 : 256;
		struct cbi_source_ref *more;

		if (cap > KEYS_MAX)
			return cb_fail(ctx, CB_ETOOBIG,
			               "more than %d source keys", KEYS_MAX);
		more = cb_alloc(mine, cap * sizeof(*more));
		if (!more)
			return CB_ENOMEM;
		if (keys->count)
			memcpy(more, keys->refs, keys->count * sizeof(*more));
		keys->refs = more;
		keys->cap = cap;
	}
	ref = &keys->refs[keys->count++];
	/* These live as long as a snapshot may. */
	ref->plugin = cb_strdup(mine, source->plugin);
	ref->source = cb_strdup(mine, source->source->name);
	ref->version = cb_strdup(mine, source->version);
	ref->key = cb_strdup(mine, key);
	ref->pool = keys->pool;
	ref->fetchers = keys->fetchers;
	return ref->plugin && ref->source && ref->version && ref->key
	           ? CB_OK
	           : CB_ENOMEM;
}

static int collect(struct cbi_ctl *ctl, struct cbi_host *host,
                   const char *plugin, struct keys *keys)
{
	static const struct cbi_db_stmt all = {
		NULL, "select body from entity order by id"
	};
	struct cbi_db_result *rows;
	struct cbi_lane lane;
	int rc = cbi_db_query(&ctl->ctx, &all, NULL, 0, &rows);

	/* Each entity in a context of its own: what asking its plugins holds
	 * is given back. */
	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(rows); i++) {
		const struct cb_entity *entity;
		struct cb_ctx one;

		cbi_ctx_init(&one, &lane);
		rc = cbi_entity_create(&one, cbi_db_text(rows, i, 0),
		                       cbi_db_len(rows, i, 0), &entity);
		if (rc == CB_OK)
			rc = cbi_host_keys(&one, host, plugin, entity, add_key,
			                   keys);
		if (rc < 0)
			cb_fail(&ctl->ctx, rc, "%s", cb_failure(&one));
		cbi_ctx_finish(&one);
	}
	cbi_lane_finish(&lane);
	return rc;
}

static int collect_pools(struct cbi_ctl *ctl, const char *plugin,
                         struct keys *keys)
{
	const struct cbi_host_joins joins = { .config = ctl->config,
		                              .registry = ctl->registry };
	const struct cbi_pool *pools;
	size_t n = cbi_config_pools(ctl->config, &pools);
	int rc = CB_OK;

	for (size_t i = 0; i < n && rc == CB_OK; i++) {
		struct cbi_host *host;

		if (pools[i].fetch == 0)
			continue;
		keys->pool = pools[i].name;
		keys->fetchers = pools[i].fetch;
		rc = cbi_host_load(&ctl->ctx, &joins, pools[i].name, &host);
		if (rc < 0)
			return rc;
		rc = collect(ctl, host, plugin, keys);
		cbi_host_finish(host);
	}
	return rc;
}

static void show(void *arg, const struct cbi_warm_result *so_far)
{
	(void)arg;
	fprintf(stderr, "\r%zu of %zu",
	        so_far->fetched + so_far->fresh + so_far->failed +
	            so_far->skipped,
	        so_far->total);
}

static int report(struct cbi_ctl *ctl, const struct cbi_warm_result *r,
                  bool dry)
{
	if (ctl->output == CBI_OUTPUT_JSON)
		printf("{\"total\": %zu, \"fetched\": %zu, \"fresh\": %zu, "
		       "\"failed\": %zu, \"skipped\": %zu}\n",
		       r->total, r->fetched, r->fresh, r->failed, r->skipped);
	else
		printf("%zu keys: %zu %s, %zu fresh, %zu failed, %zu left to "
		       "another host\n",
		       r->total, r->fetched, dry ? "to fetch" : "fetched",
		       r->fresh, r->failed, r->skipped);
	return r->failed ? CBI_EXIT_PARTLY : CBI_EXIT_OK;
}

int cbi_ctl_warm(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *plugin = cbi_ctl_option(&argc, argv, "--plugin");
	const char *rate = cbi_ctl_option(&argc, argv, "--rate");
	bool dry = cbi_ctl_flag(&argc, argv, "--dry-run");
	struct cbi_warm warm = { .dry_run = dry };
	struct cbi_warm_result result = { 0 };
	struct keys keys = { .ctl = ctl };
	int64_t per_second = 50;
	int rc;

	if (argc > 0)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "warm: unknown argument '%s'", argv[0]);
	if (rate && cbi_str_int(rate, 1, 1000, &per_second) < 0)
		return cbi_ctl_complain(
		    CBI_EXIT_USAGE, "--rate %s: expected 1 to 1000 a second",
		    rate);
	warm.per_second = (int)per_second;
	if (isatty(STDERR_FILENO))
		warm.progress = show;
	if (cbi_ctl_board(ctl) < 0 || cbi_ctl_database(ctl) < 0 ||
	    cbi_ctl_registry(ctl) < 0 ||
	    cbi_redis_setup(&ctl->ctx, ctl->settings->redis,
	                    ctl->settings->redis_ms) < 0)
		return cbi_ctl_fail(ctl);
	cbi_source_setup(ctl->settings->run_dir, 16);
	rc = collect_pools(ctl, plugin, &keys);
	if (rc == CB_OK)
		rc = cbi_source_warm(&ctl->ctx, &warm, keys.refs, keys.count,
		                     &result);
	if (warm.progress)
		fputc('\n', stderr);
	cbi_source_lane_finish(&ctl->lane);
	cbi_redis_lane_finish(&ctl->lane);
	return rc < 0 ? cbi_ctl_fail(ctl) : report(ctl, &result, dry);
}
