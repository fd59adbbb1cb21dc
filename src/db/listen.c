/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.c - hearing that something changed.
 */
#include "db/db_priv.h"

#include <string.h>

#include <poll.h>

#include "base/clock.h"

static void close_with_ctx(void *ptr)
{
	struct cbi_db *db = ptr;

	db->listen_noted = false;
	db->notified = false;
	if (!db->listen)
		return;
	/* What it subscribed to must not meet its next holder. */
	db->listen->doomed = true;
	cbi_db_release(db->listen);
	db->listen = NULL;
}

static int hold_listener(struct cb_ctx *ctx, struct cbi_db *db)
{
	int rc;

	if (db->listen)
		return CB_OK;
	if (!db->listen_noted) {
		rc = cb_defer(ctx, close_with_ctx, db);
		if (rc != CB_OK)
			return rc;
		db->listen_noted = true;
	}
	return cbi_db_hold(ctx, true, &db->listen);
}

int cbi_db_listen(struct cb_ctx *ctx, const char *channel)
{
	struct cbi_db *db = cbi_db_lane(ctx);
	PGresult *res = NULL;
	const char *sql;
	int rc;

	if (!db)
		return CB_ENOMEM;
	if (!*channel ||
	    channel[strspn(channel, "abcdefghijklmnopqrstuvwxyz_")])
		return cb_fail(ctx, CB_EBUG, "bad channel '%s'", channel);
	sql = cb_printf(ctx, "listen %s", channel);
	if (!sql)
		return CB_ENOMEM;
	rc = hold_listener(ctx, db);
	if (rc != CB_OK)
		return rc;
	rc = cbi_db_run(ctx, db, db->listen, sql, &res);
	PQclear(res);
	if (rc != CB_OK && db->listen->doomed) {
		cbi_db_release(db->listen);
		db->listen = NULL;
	}
	return rc;
}

/* Takes all that has come. */
static void collect(struct cbi_db *db)
{
	PGnotify *notify;

	while ((notify = PQnotifies(db->listen->pg))) {
		db->notified = true;
		PQfreemem(notify);
	}
}

int cbi_db_wait_notify(struct cb_ctx *ctx, int timeout_ms, bool *got)
{
	struct cbi_db *db = ctx->lane->db;
	int64_t until = cbi_clock_ms() + timeout_ms;
	int rc = CB_OK;

	if (!db || !db->listen)
		return cb_fail(ctx, CB_EAWAY, "nobody listens");
	if (ctx->deadline && ctx->deadline < until)
		until = ctx->deadline;
	collect(db);
	while (!db->notified && rc == CB_OK) {
		rc = cbi_db_poll(db->listen->pg, POLLIN, until);
		if (rc == CB_OK && !PQconsumeInput(db->listen->pg))
			rc = CB_EAWAY;
		collect(db);
	}
	if (rc == CB_EAWAY) {
		rc = cbi_db_note_lost(ctx, db, db->listen, rc, "listen");
		cbi_db_release(db->listen);
		db->listen = NULL;
		return rc;
	}
	*got = db->notified;
	db->notified = false;
	return CB_OK;
}
