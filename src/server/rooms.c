/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooms.c - see rooms.h.
 */
#include "server/rooms.h"

#include <stdio.h>
#include <string.h>

#include "auth/auth.h"
#include "cache/cache.h"
#include "catalog/member.h"
#include "catalog/view.h"
#include "copy/copy.h"
#include "db/db.h"
#include "host/host.h"
#include "http/http.h"
#include "policy/policy.h"
#include "redis/redis.h"
#include "registry/registry.h"
#include "server/charge.h"
#include "server/master_priv.h"
#include "source/ask.h"
#include "source/serve.h"
#include "web/req.h"

static int open_stores(struct cb_ctx *ctx, const struct cbi_start *start,
                       struct cbi_rooms *rooms)
{
	const struct cbi_settings *settings =
	    cbi_config_settings(start->config);
	struct cbi_copy_config copy;
	char name[64];
	struct cbi_db_config db = {
		.conninfo = settings->database,
		.listen = cbi_config_text(
		    start->config, "backend.database.listenConnection", NULL),
		.process = name,
		.connections = settings->db_connections,
		.prepare = settings->db_prepare,
		/* Readers are given up soon; an engine's batch may take its
		 * time, which its deadline limits. */
		.statement_ms = start->kind == CBI_PROCESS_ENGINE
		                    ? 0
		                    : settings->db_statement_ms,
	};
	const char *dir;
	int rc;

	cbi_child_name(start->kind, start->pool, name, sizeof(name));
	rc = cbi_db_setup(ctx, &db);
	if (rc == CB_OK)
		rc = cbi_redis_setup(ctx, settings->redis, settings->redis_ms);
	if (rc != CB_OK)
		return rc;
	dir = cb_printf(ctx, "%s/copy", settings->state_dir);
	if (!dir)
		return CB_ENOMEM;
	cbi_catalog_copy_config(dir, false, &copy);
	return cbi_copy_create(ctx, &copy, &rooms->copy);
}

static int open_answers(struct cb_ctx *ctx, const struct cbi_start *start,
                        struct cbi_rooms *rooms)
{
	const struct cbi_settings *settings =
	    cbi_config_settings(start->config);
	struct cbi_policy_joins joins = {
		.copy = rooms->copy,
		.table = CBI_TABLE_ROLE,
		.number = cbi_member_number,
		.members = cbi_member_of,
	};
	int rc;

	rooms->cache = cbi_cache_create((size_t)settings->web_cache);
	if (!rooms->cache)
		return cb_fail(ctx, CB_ENOMEM, "no memory for the cache");
	rc = cbi_auth_create(ctx, start->config, rooms->copy, CBI_TABLE_KEY,
	                     &rooms->auth);
	joins.cache = rooms->cache;
	return rc < 0 ? rc
	              : cbi_policy_create(ctx, start->config, &joins,
	                                  &rooms->policy);
}

static int open_plugins(struct cb_ctx *ctx, const struct cbi_start *start,
                        struct cbi_rooms *rooms)
{
	struct cbi_host_joins joins = {
		.config = start->config,
		.registry = rooms->registry,
		.catalog = &rooms->catalog,
		.view = cbi_view_by_ref,
		.value = start->kind == CBI_PROCESS_WEB ? cbi_source_get : NULL,
		.query = cbi_req_raw_query,
		.charge = cbi_charge_plugin,
	};
	int rc = CB_OK;

	if (start->kind == CBI_PROCESS_FETCH) {
		joins.http = rooms->http;
		rc = cbi_host_shapers(ctx, &joins.shaper);
		/* Foreign programs are told who asks, under our signature. */
		if (rc == CB_OK)
			rc = cbi_auth_create(ctx, start->config, rooms->copy,
			                     CBI_TABLE_KEY, &rooms->auth);
		joins.auth = rooms->auth;
	}
	if (rc < 0)
		return rc;

	/* A plugin may fall in its start: that is charged like any call. */
	cbi_charge_thread(ctx->lane->slot);
	rc = cbi_host_load(ctx, &joins, start->pool, &rooms->host);
	cbi_charge_thread(-1);
	return rc;
}

static int open_http(struct cb_ctx *ctx, const struct cbi_start *start,
                     struct cbi_rooms *rooms)
{
	int rc = cbi_http_create(
	    ctx, cbi_config_get(start->config, "connections"), &rooms->http);

	if (rc == CB_OK)
		cbi_source_fleet(rooms->http);
	return rc;
}

int cbi_rooms_open(struct cb_ctx *ctx, const struct cbi_start *start, int what,
                   struct cbi_rooms *rooms)
{
	const struct cbi_settings *settings =
	    cbi_config_settings(start->config);
	const char *path;
	int rc;

	memset(rooms, 0, sizeof(*rooms));
	rc = open_stores(ctx, start, rooms);
	if (rc == CB_OK && (what & CBI_ROOMS_ANSWERS))
		rc = open_answers(ctx, start, rooms);
	if (rc != CB_OK)
		return rc;
	cbi_source_setup(settings->run_dir, settings->web_threads);
	rooms->catalog.copy = rooms->copy;
	rooms->catalog.stale_if_error_ms = settings->stale_if_error_ms;
	rooms->catalog.sights = rooms->cache;
	path = cb_printf(ctx, "%s/" CBI_REGISTRY_FILE, settings->run_dir);
	if (!path)
		return CB_ENOMEM;
	rc = cbi_registry_create(ctx, path, rooms->copy, CBI_TABLE_PLUGIN,
	                         cbi_host_filter(), &rooms->registry);
	if (rc == CB_OK && (what & CBI_ROOMS_HTTP))
		rc = open_http(ctx, start, rooms);
	if (rc == CB_OK && (what & CBI_ROOMS_PLUGINS))
		rc = open_plugins(ctx, start, rooms);
	return rc;
}

void cbi_rooms_lane_init(struct cbi_lane *lane, int slot, size_t arena_max)
{
	cbi_lane_init(lane, arena_max);
	lane->slot = slot;
}

void cbi_rooms_lane_finish(struct cbi_lane *lane)
{
	cbi_source_lane_finish(lane);
	cbi_redis_lane_finish(lane);
	cbi_copy_lane_finish(lane);
	cbi_db_lane_finish(lane);
	cbi_lane_finish(lane);
}
