/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql.h - statements put together at run time.  Private to catalog/.
 *
 * What came from a request becomes a parameter, never text.  The first
 * failure sticks and is looked at once, by cbi_sql_done.
 */
#ifndef CB_CATALOG_SQL_H
#define CB_CATALOG_SQL_H

#include "base/buf.h"
#include "base/ctx.h"
#include "catalog/filter.h"

#define CBI_SQL_PARAMS_MAX 4000

struct cbi_sql {
	struct cb_ctx *ctx;
	struct cb_buf *text;
	const char **params;
	size_t n;
	size_t before; /* parameters of a statement that this is a part of */
	int failed;
};

/* Its memory goes with ctx. */
int cbi_sql_begin(struct cb_ctx *ctx, struct cbi_sql *sql) CB_USED;

/* Text of our own. */
void cbi_sql_add(struct cbi_sql *sql, const char *text);
/* "$n" and, for an array, the values as one literal. */
void cbi_sql_param(struct cbi_sql *sql, const char *value);
void cbi_sql_array(struct cbi_sql *sql, const char *const *values, size_t n);

/*
 * " from ..." of the entities as e: what is served now, or with scope.as_of
 * what was served then.  The columns are the same but for `hash` and `words`,
 * which the past does not keep; updated_at is when that version began.
 */
void cbi_sql_from(struct cbi_sql *sql);

/* A condition on what cbi_sql_from named e; NULL is "true".  The context's
 * scope is part of it: whatever is asked goes through here. */
void cbi_sql_where(struct cbi_sql *sql, const struct cbi_filter *filter);

/* The column of e that always holds the one value of a search key; NULL for
 * keys whose values are in the tokens. */
const char *cbi_sql_column(const char *key);

/*
 * The column that rows are ordered by; *absent is set when it may be null,
 * which means that the entity has no value.  NULL as above.  A type or
 * lifecycle that is a list (no kind's rules allow one) counts by its first.
 */
const char *cbi_sql_order_column(const char *key, bool *absent);

/*
 * A value of key as a FROM item: "lateral (select ... as v) <name>".  One row
 * for each value that is not null.
 */
void cbi_sql_values(struct cbi_sql *sql, const char *key, const char *name);

/* Some value of key contains term; some value of one of n keys, at least one,
 * does. */
void cbi_sql_contains(struct cbi_sql *sql, const char *key, const char *term);
void cbi_sql_contains_any(struct cbi_sql *sql, const char *const *keys,
                          size_t n, const char *term);

/* CB_OK when text and params are whole. */
int cbi_sql_done(struct cbi_sql *sql) CB_USED;

#endif
