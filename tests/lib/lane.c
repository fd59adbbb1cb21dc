/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lane.c - see lane.h.
 */
#include "tests/lib/lane.h"

#include <stdio.h>
#include <stdlib.h>

#include "copy/copy.h"
#include "db/db.h"
#include "db/migrate.h"
#include "redis/redis.h"
#include "tests/lib/stores.h"

static void must(struct cb_ctx *ctx, int rc, const char *what)
{
	if (rc == CB_OK)
		return;
	fprintf(stderr, "%s: %s %s\n", what, cb_code_name(rc), cb_failure(ctx));
	exit(99);
}

void lane_setup_db_with(const char *conninfo, int connections, bool prepare,
                        int statement_ms)
{
	struct cbi_db_config config = {
		.conninfo = conninfo,
		.process = "test",
		.connections = connections,
		.prepare = prepare,
		.statement_ms = statement_ms,
	};
	struct lane lane;

	if (!conninfo)
		config.conninfo = stores_start(STORES_POSTGRES)->conninfo;
	lane_open(&lane);
	cbi_db_shutdown();
	must(&lane.ctx, cbi_db_setup(&lane.ctx, &config), "db setup");
	lane_close(&lane);
}

void lane_setup_db(const char *conninfo)
{
	lane_setup_db_with(conninfo, 4, true, 1000);
}

void lane_open(struct lane *lane)
{
	cbi_lane_init(&lane->lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&lane->ctx, &lane->lane);
}

void lane_next(struct lane *lane)
{
	cbi_ctx_finish(&lane->ctx);
	cbi_ctx_init(&lane->ctx, &lane->lane);
}

void lane_close(struct lane *lane)
{
	cbi_ctx_finish(&lane->ctx);
	cbi_db_lane_finish(&lane->lane);
	cbi_redis_lane_finish(&lane->lane);
	cbi_copy_lane_finish(&lane->lane);
	cbi_lane_finish(&lane->lane);
}

const char *lane_migrated(const char *name)
{
	static char conninfo[192];
	struct lane lane;
	int applied;

	stores_start(STORES_POSTGRES);
	stores_database(name, conninfo, sizeof(conninfo));
	lane_setup_db(conninfo);
	lane_open(&lane);
	must(&lane.ctx,
	     cbi_db_migrate(&lane.ctx, stores_schema_dir(), &applied),
	     "migrate");
	lane_close(&lane);
	return conninfo;
}
