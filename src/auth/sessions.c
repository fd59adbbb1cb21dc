/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions.c - see sessions.h.
 */
#include "auth/sessions.h"

#include <string.h>

#include "audit/audit.h"
#include "base/ctx.h"
#include "base/str.h"
#include "db/db.h"

#define AGENT_MAX 300
#define LIST_MAX "200"
#define MS(column) "(extract(epoch from " column ") * 1000)::bigint"

static int add_row(struct cb_ctx *ctx, const struct cbi_session_row *row)
{
	static const struct cbi_db_stmt add = {
		"auth_session_add",
		"insert into callboard.session (hash, subject, idp, address, "
		"agent, id_token, expires_at) values (decode($1, 'hex'), $2, "
		"$3, $4, $5, $6, to_timestamp($7::double precision / 1000))",
	};
	char *agent = cb_printf(ctx, "%.*s", AGENT_MAX, row->agent);
	const char *params[7] = { row->hash,
		                  row->subject,
		                  row->idp,
		                  row->address,
		                  agent,
		                  row->id_token,
		                  cbi_db_number(ctx, row->expires) };

	if (!agent || !params[6])
		return CB_ENOMEM;
	cbi_str_mend(agent);
	return cbi_db_query(ctx, &add, params, 7, NULL);
}

static void read_row(const struct cbi_db_result *result, size_t i,
                     struct cbi_session_row *out)
{
	out->hash = cbi_db_text(result, i, 0);
	out->subject = cbi_db_text(result, i, 1);
	out->idp = cbi_db_text(result, i, 2);
	out->address = cbi_db_text(result, i, 3);
	out->agent = cbi_db_text(result, i, 4);
	out->made = cbi_db_int(result, i, 5);
	out->used = cbi_db_int(result, i, 6);
	out->expires = cbi_db_int(result, i, 7);
	out->id_token = NULL;
}

#define COLUMNS                                                   \
	"encode(hash, 'hex'), subject, idp, address, agent, " MS( \
	    "made_at") ", " MS("used_at") ", " MS("expires_at")

int cbi_sessions_list(struct cb_ctx *ctx, const char *subject,
                      const struct cbi_session_row **out, size_t *n)
{
	static const struct cbi_db_stmt list = {
		"auth_session_list",
		"select " COLUMNS " from callboard.session where subject = $1 "
		"and ended_at is null and expires_at > clock_timestamp() order "
		"by used_at desc, hash limit " LIST_MAX,
	};
	struct cbi_db_result *result;
	struct cbi_session_row *rows;
	int rc = cbi_db_query(ctx, &list, &subject, 1, &result);

	if (rc < 0)
		return rc;
	*n = cbi_db_rows(result);
	rows = cb_alloc(ctx, (*n + 1) * sizeof(*rows));
	if (!rows)
		return CB_ENOMEM;
	for (size_t i = 0; i < *n; i++)
		read_row(result, i, &rows[i]);
	*out = rows;
	return CB_OK;
}

int cbi_sessions_use(struct cb_ctx *ctx, const char *hash)
{
	static const struct cbi_db_stmt use = {
		"auth_session_use",
		"update callboard.session set used_at = clock_timestamp() "
		"where hash = decode($1, 'hex')",
	};

	return cbi_db_query(ctx, &use, &hash, 1, NULL);
}

static bool is_hash(const char *hash)
{
	return hash && strlen(hash) == 64 &&
	       strspn(hash, "0123456789abcdef") == 64;
}

/* In an open transaction. */
static int end_row(struct cb_ctx *ctx, const char *hash, const char *subject,
                   struct cbi_session_row *row)
{
	static const struct cbi_db_stmt end = {
		"auth_session_end",
		"update callboard.session set ended_at = clock_timestamp() "
		"where hash = decode($1, 'hex') and subject = coalesce($2, "
		"subject) and ended_at is null returning " COLUMNS,
	};
	const char *params[2] = { hash, subject };
	struct cbi_db_result *result;
	const char *what;
	int rc;

	if (!is_hash(hash))
		return cb_fail(ctx, CB_ENOENT, "there is no such session");
	rc = cbi_db_query(ctx, &end, params, 2, &result);
	if (rc < 0)
		return rc;
	if (cbi_db_rows(result) == 0)
		return cb_fail(ctx, CB_ENOENT, "there is no such session");
	read_row(result, 0, row);
	what = cb_printf(ctx, "session:%s", hash);
	return what ? cbi_auth_revoke(ctx, what, row->expires) : CB_ENOMEM;
}

/* Neither id nor token is in it: eight letters of the hash tell sessions
 * apart. */
static int write_audit(struct cb_ctx *ctx, const char *action,
                       const struct cbi_session_row *row, const char *address)
{
	struct cbi_audit entry = {
		.action = action,
		.object = row->subject,
		.address = address,
	};
	char *text =
	    cb_printf(ctx, "{\"provider\":\"%s\",\"session\":\"%.8s\"}",
	              row->idp, row->hash);

	if (!text)
		return CB_ENOMEM;
	if (strcmp(action, "session.open") == 0)
		entry.after = text;
	else
		entry.before = text;
	return cbi_audit_write(ctx, &entry);
}

struct job {
	const struct cbi_session_row *row; /* to open; NULL: to end one */
	const char *hash, *subject;        /* to end */
	const char *address;
	uint64_t *number;
};

static int end_one(struct cb_ctx *ctx, const struct job *job)
{
	struct cbi_session_row row;
	int rc = end_row(ctx, job->hash, job->subject, &row);

	if (rc == CB_OK)
		rc = write_audit(ctx, "session.end", &row, job->address);
	return rc == CB_OK ? cbi_auth_announce(ctx, "session", job->number)
	                   : rc;
}

static int do_job(struct cb_ctx *ctx, void *arg)
{
	const struct job *job = arg;
	int rc = CB_OK;

	*job->number = 0;
	if (job->row)
		rc = add_row(ctx, job->row);
	if (rc == CB_OK && job->row)
		rc = write_audit(ctx, "session.open", job->row, job->address);
	if (rc < 0 || !job->hash)
		return rc;
	rc = end_one(ctx, job);
	/* The browser's old session may be over already. */
	if (rc == CB_ENOENT && job->row) {
		cb_failure_clear(ctx);
		rc = CB_OK;
	}
	return rc;
}

int cbi_sessions_open(struct cb_ctx *ctx, const struct cbi_session_row *row,
                      const char *old_hash, uint64_t *number)
{
	struct job job = { .row = row,
		           .hash = old_hash,
		           .address = row->address,
		           .number = number };
	const char *actor = ctx->actor;
	int rc;

	/* Nobody acts yet: it is who signs in. */
	ctx->actor = row->subject;
	rc = cbi_db_transact(ctx, do_job, &job);
	ctx->actor = actor;
	return rc;
}

int cbi_sessions_end(struct cb_ctx *ctx, const char *hash, const char *subject,
                     const char *address, uint64_t *number)
{
	/* For any subject it would be anybody's. */
	struct job job = { .hash = hash,
		           .subject = subject ? subject : "",
		           .address = address,
		           .number = number };

	return cbi_db_transact(ctx, do_job, &job);
}

int cbi_sessions_leave(struct cb_ctx *ctx, const char *hash, const char **idp,
                       const char **id_token)
{
	static const struct cbi_db_stmt leave = {
		"auth_session_leave",
		"update callboard.session s set id_token = null from (select "
		"hash, idp, id_token from callboard.session where hash = "
		"decode($1, 'hex') and ended_at is not null for update) o "
		"where s.hash = o.hash returning o.idp, o.id_token",
	};
	struct cbi_db_result *result;
	int rc;

	*idp = *id_token = NULL;
	if (!is_hash(hash))
		return CB_OK;
	rc = cbi_db_query(ctx, &leave, &hash, 1, &result);
	if (rc < 0 || cbi_db_rows(result) == 0)
		return rc;
	*idp = cbi_db_text(result, 0, 0);
	*id_token = cbi_db_text(result, 0, 1);
	return CB_OK;
}
