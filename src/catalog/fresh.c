/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fresh.c - see fresh.h.
 */
#include "catalog/fresh.h"

#include <time.h>

#include "base/board.h"
#include "base/clock.h"
#include "catalog/layout.h"
#include "copy/copy.h"
#include "db/db.h"
#include "db/migrate.h"

#define POLL_MS 2

/* How long ago the copy was level; INT64_MAX when nobody knows. */
static int64_t age_of(struct cbi_copy_txn *txn)
{
	int64_t level = atomic_load(&cbi_board()->level_ms);
	int64_t now = cbi_clock_ms(), age;
	struct cbi_layout_state state;

	if (level && level <= now)
		return now - level;
	/* A board of after the last follower: the copy has its own note. */
	if (cbi_layout_state_get(txn, &state) < 0)
		return INT64_MAX;
	age = cbi_clock_wall_ms() - state.level_wall;
	return age > 0 ? age : 0;
}

uint64_t cbi_fresh_number(struct cbi_copy_txn *txn)
{
	struct cbi_board *board = cbi_board();
	uint64_t wanted = atomic_load(&board->wanted);
	uint64_t have = atomic_load(&board->copy_number);
	struct cbi_layout_state state;

	if (txn && cbi_layout_state_get(txn, &state) == CB_OK)
		have = state.number;
	return wanted > have ? wanted : have;
}

void cbi_fresh_seen(uint64_t number)
{
	cbi_board_raise(&cbi_board()->wanted, number);
}

static bool copy_is_behind(void)
{
	struct cbi_board *board = cbi_board();

	return atomic_load(&board->copy_number) < atomic_load(&board->wanted);
}

/* What a context began to read before, for a session's key or a role, may be
 * older than what the board says of the copy by now. */
static bool shows_less(struct cbi_copy_txn *txn, uint64_t wanted)
{
	struct cbi_layout_state state;

	return cbi_layout_state_get(txn, &state) == CB_OK &&
	       state.number < wanted;
}

/* The copy's transaction; NULL when it has no data. */
static int open_copy(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                     struct cbi_copy_txn **txn)
{
	int rc;

	*txn = NULL;
	if (!catalog->copy)
		return CB_OK;
	rc = cbi_copy_begin(ctx, catalog->copy, txn);
	if (rc == CB_EAWAY) {
		cb_failure_clear(ctx);
		*txn = NULL;
		return CB_OK;
	}
	return rc;
}

static void mark(struct cbi_fresh *out, int64_t age)
{
	bool stale = age > CB_STALE_AFTER_MS;

	if (stale)
		cbi_metric_add(CBI_COUNT_STALE, 1);
	if (out) {
		out->stale = stale;
		out->age_ms = stale ? age : 0;
	}
}

int cbi_fresh_begin(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    struct cbi_fresh *out, struct cbi_copy_txn **txn)
{
	uint64_t wanted = atomic_load(&cbi_board()->wanted);
	struct cbi_copy_txn *found;
	bool behind;
	int64_t age;
	int rc;

	if (out)
		*out = (struct cbi_fresh){ false, 0 };
	*txn = NULL;
	if (ctx->scope.as_of)
		return CB_OK;
	rc = open_copy(ctx, catalog, &found);
	if (rc < 0 || !found)
		return rc;
	behind = shows_less(found, wanted);
	age = age_of(found);
	if (age > CB_STALE_AFTER_MS) {
		if (age > catalog->stale_if_error_ms ||
		    (behind && cbi_db_there()))
			return CB_OK;
	} else if (behind) {
		return CB_OK;
	}
	mark(out, age);
	*txn = found;
	return CB_OK;
}

static bool wait_until_level(struct cb_ctx *ctx)
{
	int64_t until = cbi_clock_ms() + CBI_FRESH_WAIT_MS;
	struct timespec pause = { 0, POLL_MS * 1000000L };

	while (copy_is_behind()) {
		if (cbi_clock_ms() >= until || cb_time_left(ctx) == 0)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

int cbi_fresh_copy(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                   struct cbi_fresh *out, struct cbi_copy_txn **txn)
{
	struct cbi_copy_txn *found;
	int64_t age;
	int rc = open_copy(ctx, catalog, &found);

	if (rc < 0)
		return rc;
	if (!found)
		return cb_fail(ctx, CB_EAWAY,
		               "this host has no copy of the catalog yet");
	if (shows_less(found, atomic_load(&cbi_board()->wanted)) &&
	    age_of(found) <= CB_STALE_AFTER_MS) {
		/* The follower works: what we want is a moment away. */
		cbi_copy_end(found);
		if (!wait_until_level(ctx))
			return cb_fail(ctx, CB_EAWAY,
			               "the copy of the catalog is not level "
			               "with what was written");
		rc = cbi_copy_begin(ctx, catalog->copy, &found);
		if (rc < 0)
			return rc;
	}
	age = age_of(found);
	if (age > CB_STALE_AFTER_MS && age > catalog->stale_if_error_ms)
		return cb_fail(ctx, CB_EAWAY,
		               "the copy of the catalog is older than "
		               "catalog.staleIfError allows");
	mark(out, age);
	*txn = found;
	return CB_OK;
}

int cbi_fresh_ready(struct cb_ctx *ctx, const struct cbi_catalog *catalog)
{
	static const struct cbi_db_stmt ask = {
		"catalog_ready",
		"select number from callboard.catalog_state",
	};
	int32_t schema = atomic_load(&cbi_board()->schema);
	struct cbi_copy_txn *txn;
	int number, rc;

	/* What the follower saw last holds with PostgreSQL away, too. */
	if (schema && schema < CB_DB_SCHEMA_NEEDED)
		return cb_fail(ctx, CB_EAWAY,
		               "the database is at schema %d, this release "
		               "needs %d",
		               (int)schema, CB_DB_SCHEMA_NEEDED);
	rc = cbi_fresh_begin(ctx, catalog, NULL, &txn);
	if (rc < 0 || txn)
		return rc;
	rc = cbi_db_schema_serves(ctx, &number);
	return rc < 0 ? rc : cbi_db_query(ctx, &ask, NULL, 0, NULL);
}
