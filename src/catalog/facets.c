/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facets.c - see facets.h.
 */
#include "catalog/facets.h"

#include <string.h>

#include "base/limits.h"
#include "catalog/fold.h"
#include "catalog/layout.h"
#include "catalog/sql.h"
#include "catalog/tally.h"
#include "copy/copy.h"
#include "db/db.h"

#define FACETS_MAX 100

/* Where a key's values are in a row of the copy: a list, or one of these. */
enum place {
	PLACE_NONE = -1,
	PLACE_KIND = CBI_LISTS,
	PLACE_SPACE,
	PLACE_NAME,
};

static int place_of(const char *key)
{
	static const struct {
		const char *key;
		int place;
	} places[] = {
		{ "kind", PLACE_KIND },
		{ "metadata.namespace", PLACE_SPACE },
		{ "metadata.name", PLACE_NAME },
		{ "spec.type", CBI_LIST_TYPE },
		{ "spec.lifecycle", CBI_LIST_LIFECYCLE },
		{ "relations.ownedby", CBI_LIST_OWNER },
		{ "metadata.tags", CBI_LIST_TAG },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i].key, key) == 0)
			return places[i].place;
	return PLACE_NONE;
}

static bool is_column(const char *key)
{
	return place_of(key) != PLACE_NONE;
}

/* --- from the copy --- */

/* One row, and its key's parts (which are in lower case). */
struct columns {
	struct cbi_layout_row row;
	const char *kind, *name, *space;
};

static bool value_fits(const struct cbi_filter *leaf, const char *folded)
{
	if (leaf->op == CBI_FILTER_EXISTS)
		return true;
	if (leaf->op == CBI_FILTER_PREFIX)
		return cbi_str_starts(folded, leaf->values[0]);
	for (size_t i = 0; i < leaf->value_count; i++)
		if (strcmp(leaf->values[i], folded) == 0)
			return true;
	return false;
}

static bool leaf_fits(const void *rows, const struct cbi_filter *leaf)
{
	const struct columns *columns = rows;
	int place = place_of(leaf->key);
	const char *p, *folded;

	switch (place) {
	case PLACE_KIND:
		return value_fits(leaf, columns->kind);
	case PLACE_SPACE:
		return value_fits(leaf, columns->space);
	case PLACE_NAME:
		return value_fits(leaf, columns->name);
	default:
		break;
	}
	p = columns->row.lists[place];
	for (unsigned n = columns->row.counts[place]; n > 0; n--) {
		cbi_layout_value(&p, &folded);
		if (value_fits(leaf, folded))
			return true;
	}
	return false;
}

static int count_place(struct cb_ctx *ctx, const struct cbi_layout_row *row,
                       int place, struct cbi_tally *tally, uint32_t at)
{
	const char *p, *folded;
	int rc = CB_OK;

	switch (place) {
	case PLACE_KIND:
		return cbi_tally_add(ctx, tally, row->kind, at);
	case PLACE_SPACE:
		return cbi_tally_add(ctx, tally, row->space, at);
	case PLACE_NAME:
		return cbi_tally_add(ctx, tally, row->name, at);
	default:
		break;
	}
	p = row->lists[place];
	for (unsigned n = row->counts[place]; n > 0 && rc == CB_OK; n--)
		rc = cbi_tally_add(ctx, tally, cbi_layout_value(&p, &folded),
		                   at);
	return rc;
}

static int to_facet(struct cb_ctx *ctx, struct cbi_tally *tally,
                    struct cbi_facet *out)
{
	size_t n;
	const struct cbi_tally_slot *slots = cbi_tally_sorted(tally, &n);
	struct cbi_facet_value *values =
	    cb_alloc(ctx, (n + 1) * sizeof(*values));

	if (!values)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++)
		values[i] =
		    (struct cbi_facet_value){ slots[i].value, slots[i].count };
	out->values = values;
	out->n = n;
	return CB_OK;
}

struct counting {
	struct cb_ctx *ctx;
	const struct cbi_filter *filter;
	const int *places;
	struct cbi_tally *tallies;
	size_t n;
	uint32_t at;
};

static int count_row(struct counting *c, struct cbi_span key,
                     struct cbi_span record)
{
	struct columns columns;
	int rc = CB_OK;

	cbi_layout_row_read(record, &columns.row);
	columns.kind = key.ptr;
	columns.name = columns.kind + strlen(columns.kind) + 1;
	c->at++;
	if (c->filter) {
		/* The key's last part is not terminated. */
		columns.space = cbi_catalog_fold(c->ctx, columns.row.space);
		if (!columns.space)
			return CB_ENOMEM;
		if (!cbi_filter_match(c->filter, leaf_fits, &columns))
			return CB_OK;
	}
	for (size_t i = 0; i < c->n && rc == CB_OK; i++)
		rc = count_place(c->ctx, &columns.row, c->places[i],
		                 &c->tallies[i], c->at);
	return rc;
}

static int count_copy(struct counting *c, struct cbi_copy_txn *txn,
                      struct cbi_facet *out)
{
	struct cbi_copy_cursor *cursor;
	struct cbi_span key, record;
	int rc = cbi_copy_seek(c->ctx, txn, CBI_TABLE_ROW, NULL, 0, &cursor);

	while (rc == CB_OK && cbi_copy_next(cursor, &key, &record))
		rc = count_row(c, key, record);
	for (size_t i = 0; i < c->n && rc == CB_OK; i++)
		rc = to_facet(c->ctx, &c->tallies[i], &out[i]);
	return rc;
}

/* A leaf that asks only whether a column exists also means null values,
 * which columns do not hold. */
static bool has_exists(const struct cbi_filter *filter)
{
	if (filter->op == CBI_FILTER_EXISTS)
		return place_of(filter->key) < CBI_LISTS;
	for (size_t i = 0; i < filter->child_count; i++)
		if (has_exists(filter->children[i]))
			return true;
	return false;
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
	              "v, count(distinct e.id) from callboard.entity e, "
	              "unnest(e.tokens, e.originals) r(t, o) where ",
	              length + 2);
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

int cbi_facets_count(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                     const struct cbi_filter *filter, const char *const *names,
                     size_t n, const struct cbi_facet **out,
                     struct cbi_fresh *fresh)
{
	struct cbi_facet *facets = cb_alloc(ctx, (n + 1) * sizeof(*facets));
	int *places = cb_alloc(ctx, (n + 1) * sizeof(*places));
	struct counting c = {
		.ctx = ctx, .filter = filter, .places = places, .n = n
	};
	struct cbi_copy_txn *txn = NULL;
	bool columns = !filter || (cbi_filter_only(filter, is_column) &&
	                           !has_exists(filter));
	int rc = CB_OK;

	*fresh = (struct cbi_fresh){ false, 0 };
	if (ctx->scope.as_of)
		return cb_fail(ctx, CB_ENOTSUP,
		               "facets of the past are not kept");
	if (n > FACETS_MAX)
		return cb_fail(ctx, CB_EINVAL, "more than %d facets",
		               FACETS_MAX);
	c.tallies = cb_alloc(ctx, (n + 1) * sizeof(*c.tallies));
	if (!facets || !places || !c.tallies)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *key = cbi_catalog_fold(ctx, names[i]);

		if (!key)
			return CB_ENOMEM;
		facets[i].name = names[i];
		places[i] = place_of(key);
		columns = columns && places[i] != PLACE_NONE;
	}
	if (columns && ctx->scope.all)
		rc = cbi_fresh_begin(ctx, catalog, fresh, &txn);
	if (rc == CB_OK && txn)
		rc = count_copy(&c, txn, facets);
	for (size_t i = 0; i < n && rc == CB_OK && !txn; i++) {
		const char *key = cbi_catalog_fold(ctx, names[i]);

		rc = key ? count_key(ctx, filter, key, &facets[i]) : CB_ENOMEM;
	}
	*out = facets;
	return rc;
}
