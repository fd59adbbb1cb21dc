/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.c - the process that works on the catalog: a thread that follows
 * PostgreSQL into the host's copy, and one that reads locations.
 *
 * Both may be killed anywhere: what they committed is whole, the rest is done
 * again by whoever comes next.
 */
#include "server/engine_priv.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "catalog/follow.h"
#include "copy/copy.h"
#include "db/db.h"
#include "db/migrate.h"
#include "registry/registry.h"

#define FOLLOW_MS 250
#define AGAIN_MS 1000
#define HEARTBEAT_MS 10000
#define CLEAN_MS 60000
/* Work under way may end; more than that is done again by others. */
#define STOP_MS 5000

void cbi_engine_pause(struct cbi_engine *engine, int ms)
{
	int64_t until = cbi_clock_ms() + ms;

	while (!atomic_load(&engine->stop) && cbi_clock_ms() < until)
		poll(NULL, 0, 50);
}

void cbi_engine_say(struct cbi_trouble *trouble, const char *what,
                    const struct cb_ctx *ctx, int rc)
{
	if (rc == CB_OK || rc == CB_EBUSY) {
		if (trouble->code != CB_OK && rc == CB_OK)
			cb_log(NULL, CB_LOG_INFO, "%s goes on", what);
		trouble->code = CB_OK;
		return;
	}
	/* Each trouble once, not each time it is met. */
	if (trouble->code != rc)
		cb_log(NULL, rc == CB_EAWAY ? CB_LOG_WARN : CB_LOG_ERROR,
		       "%s: %s", what, cb_failure(ctx));
	trouble->code = rc;
}

/* The schema first: nobody else makes it. */
static bool migrate(struct cbi_engine *engine, struct cb_ctx *ctx,
                    struct cbi_trouble *trouble)
{
	const char *dir = getenv("CALLBOARD_SCHEMA");
	int applied = 0, rc;

	rc = cbi_db_migrate(
	    ctx, dir && *dir ? dir : CALLBOARD_DATADIR "/schema", &applied);
	cbi_engine_say(trouble, "the schema", ctx, rc);
	if (applied > 0)
		cb_log(NULL, CB_LOG_INFO, "%d files of the schema applied",
		       applied);
	if (rc == CB_OK)
		atomic_store(&engine->migrated, true);
	return rc == CB_OK;
}

static void name_host(const struct cbi_engine *engine, char *out, size_t size)
{
	const char *run_dir = engine->settings->run_dir;
	char name[256] = "";

	gethostname(name, sizeof(name) - 1);
	/* Several portals may live on one machine. */
	snprintf(out, size, "%s%s%s", name,
	         strcmp(run_dir, CALLBOARD_RUNDIR) == 0 ? "" : ":",
	         strcmp(run_dir, CALLBOARD_RUNDIR) == 0 ? "" : run_dir);
}

static void keep_house(struct cbi_engine *engine, struct cb_ctx *ctx,
                       struct cbi_trouble *trouble)
{
	int64_t now = cbi_clock_ms();
	char host[4400];

	if (now - engine->beat >= HEARTBEAT_MS) {
		engine->beat = now;
		name_host(engine, host, sizeof(host));
		cbi_engine_say(
		    trouble, "the registry's heartbeat", ctx,
		    cbi_registry_heartbeat(ctx, engine->rooms.registry, host));
	}
	if (now - engine->cleaned >= CLEAN_MS) {
		engine->cleaned = now;
		cbi_db_idle();
	}
}

static void *follow(void *arg)
{
	struct cbi_engine *engine = arg;
	struct cbi_follower *follower = cbi_follower_create(engine->rooms.copy);
	struct cbi_trouble troubles[3] = { { 0 } };
	bool made = false;
	struct cbi_lane lane;
	struct cb_ctx ctx;

	cbi_rooms_lane_init(&lane, 0, CB_ARENA_ENGINE_MAX);
	while (follower && !atomic_load(&engine->stop)) {
		int rc = CB_OK, pause = 0;

		cbi_ctx_init(&ctx, &lane);
		ctx.actor = "service:engine";
		made = made || migrate(engine, &ctx, &troubles[0]);
		if (made) {
			rc = cbi_follow_once(&ctx, follower, FOLLOW_MS);
			cbi_engine_say(&troubles[1], "the follower", &ctx, rc);
			if (rc == CB_OK)
				keep_house(engine, &ctx, &troubles[2]);
		}
		if (!made || rc != CB_OK)
			pause = rc == CB_EAWAY ? FOLLOW_MS : AGAIN_MS;
		cbi_ctx_finish(&ctx);
		if (pause)
			cbi_engine_pause(engine, pause);
	}
	cbi_follower_destroy(follower);
	cbi_rooms_lane_finish(&lane);
	atomic_fetch_sub(&engine->threads, 1);
	return NULL;
}

static int begin(struct cbi_engine *engine, void *(*work)(void *arg))
{
	pthread_t thread;

	atomic_fetch_add(&engine->threads, 1);
	if (pthread_create(&thread, NULL, work, engine) != 0) {
		cb_log(NULL, CB_LOG_ERROR, "cannot start a thread");
		return -1;
	}
	pthread_detach(thread);
	return 0;
}

static int open_rooms(struct cbi_engine *engine)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	cbi_rooms_lane_init(&lane, -1, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	rc = cbi_rooms_open(&ctx, engine->start,
	                    CBI_ROOMS_WRITER | CBI_ROOMS_HTTP, &engine->rooms);
	if (rc != CB_OK)
		cb_log(NULL, CB_LOG_ERROR, "%s", cb_failure(&ctx));
	cbi_ctx_finish(&ctx);
	cbi_rooms_lane_finish(&lane);
	return rc == CB_OK ? 0 : -1;
}

int cbi_engine_main(const struct cbi_start *start)
{
	struct cbi_engine *engine = calloc(1, sizeof(*engine));
	int64_t until;

	if (!engine)
		return 1;
	engine->start = start;
	engine->settings = cbi_config_settings(start->config);
	if (open_rooms(engine) < 0 || begin(engine, follow) < 0)
		return 1;
	cbi_child_ready(start);
	while (cbi_child_wait(start, 1000) == CBI_CHILD_GO_ON)
		;
	atomic_store(&engine->stop, true);
	until = cbi_clock_ms() + STOP_MS;
	while (atomic_load(&engine->threads) > 0 && cbi_clock_ms() < until)
		poll(NULL, 0, 10);
	/* The copy's lock goes with the process. */
	_exit(0);
}
