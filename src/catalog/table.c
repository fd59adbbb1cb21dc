/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - see table.h.
 *
 * A row that misses exactly one column's filter still counts in that column's
 * facet; one that misses none is on some page.  Of those the walk keeps the
 * `limit` + 1 nearest to the position, in order.
 */
#include "catalog/table.h"

#include <string.h>

#include "catalog/fold.h"
#include "catalog/layout.h"
#include "catalog/table_priv.h"
#include "catalog/tally.h"
#include "copy/copy.h"

struct candidate {
	struct cbi_table_place place;
	struct cbi_span record;
};

struct walk {
	struct cb_ctx *ctx;
	const struct cbi_table_query *query; /* its values in lower case */
	struct cbi_table_place from;         /* after or before it, if any */
	bool backwards;
	struct candidate *best; /* in order of the walk */
	size_t best_count, best_room;
	size_t total;
	uint32_t row;
	bool rail;
	struct cbi_tally tallies[CBI_COLUMNS];
};

static const int lists[CBI_COLUMNS] = {
	[CBI_COLUMN_KIND] = -1,
	[CBI_COLUMN_TYPE] = CBI_LIST_TYPE,
	[CBI_COLUMN_OWNER] = CBI_LIST_OWNER,
	[CBI_COLUMN_LIFECYCLE] = CBI_LIST_LIFECYCLE,
	[CBI_COLUMN_TAG] = CBI_LIST_TAG,
	[CBI_COLUMN_NAMESPACE] = -1,
};

static bool among(const struct cbi_table_query *query, int column,
                  const char *folded)
{
	for (size_t i = 0; i < query->filters[column].n; i++)
		if (strcmp(query->filters[column].values[i], folded) == 0)
			return true;
	return false;
}

static const char *folded_space(const struct walk *w,
                                const struct cbi_layout_row *row)
{
	const char *folded = cbi_catalog_fold(w->ctx, row->space);

	return folded ? folded : "";
}

static bool column_fits(const struct walk *w, int column,
                        const struct cbi_layout_row *row,
                        const struct cbi_table_place *place)
{
	const char *p, *folded;

	if (w->query->filters[column].n == 0)
		return true;
	if (column == CBI_COLUMN_KIND)
		return among(w->query, column, place->kind);
	if (column == CBI_COLUMN_NAMESPACE)
		return among(w->query, column, folded_space(w, row));
	p = row->lists[lists[column]];
	for (unsigned n = row->counts[lists[column]]; n > 0; n--) {
		cbi_layout_value(&p, &folded);
		if (among(w->query, column, folded))
			return true;
	}
	return false;
}

static bool text_fits(struct walk *w, const struct cbi_layout_row *row,
                      const struct cbi_table_place *place)
{
	const char *text = w->query->text, *title;

	if (!text || strstr(place->name, text))
		return true;
	if (!*row->title)
		return false;
	title = cbi_catalog_fold(w->ctx, row->title);
	return title && strstr(title, text);
}

static int count_column(struct walk *w, int column,
                        const struct cbi_layout_row *row)
{
	struct cbi_tally *tally = &w->tallies[column];
	const char *p, *folded;
	int rc = CB_OK;

	if (column == CBI_COLUMN_KIND)
		return cbi_tally_add(w->ctx, tally, row->kind, w->row);
	if (column == CBI_COLUMN_NAMESPACE)
		return cbi_tally_add(w->ctx, tally, row->space, w->row);
	p = row->lists[lists[column]];
	for (unsigned n = row->counts[lists[column]]; n > 0 && rc == CB_OK; n--)
		rc = cbi_tally_add(w->ctx, tally, cbi_layout_value(&p, &folded),
		                   w->row);
	return rc;
}

static int count_row(struct walk *w, const struct cbi_layout_row *row,
                     int misses, int missed)
{
	int rc = CB_OK;

	if (misses == 1)
		return count_column(w, missed, row);
	for (int i = 0; i < CBI_COLUMNS && rc == CB_OK; i++)
		rc = count_column(w, i, row);
	return rc;
}

/* Where a row stands by the walk's order; less is nearer to the position. */
static int order(const struct walk *w, const struct cbi_table_place *a,
                 const struct cbi_table_place *b)
{
	int n = cbi_table_compare(a, b, w->query->descending);

	return w->backwards ? -n : n;
}

static void keep(struct walk *w, const struct cbi_table_place *place,
                 struct cbi_span record)
{
	size_t low = 0, high = w->best_count;

	if (w->best_count == w->best_room &&
	    order(w, place, &w->best[high - 1].place) >= 0)
		return;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (order(w, place, &w->best[middle].place) < 0)
			high = middle;
		else
			low = middle + 1;
	}
	if (w->best_count < w->best_room)
		w->best_count++;
	memmove(&w->best[low + 1], &w->best[low],
	        (w->best_count - 1 - low) * sizeof(*w->best));
	w->best[low].place = *place;
	w->best[low].record = record;
}

static int visit(struct walk *w, struct cbi_span key, struct cbi_span record)
{
	struct cbi_table_place place;
	struct cbi_layout_row row;
	int misses = 0, missed = -1;
	int rc = CB_OK;

	w->row++;
	cbi_layout_row_read(record, &row);
	cbi_table_place_of(key, &row, w->query->sort, &place);
	for (int i = 0; i < CBI_COLUMNS && misses < 2; i++) {
		if (!column_fits(w, i, &row, &place)) {
			misses++;
			missed = i;
		}
	}
	if (misses > (w->rail ? 1 : 0) || !text_fits(w, &row, &place))
		return CB_OK;
	if (w->rail)
		rc = count_row(w, &row, misses, missed);
	if (misses > 0 || rc < 0)
		return rc;
	w->total++;
	if (!w->from.name || order(w, &place, &w->from) > 0)
		keep(w, &place, record);
	return CB_OK;
}

static int walk_rows(struct walk *w, struct cbi_copy_txn *txn, const char *kind)
{
	struct cbi_copy_cursor *cursor;
	struct cbi_span key, record;
	size_t len = kind ? strlen(kind) + 1 : 0;
	int rc = cbi_copy_seek(w->ctx, txn, CBI_TABLE_ROW, kind, len, &cursor);

	while (rc == CB_OK && cbi_copy_next(cursor, &key, &record)) {
		if (kind && (key.len < len || memcmp(key.ptr, kind, len) != 0))
			break;
		rc = visit(w, key, record);
	}
	return rc;
}

/* --- the answer --- */

static int fill_page(struct walk *w, struct cbi_table *out)
{
	size_t limit = w->query->limit;
	size_t n = w->best_count < limit ? w->best_count : limit;
	bool more = w->best_count > limit;
	struct cbi_table_row *rows = cb_alloc(w->ctx, (n + 1) * sizeof(*rows));
	int rc = rows ? CB_OK : CB_ENOMEM;

	for (size_t i = 0; i < n && rc == CB_OK; i++) {
		size_t at = w->backwards ? n - 1 - i : i;

		rc = cbi_table_row_fill(w->ctx, w->best[i].record, &rows[at]);
	}
	if (rc < 0)
		return rc;
	out->rows = rows;
	out->count = n;
	out->total = w->total;
	out->prev = out->next = NULL;
	if (n == 0)
		return CB_OK;
	if (w->backwards ? more : w->from.name != NULL) {
		size_t first = w->backwards ? n - 1 : 0;

		out->prev = cbi_table_position(w->ctx, &w->best[first].place);
		rc = out->prev ? rc : CB_ENOMEM;
	}
	if (w->backwards || more) {
		size_t last = w->backwards ? 0 : n - 1;

		out->next = cbi_table_position(w->ctx, &w->best[last].place);
		rc = out->next ? rc : CB_ENOMEM;
	}
	return rc;
}

static int fill_rail(struct walk *w, struct cbi_table_rail *rail)
{
	for (int i = 0; i < CBI_COLUMNS; i++) {
		size_t n;
		const struct cbi_tally_slot *slots =
		    cbi_tally_sorted(&w->tallies[i], &n);
		struct cbi_table_count *counts =
		    cb_alloc(w->ctx, (n + 1) * sizeof(*counts));

		if (!counts)
			return CB_ENOMEM;
		for (size_t j = 0; j < n; j++) {
			const char *folded =
			    cbi_catalog_fold(w->ctx, slots[j].value);

			if (!folded)
				return CB_ENOMEM;
			counts[j].value = slots[j].value;
			counts[j].count = slots[j].count;
			counts[j].chosen = among(w->query, i, folded);
		}
		rail->counts[i] = counts;
		rail->n[i] = n;
	}
	return CB_OK;
}

/* The query with everything that is compared in lower case. */
static int fold_query(struct cb_ctx *ctx, const struct cbi_table_query *query,
                      struct cbi_table_query *out)
{
	*out = *query;
	for (int i = 0; i < CBI_COLUMNS; i++) {
		size_t n = query->filters[i].n;
		const char **values = cb_alloc(ctx, (n + 1) * sizeof(*values));

		if (!values)
			return CB_ENOMEM;
		for (size_t j = 0; j < n; j++) {
			values[j] =
			    cbi_catalog_fold(ctx, query->filters[i].values[j]);
			if (!values[j])
				return CB_ENOMEM;
		}
		out->filters[i].values = values;
	}
	if (query->text && !*query->text)
		out->text = NULL;
	if (out->text)
		out->text = cbi_catalog_fold(ctx, out->text);
	return query->text && *query->text && !out->text ? CB_ENOMEM : CB_OK;
}

static int prepare(struct walk *w, const struct cbi_table_query *query)
{
	const char *position = query->after ? query->after : query->before;
	size_t limit = query->limit;

	if (limit < 1 || limit > CBI_TABLE_LIMIT_MAX)
		return cb_fail(w->ctx, CB_EINVAL, "limit must be from 1 to %d",
		               CBI_TABLE_LIMIT_MAX);
	w->backwards = !query->after && query->before;
	if (position && cbi_table_place_read(w->ctx, position, &w->from) < 0)
		return cb_failure_code(w->ctx);
	w->best_room = limit + 1;
	w->best = cb_alloc(w->ctx, (w->best_room + 1) * sizeof(*w->best));
	return w->best ? CB_OK : CB_ENOMEM;
}

int cbi_table_read(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                   const struct cbi_table_query *query, struct cbi_table *out,
                   struct cbi_table_rail *rail, struct cbi_fresh *fresh)
{
	struct cbi_table_query folded;
	struct walk w = { .ctx = ctx, .query = &folded, .rail = rail };
	struct cbi_copy_txn *txn;
	const char *kind = NULL;
	int rc = fold_query(ctx, query, &folded);

	if (rc == CB_OK)
		rc = prepare(&w, &folded);
	if (rc == CB_OK)
		rc = cbi_table_begin(ctx, catalog, fresh, &txn);
	if (rc < 0)
		return rc;
	/* Kinds are counted over all rows; without counts one is enough. */
	if (!rail && folded.filters[CBI_COLUMN_KIND].n == 1)
		kind = folded.filters[CBI_COLUMN_KIND].values[0];
	if (txn)
		rc = walk_rows(&w, txn, kind);
	if (rc == CB_OK)
		rc = fill_page(&w, out);
	if (rc == CB_OK && rail)
		rc = fill_rail(&w, rail);
	return rc;
}
