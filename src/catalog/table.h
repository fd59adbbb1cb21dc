/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - the catalog as a table, and the counts of its filter rail, from
 * the host's copy alone: it answers with PostgreSQL away.
 *
 * Page, total and counts come from the columns that the process holds, rows
 * from the copy.  All texts live with the context.  With scope.as_of set all
 * comes from PostgreSQL, and every entity of then is read once.
 */
#ifndef CB_CATALOG_TABLE_H
#define CB_CATALOG_TABLE_H

#include "catalog/catalog.h"
#include "catalog/fresh.h"

enum cbi_table_column {
	CBI_COLUMN_KIND,
	CBI_COLUMN_TYPE,
	CBI_COLUMN_OWNER, /* refs: "group:default/team-a" */
	CBI_COLUMN_LIFECYCLE,
	CBI_COLUMN_TAG,
	CBI_COLUMN_NAMESPACE,
	CBI_COLUMNS
};

enum cbi_table_sort {
	CBI_SORT_NAME = 0,
	CBI_SORT_TYPE,
	CBI_SORT_OWNER,
	CBI_SORT_LIFECYCLE,
};

#define CBI_TABLE_LIMIT_MAX 500

struct cbi_table_query {
	/* Any of the values, in any case; n 0: no filter. */
	struct {
		const char *const *values;
		size_t n;
	} filters[CBI_COLUMNS];
	const char *text; /* within name or title, any case; NULL, "": any */
	enum cbi_table_sort sort; /* ties by name, kind and namespace */
	bool descending;          /* rows without the value are last always */
	const char *after;        /* a position that an earlier page gave */
	const char *before; /* the page that ends before it; not with after */
	size_t limit;       /* 1 to CBI_TABLE_LIMIT_MAX */
};

struct cbi_table_row {
	const char *ref;
	const char *kind, *space, *name; /* as written */
	/* "" for none; 300 bytes at most.  display: of a profile. */
	const char *title, *description, *display;
	const char *type, *lifecycle, *owner; /* the first; NULL for none */
	const char *const *tags;
	size_t tag_count;
	uint64_t number;
	int64_t updated_ms;
};

struct cbi_table {
	const struct cbi_table_row *rows;
	size_t count;
	size_t total;     /* of all pages */
	const char *prev; /* for `before`; NULL: this is the first page */
	const char *next; /* for `after`; NULL: this is the last page */
};

struct cbi_table_count {
	const char *value; /* as written */
	size_t count;
	bool chosen; /* a filter of the query names it */
};

/* Per column, by value: how many rows there would be if this column's own
 * filter named just this value.  So kinds are counted over all other filters,
 * types within the chosen kind, and so on. */
struct cbi_table_rail {
	const struct cbi_table_count *counts[CBI_COLUMNS];
	size_t n[CBI_COLUMNS];
};

/* rail may be NULL.  CB_EINVAL for a position that is none. */
int cbi_table_read(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                   const struct cbi_table_query *query, struct cbi_table *out,
                   struct cbi_table_rail *rail,
                   struct cbi_fresh *fresh) CB_USED;

/* The n (at most 100) entities that changed last, newest first. */
int cbi_table_recent(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                     size_t n, struct cbi_table *out,
                     struct cbi_fresh *fresh) CB_USED;

/*
 * What an entity is called: spec.profile.displayName, else metadata.title,
 * else metadata.name.  From PostgreSQL while the copy is behind what this
 * host answered.  CB_ENOENT, not noted, when there is none.
 */
int cbi_table_title(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    const char *ref, const char **out) CB_USED;

/* How many there are of each kind, by kind as written. */
int cbi_table_kinds(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    const struct cbi_table_count **out, size_t *n,
                    struct cbi_fresh *fresh) CB_USED;

#endif
