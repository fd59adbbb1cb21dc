/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.c - by-query: see query.h.
 *
 * Rows are (value, uid) in the order's direction, or uid alone.  A page
 * behind an edge is the rows strictly after it; one before an edge is read in
 * reverse by an inner select and put right by the outer one.
 */
#include "catalog/query_priv.h"

#include <string.h>

#include "base/limits.h"
#include "catalog/fold.h"
#include "catalog/sql.h"
#include "db/db.h"

/* Columns of the statement. */
enum {
	COL_NUMBER,
	COL_BODY,
	COL_UID,
	COL_VALUE,
	COL_ROWS, /* how many the page has, the one too many included */
};

struct run {
	struct cb_ctx *ctx;
	const struct cbi_query *query;
	struct cbi_sql sql;
	cbi_query_item *item;
	void *arg;
	size_t rows; /* seen so far */
	struct cbi_query_found found;
	uint64_t number;
};

int cbi_query_term(struct cb_ctx *ctx, const char *text, const char **out)
{
	size_t len;
	char *copy;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (len == 0) {
		*out = NULL;
		return CB_OK;
	}
	copy = cb_strndup(ctx, text, len);
	*out = copy ? cbi_catalog_fold(ctx, copy) : NULL;
	return *out ? CB_OK : CB_ENOMEM;
}

/* With order, and text on that field alone, the very row must contain it. */
static bool text_is_on_order(const struct cbi_cursor *at)
{
	if (!at->term || !at->order_key)
		return false;
	return at->field_count == 0 ||
	       (at->field_count == 1 &&
	        strcmp(at->fields[0], at->order_key) == 0);
}

static void add_text(struct cbi_sql *sql, const struct cbi_cursor *at)
{
	if (!at->term || text_is_on_order(at))
		return;
	cbi_sql_add(sql, " and (");
	if (at->field_count == 0)
		cbi_sql_contains(sql, "metadata.uid", at->term);
	else
		cbi_sql_contains_any(sql, at->fields, at->field_count,
		                     at->term);
	cbi_sql_add(sql, ")");
}

/* The column that rows are ordered by, NULL when tokens hold the values. */
static const char *order_column(const struct cbi_cursor *at)
{
	bool absent;

	return at->order_key ? cbi_sql_order_column(at->order_key, &absent)
	                     : NULL;
}

/* " from ... where ...", the part that pages and the count share. */
static void add_from(struct cbi_sql *sql, const struct cbi_cursor *at)
{
	bool absent = false;
	const char *column =
	    at->order_key ? cbi_sql_order_column(at->order_key, &absent) : NULL;

	cbi_sql_from(sql);
	if (at->order_key && !column) {
		cbi_sql_add(sql, ", ");
		cbi_sql_values(sql, at->order_key, "o");
	}
	cbi_sql_add(sql, " where ");
	cbi_sql_where(sql, at->filter);
	if (absent) {
		cbi_sql_add(sql, " and ");
		cbi_sql_add(sql, column);
		cbi_sql_add(sql, " is not null");
	}
	add_text(sql, at);
	if (!text_is_on_order(at))
		return;
	cbi_sql_add(sql, " and ");
	if (column) {
		/* LIKE, for the trigrams. */
		cbi_sql_contains(sql, at->order_key, at->term);
		return;
	}
	cbi_sql_add(sql, "strpos(o.v, ");
	cbi_sql_param(sql, at->term);
	cbi_sql_add(sql, ") > 0");
}

/* The expression that rows are ordered by; NULL for uid alone. */
static const char *order_value(const struct cbi_cursor *at)
{
	const char *column = order_column(at);

	if (!at->order_key)
		return NULL;
	return column ? column : "o.v";
}

static void add_edge(struct cbi_sql *sql, const struct cbi_cursor *at,
                     bool falling)
{
	const char *value = order_value(at);

	if (!at->edge.uid)
		return;
	cbi_sql_add(sql, " and ");
	if (value) {
		cbi_sql_add(sql, "(");
		cbi_sql_add(sql, value);
		cbi_sql_add(sql, ", e.uid)");
	} else {
		cbi_sql_add(sql, "e.uid");
	}
	cbi_sql_add(sql, falling ? " < " : " > ");
	if (value) {
		cbi_sql_add(sql, "(");
		cbi_sql_param(sql, at->edge.value);
		cbi_sql_add(sql, ", ");
	}
	cbi_sql_param(sql, at->edge.uid);
	cbi_sql_add(sql, "::uuid");
	if (value)
		cbi_sql_add(sql, ")");
}

static void add_order(struct cbi_sql *sql, const char *value, const char *uid,
                      bool falling)
{
	const char *way = falling ? " desc" : " asc";

	cbi_sql_add(sql, " order by ");
	if (value) {
		cbi_sql_add(sql, value);
		cbi_sql_add(sql, way);
		cbi_sql_add(sql, ", ");
	}
	cbi_sql_add(sql, uid);
	cbi_sql_add(sql, way);
}

static void add_limit(struct run *run)
{
	const struct cbi_query *query = run->query;

	cbi_sql_add(&run->sql, " limit ");
	cbi_sql_param(&run->sql, cbi_db_number(run->ctx, query->limit + 1));
	cbi_sql_add(&run->sql, "::bigint");
	if (!query->at.edge.uid && query->offset > 0) {
		cbi_sql_add(&run->sql, " offset ");
		cbi_sql_param(&run->sql,
		              cbi_db_number(run->ctx, query->offset));
		cbi_sql_add(&run->sql, "::bigint");
	}
}

static void build_page(struct run *run)
{
	const struct cbi_cursor *at = &run->query->at;
	struct cbi_sql *sql = &run->sql;
	const char *value = order_value(at);
	bool falling = at->descending != at->previous;

	if (at->previous)
		cbi_sql_add(sql, "select number, body, uid, v, count(*) over "
		                 "() from (");
	cbi_sql_add(sql, "select (select s.number from "
	                 "callboard.catalog_state s) as number, e.body, "
	                 "e.uid::text as uid, ");
	cbi_sql_add(sql, value ? value : "null::text");
	cbi_sql_add(sql, " as v");
	cbi_sql_add(sql, at->previous ? ", e.uid as u" : ", 0");
	add_from(sql, at);
	add_edge(sql, at, falling);
	add_order(sql, value, "e.uid", falling);
	add_limit(run);
	if (!at->previous)
		return;
	cbi_sql_add(sql, ") p");
	add_order(sql, value ? "v" : NULL, "u", !falling);
}

static int keep_edge(struct run *run, const struct cbi_db_result *result,
                     size_t row, struct cbi_edge *out)
{
	const char *value = cbi_db_text(result, row, COL_VALUE);

	out->uid = cb_strdup(run->ctx, cbi_db_text(result, row, COL_UID));
	out->value = value ? cb_strdup(run->ctx, value) : NULL;
	return out->uid && (!value || out->value) ? CB_OK : CB_ENOMEM;
}

static int take_row(struct run *run, const struct cbi_db_result *result,
                    size_t row)
{
	size_t limit = (size_t)run->query->limit;
	struct cbi_span body;
	int rc;

	run->number = (uint64_t)cbi_db_int(result, row, COL_NUMBER);
	run->rows++;
	/* The one too many is the first of a page that leads back, and the
	 * last of any other. */
	if (run->query->at.previous && run->rows == 1 &&
	    (size_t)cbi_db_int(result, row, COL_ROWS) > limit) {
		run->found.more = true;
		return CB_OK;
	}
	if (run->found.given == limit) {
		run->found.more = true;
		return CB_OK;
	}
	body.ptr = cbi_db_text(result, row, COL_BODY);
	body.len = cbi_db_len(result, row, COL_BODY);
	rc = run->found.given++ == 0
	         ? keep_edge(run, result, row, &run->found.first)
	         : CB_OK;
	/* A page that leads back may be short; else only a full one has a
	 * next.  Edges of every row would fill the arena on long pages. */
	if (rc == CB_OK &&
	    (run->found.given == limit ||
	     run->rows == (size_t)cbi_db_int(result, row, COL_ROWS)))
		rc = keep_edge(run, result, row, &run->found.last);
	return rc == CB_OK ? run->item(run->arg, body) : rc;
}

static int on_row(void *arg, const struct cbi_db_result *row)
{
	return take_row(arg, row, 0);
}

static int read_page(struct run *run)
{
	struct cbi_sql *sql = &run->sql;
	struct cbi_db_stmt stmt = { NULL, NULL };
	struct cbi_db_result *result;
	int rc = cbi_sql_begin(run->ctx, sql);

	if (rc < 0)
		return rc;
	build_page(run);
	rc = cbi_sql_done(sql);
	if (rc < 0)
		return rc;
	stmt.sql = cbi_buf_string(sql->text);
	if (run->query->limit > CBI_QUERY_HELD_MAX)
		return cbi_db_stream(run->ctx, &stmt, sql->params, sql->n,
		                     on_row, run);
	rc =
	    cbi_db_query_text(run->ctx, stmt.sql, sql->params, sql->n, &result);
	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(result); i++)
		rc = take_row(run, result, i);
	return rc;
}

/* How many entities all pages have together, each once. */
static int read_total(struct run *run, int64_t *total)
{
	const struct cbi_cursor *at = &run->query->at;
	struct cbi_sql sql;
	struct cbi_db_result *result;
	int rc = cbi_sql_begin(run->ctx, &sql);

	if (rc < 0)
		return rc;
	cbi_sql_add(&sql, "select (select s.number from "
	                  "callboard.catalog_state s), count(");
	/* Only an order by tokens can show an entity twice. */
	cbi_sql_add(&sql, at->order_key && !order_column(at) ? "distinct e.id)"
	                                                     : "*)");
	add_from(&sql, at);
	rc = cbi_sql_done(&sql);
	if (rc == CB_OK)
		rc = cbi_db_query_text(run->ctx, cbi_buf_string(sql.text),
		                       sql.params, sql.n, &result);
	if (rc < 0)
		return rc;
	run->number = (uint64_t)cbi_db_int(result, 0, 0);
	*total = cbi_db_int(result, 0, 1);
	return CB_OK;
}

static bool same_edge(const struct cbi_edge *a, const struct cbi_edge *b)
{
	if (!a->uid || !b->uid || strcmp(a->uid, b->uid) != 0)
		return false;
	if (!a->value || !b->value)
		return !a->value == !b->value;
	return strcmp(a->value, b->value) == 0;
}

static int write_cursors(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                         const struct cbi_query *query,
                         const struct cbi_query_found *found,
                         struct cbi_query_page *out)
{
	const struct cbi_cursor *at = &query->at;
	bool first_page = !at->edge.uid;
	struct cbi_cursor cursor = *at;
	int rc = CB_OK;

	cursor.total = out->total;
	if (first_page)
		cursor.first = found->first;
	if (found->given == 0)
		return CB_OK;
	if ((at->previous || found->more) && found->last.uid) {
		cursor.previous = false;
		cursor.edge = found->last;
		rc = cbi_cursor_write(ctx, catalog, &cursor, &out->next);
	}
	if (rc == CB_OK && !first_page &&
	    !same_edge(&found->first, &cursor.first)) {
		cursor.previous = true;
		cursor.edge = found->first;
		rc = cbi_cursor_write(ctx, catalog, &cursor, &out->prev);
	}
	return rc;
}

static int ask_database(struct run *run, struct cbi_query_page *out)
{
	const struct cbi_query *query = run->query;
	int rc = CB_OK;

	out->total = query->at.total;
	if (query->count && !query->at.edge.uid)
		rc = read_total(run, &out->total);
	if (rc == CB_OK && query->limit > 0)
		rc = read_page(run);
	if (rc < 0)
		return rc;
	cbi_fresh_seen(run->number);
	out->number = run->number;
	return CB_OK;
}

int cbi_query_run(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                  const struct cbi_query *query, cbi_query_item *item,
                  void *arg, struct cbi_query_page *out)
{
	struct run run = {
		.ctx = ctx, .query = query, .item = item, .arg = arg
	};
	int rc;

	memset(out, 0, sizeof(*out));
	rc = cbi_pick_run(ctx, catalog, query, item, arg, out, &run.found);
	if (rc == CB_ENOTSUP)
		rc = ask_database(&run, out);
	return rc == CB_OK ? write_cursors(ctx, catalog, query, &run.found, out)
	                   : rc;
}

int cbi_query_scope(struct cb_ctx *ctx, size_t before,
                    struct cbi_query_scope *out)
{
	struct cbi_sql sql;
	int rc = cbi_sql_begin(ctx, &sql);

	if (rc < 0)
		return rc;
	sql.before = before;
	cbi_sql_where(&sql, NULL);
	rc = cbi_sql_done(&sql);
	out->text = cbi_buf_string(sql.text);
	out->params = sql.params;
	out->n = sql.n;
	return rc;
}
