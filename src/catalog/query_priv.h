/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_priv.h - the two ways of a query, for query.c and pick.c.
 */
#ifndef CB_CATALOG_QUERY_PRIV_H
#define CB_CATALOG_QUERY_PRIV_H

#include "catalog/query.h"

/* What cursors are made of. */
struct cbi_query_found {
	size_t given; /* handed over */
	bool more;    /* one row too many was there */
	struct cbi_edge first, last;
};

/* Answers from the columns, with total and number; CB_ENOTSUP, not noted and
 * nothing done, when they cannot. */
int cbi_pick_run(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                 const struct cbi_query *query, cbi_query_item *item, void *arg,
                 struct cbi_query_page *page,
                 struct cbi_query_found *found) CB_USED;

#endif
