/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipe.c - many statements on the way at once.
 *
 * The server's answers are taken as they come, so that neither side waits
 * with full buffers.  Its answers are flushed every so often: else it may
 * keep them until the end.
 */
#include "db/db_priv.h"

#include <assert.h>
#include <poll.h>

#include "base/clock.h"
#include "base/metric.h"

#define FLUSH_EVERY 128
#define ABANDON_MS 500

static void push(struct cbi_db_pipe *pipe, bool is_stmt)
{
	pipe->is_stmt[(pipe->head + pipe->count++) % CB_DB_PIPE_MAX] = is_stmt;
}

static bool pop(struct cbi_db_pipe *pipe)
{
	bool is_stmt = pipe->is_stmt[pipe->head];

	pipe->head = (pipe->head + 1) % CB_DB_PIPE_MAX;
	pipe->count--;
	return is_stmt;
}

/* Notes the first failure of the pipe. */
static int break_pipe(struct cbi_db_pipe *pipe, int rc)
{
	if (pipe->failed == CB_OK)
		pipe->failed = rc;
	return pipe->failed;
}

static void take(struct cb_ctx *ctx, struct cbi_db *db, PGresult *res)
{
	struct cbi_db_pipe *pipe = &db->pipe;
	struct cbi_db_result result = { res };
	bool is_stmt = pop(pipe);
	size_t number = pipe->seen;

	pipe->seen += is_stmt;
	if (PQresultStatus(res) == PGRES_PIPELINE_ABORTED ||
	    pipe->failed != CB_OK)
		return;
	if (!cbi_db_good(res)) {
		break_pipe(pipe,
		           cbi_db_note_refused(ctx, db, db->conn, res, NULL));
		/* Preparations after it did not happen. */
		db->conn->doomed = true;
	} else if (is_stmt && pipe->fn) {
		int rc = pipe->fn(pipe->arg, number, &result);

		if (rc != CB_OK)
			break_pipe(pipe, rc);
	}
}

/* Takes what has come; until at most `most` are on the way when most is
 * given, waiting for them. */
static int drain(struct cb_ctx *ctx, struct cbi_db *db, size_t most,
                 int64_t until)
{
	PGconn *pg = db->conn->pg;
	PGresult *res;
	int rc;

	while (db->pipe.count) {
		if (PQisBusy(pg)) {
			if (db->pipe.count <= most)
				return CB_OK;
			rc = cbi_db_poll(pg, POLLIN, until);
			if (rc != CB_OK)
				return rc;
			if (!PQconsumeInput(pg))
				return CB_EAWAY;
			continue;
		}
		res = PQgetResult(pg);
		if (!res && PQstatus(pg) != CONNECTION_OK)
			return CB_EAWAY;
		if (!res)
			continue; /* the end of one command's results */
		take(ctx, db, res);
		PQclear(res);
		if (PQstatus(pg) != CONNECTION_OK)
			return CB_EAWAY;
	}
	return CB_OK;
}

static int lost(struct cb_ctx *ctx, struct cbi_db *db, int rc)
{
	return break_pipe(&db->pipe,
	                  cbi_db_note_lost(ctx, db, db->conn, rc, NULL));
}

int cbi_db_pipe_begin(struct cb_ctx *ctx,
                      int (*fn)(void *arg, size_t number,
                                const struct cbi_db_result *result),
                      void *arg)
{
	struct cbi_db *db = ctx->lane->db;
	struct cbi_db_pipe *pipe;

	assert(db && db->in_tx && !db->pipe.on);
	if (db->lost)
		return cb_fail(ctx, CB_EAWAY,
		               "the transaction's connection was lost");
	pipe = &db->pipe;
	pipe->failed = CB_OK;
	pipe->fn = fn;
	pipe->arg = arg;
	pipe->sent = pipe->seen = 0;
	pipe->head = pipe->count = 0;
	if (!PQenterPipelineMode(db->conn->pg))
		return cb_fail(ctx, CB_EBUG, "no pipeline: %s",
		               PQerrorMessage(db->conn->pg));
	pipe->on = true;
	return CB_OK;
}

/* Queues it, preceded by its preparation where it has none. */
static int queue(struct cb_ctx *ctx, struct cbi_db *db,
                 const struct cbi_db_stmt *stmt, const char *const *params,
                 size_t n)
{
	struct cbi_db_plan plan;

	if (cbi_db_plan(db->conn, stmt, &plan) < 0)
		return break_pipe(&db->pipe, cb_fail(ctx, CB_ENOMEM,
		                                     "no memory for a "
		                                     "statement"));
	if (plan.slot && !plan.slot->ready) {
		if (cbi_db_send_prepare(db->conn->pg, stmt, &plan) < 0)
			return lost(ctx, db, CB_EAWAY);
		plan.slot->ready = true;
		push(&db->pipe, false);
	}
	if (cbi_db_send(db->conn->pg, stmt, &plan, params, n) < 0)
		return lost(ctx, db, CB_EAWAY);
	push(&db->pipe, true);
	cbi_metric_add(CBI_COUNT_DB_QUERIES, 1);
	return CB_OK;
}

/* Writes what is queued; reads whatever stands in the way. */
static int flush(struct cb_ctx *ctx, struct cbi_db *db, int64_t until)
{
	PGconn *pg = db->conn->pg;
	int more, rc;

	while ((more = PQflush(pg)) > 0) {
		rc = cbi_db_poll(pg, POLLIN | POLLOUT, until);
		if (rc != CB_OK)
			return rc;
		if (cbi_db_poll(pg, POLLIN, 1) != CB_OK)
			continue;
		if (!PQconsumeInput(pg))
			return CB_EAWAY;
		rc = drain(ctx, db, SIZE_MAX, until);
		if (rc != CB_OK)
			return rc;
	}
	return more < 0 ? CB_EAWAY : CB_OK;
}

int cbi_db_pipe_send(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                     const char *const *params, size_t n)
{
	struct cbi_db *db = ctx->lane->db;
	int64_t until = cbi_db_until(ctx, db);
	int rc;

	assert(db && db->pipe.on);
	if (db->pipe.failed != CB_OK)
		return db->pipe.failed;
	rc = queue(ctx, db, stmt, params, n);
	if (rc != CB_OK)
		return rc;
	if (++db->pipe.sent % FLUSH_EVERY)
		return CB_OK;
	if (!PQsendFlushRequest(db->conn->pg))
		return lost(ctx, db, CB_EAWAY);
	rc = flush(ctx, db, until);
	/* Room for one more round, preparations included. */
	if (rc == CB_OK)
		rc = drain(ctx, db, CB_DB_PIPE_MAX - 3 * FLUSH_EVERY, until);
	if (rc != CB_OK)
		return lost(ctx, db, rc);
	return db->pipe.failed;
}

/* Everything answered, and pipeline mode left. */
static int leave(struct cb_ctx *ctx, struct cbi_db *db, int64_t until)
{
	PGconn *pg = db->conn->pg;
	PGresult *res = NULL;
	int rc;

	if (!PQpipelineSync(pg))
		return CB_EAWAY;
	rc = flush(ctx, db, until);
	if (rc == CB_OK)
		rc = drain(ctx, db, 0, until);
	/* What is left is the end of the last command and the sync. */
	while (rc == CB_OK) {
		rc = cbi_db_next(pg, until, &res);
		if (rc == CB_OK && PQresultStatus(res) == PGRES_PIPELINE_SYNC)
			break;
		PQclear(res);
		res = NULL;
		if (rc == CB_OK && PQstatus(pg) != CONNECTION_OK)
			rc = CB_EAWAY;
	}
	PQclear(res);
	if (rc == CB_OK && !PQexitPipelineMode(pg))
		rc = CB_EAWAY;
	return rc;
}

int cbi_db_pipe_end(struct cb_ctx *ctx)
{
	struct cbi_db *db = ctx->lane->db;
	int rc;

	assert(db && db->pipe.on);
	rc = db->lost ? db->pipe.failed : leave(ctx, db, cbi_db_until(ctx, db));
	if (rc != CB_OK && !db->lost)
		lost(ctx, db, rc);
	db->pipe.on = false;
	return db->pipe.failed;
}

bool cbi_db_pipe_abandon(struct cbi_db *db)
{
	/* Results are not wanted any more, nor is a failure. */
	db->pipe.failed = CB_EBUG;
	db->pipe.on = false;
	return !db->lost &&
	       leave(NULL, db, cbi_clock_ms() + ABANDON_MS) == CB_OK;
}
