/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.c - one statement, from borrowing a connection to its result.
 */
#include "db/db_priv.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/metric.h"

struct call {
	const struct cbi_db_stmt *stmt;
	const char *const *params;
	size_t n;
	int64_t until;
};

static const char *call_name(const struct call *call)
{
	return call->stmt->name ? call->stmt->name : "query";
}

int cbi_db_run(struct cb_ctx *ctx, struct cbi_db *db, struct cbi_db_conn *conn,
               const char *sql, PGresult **out)
{
	int64_t until = cbi_db_until(ctx, db);
	PGresult *res = NULL;
	int rc = CB_EAWAY;

	if (PQsendQuery(conn->pg, sql))
		rc = cbi_db_finish(conn->pg, until, &res);
	if (rc != CB_OK)
		return cbi_db_note_lost(ctx, db, conn, rc, NULL);
	if (!cbi_db_good(res)) {
		rc = cbi_db_note_refused(ctx, db, conn, res, NULL);
		PQclear(res);
		return rc;
	}
	*out = res;
	return CB_OK;
}

static int drop_stale(struct cb_ctx *ctx, struct cbi_db *db,
                      struct cbi_db_conn *conn)
{
	char sql[48];
	PGresult *res = NULL;
	int rc;

	snprintf(sql, sizeof(sql), "deallocate text_%u", conn->stale_id);
	conn->stale_id = 0;
	rc = cbi_db_run(ctx, db, conn, sql, &res);
	PQclear(res);
	return rc;
}

static int prepare(struct cb_ctx *ctx, struct cbi_db *db,
                   struct cbi_db_conn *conn, const struct call *call,
                   struct cbi_db_plan *plan)
{
	PGresult *res = NULL;
	int rc;

	rc = cbi_db_send_prepare(conn->pg, call->stmt, plan);
	if (rc == CB_OK)
		rc = cbi_db_finish(conn->pg, call->until, &res);
	if (rc != CB_OK)
		return cbi_db_note_lost(ctx, db, conn, rc, call_name(call));
	if (cbi_db_good(res))
		plan->slot->ready = true;
	else
		rc = cbi_db_note_refused(ctx, db, conn, res, call_name(call));
	PQclear(res);
	return rc;
}

/* After the server refused to run a plan with this SQLSTATE: true when
 * preparing it anew may help, which is what its next use does then. */
static bool plan_stale(struct cbi_db_conn *conn, struct cbi_db_plan *plan,
                       const char *sqlstate)
{
	/* The result's columns changed, or the plan is not there. */
	if (!plan->slot || !sqlstate ||
	    (strcmp(sqlstate, "0A000") != 0 && strcmp(sqlstate, "26000") != 0))
		return false;
	/* The old name may still stand for something: take another. */
	plan->slot->ready = false;
	plan->slot->id = ++conn->last_id;
	return true;
}

/* Plans, prepares where needed, and sends the statement. */
static int dispatch(struct cb_ctx *ctx, struct cbi_db *db,
                    struct cbi_db_conn *conn, const struct call *call,
                    struct cbi_db_plan *plan)
{
	int rc;

	if (cbi_db_plan(conn, call->stmt, plan) < 0)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a statement");
	if (conn->stale_id) {
		rc = drop_stale(ctx, db, conn);
		if (rc != CB_OK)
			return rc;
	}
	if (plan->slot && !plan->slot->ready) {
		rc = prepare(ctx, db, conn, call, plan);
		if (rc != CB_OK)
			return rc;
	}
	cbi_metric_add(CBI_COUNT_DB_QUERIES, 1);
	rc = cbi_db_send(conn->pg, call->stmt, plan, call->params, call->n);
	if (rc != CB_OK)
		return cbi_db_note_lost(ctx, db, conn, rc, call_name(call));
	return CB_OK;
}

static int execute(struct cb_ctx *ctx, struct cbi_db *db,
                   struct cbi_db_conn *conn, const struct call *call,
                   PGresult **out)
{
	struct cbi_db_plan plan;
	PGresult *res = NULL;
	bool stale;
	int rc;

	for (int round = 0;; round++) {
		rc = dispatch(ctx, db, conn, call, &plan);
		if (rc != CB_OK)
			return rc;
		rc = cbi_db_finish(conn->pg, call->until, &res);
		if (rc != CB_OK)
			return cbi_db_note_lost(ctx, db, conn, rc,
			                        call_name(call));
		if (cbi_db_good(res)) {
			*out = res;
			return CB_OK;
		}
		stale = plan_stale(conn, &plan,
		                   PQresultErrorField(res, PG_DIAG_SQLSTATE));
		if (stale && !db->in_tx && round == 0) {
			PQclear(res);
			continue;
		}
		rc = cbi_db_note_refused(ctx, db, conn, res, call_name(call));
		PQclear(res);
		return rc;
	}
}

/* The transaction's connection, or one for this statement. */
static int borrow(struct cb_ctx *ctx, struct cbi_db *db,
                  struct cbi_db_conn **out)
{
	assert(!db->pipe.on);
	if (!db->in_tx)
		return cbi_db_hold(ctx, false, out);
	if (db->lost || !db->conn)
		return cb_fail(ctx, CB_EAWAY,
		               "the transaction's connection was lost");
	*out = db->conn;
	return CB_OK;
}

static void give_back(struct cbi_db *db, struct cbi_db_conn *conn)
{
	if (!db->in_tx)
		cbi_db_release(conn);
}

static void clear_result(void *ptr)
{
	struct cbi_db_result *result = ptr;

	PQclear(result->pg);
	result->pg = NULL;
}

void cbi_db_done(struct cbi_db_result *result)
{
	clear_result(result);
}

/* Ties the result to ctx. */
static int keep(struct cb_ctx *ctx, PGresult *res, struct cbi_db_result **out)
{
	struct cbi_db_result *result = cb_alloc(ctx, sizeof(*result));
	int rc;

	if (!result) {
		PQclear(res);
		return CB_ENOMEM;
	}
	result->pg = res;
	rc = cb_defer(ctx, clear_result, result);
	if (rc == CB_OK)
		*out = result;
	return rc;
}

int cbi_db_query(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                 const char *const *params, size_t n,
                 struct cbi_db_result **out)
{
	struct cbi_db *db = cbi_db_lane(ctx);
	struct call call = { stmt, params, n, 0 };
	struct cbi_db_conn *conn;
	PGresult *res;
	int rc;

	if (!db)
		return CB_ENOMEM;
	rc = borrow(ctx, db, &conn);
	if (rc != CB_OK)
		return rc;
	call.until = cbi_db_until(ctx, db);
	rc = execute(ctx, db, conn, &call, &res);
	give_back(db, conn);
	if (rc != CB_OK)
		return rc;
	if (out)
		return keep(ctx, res, out);
	PQclear(res);
	return CB_OK;
}

int cbi_db_query_text(struct cb_ctx *ctx, const char *sql,
                      const char *const *params, size_t n,
                      struct cbi_db_result **out)
{
	const struct cbi_db_stmt stmt = { NULL, sql };

	return cbi_db_query(ctx, &stmt, params, n, out);
}

static int hand_over(struct cb_ctx *ctx, struct cbi_db *db,
                     struct cbi_db_conn *conn, const struct call *call,
                     int (*fn)(void *arg, const struct cbi_db_result *row),
                     void *arg)
{
	struct cbi_db_result row;
	int rc;

	rc = cbi_db_flush(conn->pg, call->until);
	while (rc == CB_OK) {
		rc = cbi_db_next(conn->pg, call->until, &row.pg);
		if (rc != CB_OK)
			break;
		if (!row.pg)
			return CB_OK;
		if (!cbi_db_good(row.pg))
			rc = cbi_db_note_refused(ctx, db, conn, row.pg,
			                         call_name(call));
		else if (PQntuples(row.pg) == 1)
			rc = fn(arg, &row);
		else {
			PQclear(row.pg);
			continue;
		}
		PQclear(row.pg);
		/* What else comes is of no use: the connection goes. */
		if (rc != CB_OK) {
			conn->doomed = true;
			return rc;
		}
	}
	return cbi_db_note_lost(ctx, db, conn, rc, call_name(call));
}

int cbi_db_stream(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                  const char *const *params, size_t n,
                  int (*fn)(void *arg, const struct cbi_db_result *row),
                  void *arg)
{
	struct cbi_db *db = cbi_db_lane(ctx);
	struct call call = { stmt, params, n, 0 };
	struct cbi_db_plan plan;
	struct cbi_db_conn *conn;
	int rc;

	if (!db)
		return CB_ENOMEM;
	rc = borrow(ctx, db, &conn);
	if (rc != CB_OK)
		return rc;
	call.until = cbi_db_until(ctx, db);
	rc = dispatch(ctx, db, conn, &call, &plan);
	if (rc == CB_OK) {
		PQsetSingleRowMode(conn->pg);
		rc = hand_over(ctx, db, conn, &call, fn, arg);
	}
	if (db->in_tx && conn->doomed)
		db->lost = true;
	give_back(db, conn);
	return rc;
}
