/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unprocessed.c - see unprocessed.h.
 */
#include "catalog/unprocessed.h"

#include "base/ctx.h"
#include "db/db.h"

static const struct cbi_db_stmt all = {
	"catalog_unprocessed",
	"select n.uid::text, n.ref, coalesce(n.raw, n.processed), n.errors,"
	" encode(n.raw_hash, 'hex'), to_char(n.due_at at time zone 'UTC',"
	" 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), n.location_key"
	" from node n where not exists"
	"  (select from entity e where e.id = n.id)"
	" and (n.errors <> '[]') = $1::boolean"
	" and ($2::text is null or"
	"  coalesce(n.raw, n.processed)::jsonb #>> '{spec,owner}' = $2)"
	" order by n.ref",
};

struct listing {
	int (*each)(void *arg, const struct cbi_unprocessed *one);
	void *arg;
};

static int take(void *arg, const struct cbi_db_result *row)
{
	const struct listing *l = arg;
	struct cbi_unprocessed one = {
		.uid = cbi_db_text(row, 0, 0),
		.ref = cbi_db_text(row, 0, 1),
		.entity = { cbi_db_text(row, 0, 2), cbi_db_len(row, 0, 2) },
		.errors = { cbi_db_text(row, 0, 3), cbi_db_len(row, 0, 3) },
		.hash = cbi_db_text(row, 0, 4),
		.due = cbi_db_text(row, 0, 5),
		.location_key = cbi_db_text(row, 0, 6),
	};

	return l->each(l->arg, &one);
}

int cbi_unprocessed(struct cb_ctx *ctx, bool failed, const char *owner,
                    int (*each)(void *arg, const struct cbi_unprocessed *one),
                    void *arg)
{
	const char *params[] = { failed ? "t" : "f", owner };
	struct listing listing = { each, arg };

	if (!ctx->scope.all)
		return CB_OK;
	return cbi_db_stream(ctx, &all, params, 2, take, &listing);
}
