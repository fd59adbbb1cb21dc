/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overview.c - see overview.h.
 */
#include "catalog/overview.h"

#include <callboard/json.h>

#include "audit/audit.h"
#include "base/ctx.h"
#include "db/db.h"
#include "jobs/jobs.h"

/* Which nodes are in a list.  read_state is parsed only where it can say so. */
#define IS_TROUBLED "n.errors <> '[]'"
#define IS_WAITING                                         \
	"(n.due_at is not null and case when"              \
	" position('\"guarded\"' in n.read_state) > 0"     \
	" then n.read_state::jsonb ->> 'guarded' = 'true'" \
	" else false end)"
#define IS_ORPHAN "not exists (select from edge o where o.child = n.id)"
#define IS_LOCATION "n.ref >= 'location:' and n.ref < 'location;'"
#define FITS                                                      \
	"($1 = '' or position(lower($1) in lower(n.ref || ' ' ||" \
	" n.source || ' ' || n.errors)) > 0)"
#define MS_OF(column) \
	"coalesce((extract(epoch from n." column ") * 1000)::bigint, 0)"
#define ROWS(condition)                                                       \
	"select n.ref, n.uid::text, n.source, n.errors,"                      \
	" exists (select from entity e where e.id = n.id), " IS_WAITING       \
	", " MS_OF("errors_at") ", " MS_OF(                                   \
	    "due_at") ","                                                     \
		      " (select count(*) from edge b where b.parent = n.id)," \
		      " coalesce((select min(p.provider) from edge p"         \
		      "  where p.child = n.id and p.provider is not null), "  \
		      "'')"                                                   \
		      " from node n where " condition " and " FITS            \
		      " order by n.ref limit $2::bigint offset $3::bigint"
#define COUNT(condition) \
	"(select count(*) from node n where " condition " and " FITS ")"

static const struct cbi_db_stmt lists[CBI_OVERVIEW_LISTS] = {
	[CBI_OVERVIEW_ERRORS] = { "overview_errors", ROWS(IS_TROUBLED) },
	[CBI_OVERVIEW_WAITING] = { "overview_waiting", ROWS(IS_WAITING) },
	[CBI_OVERVIEW_ORPHANS] = { "overview_orphans", ROWS(IS_ORPHAN) },
	[CBI_OVERVIEW_LOCATIONS] = { "overview_locations", ROWS(IS_LOCATION) },
};

static const struct cbi_db_stmt counts = {
	"overview_counts",
	"select " COUNT(IS_TROUBLED) ", " COUNT(IS_WAITING) ", " COUNT(
	    IS_ORPHAN) ", " COUNT(IS_LOCATION) ","
					       " (select count(*) from entity),"
					       " (select count(*) from node "
					       "where due_at <= "
					       "clock_timestamp()),"
					       " (select count(distinct ref) "
					       "from stitch)",
};

static int take_row(struct cb_ctx *ctx, const struct cbi_db_result *rows,
                    size_t i, struct cbi_overview_row *out)
{
	json_t *errors;
	int rc = cb_json_parse(ctx, cbi_db_text(rows, i, 3),
	                       cbi_db_len(rows, i, 3), &errors);

	if (rc < 0)
		return rc;
	*out = (struct cbi_overview_row){
		.ref = cbi_db_text(rows, i, 0),
		.uid = cbi_db_text(rows, i, 1),
		.source = cbi_db_text(rows, i, 2),
		.errors = errors,
		.visible = cbi_db_bool(rows, i, 4),
		.waits = cbi_db_bool(rows, i, 5),
		.since_ms = cbi_db_int(rows, i, 6),
		.due_ms = cbi_db_int(rows, i, 7),
		.brings = cbi_db_int(rows, i, 8),
		.provider = cbi_db_text(rows, i, 9),
	};
	return CB_OK;
}

int cbi_overview_rows(struct cb_ctx *ctx, const struct cbi_overview_ask *ask,
                      struct cbi_overview_row **out, size_t *n)
{
	const char *params[] = { ask->text, cbi_db_number(ctx, ask->limit),
		                 cbi_db_number(ctx, ask->offset) };
	struct cbi_db_result *rows;
	struct cbi_overview_row *all;
	int rc;

	*n = 0;
	if (!ctx->scope.all)
		return CB_OK;
	if (!params[1] || !params[2])
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &lists[ask->list], params, 3, &rows);
	if (rc < 0)
		return rc;
	all = cb_alloc(ctx, (cbi_db_rows(rows) + 1) * sizeof(*all));
	if (!all)
		return CB_ENOMEM;
	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(rows); i++)
		rc = take_row(ctx, rows, i, &all[i]);
	if (rc < 0)
		return rc;
	*out = all;
	*n = cbi_db_rows(rows);
	return CB_OK;
}

int cbi_overview_count(struct cb_ctx *ctx, const char *text,
                       struct cbi_overview_counts *out)
{
	struct cbi_db_result *rows;
	int rc;

	*out = (struct cbi_overview_counts){ .entities = 0 };
	if (!ctx->scope.all)
		return CB_OK;
	rc = cbi_db_query(ctx, &counts, &text, 1, &rows);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < CBI_OVERVIEW_LISTS; i++)
		out->of[i] = cbi_db_int(rows, 0, i);
	out->entities = cbi_db_int(rows, 0, CBI_OVERVIEW_LISTS);
	out->due = cbi_db_int(rows, 0, CBI_OVERVIEW_LISTS + 1);
	out->unserved = cbi_db_int(rows, 0, CBI_OVERVIEW_LISTS + 2);
	return CB_OK;
}

struct wish {
	const char *provider, *wanted, *address;
};

static int run_in_transaction(struct cb_ctx *ctx, void *arg)
{
	const struct wish *wish = arg;
	const struct cbi_audit entry = { .action = "provider.run",
		                         .object = wish->provider,
		                         .after = cb_printf(ctx, "\"%s\"",
		                                            wish->wanted),
		                         .address = wish->address };
	int rc = cbi_job_trigger(ctx, wish->provider, wish->wanted);

	return rc < 0 ? rc : cbi_audit_write(ctx, &entry);
}

int cbi_overview_run(struct cb_ctx *ctx, const char *provider,
                     const char *wanted, const char *address)
{
	struct wish wish = { provider, wanted, address };

	return cbi_db_transact(ctx, run_in_transaction, &wish);
}
