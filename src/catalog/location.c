/* SPDX-License-Identifier: Apache-2.0 */
/*
 * location.c - registered locations, read and looked at again: see location.h.
 */
#include "catalog/location_priv.h"

#include <string.h>

#include "db/db.h"

static const struct cbi_db_stmt list_all = {
	"location_list",
	"select id, type, target, entity_ref from location"
	" order by created_at, id",
};
static const struct cbi_db_stmt get_one = {
	"location_get",
	"select id, type, target, entity_ref from location"
	" where id = $1::uuid",
};
static const struct cbi_db_stmt find_one = {
	"location_find",
	"select id, type, target, entity_ref from location"
	" where type = $1 and md5(target) = md5($2) and target = $2",
};
static const struct cbi_db_stmt make_due = {
	"location_refresh",
	"with recursive up (id) as ("
	" select id from node where ref = $1"
	" union select e.parent from edge e join up u on e.child = u.id"
	"  where e.parent is not null"
	"), locked as ("
	" select id from node where id in (select id from up)"
	"  order by ref for update"
	") update node set due_at = clock_timestamp()"
	" where id in (select id from locked) and (due_at is not null"
	"  or ref like 'location:%')",
};
static const struct cbi_db_stmt node_there = {
	"location_node_there",
	"select 1 from node where ref = $1",
};
int cbi_location_row(struct cb_ctx *ctx, const struct cbi_db_result *rows,
                     size_t row, struct cbi_location *out)
{
	struct cbi_location found = {
		cb_strdup(ctx, cbi_db_text(rows, row, 0)),
		cb_strdup(ctx, cbi_db_text(rows, row, 1)),
		cb_strdup(ctx, cbi_db_text(rows, row, 2)),
		cb_strdup(ctx, cbi_db_text(rows, row, 3)),
	};

	if (!found.id || !found.type || !found.target || !found.entity_ref)
		return CB_ENOMEM;
	*out = found;
	return CB_OK;
}

int cbi_location_list(struct cb_ctx *ctx, const struct cbi_location **out,
                      size_t *count)
{
	struct cbi_location *all;
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &list_all, NULL, 0, &rows);

	if (rc < 0)
		return rc;
	*count = cbi_db_rows(rows);
	all = cb_alloc(ctx, (*count + 1) * sizeof(*all));
	if (!all)
		return CB_ENOMEM;
	for (size_t i = 0; i < *count && rc == CB_OK; i++)
		rc = cbi_location_row(ctx, rows, i, &all[i]);
	*out = all;
	return rc;
}

static bool is_uuid(const char *text)
{
	size_t i;

	for (i = 0; text[i] && i < 37; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-'
		         : !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	}
	return i == 36;
}

int cbi_location_check_id(struct cb_ctx *ctx, const char *id)
{
	if (is_uuid(id))
		return CB_OK;
	return cb_fail(ctx, CB_EINVAL, "'%.80s' is no UUID", id);
}

int cbi_location_one(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                     const char *const *params, size_t n, const char *what,
                     struct cbi_location *out)
{
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, stmt, params, n, &rows);

	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) == 0)
		return cb_fail(ctx, CB_ENOENT, "no location %s", what);
	return cbi_location_row(ctx, rows, 0, out);
}

int cbi_location_get(struct cb_ctx *ctx, const char *id,
                     struct cbi_location *out)
{
	int rc = cbi_location_check_id(ctx, id);

	return rc < 0 ? rc : cbi_location_one(ctx, &get_one, &id, 1, id, out);
}

int cbi_location_find(struct cb_ctx *ctx, const char *type, const char *target,
                      struct cbi_location *out)
{
	const char *params[] = { type, target };

	return cbi_location_one(ctx, &find_one, params, 2, target, out);
}

static const struct cbi_db_stmt wake = {
	"location_wake",
	"select pg_notify('callboard_work', '')",
};

int cbi_location_wake(struct cb_ctx *ctx)
{
	return cbi_db_query(ctx, &wake, NULL, 0, NULL);
}

static int refresh_in_transaction(struct cb_ctx *ctx, void *arg)
{
	const char *const *ref = arg;
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &node_there, ref, 1, &rows);

	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) == 0)
		return cb_fail(ctx, CB_ENOENT, "no entity %s", *ref);
	rc = cbi_db_query(ctx, &make_due, ref, 1, NULL);
	return rc < 0 ? rc : cbi_location_wake(ctx);
}

int cbi_location_refresh(struct cb_ctx *ctx, const char *ref)
{
	return cbi_db_transact(ctx, refresh_in_transaction, &ref);
}
