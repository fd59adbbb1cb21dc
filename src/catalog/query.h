/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - entities by filter, order and text, page by page.
 *
 * Queries that speak of columns alone (kind, namespace, type, lifecycle,
 * owner, tags; ordered by uid, name, title, type or lifecycle) are answered
 * from the host's copy, others by PostgreSQL.  Items are handed over one by
 * one, as served bytes, in order; large pages are never held as a whole.  With
 * scope.as_of set PostgreSQL answers what it would have answered then.
 */
#ifndef CB_CATALOG_QUERY_H
#define CB_CATALOG_QUERY_H

#include "base/str.h"
#include "catalog/cursor.h"
#include "catalog/fresh.h"

/* Above it a page is streamed instead of held. */
#define CBI_QUERY_HELD_MAX 500

/* What a page is asked for; the cursor part says the rest. */
struct cbi_query {
	struct cbi_cursor at; /* edge.uid NULL: the first page */
	int64_t limit;        /* 0: only the total */
	int64_t offset;       /* of the first page */
	bool count;           /* totalItems of a first page; else 0 */
};

struct cbi_query_page {
	int64_t total;
	const char *next, *prev; /* cursors; NULL: no such page */
	uint64_t number;         /* the change that was read */
	struct cbi_fresh fresh;  /* known before the first item */
};

typedef int cbi_query_item(void *arg, struct cbi_span body);

/* The text as a query wants it: trimmed, lower case, NULL when empty. */
int cbi_query_term(struct cb_ctx *ctx, const char *text,
                   const char **out) CB_USED;

/* What item returns other than CB_OK ends the query and is returned. */
int cbi_query_run(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                  const struct cbi_query *query, cbi_query_item *item,
                  void *arg, struct cbi_query_page *out) CB_USED;

/* The scope alone, as a condition of somebody else's statement over
 * callboard.entity e that has `before` parameters already: for search/.
 * Lives with ctx. */
struct cbi_query_scope {
	const char *text;
	const char *const *params;
	size_t n;
};
int cbi_query_scope(struct cb_ctx *ctx, size_t before,
                    struct cbi_query_scope *out) CB_USED;

/* --- GET /entities: the older list --- */

struct cbi_list_order {
	const char *key;
	bool descending;
};

struct cbi_list {
	const struct cbi_filter *filter;
	const struct cbi_list_order *orders;
	size_t order_count;
	bool paged;            /* limit, offset and all orders count */
	int64_t limit, offset; /* limit -1: none */
};

/* begin is told whether more follow, before the first item. */
int cbi_list_run(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                 const struct cbi_list *list,
                 int (*begin)(void *arg, bool more), cbi_query_item *item,
                 void *arg, struct cbi_fresh *fresh) CB_USED;

#endif
