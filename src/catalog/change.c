/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change.c - see change.h.
 */
#include "catalog/change.h"

#include "base/buf.h"
#include "base/limits.h"
#include "db/db.h"

static const struct cbi_db_stmt next_number = {
	"change_next",
	"update catalog_state set number = number + 1"
	" returning number, clock_timestamp()",
};

static const struct cbi_db_stmt write_row = {
	"change_write",
	"with row as ("
	" insert into change (number, at, written, deleted, registry, cause)"
	" values ($1, $2, $3, $4, $5, $6) returning number)"
	" select pg_notify('callboard', number::text) from row",
};

int cbi_change_next(struct cb_ctx *ctx, struct cbi_change *change)
{
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &next_number, NULL, 0, &result);

	if (rc < 0)
		return rc;
	if (cbi_db_rows(result) != 1)
		return cb_fail(ctx, CB_EBUG, "catalog_state has no row");
	change->number = cbi_db_int(result, 0, 0);
	change->at = cbi_db_text(result, 0, 1);
	return CB_OK;
}

int cbi_change_write(struct cb_ctx *ctx, const struct cbi_change *change)
{
	struct cb_buf written, deleted;
	const char *params[6] = { cbi_db_number(ctx, change->number),
		                  change->at };
	int rc;

	if (!params[0])
		return CB_ENOMEM;
	cbi_buf_init(&written, CB_ARENA_REQUEST_MAX);
	cbi_buf_init(&deleted, CB_ARENA_REQUEST_MAX);
	rc = cbi_db_array_int(&written, change->written, change->written_n);
	if (rc == CB_OK)
		rc = cbi_db_array_int(&deleted, change->deleted,
		                      change->deleted_n);
	if (rc < 0)
		cb_fail(ctx, rc, "a change of too many entities");
	params[2] = cbi_buf_string(&written);
	params[3] = cbi_buf_string(&deleted);
	params[4] = change->registry ? "t" : "f";
	params[5] = change->cause;
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &write_row, params, 6, NULL);
	cbi_buf_finish(&written);
	cbi_buf_finish(&deleted);
	return rc;
}
