/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past.c - see past.h.
 */
#include "catalog/past.h"

#include "base/clock.h"
#include "base/limits.h"
#include "catalog/columns_build.h"
#include "catalog/sql.h"
#include "catalog/table_priv.h"
#include "db/db.h"

#define FORGIVEN_MS 30000

int cbi_past_set(struct cb_ctx *ctx, int64_t as_of)
{
	static const struct cbi_db_stmt look = {
		"past_look",
		"select (extract(epoch from history_from) * 1000)::bigint + 1"
		" from callboard.catalog_state",
	};
	struct cbi_db_result *result;
	char asked[CBI_TIME_LEN], from[CBI_TIME_LEN];
	int64_t kept;
	int rc;

	cbi_clock_iso(as_of, asked);
	if (as_of <= 0 || as_of > cbi_clock_wall_ms() + FORGIVEN_MS)
		return cb_fail(ctx, CB_EINVAL,
		               "at: %s is still to come, expected a time that "
		               "has been",
		               asked);
	rc = cbi_db_query(ctx, &look, NULL, 0, &result);
	if (rc < 0)
		return rc;
	kept = cbi_db_rows(result) ? cbi_db_int(result, 0, 0) : 0;
	cbi_clock_iso(kept, from);
	if (as_of < kept)
		return cb_fail(ctx, CB_EINVAL,
		               "at: %s is before what is kept, expected %s or "
		               "later",
		               asked, from);
	ctx->scope.as_of = as_of;
	return CB_OK;
}

/* --- rows --- */

#define COLUMNS                                        \
	"e.id, e.ref, e.uid::text, e.etag, e.number, " \
	"(extract(epoch from e.updated_at) * 1000)::bigint, e.body"

static void take_entity(const struct cbi_db_result *result, size_t row,
                        struct cbi_layout_entity *out)
{
	out->id = cbi_db_int(result, row, 0);
	out->ref = cbi_db_text(result, row, 1);
	out->uid = cbi_db_text(result, row, 2);
	out->etag = cbi_db_text(result, row, 3);
	out->number = (uint64_t)cbi_db_int(result, row, 4);
	out->updated_ms = cbi_db_int(result, row, 5);
	out->body.ptr = cbi_db_text(result, row, 6);
	out->body.len = cbi_db_len(result, row, 6);
}

/* "select <columns> from ... where <scope>". */
static int begin(struct cb_ctx *ctx, struct cbi_sql *sql, const char *columns)
{
	int rc = cbi_sql_begin(ctx, sql);

	if (rc < 0)
		return rc;
	cbi_sql_add(sql, "select ");
	cbi_sql_add(sql, columns);
	cbi_sql_from(sql);
	cbi_sql_add(sql, " where ");
	cbi_sql_where(sql, NULL);
	return CB_OK;
}

static int ask(struct cb_ctx *ctx, struct cbi_sql *sql,
               struct cbi_db_result **out)
{
	int rc = cbi_sql_done(sql);

	return rc < 0 ? rc
	              : cbi_db_query_text(ctx, cbi_buf_string(sql->text),
	                                  sql->params, sql->n, out);
}

static void finish(void *buf)
{
	cbi_buf_finish(buf);
}

int cbi_past_row(struct cb_ctx *ctx, const char *ref, struct cbi_table_row *out)
{
	struct cb_buf *buf = cb_alloc(ctx, sizeof(*buf));
	struct cbi_layout_entity entity;
	struct cbi_db_result *result;
	struct cbi_span record;
	struct cbi_sql sql;
	int rc = buf ? begin(ctx, &sql, COLUMNS) : CB_ENOMEM;

	if (rc < 0)
		return rc;
	cbi_sql_add(&sql, " and e.ref = ");
	cbi_sql_param(&sql, ref);
	rc = ask(ctx, &sql, &result);
	if (rc < 0)
		return rc;
	if (cbi_db_rows(result) == 0)
		return CB_ENOENT;
	take_entity(result, 0, &entity);
	cbi_buf_init(buf, CB_MIB);
	rc = cb_defer(ctx, finish, buf);
	if (rc == CB_OK)
		rc = cbi_layout_pack(ctx, &entity, buf);
	record.ptr = buf->data;
	record.len = buf->len;
	return rc < 0 ? rc : cbi_table_row_fill(ctx, record, out);
}

int cbi_past_recent(struct cb_ctx *ctx, size_t n, const char ***out,
                    size_t *count, size_t *total)
{
	struct cbi_db_result *result;
	struct cbi_sql sql;
	int rc = begin(ctx, &sql, "e.ref, count(*) over ()");

	*total = 0;
	if (rc < 0)
		return rc;
	cbi_sql_add(&sql, " order by e.number desc, e.id desc limit ");
	cbi_sql_param(&sql, cbi_db_number(ctx, (int64_t)n));
	cbi_sql_add(&sql, "::bigint");
	rc = ask(ctx, &sql, &result);
	if (rc < 0)
		return rc;
	*count = cbi_db_rows(result);
	*out = cb_alloc(ctx, (*count + 1) * sizeof(**out));
	if (!*out)
		return CB_ENOMEM;
	for (size_t i = 0; i < *count; i++)
		(*out)[i] = cbi_db_text(result, i, 0);
	if (*count)
		*total = (size_t)cbi_db_int(result, 0, 1);
	return CB_OK;
}

/* --- columns --- */

struct gathering {
	struct cb_ctx *ctx;
	struct cbi_columns *columns;
	struct cb_buf record;
};

static int add(void *arg, const struct cbi_db_result *row)
{
	struct gathering *g = arg;
	struct cbi_layout_entity entity;
	struct cbi_ctx_mark mark;
	struct cbi_span record;
	int rc;

	cbi_ctx_mark(g->ctx, &mark);
	take_entity(row, 0, &entity);
	rc = cbi_layout_pack(g->ctx, &entity, &g->record);
	record.ptr = g->record.data;
	record.len = g->record.len;
	if (rc == CB_OK)
		rc = cbi_columns_add(g->ctx, g->columns, record);
	cbi_ctx_rewind(g->ctx, &mark);
	return rc;
}

/* Counts, then reads, within one snapshot. */
static int gather(struct gathering *g)
{
	struct cb_ctx *ctx = g->ctx;
	struct cbi_db_stmt stmt = { NULL, NULL };
	struct cbi_db_result *result;
	struct cbi_sql sql;
	int rc = begin(ctx, &sql, "count(*)");

	if (rc == CB_OK)
		rc = ask(ctx, &sql, &result);
	if (rc < 0)
		return rc;
	g->columns = cbi_columns_begin((size_t)cbi_db_int(result, 0, 0));
	rc = g->columns ? begin(ctx, &sql, COLUMNS) : CB_ENOMEM;
	if (rc == CB_OK)
		rc = cbi_sql_done(&sql);
	if (rc < 0)
		return rc;
	stmt.sql = cbi_buf_string(sql.text);
	return cbi_db_stream(ctx, &stmt, sql.params, sql.n, add, g);
}

static void drop(void *columns)
{
	cbi_columns_destroy(columns);
}

int cbi_past_columns(struct cb_ctx *ctx, const struct cbi_columns **out)
{
	struct gathering g = { .ctx = ctx };
	int rc = cbi_db_begin_snapshot(ctx);

	if (rc < 0)
		return rc;
	cbi_buf_init(&g.record, CB_MIB);
	rc = gather(&g);
	cbi_db_rollback(ctx);
	cbi_buf_finish(&g.record);
	if (rc == CB_OK)
		rc = cbi_columns_end(g.columns);
	if (rc < 0) {
		cbi_columns_destroy(g.columns);
		return cb_fail(ctx, rc, "no memory for the past");
	}
	*out = g.columns;
	return cb_defer(ctx, drop, g.columns);
}
