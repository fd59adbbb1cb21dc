/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - see audit.h.
 */
#include "audit/audit.h"

#include "db/db.h"

static const struct cbi_db_stmt write_row = {
	"audit_write",
	"insert into audit (actor, action, object, before, after, request_id,"
	" address, outcome) values ($1, $2, $3, $4, $5, $6, $7, $8)",
};

static int write_as(struct cb_ctx *ctx, const char *actor,
                    const struct cbi_audit *entry)
{
	const char *params[] = {
		actor,
		entry->action,
		entry->object,
		entry->before,
		entry->after,
		cb_request_id(ctx),
		entry->address ? entry->address : "",
		entry->outcome ? entry->outcome : "done",
	};

	return cbi_db_query(ctx, &write_row, params, 8, NULL);
}

int cbi_audit_write(struct cb_ctx *ctx, const struct cbi_audit *entry)
{
	if (!cbi_db_in_transaction(ctx))
		return cb_fail(ctx, CB_EBUG,
		               "audit of %s outside of a transaction",
		               entry->action);
	if (!cb_actor(ctx)[0])
		return cb_fail(ctx, CB_EBUG, "audit of %s without an actor",
		               entry->action);
	return write_as(ctx, cb_actor(ctx), entry);
}

int cbi_audit_refused(struct cb_ctx *ctx, const struct cbi_audit *entry)
{
	if (cbi_db_in_transaction(ctx))
		return cb_fail(ctx, CB_EBUG,
		               "refusal of %s within a transaction",
		               entry->action);
	return write_as(ctx, cb_actor(ctx)[0] ? cb_actor(ctx) : "anonymous",
	                entry);
}
