/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.h - which entities: the `filter` grammar of the query string and
 * the predicate language of bodies, both as one tree.
 *
 * Leaves speak of search rows: keys and values are in lower case already.
 * Trees live in the context that made them and never change.
 */
#ifndef CB_CATALOG_FILTER_H
#define CB_CATALOG_FILTER_H

#include <callboard/ctx.h>

#include <jansson.h>

enum cbi_filter_op {
	CBI_FILTER_ALL,    /* every child; without children: true */
	CBI_FILTER_ANY,    /* some child; without children: false */
	CBI_FILTER_NOT,    /* not its one child */
	CBI_FILTER_IN,     /* a row of key has one of the values */
	CBI_FILTER_EXISTS, /* there is a row of key, also a null one */
	CBI_FILTER_PREFIX, /* a row of key begins with the one value */
};

struct cbi_filter {
	enum cbi_filter_op op;
	const char *key;
	const char *const *values;
	size_t value_count;
	const struct cbi_filter *const *children;
	size_t child_count;
};

/*
 * The n values of `filter`: OR between them, AND within each, OR again for
 * one key within each.  *out is NULL when nothing is asked for ("," or no
 * parameter).  CB_EINVAL for an empty key and beyond CB_FILTER_TERMS_MAX.
 */
int cbi_filter_parse(struct cb_ctx *ctx, const char *const *params, size_t n,
                     const struct cbi_filter **out) CB_USED;

/* The `query` of a body.  CB_EINVAL says where it is wrong. */
int cbi_filter_predicate(struct cb_ctx *ctx, const json_t *query,
                         const struct cbi_filter **out) CB_USED;

/* A scope's `where`, which policies made: as many terms as one person's roles
 * and groups may come to. */
#define CBI_FILTER_SCOPE_TERMS_MAX 50000
int cbi_filter_scope(struct cb_ctx *ctx, const char *where,
                     const struct cbi_filter **out) CB_USED;

/* Both of two; either may be NULL. */
int cbi_filter_and(struct cb_ctx *ctx, const struct cbi_filter *a,
                   const struct cbi_filter *b,
                   const struct cbi_filter **out) CB_USED;

/* The tree as a predicate again: what cursors carry, and what says in a cache
 * key which filter it was.  Parsing it gives an equal tree. */
struct cb_buf;
int cbi_filter_write(struct cb_buf *buf, const struct cbi_filter *filter);

/* Is every key of it one for which ask says yes? */
bool cbi_filter_only(const struct cbi_filter *filter,
                     bool (*ask)(const char *key));

/*
 * Does a row set match?  `look` calls for each leaf: returns whether the
 * entity has a row that fits it (IN, EXISTS, PREFIX).
 */
bool cbi_filter_match(const struct cbi_filter *filter,
                      bool (*look)(const void *rows,
                                   const struct cbi_filter *leaf),
                      const void *rows);

#endif
