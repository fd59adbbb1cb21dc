/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.c - the process that reaches the tools for the plugins of one pool.
 */
#include "server/child.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "base/ctx.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "copy/copy.h"
#include "host/host.h"
#include "http/http.h"
#include "redis/redis.h"
#include "registry/registry.h"
#include "server/charge.h"
#include "source/serve.h"

struct fetch {
	const struct cbi_start *start;
	const struct cbi_settings *settings;
	struct cbi_copy *copy;
	struct cbi_http *http;
	struct cbi_registry *registry;
	struct cbi_host *host;
	struct cbi_http_place place;
	_Atomic int stop;
	int code;
};

static int find(void *arg, const char *plugin, const char *source,
                struct cbi_fill_info *out)
{
	struct fetch *fetch = arg;
	struct cbi_host_source found;
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	rc = cbi_host_source(&ctx, fetch->host, plugin, source, &found);
	if (rc == CB_OK) {
		out->version = found.version;
		out->fresh = found.fresh_s;
		out->stale = found.stale_s;
	}
	cbi_ctx_finish(&ctx);
	cbi_copy_lane_finish(&lane);
	cbi_lane_finish(&lane);
	return rc;
}

static int fill(void *arg, struct cb_ctx *ctx, const char *plugin,
                const char *source, const char *key, struct cb_buf *out)
{
	struct fetch *fetch = arg;

	return cbi_host_fill(ctx, fetch->host, plugin, source, key, out);
}

static void *serve(void *arg)
{
	struct fetch *fetch = arg;
	struct cbi_serve serve = {
		.listener = fetch->start->listen_fd,
		.threads = fetch->settings->fetch_threads,
		.board_row = fetch->start->row,
		.stop = &fetch->stop,
		.begin = cbi_charge_thread,
		.table = { fetch, find, fill },
	};
	struct cbi_lane lane;
	struct cb_ctx ctx;

	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	fetch->code = 0;
	if (cbi_source_serve(&ctx, &serve) < 0) {
		cb_log(&ctx, CB_LOG_ERROR, "%s", cb_failure(&ctx));
		fetch->code = 1;
	}
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return NULL;
}

static int open_registry(struct cb_ctx *ctx, struct fetch *fetch)
{
	const struct cbi_settings *s = fetch->settings;
	const char *dir = cb_printf(ctx, "%s/copy", s->state_dir);
	const char *manifests = cb_printf(ctx, "%s/registry.json", s->run_dir);
	struct cbi_copy_config copy;
	int rc;

	if (!dir || !manifests)
		return CB_ENOMEM;
	cbi_catalog_copy_config(dir, false, &copy);
	rc = cbi_copy_create(ctx, &copy, &fetch->copy);
	if (rc < 0)
		return rc;
	return cbi_registry_create(ctx, manifests, fetch->copy,
	                           CBI_TABLE_PLUGIN, cbi_host_filter(),
	                           &fetch->registry);
}

static int open_all(struct cb_ctx *ctx, struct fetch *fetch)
{
	const struct cbi_config *config = fetch->start->config;
	struct cbi_host_joins joins = { .config = config };
	int rc;

	rc = cbi_redis_setup(ctx, fetch->settings->redis);
	if (rc == CB_OK)
		rc = cbi_http_create(ctx, cbi_config_get(config, "connections"),
		                     &fetch->http);
	if (rc == CB_OK)
		rc = open_registry(ctx, fetch);
	joins.registry = fetch->registry;
	if (rc == CB_OK)
		rc = cbi_host_load(ctx, &joins, fetch->start->pool,
		                   &fetch->host);
	if (rc < 0)
		return rc;
	cbi_source_fleet(fetch->http);
	fetch->place.http = fetch->http;
	fetch->place.arg = fetch->host;
	fetch->place.policy = cbi_host_http_policy;
	cbi_http_open_to_plugins(&fetch->place);
	return CB_OK;
}

static int run(struct fetch *fetch)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, serve, fetch) != 0) {
		cb_log(NULL, CB_LOG_ERROR, "cannot start the threads");
		return 1;
	}
	cbi_child_ready(fetch->start);
	while (cbi_child_wait(fetch->start, 1000) == CBI_CHILD_GO_ON)
		;
	atomic_store(&fetch->stop, 1);
	pthread_join(thread, NULL);
	return fetch->code;
}

int cbi_fetch_main(const struct cbi_start *start)
{
	struct fetch fetch = {
		.start = start,
		.settings = cbi_config_settings(start->config),
	};
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int code = 1;

	signal(SIGPIPE, SIG_IGN);
	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	lane.slot = 0;
	cbi_charge_thread(0);
	if (open_all(&ctx, &fetch) == CB_OK)
		code = run(&fetch);
	else
		cb_log(&ctx, CB_LOG_ERROR, "%s", cb_failure(&ctx));
	cbi_ctx_finish(&ctx);
	cbi_host_finish(fetch.host);
	cbi_registry_destroy(fetch.registry);
	cbi_http_destroy(fetch.http);
	cbi_copy_lane_finish(&lane);
	cbi_copy_destroy(fetch.copy);
	cbi_redis_lane_finish(&lane);
	cbi_lane_finish(&lane);
	return code;
}
