/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h - the catalog's columns in this process's memory: what filters,
 * orders and counts over everything are quick on.  Private to catalog/.
 *
 * Made from the copy when a reader first needs them, and from the set before
 * (columns_build.c) when some entities changed since: rows that changed are
 * dead in the next set and stand anew at its end.  Shared by the process's
 * threads: a set never changes, another takes its place by one atomic
 * pointer, and goes when no context holds it.  About 150 bytes an entity.
 */
#ifndef CB_CATALOG_COLUMNS_H
#define CB_CATALOG_COLUMNS_H

#include "base/ctx.h"
#include "catalog/filter.h"
#include "catalog/layout.h"

struct cbi_copy_txn;

enum cbi_columns_order {
	CBI_ORDER_UID,
	CBI_ORDER_NAME, /* ties of this and the next by uid */
	CBI_ORDER_TITLE,
	CBI_ORDER_TYPE,
	CBI_ORDER_LIFECYCLE,
	CBI_ORDER_REF, /* by name, kind, namespace */
	CBI_ORDERS
};

/* Where a key's values are: one of CBI_LIST_*, or these. */
enum { CBI_PLACE_KIND = CBI_LISTS, CBI_PLACE_SPACE, CBI_PLACES };

#define CBI_COLUMNS_CHAINS 4096 /* a power of two */
#define CBI_COLUMNS_NONE UINT32_MAX

/* Texts are offsets into the pool, 0 for none.  Values have ids, one for each
 * text as written. */
struct cbi_columns {
	uint64_t number;
	char database[40];
	uint32_t n;     /* rows, the dead ones too */
	uint32_t live;  /* without them */
	uint32_t words; /* of a set of rows, 64 each */
	uint64_t *alive;
	uint32_t *kind, *space; /* ids */
	uint32_t *name, *title; /* texts in lower case */
	unsigned char (*uid)[16];
	/* The values of row i: list[at[i]] to list[at[i + 1]] exclusive. */
	uint32_t *at[CBI_LISTS], *list[CBI_LISTS];
	/* Of places with few values: a set of rows for each of members. */
	uint32_t *members[CBI_PLACES], member_count[CBI_PLACES];
	uint64_t *sets[CBI_PLACES]; /* NULL: too many values */
	/* Rows in order, and those that are in it: without a value to order
	 * by a row is not. */
	uint32_t *order[CBI_ORDERS], order_count[CBI_ORDERS];
	uint64_t *ordered[CBI_ORDERS];
	uint32_t *rank; /* of a row in CBI_ORDER_REF */
	uint32_t value_count;
	uint32_t *value, *folded; /* texts */
	uint32_t *by_value;       /* ids in the order of the texts */
	uint32_t *fold_rank;      /* of an id; the same for equal ones */
	/* For the next set: */
	uint32_t *chained, chains[CBI_COLUMNS_CHAINS]; /* id + 1; 0: none */
	char *pool;
	size_t pool_len, pool_room, value_room, list_room[CBI_LISTS];
	/* Rows that classes of scopes see: made when first asked, added to,
	 * never changed (columns_seen.c). */
	struct cbi_columns_seen *seen;
};

/*
 * The set of what txn sees; NULL when there is none to be had now.  With must
 * set (nobody else can answer) one is made whatever it costs, or waited for.
 * Lives with ctx.
 */
const struct cbi_columns *cbi_columns_look(struct cb_ctx *ctx,
                                           struct cbi_copy_txn *txn, bool must);

static inline const char *cbi_columns_text(const struct cbi_columns *columns,
                                           uint32_t text)
{
	return columns->pool + text;
}

static inline bool cbi_columns_has(const uint64_t *set, uint32_t row)
{
	return set[row / 64] >> (row % 64) & 1;
}

/* The id of a row's first value in a list; CBI_COLUMNS_NONE for none. */
uint32_t cbi_columns_first(const struct cbi_columns *columns, int list,
                           uint32_t row);

/* What a row is ordered by, in lower case; NULL by uid, or without one. */
const char *cbi_columns_key(const struct cbi_columns *columns,
                            enum cbi_columns_order order, uint32_t row);

/* The row's ref; its length. */
size_t cbi_columns_ref(const struct cbi_columns *columns, uint32_t row,
                       char out[CB_REF_MAX + 1]);

/* --- sets of rows: bit i % 64 of word i / 64 (columns_match.c) --- */

/* Can a filter be answered by columns?  NULL can. */
bool cbi_columns_can(const struct cbi_filter *filter);

/* *out lives with ctx. */
int cbi_columns_match(struct cb_ctx *ctx, const struct cbi_columns *columns,
                      const struct cbi_filter *filter, uint64_t **out) CB_USED;

/* The place of a filter's key; -1 for others. */
int cbi_columns_place(const char *key);

/* Rows with any of the values (in lower case) at a place. */
int cbi_columns_any(struct cb_ctx *ctx, const struct cbi_columns *columns,
                    int place, const char *const *values, size_t n,
                    uint64_t **out) CB_USED;

size_t cbi_columns_size(const struct cbi_columns *columns, const uint64_t *set);

/*
 * The rows that the context's scope sees, of columns that txn was looked up
 * with (NULL: of the past, whose rows were chosen by it).  Kept with the
 * columns by the scope's class: the first of a class pays for it, and after a
 * change only the rows that were written are judged.  A condition on what
 * columns do not hold (labels, annotations) looks at an entity's bytes where
 * the rest of the predicate does not decide.  Lives with ctx.
 */
int cbi_columns_seen(struct cb_ctx *ctx, const struct cbi_columns *columns,
                     struct cbi_copy_txn *txn, const uint64_t **out) CB_USED;

/* The row of a ref, dead or alive; CBI_COLUMNS_NONE for none. */
uint32_t cbi_columns_row(const struct cbi_columns *columns, const char *ref);

/* How many rows of a set have each value at a place, by its text as written;
 * values without any are left out. */
struct cbi_columns_count {
	uint32_t id;
	uint32_t count;
};
int cbi_columns_count(struct cb_ctx *ctx, const struct cbi_columns *columns,
                      const uint64_t *set, int place,
                      struct cbi_columns_count **out, size_t *n) CB_USED;

#endif
