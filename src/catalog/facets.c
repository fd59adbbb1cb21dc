/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facets.c - see facets.h.
 */
#include "catalog/facets.h"

#include <string.h>

#include "base/limits.h"
#include "catalog/columns.h"
#include "catalog/fold.h"
#include "catalog/sql.h"
#include "db/db.h"

#define FACETS_MAX 100

/* --- from the columns --- */

static int count_place(struct cb_ctx *ctx, const struct cbi_columns *c,
                       const uint64_t *set, int place, struct cbi_facet *out)
{
	struct cbi_columns_count *counts;
	struct cbi_facet_value *values;
	size_t n;
	int rc = cbi_columns_count(ctx, c, set, place, &counts, &n);

	if (rc < 0)
		return rc;
	values = cb_alloc(ctx, (n + 1) * sizeof(*values));
	if (!values)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		values[i].value = cbi_columns_text(c, c->value[counts[i].id]);
		values[i].count = counts[i].count;
	}
	out->values = values;
	out->n = n;
	return CB_OK;
}

/* What there is to count in; columns NULL: ask PostgreSQL. */
struct counting {
	struct cbi_copy_txn *txn;
	const struct cbi_columns *columns;
};

static int count_columns(struct cb_ctx *ctx, const struct counting *in,
                         const struct cbi_filter *filter, const int *places,
                         size_t n, struct cbi_facet *out)
{
	const struct cbi_columns *c = in->columns;
	const uint64_t *seen;
	uint64_t *set;
	int rc = cbi_columns_match(ctx, c, filter, &set);

	if (rc == CB_OK)
		rc = cbi_columns_seen(ctx, c, in->txn, &seen);
	for (uint32_t w = 0; rc == CB_OK && w < c->words; w++)
		set[w] &= seen[w];
	for (size_t i = 0; i < n && rc == CB_OK; i++)
		rc = count_place(ctx, c, set, places[i], &out[i]);
	return rc;
}

/* --- in SQL --- */

static int count_key(struct cb_ctx *ctx, const struct cbi_filter *filter,
                     const char *key, struct cbi_facet *out)
{
	struct cbi_db_result *result;
	struct cbi_facet_value *values;
	struct cbi_sql sql;
	size_t length = 0, n;
	int rc = cbi_sql_begin(ctx, &sql);

	if (rc < 0)
		return rc;
	for (const char *p = key; *p; p++)
		length += ((unsigned char)*p & 0xc0) != 0x80;
	cb_buf_printf(sql.text,
	              "select (select s.number from callboard.catalog_state "
	              "s), coalesce(r.o, substr(r.t, %zu)) collate \"C\" as "
	              "v, count(distinct e.id)",
	              length + 2);
	cbi_sql_from(&sql);
	cbi_sql_add(&sql, ", unnest(e.tokens, e.originals) r(t, o) where ");
	cbi_sql_where(&sql, filter);
	cbi_sql_add(&sql, " and e.tokens @> ");
	cbi_sql_array(&sql, &key, 1);
	cbi_sql_add(&sql, "::text[] and starts_with(r.t, ");
	cbi_sql_param(&sql, cb_printf(ctx, "%s=", key));
	cbi_sql_add(&sql, ") group by v order by v");
	rc = cbi_sql_done(&sql);
	if (rc == CB_OK)
		rc = cbi_db_query_text(ctx, cbi_buf_string(sql.text),
		                       sql.params, sql.n, &result);
	if (rc < 0)
		return rc;
	n = cbi_db_rows(result);
	if (n > 0)
		cbi_fresh_seen((uint64_t)cbi_db_int(result, 0, 0));
	values = cb_alloc(ctx, (n + 1) * sizeof(*values));
	if (!values)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		values[i].value = cbi_db_text(result, i, 1);
		values[i].count = (size_t)cbi_db_int(result, i, 2);
	}
	out->values = values;
	out->n = n;
	return CB_OK;
}

static int look(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                struct cbi_fresh *fresh, struct counting *out)
{
	int rc = cbi_fresh_begin(ctx, catalog, fresh, &out->txn);

	if (rc == CB_OK && out->txn)
		out->columns = cbi_columns_look(ctx, out->txn, fresh->stale);
	if (!out->columns)
		*fresh = (struct cbi_fresh){ false, 0 };
	return rc;
}

/* Names in lower case, and their places; false when one has none. */
static int read_names(struct cb_ctx *ctx, const char *const *names, size_t n,
                      const char **keys, int *places, bool *columns)
{
	for (size_t i = 0; i < n; i++) {
		keys[i] = cbi_catalog_fold(ctx, names[i]);
		if (!keys[i])
			return CB_ENOMEM;
		places[i] = cbi_columns_place(keys[i]);
		*columns = *columns && places[i] >= 0;
	}
	return CB_OK;
}

int cbi_facets_count(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                     const struct cbi_filter *filter, const char *const *names,
                     size_t n, const struct cbi_facet **out,
                     struct cbi_fresh *fresh)
{
	struct cbi_facet *facets = cb_alloc(ctx, (n + 1) * sizeof(*facets));
	int *places = cb_alloc(ctx, (n + 1) * sizeof(*places));
	const char **keys = cb_alloc(ctx, (n + 1) * sizeof(*keys));
	struct counting in = { NULL, NULL };
	bool can = cbi_columns_can(filter);
	int rc;

	*fresh = (struct cbi_fresh){ false, 0 };
	if (n > FACETS_MAX)
		return cb_fail(ctx, CB_EINVAL, "more than %d facets",
		               FACETS_MAX);
	if (!facets || !places || !keys)
		return CB_ENOMEM;
	rc = read_names(ctx, names, n, keys, places, &can);
	if (rc == CB_OK && can)
		rc = look(ctx, catalog, fresh, &in);
	if (rc == CB_OK && in.columns)
		rc = count_columns(ctx, &in, filter, places, n, facets);
	for (size_t i = 0; i < n && rc == CB_OK; i++) {
		facets[i].name = names[i];
		if (!in.columns)
			rc = count_key(ctx, filter, keys[i], &facets[i]);
	}
	*out = facets;
	return rc;
}
