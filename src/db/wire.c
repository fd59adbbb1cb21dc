/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.c - waiting for the server, and saying what it refused.
 */
#include "db/db_priv.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/metric.h"
#include "base/str.h"

int cbi_db_poll(PGconn *pg, short events, int64_t until)
{
	struct pollfd pfd = { .fd = PQsocket(pg), .events = events };
	int64_t left;
	int n;

	if (pfd.fd < 0)
		return CB_EAWAY;
	for (;;) {
		left = until ? until - cbi_clock_ms() : -1;
		if (until && left < 0)
			left = 0;
		n = poll(&pfd, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (n > 0)
			return CB_OK;
		if (n == 0)
			return CB_ETIME;
		if (errno != EINTR)
			return CB_EAWAY;
	}
}

int cbi_db_flush(PGconn *pg, int64_t until)
{
	int more, rc;

	while ((more = PQflush(pg)) > 0) {
		rc = cbi_db_poll(pg, POLLIN | POLLOUT, until);
		if (rc != CB_OK)
			return rc;
		/* The server may wait for us to read before it reads. */
		if (cbi_db_poll(pg, POLLIN, 1) == CB_OK && !PQconsumeInput(pg))
			return CB_EAWAY;
	}
	return more < 0 ? CB_EAWAY : CB_OK;
}

int cbi_db_next(PGconn *pg, int64_t until, PGresult **out)
{
	int rc;

	while (PQisBusy(pg)) {
		rc = cbi_db_poll(pg, POLLIN, until);
		if (rc != CB_OK)
			return rc;
		/* When this fails a result tells why, if there is one. */
		if (!PQconsumeInput(pg) && PQisBusy(pg))
			return CB_EAWAY;
	}
	*out = PQgetResult(pg);
	return CB_OK;
}

bool cbi_db_good(const PGresult *res)
{
	switch (PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
	case PGRES_EMPTY_QUERY:
		return true;
	default:
		return false;
	}
}

int cbi_db_finish(PGconn *pg, int64_t until, PGresult **out)
{
	PGresult *res, *kept = NULL;
	int rc;

	rc = cbi_db_flush(pg, until);
	while (rc == CB_OK) {
		rc = cbi_db_next(pg, until, &res);
		if (rc != CB_OK || !res)
			break;
		if (kept && !cbi_db_good(kept)) {
			PQclear(res);
			continue;
		}
		PQclear(kept);
		kept = res;
		/* COPY would never end; none of our statements does it. */
		if (PQresultStatus(res) == PGRES_COPY_IN ||
		    PQresultStatus(res) == PGRES_COPY_OUT)
			rc = CB_EAWAY;
	}
	if (rc == CB_OK && !kept)
		rc = CB_EAWAY;
	if (rc != CB_OK) {
		PQclear(kept);
		return rc;
	}
	*out = kept;
	return CB_OK;
}

int64_t cbi_db_until(const struct cb_ctx *ctx, const struct cbi_db *db)
{
	int ms = cbi_db_config()->statement_ms;
	int64_t until = 0;

	if (ms && !(db && db->patient))
		until = cbi_clock_ms() + ms + CB_DB_GRACE_MS;
	if (ctx->deadline && (!until || ctx->deadline < until))
		until = ctx->deadline;
	return until;
}

int cbi_db_note_lost(struct cb_ctx *ctx, struct cbi_db *db,
                     struct cbi_db_conn *conn, int code, const char *name)
{
	const char *what = name ? name : "statement";

	conn->doomed = true;
	if (db) {
		db->sqlstate[0] = '\0';
		db->lost = db->lost || db->conn == conn;
	}
	cbi_metric_add(CBI_COUNT_DB_ERRORS, 1);
	if (code == CB_ETIME && ctx->deadline &&
	    cbi_clock_ms() >= ctx->deadline)
		return cb_fail(ctx, CB_ETIME, "no answer in time: %s", what);
	if (code == CB_ETIME)
		return cb_fail(ctx, CB_EAWAY, "PostgreSQL is silent: %s", what);
	return cb_fail(ctx, CB_EAWAY, "connection to PostgreSQL lost: %s",
	               what);
}

/* SQLSTATEs (or their class, two letters) and what they are to us. */
static const struct {
	const char *state;
	int code;
	const char *why; /* NULL: the server's words */
} meanings[] = {
	{ "23505", CB_ECONFLICT, NULL },
	{ "57014", CB_ETIME, "took too long" },
	{ "25006", CB_EAWAY, "PostgreSQL is read-only" },
	{ "53100", CB_EAWAY, "PostgreSQL's disk is full" },
	{ "53", CB_EBUSY, NULL },
	{ "40", CB_EBUSY, NULL },
	{ "55P03", CB_EBUSY, NULL },
	{ "57P", CB_EAWAY, NULL },
	{ "25P03", CB_EAWAY, NULL },
	{ "08", CB_EAWAY, NULL },
	/* Bad data is quoted in the message: it may be a parameter. */
	{ "22", CB_EBUG, "a value does not fit" },
};

/* A table of ours that is not there: an engine makes it, or `callboardctl db
 * migrate`; until then it is as if the database were away. */
static bool is_unmade(const char *state, const char *why)
{
	return strcmp(state, "42P01") == 0 && why && strstr(why, "callboard.");
}

int cbi_db_note_refused(struct cb_ctx *ctx, struct cbi_db *db,
                        struct cbi_db_conn *conn, const PGresult *res,
                        const char *name)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *why = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *ours = NULL;
	int code = CB_EBUG;

	/* Without one the words are libpq's own: the connection broke. */
	if (!state)
		return cbi_db_note_lost(ctx, db, conn, CB_EAWAY, name);
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (!cbi_str_starts(state, meanings[i].state))
			continue;
		code = meanings[i].code;
		ours = meanings[i].why;
		break;
	}
	if (db) {
		cbi_str_copy(db->sqlstate, sizeof(db->sqlstate), state);
		db->lost = db->lost || (db->conn == conn &&
		                        PQstatus(conn->pg) != CONNECTION_OK);
	}
	/* Another server may be the writable one by now. */
	if (code == CB_EAWAY)
		conn->doomed = true;
	cbi_metric_add(CBI_COUNT_DB_ERRORS, 1);
	if (is_unmade(state, why))
		return cb_fail(ctx, CB_EAWAY,
		               "the database has no schema of this release "
		               "yet: an engine makes it");
	if (!name)
		name = "statement";
	/* What people are told of the first two ends before the colon. */
	if (ours)
		return cb_fail(ctx, code, "%s: %s (SQLSTATE %s)", ours, name,
		               state);
	if (code == CB_EAWAY || code == CB_EBUSY)
		return cb_fail(ctx, code,
		               "PostgreSQL cannot do it now: %s: %s (SQLSTATE "
		               "%s)",
		               name, why ? why : "refused", state);
	return cb_fail(ctx, code, "%s: %s (SQLSTATE %s)", name,
	               why ? why : "refused", state);
}
