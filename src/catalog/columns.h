/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h - the catalog's columns in this process's memory: what filters,
 * orders and counts over everything are quick on.  Private to catalog/.
 *
 * Made from the copy when a reader first needs them at a change number, and
 * shared by the process's threads: a set never changes, another takes its
 * place by one atomic pointer, and goes when no context holds it.  About 150
 * bytes an entity.  While changes come faster than it pays to follow (a set
 * may cost a twentieth of the time), readers do without.
 */
#ifndef CB_CATALOG_COLUMNS_H
#define CB_CATALOG_COLUMNS_H

#include "base/ctx.h"
#include "catalog/filter.h"
#include "catalog/layout.h"

struct cbi_copy_txn;

enum cbi_columns_order {
	CBI_ORDER_UID,
	CBI_ORDER_NAME,
	CBI_ORDER_TITLE,
	CBI_ORDER_TYPE,
	CBI_ORDER_LIFECYCLE,
	CBI_ORDERS
};

/* Values have ids, in the order of their texts as written. */
struct cbi_columns {
	uint64_t number;
	char database[40];
	uint32_t n;     /* rows */
	uint32_t words; /* of a set of rows, 64 each */
	uint32_t value_count;
	const char **values; /* as written */
	const char **folded;
	uint32_t *kind, *space;
	/* The values of row i: list[at[i]] to list[at[i + 1]] exclusive. */
	uint32_t *at[CBI_LISTS], *list[CBI_LISTS];
	const char **ref;
	unsigned char (*uid)[16];
	/* What rows are ordered by, in lower case; those without are not in
	 * the order.  NULL for uid. */
	const char **key[CBI_ORDERS];
	uint32_t *order[CBI_ORDERS];
	uint32_t order_count[CBI_ORDERS];
	char *pool;
};

/*
 * The set of what txn sees; NULL when there is none to be had now.  With must
 * set (PostgreSQL is away, nobody else can answer) one is made whatever it
 * costs, or waited for.  Lives with ctx.
 */
const struct cbi_columns *cbi_columns_look(struct cb_ctx *ctx,
                                           struct cbi_copy_txn *txn, bool must);

/* Can a filter be answered by columns?  NULL can. */
bool cbi_columns_can(const struct cbi_filter *filter);

/* A set of rows: bit i % 64 of word i / 64.  *out lives with ctx. */
int cbi_columns_match(struct cb_ctx *ctx, const struct cbi_columns *columns,
                      const struct cbi_filter *filter, uint64_t **out) CB_USED;

/* Where a key's values are: one of CBI_LIST_*, or these; -1 for others. */
enum { CBI_COLUMN_AT_KIND = CBI_LISTS, CBI_COLUMN_AT_SPACE };
int cbi_columns_place(const char *key);

#endif
