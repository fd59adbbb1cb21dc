/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns_order.c - what a set of columns is put in order by: values by their
 * texts, rows by their keys, and the sets of rows of places with few values.
 *
 * What an older set had in order is merged with what is new: only that is
 * sorted, the rest is copied.
 */
#define _GNU_SOURCE /* qsort_r */
#include "catalog/columns_build.h"

#include <stdlib.h>
#include <string.h>

/* Places with more values have no sets of rows: each is an eighth of a byte
 * a row, whether many rows have the value or none. */
#define MEMBERS_MAX 128

/* --- lists in order --- */

typedef int compare_fn(const void *a, const void *b, void *arg);

/* How many of the list stand before the item. */
static uint32_t before(const uint32_t *list, uint32_t n, uint32_t item,
                       compare_fn *compare, void *arg)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare(&list[middle], &item, arg) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The old list without what is not alive, and the fresh one, as one in order;
 * alive NULL: everything is.  NULL without memory. */
static uint32_t *merge(const uint32_t *old, uint32_t n, uint32_t *fresh,
                       uint32_t fresh_n, const uint64_t *alive,
                       compare_fn *compare, void *arg, uint32_t *count)
{
	uint32_t *out = malloc(((size_t)n + fresh_n + 1) * sizeof(*out));
	uint32_t at = 0, k = 0;

	if (!out)
		return NULL;
	if (fresh_n)
		qsort_r(fresh, fresh_n, sizeof(*fresh), compare, arg);
	for (uint32_t i = 0; i <= fresh_n; i++) {
		uint32_t upto =
		    i < fresh_n ? before(old, n, fresh[i], compare, arg) : n;

		for (; at < upto; at++)
			if (!alive || cbi_columns_has(alive, old[at]))
				out[k++] = old[at];
		if (i < fresh_n)
			out[k++] = fresh[i];
	}
	*count = k;
	return out;
}

/* --- values --- */

static int by_value(const void *a, const void *b, void *arg)
{
	const struct cbi_columns *c = arg;

	return strcmp(cbi_columns_text(c, c->value[*(const uint32_t *)a]),
	              cbi_columns_text(c, c->value[*(const uint32_t *)b]));
}

static int by_folded(const void *a, const void *b, void *arg)
{
	const struct cbi_columns *c = arg;

	return strcmp(cbi_columns_text(c, c->folded[*(const uint32_t *)a]),
	              cbi_columns_text(c, c->folded[*(const uint32_t *)b]));
}

static int rank_values(struct cbi_columns *c)
{
	size_t n = c->value_count;
	uint32_t *sorted = malloc((n + 1) * sizeof(*sorted)), rank = 0;

	c->fold_rank = malloc((n + 1) * sizeof(*c->fold_rank));
	if (!sorted || !c->fold_rank) {
		free(sorted);
		return CB_ENOMEM;
	}
	/* Nearly in order already: case moves few. */
	memcpy(sorted, c->by_value, n * sizeof(*sorted));
	if (n)
		qsort_r(sorted, n, sizeof(*sorted), by_folded, c);
	for (size_t i = 0; i < n; i++) {
		rank += i && by_folded(&sorted[i - 1], &sorted[i], c) != 0;
		c->fold_rank[sorted[i]] = rank;
	}
	free(sorted);
	return CB_OK;
}

static int sort_values(struct cbi_columns *c, const struct cbi_columns *old)
{
	uint32_t from = old ? old->value_count : 0;
	uint32_t fresh_n = c->value_count - from, count;
	uint32_t *fresh = malloc((fresh_n + 1) * sizeof(*fresh));

	if (!fresh)
		return CB_ENOMEM;
	for (uint32_t i = 0; i < fresh_n; i++)
		fresh[i] = from + i;
	c->by_value = merge(old ? old->by_value : NULL, from, fresh, fresh_n,
	                    NULL, by_value, c, &count);
	free(fresh);
	return c->by_value ? rank_values(c) : CB_ENOMEM;
}

/* --- rows --- */

struct sorting {
	const struct cbi_columns *c;
	enum cbi_columns_order order;
};

static int compare_texts(const struct cbi_columns *c, uint32_t x, uint32_t y)
{
	return x == y ? 0
	              : strcmp(cbi_columns_text(c, x), cbi_columns_text(c, y));
}

static int by_place(const struct cbi_columns *c, uint32_t x, uint32_t y)
{
	int n = compare_texts(c, c->folded[c->kind[x]], c->folded[c->kind[y]]);

	return n ? n
	         : compare_texts(c, c->folded[c->space[x]],
	                         c->folded[c->space[y]]);
}

static int by_list(const struct cbi_columns *c, int list, uint32_t x,
                   uint32_t y)
{
	uint32_t a = c->fold_rank[cbi_columns_first(c, list, x)];
	uint32_t b = c->fold_rank[cbi_columns_first(c, list, y)];

	return (a > b) - (a < b);
}

static int by_key(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	const struct cbi_columns *c = s->c;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int n = 0;

	switch (s->order) {
	case CBI_ORDER_NAME:
	case CBI_ORDER_REF:
		n = strcmp(cbi_columns_text(c, c->name[x]),
		           cbi_columns_text(c, c->name[y]));
		break;
	case CBI_ORDER_TITLE:
		n = compare_texts(c, c->title[x], c->title[y]);
		break;
	case CBI_ORDER_TYPE:
		n = by_list(c, CBI_LIST_TYPE, x, y);
		break;
	case CBI_ORDER_LIFECYCLE:
		n = by_list(c, CBI_LIST_LIFECYCLE, x, y);
		break;
	default:
		break;
	}
	if (!n && s->order == CBI_ORDER_REF)
		n = by_place(c, x, y);
	return n ? n : memcmp(c->uid[x], c->uid[y], 16);
}

static bool is_ordered(const struct cbi_columns *c,
                       enum cbi_columns_order order, uint32_t row)
{
	if (!cbi_columns_has(c->alive, row))
		return false;
	if (order == CBI_ORDER_TITLE)
		return c->title[row] != 0;
	if (order == CBI_ORDER_TYPE)
		return cbi_columns_first(c, CBI_LIST_TYPE, row) !=
		       CBI_COLUMNS_NONE;
	if (order == CBI_ORDER_LIFECYCLE)
		return cbi_columns_first(c, CBI_LIST_LIFECYCLE, row) !=
		       CBI_COLUMNS_NONE;
	return true;
}

static int sort_rows(struct cbi_columns *c, const struct cbi_columns *old,
                     enum cbi_columns_order order)
{
	struct sorting s = { c, order };
	uint32_t from = old ? old->n : 0, m = 0;
	uint32_t *fresh = malloc((c->n - from + 1) * sizeof(*fresh));

	if (!fresh)
		return CB_ENOMEM;
	for (uint32_t i = from; i < c->n; i++)
		if (is_ordered(c, order, i))
			fresh[m++] = i;
	c->order[order] = merge(old ? old->order[order] : NULL,
	                        old ? old->order_count[order] : 0, fresh, m,
	                        c->alive, by_key, &s, &c->order_count[order]);
	free(fresh);
	c->ordered[order] = calloc(c->words + 1, sizeof(uint64_t));
	if (!c->order[order] || !c->ordered[order])
		return CB_ENOMEM;
	for (uint32_t i = 0; i < c->order_count[order]; i++) {
		uint32_t row = c->order[order][i];

		c->ordered[order][row / 64] |= (uint64_t)1 << (row % 64);
	}
	return CB_OK;
}

static int rank_rows(struct cbi_columns *c)
{
	c->rank = calloc(c->n + 1, sizeof(*c->rank));
	if (!c->rank)
		return CB_ENOMEM;
	for (uint32_t i = 0; i < c->order_count[CBI_ORDER_REF]; i++)
		c->rank[c->order[CBI_ORDER_REF][i]] = i;
	return CB_OK;
}

/* --- sets of places with few values --- */

/* The ids of row i at a place. */
static const uint32_t *ids_of(const struct cbi_columns *c, int place,
                              uint32_t i, uint32_t *n)
{
	*n = 1;
	if (place == CBI_PLACE_KIND)
		return &c->kind[i];
	if (place == CBI_PLACE_SPACE)
		return &c->space[i];
	*n = c->at[place][i + 1] - c->at[place][i];
	return c->list[place] + c->at[place][i];
}

/* Numbers the values of a place from 1 in `slots`; false when they are too
 * many. */
static bool number_members(struct cbi_columns *c, int place, uint32_t *slots)
{
	uint32_t count = 0, n;

	for (uint32_t i = 0; i < c->n; i++) {
		const uint32_t *ids = ids_of(c, place, i, &n);

		if (!cbi_columns_has(c->alive, i))
			continue;
		for (uint32_t j = 0; j < n; j++) {
			if (slots[ids[j]])
				continue;
			if (count == MEMBERS_MAX)
				return false;
			c->members[place][count] = ids[j];
			slots[ids[j]] = ++count;
		}
	}
	c->member_count[place] = count;
	return true;
}

static int gather_members(struct cbi_columns *c, int place)
{
	uint32_t *slots = calloc(c->value_count + 1, sizeof(*slots)), n;
	int rc = CB_OK;

	c->members[place] = malloc(MEMBERS_MAX * sizeof(**c->members));
	if (!slots || !c->members[place]) {
		rc = CB_ENOMEM;
	} else if (number_members(c, place, slots)) {
		c->sets[place] =
		    calloc((size_t)c->member_count[place] * c->words + 1,
		           sizeof(uint64_t));
		rc = c->sets[place] ? CB_OK : CB_ENOMEM;
	}
	for (uint32_t i = 0; c->sets[place] && i < c->n; i++) {
		const uint32_t *ids = ids_of(c, place, i, &n);

		/* Values of dead rows may have no number. */
		if (!cbi_columns_has(c->alive, i))
			continue;
		for (uint32_t j = 0; j < n; j++)
			c->sets[place][(size_t)(slots[ids[j]] - 1) * c->words +
			               i / 64] |= (uint64_t)1 << (i % 64);
	}
	free(slots);
	return rc;
}

int cbi_columns_arrange(struct cbi_columns *columns,
                        const struct cbi_columns *old)
{
	int rc = sort_values(columns, old);

	for (int i = 0; i < CBI_ORDERS && rc == CB_OK; i++)
		rc = sort_rows(columns, old, (enum cbi_columns_order)i);
	if (rc == CB_OK)
		rc = rank_rows(columns);
	for (int i = 0; i < CBI_PLACES && rc == CB_OK; i++)
		rc = gather_members(columns, i);
	return rc;
}
