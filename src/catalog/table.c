/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - see table.h.
 *
 * Each filter is a set of rows; what they have in common is the table, and
 * what all but one have is what that column's facet counts.  A row's place is
 * a number made of the ranks of its value and its name, so the page is the
 * `limit` + 1 rows with the smallest numbers behind the position.
 */
#include "catalog/table.h"

#include <string.h>

#include "catalog/columns.h"
#include "catalog/fold.h"
#include "catalog/table_priv.h"
#include "copy/copy.h"

/* A value's rank in a place, of rows that have none. */
#define WITHOUT UINT32_MAX

struct candidate {
	uint64_t place;
	uint32_t row;
};

struct walk {
	struct cb_ctx *ctx;
	const struct cbi_table_query *query; /* its values in lower case */
	struct cbi_copy_txn *txn;
	const struct cbi_columns *columns;
	const uint64_t *seen;        /* by the scope */
	uint64_t *fits[CBI_COLUMNS]; /* by each filter; NULL for none */
	uint64_t *text;              /* NULL: any */
	uint64_t *all;               /* what fits everything */
	uint64_t from;               /* a place; 0 for none */
	bool backwards;
	struct candidate *best; /* in order of the walk */
	size_t best_count, best_room;
};

static const int places[CBI_COLUMNS] = {
	[CBI_COLUMN_KIND] = CBI_PLACE_KIND,
	[CBI_COLUMN_TYPE] = CBI_LIST_TYPE,
	[CBI_COLUMN_OWNER] = CBI_LIST_OWNER,
	[CBI_COLUMN_LIFECYCLE] = CBI_LIST_LIFECYCLE,
	[CBI_COLUMN_TAG] = CBI_LIST_TAG,
	[CBI_COLUMN_NAMESPACE] = CBI_PLACE_SPACE,
};

/* --- sets --- */

static int match_text(struct walk *w)
{
	const struct cbi_columns *c = w->columns;
	const char *text = w->query->text;

	if (!text)
		return CB_OK;
	w->text = cb_alloc(w->ctx, (c->words + 1) * sizeof(*w->text));
	if (!w->text)
		return CB_ENOMEM;
	for (uint32_t i = 0; i < c->n; i++)
		if (strstr(cbi_columns_text(c, c->name[i]), text) ||
		    (c->title[i] &&
		     strstr(cbi_columns_text(c, c->title[i]), text)))
			w->text[i / 64] |= (uint64_t)1 << (i % 64);
	return CB_OK;
}

/* The rows that fit everything but perhaps one column's filter. */
static int common(const struct walk *w, int but, uint64_t **out)
{
	const struct cbi_columns *c = w->columns;
	uint64_t *set = cb_alloc(w->ctx, (c->words + 1) * sizeof(*set));

	if (!set)
		return CB_ENOMEM;
	for (uint32_t i = 0; i < c->words; i++) {
		set[i] = w->seen[i];
		if (w->text)
			set[i] &= w->text[i];
	}
	for (int k = 0; k < CBI_COLUMNS; k++)
		for (uint32_t i = 0; k != but && w->fits[k] && i < c->words;
		     i++)
			set[i] &= w->fits[k][i];
	*out = set;
	return CB_OK;
}

static int match(struct walk *w)
{
	int rc = cbi_columns_seen(w->ctx, w->columns, w->txn, &w->seen);

	if (rc == CB_OK)
		rc = match_text(w);
	for (int i = 0; i < CBI_COLUMNS && rc == CB_OK; i++)
		if (w->query->filters[i].n)
			rc = cbi_columns_any(w->ctx, w->columns, places[i],
			                     w->query->filters[i].values,
			                     w->query->filters[i].n,
			                     &w->fits[i]);
	return rc < 0 ? rc : common(w, -1, &w->all);
}

/* --- places --- */

static int sort_list(const struct walk *w)
{
	static const int list_of[] = {
		[CBI_SORT_NAME] = -1,
		[CBI_SORT_TYPE] = CBI_LIST_TYPE,
		[CBI_SORT_OWNER] = CBI_LIST_OWNER,
		[CBI_SORT_LIFECYCLE] = CBI_LIST_LIFECYCLE,
	};

	return list_of[w->query->sort];
}

/* Rows without the value are last always, names below one value rise
 * always. */
static uint64_t place_from(const struct walk *w, uint32_t value, uint32_t name)
{
	bool falls = w->query->descending;
	uint64_t place;

	if (sort_list(w) < 0) {
		value = 0;
		name = falls ? UINT32_MAX - name : name;
	} else if (falls && value != WITHOUT) {
		value = WITHOUT - 1 - value;
	}
	place = (uint64_t)value << 32 | name;
	return w->backwards ? UINT64_MAX - place : place;
}

/* Odd numbers are ranks, even ones the room between them. */
static uint64_t place_of(const struct walk *w, uint32_t row)
{
	const struct cbi_columns *c = w->columns;
	int list = sort_list(w);
	uint32_t id = CBI_COLUMNS_NONE;

	if (list >= 0)
		id = cbi_columns_first(c, list, row);
	return place_from(
	    w, id == CBI_COLUMNS_NONE ? WITHOUT : c->fold_rank[id] * 2 + 1,
	    c->rank[row] * 2 + 1);
}

static uint32_t value_rank(const struct cbi_columns *c, const char *value)
{
	uint32_t rank = 0;

	for (uint32_t i = 0; i < c->value_count; i++) {
		int n = strcmp(cbi_columns_text(c, c->folded[i]), value);

		if (n == 0)
			return c->fold_rank[i] * 2 + 1;
		if (n < 0 && c->fold_rank[i] >= rank)
			rank = c->fold_rank[i] + 1;
	}
	return rank * 2;
}

static int compare_ref(const struct cbi_columns *c, uint32_t row,
                       const struct cbi_table_place *place)
{
	int n = strcmp(cbi_columns_text(c, c->name[row]), place->name);

	if (n == 0)
		n = strcmp(cbi_columns_text(c, c->folded[c->kind[row]]),
		           place->kind);
	if (n == 0)
		n = strcmp(cbi_columns_text(c, c->folded[c->space[row]]),
		           place->space);
	return n;
}

static uint32_t name_rank(const struct cbi_columns *c,
                          const struct cbi_table_place *place)
{
	const uint32_t *order = c->order[CBI_ORDER_REF];
	uint32_t low = 0, high = c->order_count[CBI_ORDER_REF];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare_ref(c, order[middle], place) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < c->order_count[CBI_ORDER_REF] &&
	    compare_ref(c, order[low], place) == 0)
		return low * 2 + 1;
	return low * 2;
}

static int read_position(struct walk *w)
{
	const struct cbi_table_query *query = w->query;
	const char *text = query->after ? query->after : query->before;
	struct cbi_table_place place;
	uint32_t value = WITHOUT;
	int rc;

	if (!text)
		return CB_OK;
	rc = cbi_table_place_read(w->ctx, text, &place);
	if (rc < 0)
		return rc;
	if (place.value)
		value = value_rank(w->columns, place.value);
	w->from = place_from(w, value, name_rank(w->columns, &place));
	return CB_OK;
}

static void keep(struct walk *w, uint64_t place, uint32_t row)
{
	size_t low = 0, high = w->best_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (place < w->best[middle].place)
			high = middle;
		else
			low = middle + 1;
	}
	if (w->best_count < w->best_room)
		w->best_count++;
	memmove(&w->best[low + 1], &w->best[low],
	        (w->best_count - 1 - low) * sizeof(*w->best));
	w->best[low] = (struct candidate){ place, row };
}

static void walk_rows(struct walk *w, bool positioned)
{
	for (uint32_t i = 0; i < w->columns->words; i++) {
		for (uint64_t left = w->all[i]; left; left &= left - 1) {
			uint32_t row = i * 64 + (uint32_t)__builtin_ctzll(left);
			uint64_t place = place_of(w, row);

			if ((!positioned || place > w->from) &&
			    (w->best_count < w->best_room ||
			     place < w->best[w->best_count - 1].place))
				keep(w, place, row);
		}
	}
}

/* --- the answer --- */

static const char *position_of(const struct walk *w, uint32_t row)
{
	const struct cbi_columns *c = w->columns;
	int list = sort_list(w);
	uint32_t id =
	    list < 0 ? CBI_COLUMNS_NONE : cbi_columns_first(c, list, row);
	const struct cbi_table_place place = {
		.valued = list >= 0,
		.value = id == CBI_COLUMNS_NONE
		             ? NULL
		             : cbi_columns_text(c, c->folded[id]),
		.name = cbi_columns_text(c, c->name[row]),
		.kind = cbi_columns_text(c, c->folded[c->kind[row]]),
		.space = cbi_columns_text(c, c->folded[c->space[row]]),
	};

	return cbi_table_position(w->ctx, &place);
}

static int fill_row(const struct walk *w, uint32_t row,
                    struct cbi_table_row *out)
{
	char ref[CB_REF_MAX + 1];

	cbi_columns_ref(w->columns, row, ref);
	return cbi_table_row_get(w->ctx, w->txn, ref, out);
}

static int fill_page(struct walk *w, bool positioned, struct cbi_table *out)
{
	size_t limit = w->query->limit;
	size_t n = w->best_count < limit ? w->best_count : limit;
	bool more = w->best_count > limit;
	struct cbi_table_row *rows = cb_alloc(w->ctx, (n + 1) * sizeof(*rows));
	int rc = rows ? CB_OK : CB_ENOMEM;

	for (size_t i = 0; i < n && rc == CB_OK; i++)
		rc = fill_row(w, w->best[w->backwards ? n - 1 - i : i].row,
		              &rows[i]);
	if (rc < 0)
		return rc;
	out->rows = rows;
	out->count = n;
	out->total = cbi_columns_size(w->columns, w->all);
	out->prev = out->next = NULL;
	if (n == 0)
		return CB_OK;
	if (w->backwards ? more : positioned) {
		out->prev =
		    position_of(w, w->best[w->backwards ? n - 1 : 0].row);
		rc = out->prev ? rc : CB_ENOMEM;
	}
	if (w->backwards || more) {
		out->next =
		    position_of(w, w->best[w->backwards ? 0 : n - 1].row);
		rc = out->next ? rc : CB_ENOMEM;
	}
	return rc;
}

static bool among(const struct cbi_table_query *query, int column,
                  const char *folded)
{
	for (size_t i = 0; i < query->filters[column].n; i++)
		if (strcmp(query->filters[column].values[i], folded) == 0)
			return true;
	return false;
}

static int fill_counts(const struct walk *w, int column,
                       struct cbi_table_rail *rail)
{
	const struct cbi_columns *c = w->columns;
	struct cbi_columns_count *found;
	struct cbi_table_count *counts;
	uint64_t *set = w->all;
	size_t n;
	int rc = CB_OK;

	if (w->fits[column])
		rc = common(w, column, &set);
	if (rc == CB_OK)
		rc = cbi_columns_count(w->ctx, c, set, places[column], &found,
		                       &n);
	if (rc < 0)
		return rc;
	counts = cb_alloc(w->ctx, (n + 1) * sizeof(*counts));
	if (!counts)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint32_t id = found[i].id;

		counts[i].value = cbi_columns_text(c, c->value[id]);
		counts[i].count = found[i].count;
		counts[i].chosen =
		    among(w->query, column, cbi_columns_text(c, c->folded[id]));
	}
	rail->counts[column] = counts;
	rail->n[column] = n;
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

static int prepare(struct walk *w)
{
	const struct cbi_table_query *query = w->query;
	size_t limit = query->limit;

	if (limit < 1 || limit > CBI_TABLE_LIMIT_MAX)
		return cb_fail(w->ctx, CB_EINVAL, "limit must be from 1 to %d",
		               CBI_TABLE_LIMIT_MAX);
	w->backwards = !query->after && query->before;
	w->best_room = limit + 1;
	w->best = cb_alloc(w->ctx, (w->best_room + 1) * sizeof(*w->best));
	return w->best ? CB_OK : CB_ENOMEM;
}

static int answer(struct walk *w, struct cbi_table *out,
                  struct cbi_table_rail *rail)
{
	bool positioned = w->query->after || w->query->before;
	int rc = cbi_table_columns(w->ctx, w->txn, &w->columns);

	if (rc == CB_OK)
		rc = read_position(w);
	if (rc == CB_OK)
		rc = match(w);
	if (rc < 0)
		return rc;
	walk_rows(w, positioned);
	rc = fill_page(w, positioned, out);
	for (int i = 0; i < CBI_COLUMNS && rail && rc == CB_OK; i++)
		rc = fill_counts(w, i, rail);
	return rc;
}

int cbi_table_read(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                   const struct cbi_table_query *query, struct cbi_table *out,
                   struct cbi_table_rail *rail, struct cbi_fresh *fresh)
{
	struct cbi_table_query folded;
	struct walk w = { .ctx = ctx, .query = &folded };
	bool none;
	int rc = fold_query(ctx, query, &folded);

	if (rc == CB_OK)
		rc = prepare(&w);
	if (rc == CB_OK)
		rc = cbi_table_begin(ctx, catalog, fresh, &w.txn, &none);
	if (rc < 0)
		return rc;
	if (!none)
		return answer(&w, out, rail);
	/* The scope sees nothing. */
	memset(out, 0, sizeof(*out));
	if (rail)
		memset(rail, 0, sizeof(*rail));
	return CB_OK;
}
