/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - GET /entities: see query.h.
 *
 * The whole list without an order comes from the host's copy when its filter
 * asks only for what a ref tells; everything else from PostgreSQL, streamed.
 */
#include <string.h>

#include "base/limits.h"
#include "catalog/layout.h"
#include "catalog/query.h"
#include "catalog/sight.h"
#include "catalog/sql.h"
#include "copy/copy.h"
#include "db/db.h"

struct run {
	struct cb_ctx *ctx;
	const struct cbi_list *list;
	cbi_query_item *item;
	void *arg;
	int64_t given;
	uint64_t number;
	const struct cbi_filter *parts; /* the filter and the scope, if a ref
	                                 * tells both; NULL: everything */
};

/* --- from the copy --- */

/* The parts of a ref, as search rows have them. */
struct parts {
	const char *kind, *space, *name;
};

static const char *part_of(const struct parts *parts, const char *key)
{
	if (strcmp(key, "kind") == 0)
		return parts->kind;
	if (strcmp(key, "metadata.namespace") == 0)
		return parts->space;
	return parts->name;
}

static bool is_part(const char *key)
{
	return cbi_sql_column(key) != NULL;
}

static bool part_fits(const void *rows, const struct cbi_filter *leaf)
{
	const char *value = part_of(rows, leaf->key);

	if (leaf->op == CBI_FILTER_EXISTS)
		return true;
	if (leaf->op == CBI_FILTER_PREFIX)
		return cbi_str_starts(value, leaf->values[0]);
	for (size_t i = 0; i < leaf->value_count; i++)
		if (strcmp(value, leaf->values[i]) == 0)
			return true;
	return false;
}

static bool ref_fits(const struct cbi_filter *filter, struct cbi_span ref)
{
	char text[CB_REF_MAX + 1];
	struct parts parts = { text, "", "" };
	char *colon, *slash;

	if (!filter)
		return true;
	if (ref.len > CB_REF_MAX)
		return false;
	memcpy(text, ref.ptr, ref.len);
	text[ref.len] = '\0';
	colon = strchr(text, ':');
	slash = colon ? strchr(colon, '/') : NULL;
	if (!slash)
		return false;
	*colon = *slash = '\0';
	parts.space = colon + 1;
	parts.name = slash + 1;
	return cbi_filter_match(filter, part_fits, &parts);
}

static int list_copy(struct run *run, struct cbi_copy_txn *txn)
{
	struct cbi_copy_cursor *cursor;
	struct cbi_span uid, ref, record;
	struct cbi_layout_head head;
	int rc = cbi_copy_seek(run->ctx, txn, CBI_TABLE_UID, NULL, 0, &cursor);

	while (rc == CB_OK && cbi_copy_next(cursor, &uid, &ref)) {
		if (!ref_fits(run->parts, ref))
			continue;
		rc = cbi_copy_get(txn, CBI_TABLE_ENTITY, ref.ptr, ref.len,
		                  &record);
		if (rc < 0)
			break;
		cbi_layout_read(record, &head);
		rc = run->item(run->arg, head.body);
	}
	return rc;
}

/* --- from PostgreSQL --- */

/* Names of the orders' FROM items. */
static const char *item_name(size_t i)
{
	static const char *const names[] = { "o0", "o1", "o2", "o3",
		                             "o4", "o5", "o6", "o7" };

	return i < sizeof(names) / sizeof(names[0]) ? names[i] : NULL;
}

static void add_from(struct run *run, struct cbi_sql *sql)
{
	const struct cbi_list *list = run->list;

	cbi_sql_from(sql);
	for (size_t i = 0; i < list->order_count; i++) {
		if (cbi_sql_column(list->orders[i].key))
			continue;
		/* A page keeps what has no value, a whole list does not. */
		cbi_sql_add(sql, list->paged ? " left join " : " join ");
		cbi_sql_values(sql, list->orders[i].key, item_name(i));
		cbi_sql_add(sql, " on true");
	}
	cbi_sql_add(sql, " where ");
	cbi_sql_where(sql, list->filter);
}

static void add_order(struct run *run, struct cbi_sql *sql)
{
	const struct cbi_list *list = run->list;

	cbi_sql_add(sql, " order by ");
	for (size_t i = 0; i < list->order_count; i++) {
		const char *column = cbi_sql_column(list->orders[i].key);

		cbi_sql_add(sql, column ? column : item_name(i));
		cbi_sql_add(sql, column ? "" : ".v");
		cbi_sql_add(sql, list->orders[i].descending
		                     ? " desc nulls last, "
		                     : " asc nulls last, ");
	}
	cbi_sql_add(sql,
	            list->order_count == 0 && list->paged ? "e.ref" : "e.uid");
}

static int build(struct run *run, struct cbi_sql *sql, int64_t limit,
                 int64_t offset, bool bodies)
{
	int rc = cbi_sql_begin(run->ctx, sql);

	if (rc < 0)
		return rc;
	cbi_sql_add(sql, "select (select s.number from "
	                 "callboard.catalog_state s), ");
	cbi_sql_add(sql, bodies ? "e.body" : "''");
	add_from(run, sql);
	add_order(run, sql);
	if (limit >= 0) {
		cbi_sql_add(sql, " limit ");
		cbi_sql_param(sql, cbi_db_number(run->ctx, limit));
		cbi_sql_add(sql, "::bigint");
	}
	if (offset > 0) {
		cbi_sql_add(sql, " offset ");
		cbi_sql_param(sql, cbi_db_number(run->ctx, offset));
		cbi_sql_add(sql, "::bigint");
	}
	return cbi_sql_done(sql);
}

static int on_row(void *arg, const struct cbi_db_result *row)
{
	struct run *run = arg;
	struct cbi_span body = { cbi_db_text(row, 0, 1),
		                 cbi_db_len(row, 0, 1) };

	run->number = (uint64_t)cbi_db_int(row, 0, 0);
	return run->item(run->arg, body);
}

/* Is there a row behind the page?  Asked before, since a header says so. */
static int ask_more(struct run *run, bool *more)
{
	const struct cbi_list *list = run->list;
	struct cbi_db_result *result;
	struct cbi_sql sql;
	int rc;

	*more = false;
	if (list->limit < 0)
		return CB_OK;
	/* Beyond any catalog: no row, and no overflow. */
	if (list->offset > INT64_MAX - list->limit)
		return CB_OK;
	rc = build(run, &sql, 1, list->offset + list->limit, false);
	if (rc == CB_OK)
		rc = cbi_db_query_text(run->ctx, cbi_buf_string(sql.text),
		                       sql.params, sql.n, &result);
	if (rc == CB_OK)
		*more = cbi_db_rows(result) > 0;
	return rc;
}

static int list_database(struct run *run)
{
	const struct cbi_list *list = run->list;
	struct cbi_db_stmt stmt = { NULL, NULL };
	struct cbi_sql sql;
	int rc = build(run, &sql, list->limit, list->offset, true);

	if (rc < 0)
		return rc;
	stmt.sql = cbi_buf_string(sql.text);
	rc = cbi_db_stream(run->ctx, &stmt, sql.params, sql.n, on_row, run);
	cbi_fresh_seen(run->number);
	return rc;
}

/* Can the copy answer?  Then parts says for which refs. */
static int from_parts(struct run *run, bool *can)
{
	const struct cbi_list *list = run->list;
	const struct cbi_filter *seen;
	int rc;

	*can = false;
	if (list->paged || list->order_count)
		return CB_OK;
	rc = cbi_sight_filter(run->ctx, &seen);
	if (rc == CB_OK)
		rc = cbi_filter_and(run->ctx, list->filter, seen, &run->parts);
	*can = !run->parts || cbi_filter_only(run->parts, is_part);
	return rc;
}

int cbi_list_run(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                 const struct cbi_list *list,
                 int (*begin)(void *arg, bool more), cbi_query_item *item,
                 void *arg, struct cbi_fresh *fresh)
{
	struct run run = { .ctx = ctx, .list = list, .item = item, .arg = arg };
	struct cbi_copy_txn *txn = NULL;
	bool more, can;
	int rc;

	*fresh = (struct cbi_fresh){ false, 0 };
	if (list->order_count > 8)
		return cb_fail(ctx, CB_EINVAL, "more than 8 orders");
	rc = from_parts(&run, &can);
	if (rc == CB_OK && can)
		rc = cbi_fresh_begin(ctx, catalog, fresh, &txn);
	if (rc == CB_OK && txn) {
		rc = begin(arg, false);
		return rc == CB_OK ? list_copy(&run, txn) : rc;
	}
	if (rc == CB_OK)
		rc = ask_more(&run, &more);
	if (rc == CB_OK)
		rc = begin(arg, more);
	return rc == CB_OK ? list_database(&run) : rc;
}
