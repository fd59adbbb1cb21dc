/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect.c - makes one connection, without waiting longer than it may.
 *
 * libpq's own time-out for a host among several works only while it blocks,
 * so a list of hosts is tried here, one after the other.
 */
#include "db/db_priv.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/str.h"

#define PARAMS_MAX 64

/* Ours where the conninfo says nothing; times in seconds, but for
 * tcp_user_timeout. */
static const char *const defaults[][2] = {
	{ "connect_timeout", "2" },     { "tcp_user_timeout", "3000" },
	{ "keepalives", "1" },          { "keepalives_idle", "2" },
	{ "keepalives_interval", "1" }, { "keepalives_count", "2" },
	{ "client_encoding", "UTF8" },
};

#define DEFAULTS (sizeof(defaults) / sizeof(defaults[0]))

struct params {
	const char *keys[PARAMS_MAX + 1];
	const char *values[PARAMS_MAX + 1];
	size_t n;
};

bool cbi_db_conninfo_valid(const char *conninfo, char *why, size_t size)
{
	char *problem = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &problem);

	if (options) {
		PQconninfoFree(options);
		return true;
	}
	cbi_str_copy(why, size, problem ? problem : "out of memory");
	why[strcspn(why, "\n")] = '\0';
	PQfreemem(problem);
	return false;
}

static void set(struct params *params, const char *key, const char *value)
{
	for (size_t i = 0; i < params->n; i++) {
		if (strcmp(params->keys[i], key) == 0) {
			params->values[i] = value;
			return;
		}
	}
	if (params->n == PARAMS_MAX)
		return;
	params->keys[params->n] = key;
	params->values[params->n++] = value;
}

static const char *get(const struct params *params, const char *key)
{
	for (size_t i = 0; i < params->n; i++)
		if (strcmp(params->keys[i], key) == 0)
			return params->values[i];
	return "";
}

/* The i-th part of a list; a list of one part serves all. */
static const char *part(struct cb_ctx *ctx, const char *list, size_t i)
{
	const char *at = list, *comma;

	if (!strchr(list, ','))
		return list;
	for (; i && (comma = strchr(at, ',')); i--)
		at = comma + 1;
	return cb_strndup(ctx, at, strcspn(at, ","));
}

static size_t parts(const char *list)
{
	size_t n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* What every session of ours wants to have. */
static const char *settings(struct cb_ctx *ctx, const char *before,
                            const char *between)
{
	const char *const pairs[][2] = {
		{ "search_path", "callboard,public" },
		{ "idle_in_transaction_session_timeout", "60000" },
		{ "client_connection_check_interval", "1000" },
		{ "timezone", "UTC" },
		{ "datestyle", "ISO" },
		{ "jit", "off" },
		/* The catalog lives in memory.  With the server's default,
		 * made for spinning disks, the planner reads every row (and
		 * unpacks its tokens) where an index finds a hundred. */
		{ "random_page_cost", "1" },
	};
	const char *all = cb_printf(ctx, "%sstatement_timeout%s%d", before,
	                            between, cbi_db_config()->statement_ms);

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]) && all; i++)
		all = cb_printf(ctx, "%s%s%s%s%s", all, before, pairs[i][0],
		                between, pairs[i][1]);
	return all;
}

/* The message on one line, without the source's place in the server. */
static void tidy(char *out, size_t size, const char *message)
{
	char *end;

	cbi_str_copy(out, size, message);
	end = strstr(out, "LOCATION:");
	if (end)
		*end = '\0';
	for (char *at = out; *at; at++)
		if (*at == '\n')
			*at = ' ';
	for (size_t len = strlen(out); len && out[len - 1] == ' ';)
		out[--len] = '\0';
}

static int fail(struct cb_ctx *ctx, PGconn *pg)
{
	char why[320];

	tidy(why, sizeof(why), PQerrorMessage(pg));
	/* Too many clients; with verbose errors the code is in the text. */
	if (strstr(why, "53300:"))
		return cb_fail(ctx, CB_EBUSY, "PostgreSQL is full: %s", why);
	return cb_fail(ctx, CB_EAWAY, "PostgreSQL is away: %s", why);
}

static int establish(struct cb_ctx *ctx, PGconn *pg)
{
	int64_t until = cbi_clock_ms() + CB_DB_CONNECT_MS;
	bool ours = ctx->deadline && ctx->deadline < until;
	PostgresPollingStatusType step = PGRES_POLLING_WRITING;

	if (ours)
		until = ctx->deadline;
	if (PQstatus(pg) == CONNECTION_BAD)
		return fail(ctx, pg);
	PQsetErrorVerbosity(pg, PQERRORS_VERBOSE);
	while (step != PGRES_POLLING_OK) {
		short events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT;

		if (cbi_db_poll(pg, events, until) == CB_ETIME)
			return cb_fail(ctx, ours ? CB_ETIME : CB_EAWAY,
			               "PostgreSQL does not answer");
		step = PQconnectPoll(pg);
		if (step == PGRES_POLLING_FAILED)
			return fail(ctx, pg);
	}
	PQsetErrorVerbosity(pg, PQERRORS_DEFAULT);
	return CB_OK;
}

static void ignore_notice(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

void cbi_db_disconnect(struct cbi_db_conn *conn)
{
	if (!conn)
		return;
	/* PQfinish says good-bye, which must not block on a stuck socket. */
	if (conn->pg && (conn->doomed || PQstatus(conn->pg) != CONNECTION_OK) &&
	    PQsocket(conn->pg) >= 0)
		shutdown(PQsocket(conn->pg), SHUT_RDWR);
	PQfinish(conn->pg);
	cbi_db_plans_finish(conn);
	free(conn);
}

static int open_one(struct cb_ctx *ctx, const struct params *params,
                    struct cbi_db_conn **out)
{
	struct cbi_db_conn *conn = calloc(1, sizeof(*conn));
	int rc;

	if (!conn)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a connection");
	conn->doomed = true; /* until it stands */
	conn->pg = PQconnectStartParams(params->keys, params->values, 0);
	if (!conn->pg) {
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for a connection");
		goto out;
	}
	rc = establish(ctx, conn->pg);
	if (rc != CB_OK)
		goto out;
	conn->doomed = false;
	PQsetNoticeReceiver(conn->pg, ignore_notice, NULL);
	PQsetnonblocking(conn->pg, 1);
	*out = conn;
	conn = NULL;
out:
	cbi_db_disconnect(conn);
	return rc;
}

/* Behind a pooler nothing may be said at connect; said afterwards it holds
 * for the server connections of this pool, all of which are ours. */
static int set_up(struct cb_ctx *ctx, struct cbi_db_conn *conn)
{
	const char *sql = settings(ctx, "; set ", " to ");
	PGresult *res = NULL;
	int rc;

	if (!sql)
		return CB_ENOMEM;
	rc = cbi_db_run(ctx, NULL, conn, sql + 2, &res);
	PQclear(res);
	return rc;
}

static int collect(struct cb_ctx *ctx, const PQconninfoOption *options,
                   struct params *params)
{
	const char *mine;

	for (size_t i = 0; i < DEFAULTS; i++)
		set(params, defaults[i][0], defaults[i][1]);
	for (; options->keyword; options++)
		if (options->val)
			set(params, options->keyword, options->val);
	set(params, "application_name",
	    cb_printf(ctx, "callboard %s", cbi_db_config()->process));
	if (!cbi_db_config()->prepare)
		return CB_OK;
	mine = settings(ctx, " -c ", "=");
	if (!mine)
		return CB_ENOMEM;
	mine = cb_printf(ctx, "%s%s", get(params, "options"), mine);
	if (!mine)
		return CB_ENOMEM;
	set(params, "options", mine);
	return CB_OK;
}

static int try_hosts(struct cb_ctx *ctx, struct params *params,
                     struct cbi_db_conn **out)
{
	const char *hosts = get(params, "host");
	const char *addrs = get(params, "hostaddr");
	const char *ports = get(params, "port");
	size_t n = parts(*addrs ? addrs : hosts);
	int rc = CB_EAWAY;

	for (size_t i = 0; i < n; i++) {
		set(params, "host", part(ctx, hosts, i));
		set(params, "hostaddr", part(ctx, addrs, i));
		set(params, "port", part(ctx, ports, i));
		if (i && rc != CB_ETIME)
			cb_failure_clear(ctx);
		rc = open_one(ctx, params, out);
		if (rc != CB_EAWAY && rc != CB_EBUSY)
			break;
	}
	return rc;
}

int cbi_db_connect(struct cb_ctx *ctx, const char *conninfo,
                   struct cbi_db_conn **out)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	struct params params = { .n = 0 };
	struct cbi_db_conn *conn = NULL;
	int rc;

	if (!options)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a connection");
	rc = collect(ctx, options, &params);
	if (rc == CB_OK)
		rc = try_hosts(ctx, &params, &conn);
	if (rc == CB_OK && !cbi_db_config()->prepare)
		rc = set_up(ctx, conn);
	PQconninfoFree(options);
	if (rc != CB_OK) {
		cbi_db_disconnect(conn);
		return rc;
	}
	*out = conn;
	return CB_OK;
}
