/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx.c - transactions, and doing them again.
 */
#include "db/db_priv.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"

#define TRIES 4
#define RETRY_FIRST_MS 10
/* A rollback has to be short: the request may be past its deadline. */
#define ROLLBACK_MS 500
/* PostgreSQL keeps 63 bytes of application_name. */
#define APPLICATION_MAX 64

/* Text as it may stand between quotes; anything odd becomes '?'. */
static void quote(char *out, size_t size, const char *text)
{
	cbi_str_copy(out, size, text);
	for (; *out; out++)
		if (*out < ' ' || *out > '~' || *out == '\'' || *out == '\\')
			*out = '?';
}

static const char *opening(struct cb_ctx *ctx, const char *mode)
{
	char application[APPLICATION_MAX], trace[256];
	const char *both = cb_printf(ctx, "%s %s", ctx->request_id, ctx->actor);
	const char *all = cb_printf(ctx, "%s %s %s", ctx->request_id,
	                            ctx->actor, ctx->traceparent);

	if (!both || !all)
		return NULL;
	quote(application, sizeof(application), both);
	quote(trace, sizeof(trace), all);
	/* Work of the house's own keeps the process's name. */
	if (!ctx->request_id[0] && !ctx->actor[0])
		return cb_printf(ctx, "begin%s", mode);
	return cb_printf(ctx,
	                 "begin%s; set local application_name = '%s'; "
	                 "set local callboard.trace = '%s'",
	                 mode, application, trace);
}

static void end_with_ctx(void *ptr)
{
	struct cbi_db *db = ptr;

	db->tx_noted = false;
	cbi_db_tx_end(db);
}

static int begin(struct cb_ctx *ctx, const char *mode)
{
	struct cbi_db *db = cbi_db_lane(ctx);
	struct cbi_db_conn *conn;
	PGresult *res = NULL;
	const char *sql;
	int rc;

	if (!db)
		return CB_ENOMEM;
	assert(!db->in_tx);
	sql = opening(ctx, mode);
	if (!sql)
		return CB_ENOMEM;
	if (!db->tx_noted) {
		rc = cb_defer(ctx, end_with_ctx, db);
		if (rc != CB_OK)
			return rc;
		db->tx_noted = true;
	}
	rc = cbi_db_hold(ctx, false, &conn);
	if (rc != CB_OK)
		return rc;
	rc = cbi_db_run(ctx, db, conn, sql, &res);
	PQclear(res);
	if (rc != CB_OK) {
		cbi_db_release(conn);
		return rc;
	}
	db->conn = conn;
	db->in_tx = true;
	db->lost = false;
	db->sqlstate[0] = '\0';
	return CB_OK;
}

int cbi_db_begin(struct cb_ctx *ctx)
{
	return begin(ctx, "");
}

int cbi_db_begin_snapshot(struct cb_ctx *ctx)
{
	return begin(ctx, " isolation level repeatable read read only");
}

static void let_go(struct cbi_db *db)
{
	if (db->conn)
		cbi_db_release(db->conn);
	db->conn = NULL;
	db->in_tx = false;
	db->lost = false;
	db->patient = false;
}

void cbi_db_tx_end(struct cbi_db *db)
{
	int64_t until = cbi_clock_ms() + ROLLBACK_MS;
	PGresult *res = NULL;

	if (!db->in_tx)
		return;
	if (db->pipe.on && !cbi_db_pipe_abandon(db))
		db->conn->doomed = true;
	/* A connection that is closed rolls back by itself. */
	if (!db->conn->doomed) {
		if (!PQsendQuery(db->conn->pg, "rollback") ||
		    cbi_db_finish(db->conn->pg, until, &res) != CB_OK)
			db->conn->doomed = true;
		PQclear(res);
	}
	let_go(db);
}

void cbi_db_rollback(struct cb_ctx *ctx)
{
	if (ctx->lane->db)
		cbi_db_tx_end(ctx->lane->db);
}

int cbi_db_commit(struct cb_ctx *ctx)
{
	struct cbi_db *db = ctx->lane->db;
	PGresult *res = NULL;
	int rc;

	assert(db && db->in_tx && !db->pipe.on);
	if (db->lost) {
		let_go(db);
		return cb_fail(ctx, CB_EAWAY,
		               "the transaction's connection was lost");
	}
	rc = cbi_db_run(ctx, db, db->conn, "commit", &res);
	/* The server answers a commit of what failed before with this. */
	if (rc == CB_OK && strcmp(PQcmdStatus(res), "ROLLBACK") == 0)
		rc = cb_fail(ctx, CB_EBUG,
		             "commit of a transaction that had failed");
	PQclear(res);
	let_go(db);
	return rc;
}

bool cbi_db_in_transaction(const struct cb_ctx *ctx)
{
	return ctx->lane->db && ctx->lane->db->in_tx;
}

/* Deadlock, serialisation, or a plan that was stale within a transaction. */
static bool worth_again(const struct cbi_db *db)
{
	static const char *const states[] = { "40001", "40P01", "0A000",
		                              "26000" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(db->sqlstate, states[i]) == 0)
			return true;
	return false;
}

static void pause_before(struct cb_ctx *ctx, int try)
{
	int64_t ms = cbi_db_jitter((int64_t)RETRY_FIRST_MS << try);
	struct timespec ts;

	if (ms > cb_time_left(ctx))
		ms = cb_time_left(ctx);
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = ms % 1000 * 1000000;
	nanosleep(&ts, NULL);
}

int cbi_db_transact(struct cb_ctx *ctx,
                    int (*fn)(struct cb_ctx *ctx, void *arg), void *arg)
{
	int before = cb_failure_code(ctx);
	struct cbi_db *db;
	int rc;

	for (int try = 0;; try++) {
		rc = cbi_db_begin(ctx);
		if (rc != CB_OK)
			return rc;
		db = ctx->lane->db;
		rc = fn(ctx, arg);
		if (rc == CB_OK)
			rc = cbi_db_commit(ctx);
		else
			cbi_db_rollback(ctx);
		if (rc == CB_OK || try + 1 == TRIES || !worth_again(db) ||
		    cb_time_left(ctx) == 0)
			return rc;
		if (before == CB_OK)
			cb_failure_clear(ctx);
		pause_before(ctx, try);
	}
}

int cbi_db_registry_change(struct cb_ctx *ctx, const char *cause,
                           uint64_t *number)
{
	static const struct cbi_db_stmt raise = {
		"registry_change",
		"with n as (update callboard.catalog_state set number = number "
		"+ 1 returning number), c as (insert into callboard.change "
		"(number, registry, cause) select number, true, $1 from n "
		"returning number) "
		"select number, pg_notify('callboard', number::text) from c",
	};
	struct cbi_db_result *result;
	int rc;

	if (!cause)
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &raise, &cause, 1, &result);
	if (rc == CB_OK && number)
		*number = (uint64_t)cbi_db_int(result, 0, 0);
	return rc;
}
