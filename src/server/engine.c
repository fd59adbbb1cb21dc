/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.c - the process that works on the catalog.
 *
 * One thread follows PostgreSQL into the host's copy (in one engine of the
 * host; the others stand by), one brings the schema to this release, reads
 * locations and stitches.  The first thread waits for the master's orders.
 */
#include "server/child.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "catalog/follow.h"
#include "catalog/history.h"
#include "catalog/inferred.h"
#include "catalog/ingest.h"
#include "catalog/touch.h"
#include "copy/copy.h"
#include "db/db.h"
#include "db/migrate.h"
#include "events/events.h"
#include "host/host.h"
#include "http/http.h"
#include "provider/provider.h"
#include "provider/supply.h"
#include "registry/registry.h"
#include "server/sandbox.h"
#include "server/sinks.h"
#include "server/supply.h"

#define FOLLOW_MS 250
#define WORK_MS 500
#define STITCH_MAX 2000
/* Webhooks between two looks at what is due. */
#define EVENTS_MAX 200
#define HEARTBEAT_MS 10000
#define SWEEP_MS 30000
/* Versions that are forgotten at once; while there are more, each second. */
#define EXPIRE_MAX 500
#define EXPIRE_MS 1000
/* A batch of a thousand documents is one statement. */
#define STATEMENT_MS 60000

/* auth.session.absolute, unless it is given. */
#define SESSION_MS 86400000

struct engine {
	const struct cbi_start *start;
	const struct cbi_settings *settings;
	_Atomic bool stop;
	struct cbi_copy *copy;
	struct cbi_http *http;
	struct cbi_provider *provider;
	struct cbi_registry *registry;
	struct cbi_ingest ingest;
	struct cbi_engine_supply supply;
	struct cbi_audit_sinks sinks;
	_Atomic bool migrated;
	char host[256];
};

/* One line when something begins to fail, one when it is over. */
struct trouble {
	const char *what;
	int code;
};

static void tell(struct trouble *trouble, const struct cb_ctx *ctx, int rc)
{
	if (rc == CB_EBUSY && !cb_failure_code(ctx))
		rc = CB_OK;
	if (rc == trouble->code)
		return;
	if (rc < 0)
		cb_log(ctx, CB_LOG_WARN, "%s: %s", trouble->what,
		       cb_failure(ctx));
	else
		cb_log(ctx, CB_LOG_INFO, "%s: well again", trouble->what);
	trouble->code = rc;
}

static void nap(const struct engine *engine, int ms)
{
	for (; ms > 0 && !atomic_load(&engine->stop); ms -= 50)
		usleep(50 * 1000);
}

/* ---- The follower ------------------------------------------------------- */

static void *follow(void *arg)
{
	struct engine *engine = arg;
	struct cbi_follower *follower = cbi_follower_create(engine->copy);
	struct trouble trouble = { "following PostgreSQL", CB_OK };
	struct cbi_lane lane;
	struct cb_ctx ctx;

	if (follower)
		cbi_follower_lives(follower, engine->settings->token_ms,
		                   cbi_config_ms(engine->start->config,
		                                 "auth.session.absolute",
		                                 SESSION_MS));
	cbi_lane_init(&lane, CB_ARENA_ENGINE_MAX);
	while (follower && !atomic_load(&engine->stop)) {
		int rc;

		cbi_ctx_init(&ctx, &lane);
		ctx.actor = "service:engine";
		rc = cbi_follow_once(&ctx, follower, FOLLOW_MS);
		tell(&trouble, &ctx, rc);
		cbi_ctx_finish(&ctx);
		if (rc < 0)
			nap(engine, rc == CB_EBUSY ? 1000 : FOLLOW_MS);
	}
	cbi_follower_destroy(follower);
	cbi_copy_lane_finish(&lane);
	cbi_db_lane_finish(&lane);
	cbi_lane_finish(&lane);
	return NULL;
}

/* ---- The worker ------------------------------------------------------------
 */

struct worker {
	struct engine *engine;
	struct cbi_lane lane;
	struct cbi_lane ear; /* listens for work */
	struct cb_ctx ear_ctx;
	bool migrated, synced, listening, worked;
	int64_t heartbeat, sweep; /* when they are due */
};

static const char *schema_dir(void)
{
	const char *dir = getenv("CALLBOARD_SCHEMA");

	return dir && *dir ? dir : CALLBOARD_DATADIR "/schema";
}

static int migrate(struct worker *worker, struct cb_ctx *ctx)
{
	int applied = 0;
	int rc = cbi_db_migrate(ctx, schema_dir(), &applied);

	if (rc == CB_OK && applied)
		cb_log(ctx, CB_LOG_INFO, "schema: %d versions applied",
		       applied);
	worker->migrated = rc == CB_OK;
	atomic_store(&worker->engine->migrated, worker->migrated);
	return rc;
}

/* Old versions go in small batches, so that nothing waits for them. */
static int forget_versions(struct worker *worker, struct cb_ctx *ctx)
{
	int64_t keep = worker->engine->settings->history_ms;
	size_t removed = 0, replaced = 0;
	int rc = cbi_history_settle(ctx);

	if (rc == CB_OK)
		rc = cbi_inferred_settle(ctx, &replaced);

	if (rc == CB_OK && keep > 0)
		rc = cbi_history_expire(ctx, keep, EXPIRE_MAX, &removed);
	if (removed == EXPIRE_MAX)
		worker->sweep = cbi_clock_ms() + EXPIRE_MS;
	return rc;
}

/* What has to be done now and then; a failure waits for the next time. */
static int keep_house(struct worker *worker, struct cb_ctx *ctx)
{
	struct engine *engine = worker->engine;
	int64_t now = cbi_clock_ms();
	size_t removed = 0;
	int rc = cbi_sinks_work(ctx, &engine->sinks);

	if (rc == CB_OK && now >= worker->heartbeat) {
		worker->heartbeat = now + HEARTBEAT_MS;
		rc =
		    cbi_registry_heartbeat(ctx, engine->registry, engine->host);
	}
	if (rc == CB_OK && engine->settings->processing &&
	    now >= worker->sweep) {
		worker->sweep = now + SWEEP_MS;
		rc = cbi_ingest_sweep(ctx, &engine->ingest, &removed);
		if (rc == CB_OK)
			rc = forget_versions(worker, ctx);
	}
	return rc;
}

/* A webhook's news: what it touched is due now. */
static int take_event(void *arg, struct cb_ctx *ctx,
                      const struct cbi_supply_event *event)
{
	const struct engine *engine = arg;
	size_t touched = 0;
	int rc = cbi_touch(ctx, &engine->ingest.feed, event, &touched);

	if (rc == CB_OK)
		rc = cbi_engine_supply_wake(ctx, &engine->supply, event);
	return rc;
}

static int take_events(struct worker *worker, struct cb_ctx *ctx)
{
	struct engine *engine = worker->engine;
	bool found = true;
	int rc = CB_OK;

	for (int i = 0; rc == CB_OK && found && i < EVENTS_MAX; i++)
		rc = cbi_event_work(ctx, take_event, engine, &found);
	return rc;
}

/* Reads and stitches until nothing is due. */
static int work_off(struct worker *worker, struct cb_ctx *ctx, bool *busy)
{
	const struct cbi_ingest *in = &worker->engine->ingest;
	struct cbi_ingest_done done = { 0 };
	size_t taken = 0, written = 0;
	int rc = CB_OK;

	*busy = false;
	if (!worker->synced)
		rc = cbi_ingest_sync(ctx, in);
	worker->synced = rc == CB_OK;
	if (rc == CB_OK)
		rc = take_events(worker, ctx);
	if (rc == CB_OK)
		rc = cbi_ingest_run(ctx, in, WORK_MS, &done);
	if (rc == CB_OK)
		rc = cbi_stitch(ctx, STITCH_MAX, &taken, &written);
	if (rc == CB_OK)
		*busy = done.locations > 0 || taken > 0;
	worker->worked = worker->worked || *busy;
	return rc;
}

static int work_once(struct worker *worker, bool *busy)
{
	struct cb_ctx ctx;
	int rc = CB_OK;

	*busy = false;
	cbi_ctx_init(&ctx, &worker->lane);
	ctx.actor = "service:engine";
	if (!worker->migrated)
		rc = migrate(worker, &ctx);
	if (rc == CB_OK)
		rc = keep_house(worker, &ctx);
	if (rc == CB_OK && worker->engine->settings->processing)
		rc = work_off(worker, &ctx, busy);
	{
		static struct trouble trouble = { "working on the catalog",
			                          CB_OK };

		tell(&trouble, &ctx, rc);
	}
	cbi_ctx_finish(&ctx);
	return rc;
}

/* Until somebody registers a location, or a second has passed. */
static void wait_for_work(struct worker *worker)
{
	bool got;

	if (worker->worked)
		cbi_child_give_back();
	worker->worked = false;
	if (!worker->listening)
		worker->listening =
		    cbi_db_listen(&worker->ear_ctx, "callboard_work") == CB_OK;
	if (worker->listening &&
	    cbi_db_wait_notify(&worker->ear_ctx, 1000, &got) == CB_OK)
		return;
	worker->listening = false;
	cbi_ctx_finish(&worker->ear_ctx);
	cbi_ctx_init(&worker->ear_ctx, &worker->ear);
	nap(worker->engine, FOLLOW_MS);
}

static void *work(void *arg)
{
	struct worker worker = { .engine = arg };

	cbi_lane_init(&worker.lane, CB_ARENA_ENGINE_MAX);
	cbi_lane_init(&worker.ear, CB_MIB);
	cbi_ctx_init(&worker.ear_ctx, &worker.ear);
	while (!atomic_load(&worker.engine->stop)) {
		bool busy;

		if (work_once(&worker, &busy) < 0)
			nap(worker.engine, FOLLOW_MS);
		else if (!busy)
			wait_for_work(&worker);
		cbi_db_idle();
	}
	cbi_ctx_finish(&worker.ear_ctx);
	cbi_copy_lane_finish(&worker.lane);
	cbi_db_lane_finish(&worker.ear);
	cbi_db_lane_finish(&worker.lane);
	cbi_lane_finish(&worker.ear);
	cbi_lane_finish(&worker.lane);
	return NULL;
}

/* ---- The process ------------------------------------------------------------
 */

static int open_all(struct cb_ctx *ctx, struct engine *engine)
{
	const struct cbi_config *config = engine->start->config;
	const struct cbi_settings *s = engine->settings;
	const struct cbi_db_config db = {
		.conninfo = s->database,
		.listen = cbi_config_text(
		    config, "backend.database.listenConnection", NULL),
		.process = "engine",
		.connections = s->db_connections < 6 ? 6 : s->db_connections,
		.prepare = s->db_prepare,
		.statement_ms = STATEMENT_MS,
	};
	const char *dir = cb_printf(ctx, "%s/copy", s->state_dir);
	const char *manifests = cb_printf(ctx, "%s/registry.json", s->run_dir);
	struct cbi_copy_config copy;
	int rc;

	if (!dir || !manifests)
		return CB_ENOMEM;
	rc = cbi_db_setup(ctx, &db);
	cbi_catalog_copy_config(dir, true, &copy);
	if (rc == CB_OK)
		rc = cbi_copy_create(ctx, &copy, &engine->copy);
	if (rc == CB_OK)
		rc = cbi_http_create(ctx, cbi_config_get(config, "connections"),
		                     &engine->http);
	if (rc == CB_OK)
		rc = cbi_provider_create(ctx, config, engine->http,
		                         &engine->provider);
	if (rc == CB_OK)
		rc = cbi_registry_create(ctx, manifests, engine->copy,
		                         CBI_TABLE_PLUGIN, cbi_host_filter(),
		                         &engine->registry);
	if (rc == CB_OK)
		rc = cbi_ingest_configure(ctx, config, &engine->ingest);
	if (rc == CB_OK)
		rc = cbi_sinks_read(ctx, config, &engine->sinks);
	cbi_provider_feed(engine->provider, &engine->ingest.feed);
	engine->ingest.stop = &engine->stop;
	return rc;
}

static void close_all(struct engine *engine)
{
	cbi_registry_destroy(engine->registry);
	cbi_provider_destroy(engine->provider);
	cbi_http_destroy(engine->http);
	cbi_db_shutdown();
	cbi_copy_destroy(engine->copy);
}

static int open_supply(struct cb_ctx *ctx, struct engine *engine)
{
	const struct cbi_config *config = engine->start->config;
	const struct cbi_supply_place place = { config, engine->http };
	struct cbi_engine_supply *supply = &engine->supply;
	struct cbi_supplier *suppliers;
	int rc = cbi_supply_configure(ctx, &place, &suppliers, &supply->n);

	if (rc < 0)
		return rc;
	supply->suppliers = suppliers;
	supply->kinds = engine->ingest.kinds;
	supply->unknown = cbi_supply_unknown(config);
	supply->keep_vanished =
	    strcmp(cbi_config_text(config, "catalog.orphanProviderStrategy",
	                           "delete"),
	           "keep") == 0;
	supply->host = engine->host;
	supply->stop = &engine->stop;
	supply->ready = &engine->migrated;
	return CB_OK;
}

static int run(struct engine *engine)
{
	pthread_t threads[3];
	int n = engine->settings->processing ? 3 : 2;

	if (pthread_create(&threads[0], NULL, follow, engine) != 0 ||
	    pthread_create(&threads[1], NULL, work, engine) != 0 ||
	    (n > 2 && pthread_create(&threads[2], NULL, cbi_engine_supply,
	                             &engine->supply) != 0)) {
		cb_log(NULL, CB_LOG_ERROR, "cannot start the threads");
		return 1;
	}
	cbi_child_ready(engine->start);
	while (cbi_child_wait(engine->start, 1000) == CBI_CHILD_GO_ON)
		;
	atomic_store(&engine->stop, true);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

int cbi_engine_main(const struct cbi_start *start)
{
	struct engine engine = {
		.start = start,
		.settings = cbi_config_settings(start->config),
	};
	char name[100] = "localhost";
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int code = 1;

	gethostname(name, sizeof(name) - 1);
	/* Two homes of one machine are two hosts. */
	snprintf(engine.host, sizeof(engine.host), "%.99s:%.150s", name,
	         engine.settings->run_dir);
	cbi_lane_init(&lane, CB_ARENA_ENGINE_MAX);
	cbi_ctx_init(&ctx, &lane);
	if (open_all(&ctx, &engine) == CB_OK &&
	    open_supply(&ctx, &engine) == CB_OK &&
	    cbi_sandbox_enter(start) == CB_OK)
		code = run(&engine);
	else
		cb_log(&ctx, CB_LOG_ERROR, "%s", cb_failure(&ctx));
	cbi_ctx_finish(&ctx);
	close_all(&engine);
	cbi_lane_finish(&lane);
	return code;
}
