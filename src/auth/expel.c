/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expel.c - see expel.h.
 */
#include "auth/expel.h"

#include "audit/audit.h"
#include "auth/auth.h"
#include "base/clock.h"
#include "db/db.h"

/* Longer than any session or token of a front end lives. */
#define UNTIL_MS (INT64_C(31) * 86400000)

struct expelling {
	const char *user, *address;
	struct cbi_expelled *out;
};

static int end_sessions(struct cb_ctx *ctx, const struct expelling *e)
{
	static const struct cbi_db_stmt end = {
		"auth_expel_sessions",
		"with over as (update callboard.session set ended_at = "
		"clock_timestamp() where subject = $1 and ended_at is null and "
		"expires_at > clock_timestamp() returning hash, expires_at) "
		"insert into callboard.revocation (what, until) select "
		"'session:' || encode(hash, 'hex'), expires_at from over on "
		"conflict (what) do update set before = clock_timestamp() "
		"returning 1",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &end, &e->user, 1, &result);

	if (rc == CB_OK)
		e->out->sessions = cbi_db_rows(result);
	return rc;
}

static int end_tokens(struct cb_ctx *ctx, const struct expelling *e)
{
	static const struct cbi_db_stmt end = {
		"auth_expel_tokens",
		"delete from callboard.personal_token where owner = $1 "
		"returning 1",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &end, &e->user, 1, &result);

	if (rc == CB_OK)
		e->out->tokens = cbi_db_rows(result);
	return rc;
}

static int note(struct cb_ctx *ctx, const struct expelling *e)
{
	struct cbi_audit entry = {
		.action = "user.expel",
		.object = e->user,
		.address = e->address,
		.before = cb_printf(ctx, "{\"sessions\":%zu,\"tokens\":%zu}",
		                    e->out->sessions, e->out->tokens),
	};

	return entry.before ? cbi_audit_write(ctx, &entry) : CB_ENOMEM;
}

static int expel(struct cb_ctx *ctx, void *arg)
{
	const struct expelling *e = arg;
	int rc = end_sessions(ctx, e);

	if (rc == CB_OK)
		rc = end_tokens(ctx, e);
	if (rc == CB_OK)
		rc = cbi_auth_revoke(ctx, e->user,
		                     cbi_clock_wall_ms() + UNTIL_MS);
	if (rc == CB_OK)
		rc = note(ctx, e);
	if (rc == CB_OK)
		rc = cbi_auth_announce(ctx, "user.expel", &e->out->number);
	/* The followers of personal tokens hear of it by another change. */
	if (rc == CB_OK && e->out->tokens)
		rc = cbi_db_registry_change(ctx, "user.expel", &e->out->number);
	return rc;
}

int cbi_expel(struct cb_ctx *ctx, const char *user, const char *address,
              struct cbi_expelled *out)
{
	struct expelling e = { user, address, out };

	*out = (struct cbi_expelled){ 0 };
	return cbi_db_transact(ctx, expel, &e);
}
