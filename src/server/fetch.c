/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.c - the process that asks tools: source/ serves its socket, the host
 * fills values by the plugins of the pool.
 */
#include <pthread.h>
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "copy/copy.h"
#include "db/db.h"
#include "host/host.h"
#include "http/http.h"
#include "server/calls.h"
#include "server/charge.h"
#include "server/child.h"
#include "server/prober.h"
#include "server/rooms.h"
#include "server/sandbox.h"
#include "source/serve.h"

/* What finding a source needs of memory. */
#define FIND_ARENA (256 * CB_KIB)

static _Atomic int stop;

static int find(void *arg, const char *plugin, const char *source,
                struct cbi_fill_info *out)
{
	struct cbi_host_source found;
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	cbi_rooms_lane_init(&lane, -1, FIND_ARENA);
	cbi_ctx_init(&ctx, &lane);
	rc = cbi_host_source(&ctx, arg, plugin, source, &found);
	if (rc == CB_OK) {
		cbi_str_copy(out->version, sizeof(out->version), found.version);
		out->fresh = found.fresh_s;
		out->stale = found.stale_s;
	}
	cbi_ctx_finish(&ctx);
	cbi_rooms_lane_finish(&lane);
	return rc;
}

/* An answer that makes no sense is somebody's mistake, so it is said; a tool
 * may give many of them, so a line a second is. */
static void tell(const struct cb_ctx *ctx, const char *plugin,
                 const char *source)
{
	static _Atomic int64_t next;
	int64_t now = cbi_clock_ms(), due = atomic_load(&next);

	if (now >= due &&
	    atomic_compare_exchange_strong(&next, &due, now + 1000))
		cb_log(ctx, CB_LOG_WARN, "source '%s' of plugin '%s': %s",
		       source, plugin, cb_failure(ctx));
}

static int fill(void *arg, struct cb_ctx *ctx, const char *plugin,
                const char *source, const char *key, struct cb_buf *out)
{
	int rc;

	/* The thread is source's: this is where it first meets us. */
	cbi_charge_thread(ctx->lane->slot);
	rc = cbi_host_fill(ctx, arg, plugin, source, key, out);
	if (rc == CB_EUPSTREAM)
		tell(ctx, plugin, source);
	return rc;
}

/* What calls hung onto the lane; its memory and Redis are source's. */
static void end(struct cbi_lane *lane)
{
	cbi_copy_lane_finish(lane);
	cbi_db_lane_finish(lane);
}

/* Waits for the order while the first thread serves. */
static void *listen_to_master(void *arg)
{
	const struct cbi_start *start = arg;

	while (cbi_child_wait(start, 1000) == CBI_CHILD_GO_ON)
		;
	atomic_store(&stop, 1);
	return NULL;
}

static int serve(struct cb_ctx *ctx, const struct cbi_start *start,
                 struct cbi_rooms *rooms)
{
	static struct cbi_calls calls;
	struct cbi_http_place place = {
		.http = rooms->http,
		.arg = rooms->host,
		.policy = cbi_host_http_policy,
	};
	struct cbi_serve plan = {
		.listener = start->listen_fd,
		.threads = cbi_config_settings(start->config)->fetch_threads,
		.board_row = start->row,
		.stop = &stop,
		.table = { rooms->host, find, fill },
		.calls = cbi_calls_table,
		.call_arg = &calls,
		.end = end,
	};
	struct cbi_prober prober = {
		.host = rooms->host,
		.every_ms = cbi_config_settings(start->config)->probe_ms,
		.stop = &stop,
	};
	pthread_t thread;
	int rc = cbi_calls_open(ctx, start->config, rooms->http, &calls);

	if (rc < 0)
		return rc;
	calls.host = rooms->host;
	cbi_http_open_to_plugins(&place);
	if (pthread_create(&thread, NULL, listen_to_master,
	                   (void *)(uintptr_t)start) != 0)
		return cb_fail(ctx, CB_EBUG, "cannot start a thread");
	pthread_detach(thread);
	/* One process of the pool asks for all. */
	if (start->index == 0 && cbi_prober_start(&prober) != 0)
		return cb_fail(ctx, CB_EBUG, "cannot start a thread");
	cbi_child_ready(start);
	rc = cbi_source_serve(ctx, &plan);
	atomic_store(&stop, 1);
	if (start->index == 0)
		pthread_join(prober.thread, NULL);
	return rc;
}

int cbi_fetch_main(const struct cbi_start *start)
{
	static struct cbi_rooms rooms;
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	cbi_rooms_lane_init(&lane, 0, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	rc = cbi_rooms_open(&ctx, start, CBI_ROOMS_PLUGINS | CBI_ROOMS_HTTP,
	                    &rooms);
	if (rc == CB_OK)
		rc = cbi_sandbox_enter(start);
	if (rc == CB_OK)
		rc = serve(&ctx, start, &rooms);
	if (rc != CB_OK)
		cb_log(NULL, CB_LOG_ERROR, "%s", cb_failure(&ctx));
	cbi_ctx_finish(&ctx);
	cbi_rooms_lane_finish(&lane);
	return rc == CB_OK ? 0 : 1;
}
