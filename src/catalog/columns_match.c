/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns_match.c - filters and counts on columns: see columns.h.
 *
 * Where a place has sets of rows, a filter is their union and a count what
 * two sets have in common: a word for 64 rows.  Elsewhere rows are looked at
 * one by one.
 */
#include <string.h>

#include "catalog/columns.h"

uint32_t cbi_columns_first(const struct cbi_columns *columns, int list,
                           uint32_t row)
{
	uint32_t at = columns->at[list][row];

	return at < columns->at[list][row + 1] ? columns->list[list][at]
	                                       : CBI_COLUMNS_NONE;
}

const char *cbi_columns_key(const struct cbi_columns *columns,
                            enum cbi_columns_order order, uint32_t row)
{
	uint32_t text = 0, id = CBI_COLUMNS_NONE;

	switch (order) {
	case CBI_ORDER_NAME:
	case CBI_ORDER_REF:
		text = columns->name[row];
		break;
	case CBI_ORDER_TITLE:
		text = columns->title[row];
		break;
	case CBI_ORDER_TYPE:
		id = cbi_columns_first(columns, CBI_LIST_TYPE, row);
		break;
	case CBI_ORDER_LIFECYCLE:
		id = cbi_columns_first(columns, CBI_LIST_LIFECYCLE, row);
		break;
	default:
		break;
	}
	if (id != CBI_COLUMNS_NONE)
		text = columns->folded[id];
	return text ? cbi_columns_text(columns, text) : NULL;
}

size_t cbi_columns_ref(const struct cbi_columns *columns, uint32_t row,
                       char out[CB_REF_MAX + 1])
{
	const struct cbi_columns *c = columns;
	const char *parts[3] = {
		cbi_columns_text(c, c->folded[c->kind[row]]),
		cbi_columns_text(c, c->folded[c->space[row]]),
		cbi_columns_text(c, c->name[row]),
	};
	size_t at = 0;

	for (int i = 0; i < 3; i++) {
		size_t len = strlen(parts[i]);

		/* The copy's keys are shorter. */
		if (at + len + 1 > CB_REF_MAX)
			break;
		memcpy(out + at, parts[i], len);
		at += len;
		if (i < 2)
			out[at++] = i == 0 ? ':' : '/';
	}
	out[at] = '\0';
	return at;
}

/* --- what can be asked --- */

int cbi_columns_place(const char *key)
{
	static const struct {
		const char *key;
		int place;
	} places[] = {
		{ "kind", CBI_PLACE_KIND },
		{ "metadata.namespace", CBI_PLACE_SPACE },
		{ "spec.type", CBI_LIST_TYPE },
		{ "spec.lifecycle", CBI_LIST_LIFECYCLE },
		{ "relations.ownedby", CBI_LIST_OWNER },
		{ "metadata.tags", CBI_LIST_TAG },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i].key, key) == 0)
			return places[i].place;
	return -1;
}

/* "Exists" also means null values, which lists do not hold. */
bool cbi_columns_can(const struct cbi_filter *filter)
{
	int place;

	if (!filter)
		return true;
	for (size_t i = 0; i < filter->child_count; i++)
		if (!cbi_columns_can(filter->children[i]))
			return false;
	if (!filter->key)
		return true;
	place = cbi_columns_place(filter->key);
	return place >= 0 &&
	       (filter->op != CBI_FILTER_EXISTS || place >= CBI_LISTS);
}

/* --- sets --- */

static int new_set(struct cb_ctx *ctx, const struct cbi_columns *c,
                   uint64_t **out)
{
	*out = cb_alloc(ctx, (c->words + 1) * sizeof(**out));
	return *out ? CB_OK : CB_ENOMEM;
}

static void join_sets(const struct cbi_columns *c, const bool *fits, int place,
                      uint64_t *set)
{
	for (uint32_t k = 0; k < c->member_count[place]; k++) {
		const uint64_t *one = c->sets[place] + (size_t)k * c->words;

		if (!fits[c->members[place][k]])
			continue;
		for (uint32_t w = 0; w < c->words; w++)
			set[w] |= one[w];
	}
}

static void match_rows(const struct cbi_columns *c, const bool *fits, int place,
                       uint64_t *set)
{
	const uint32_t *one = place == CBI_PLACE_KIND ? c->kind : c->space;
	const uint32_t *at, *list;

	if (c->sets[place]) {
		join_sets(c, fits, place, set);
		return;
	}
	if (place >= CBI_LISTS) {
		for (uint32_t i = 0; i < c->n; i++)
			set[i / 64] |= (uint64_t)fits[one[i]] << (i % 64);
	} else {
		at = c->at[place];
		list = c->list[place];
		for (uint32_t i = 0; i < c->n; i++)
			for (uint32_t j = at[i]; j < at[i + 1]; j++)
				set[i / 64] |= (uint64_t)fits[list[j]]
				               << (i % 64);
	}
	for (uint32_t w = 0; w < c->words; w++)
		set[w] &= c->alive[w];
}

static bool is_among(const char *folded, const char *const *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(folded, values[i]) == 0)
			return true;
	return false;
}

static bool value_fits(const struct cbi_filter *leaf, const char *folded)
{
	if (leaf->op == CBI_FILTER_EXISTS)
		return true;
	if (leaf->op == CBI_FILTER_PREFIX)
		return cbi_str_starts(folded, leaf->values[0]);
	return is_among(folded, leaf->values, leaf->value_count);
}

static int match_leaf(struct cb_ctx *ctx, const struct cbi_columns *c,
                      const struct cbi_filter *leaf, uint64_t *set)
{
	bool *fits = cb_alloc(ctx, c->value_count + 1);

	if (!fits)
		return CB_ENOMEM;
	for (uint32_t i = 0; i < c->value_count; i++)
		fits[i] = value_fits(leaf, cbi_columns_text(c, c->folded[i]));
	match_rows(c, fits, cbi_columns_place(leaf->key), set);
	return CB_OK;
}

int cbi_columns_any(struct cb_ctx *ctx, const struct cbi_columns *columns,
                    int place, const char *const *values, size_t n,
                    uint64_t **out)
{
	bool *fits = cb_alloc(ctx, columns->value_count + 1);
	int rc = fits ? new_set(ctx, columns, out) : CB_ENOMEM;

	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < columns->value_count; i++)
		fits[i] = is_among(
		    cbi_columns_text(columns, columns->folded[i]), values, n);
	match_rows(columns, fits, place, *out);
	return CB_OK;
}

static int match_group(struct cb_ctx *ctx, const struct cbi_columns *c,
                       const struct cbi_filter *filter, uint64_t *set)
{
	uint64_t *child;
	int rc;

	if (filter->op == CBI_FILTER_ALL)
		memcpy(set, c->alive, c->words * sizeof(*set));
	for (size_t i = 0; i < filter->child_count; i++) {
		rc = cbi_columns_match(ctx, c, filter->children[i], &child);
		if (rc < 0)
			return rc;
		for (uint32_t w = 0; w < c->words; w++) {
			if (filter->op == CBI_FILTER_ALL)
				set[w] &= child[w];
			else
				set[w] |= child[w];
		}
	}
	return CB_OK;
}

static int match_not(struct cb_ctx *ctx, const struct cbi_columns *c,
                     const struct cbi_filter *filter, uint64_t *set)
{
	uint64_t *child;
	int rc = cbi_columns_match(ctx, c, filter->children[0], &child);

	for (uint32_t w = 0; rc == CB_OK && w < c->words; w++)
		set[w] = c->alive[w] & ~child[w];
	return rc;
}

int cbi_columns_match(struct cb_ctx *ctx, const struct cbi_columns *columns,
                      const struct cbi_filter *filter, uint64_t **out)
{
	uint64_t *set;
	int rc = new_set(ctx, columns, &set);

	if (rc < 0)
		return rc;
	if (!filter)
		memcpy(set, columns->alive, columns->words * sizeof(*set));
	else if (filter->key)
		rc = match_leaf(ctx, columns, filter, set);
	else if (filter->op == CBI_FILTER_NOT)
		rc = match_not(ctx, columns, filter, set);
	else
		rc = match_group(ctx, columns, filter, set);
	*out = set;
	return rc;
}

size_t cbi_columns_size(const struct cbi_columns *columns, const uint64_t *set)
{
	size_t n = 0;

	for (uint32_t w = 0; w < columns->words; w++)
		n += (size_t)__builtin_popcountll(set[w]);
	return n;
}

/* --- counts --- */

static void count_sets(const struct cbi_columns *c, const uint64_t *set,
                       int place, uint32_t *counts)
{
	for (uint32_t k = 0; k < c->member_count[place]; k++) {
		const uint64_t *one = c->sets[place] + (size_t)k * c->words;
		int n = 0;

		for (uint32_t w = 0; w < c->words; w++)
			n += __builtin_popcountll(set[w] & one[w]);
		counts[c->members[place][k]] = (uint32_t)n;
	}
}

static void count_rows(const struct cbi_columns *c, const uint64_t *set,
                       int place, uint32_t *counts)
{
	const uint32_t *one = place == CBI_PLACE_KIND ? c->kind : c->space;

	for (uint32_t w = 0; w < c->words; w++) {
		for (uint64_t left = set[w]; left; left &= left - 1) {
			uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(left);

			if (place >= CBI_LISTS) {
				counts[one[i]]++;
				continue;
			}
			for (uint32_t j = c->at[place][i];
			     j < c->at[place][i + 1]; j++)
				counts[c->list[place][j]]++;
		}
	}
}

int cbi_columns_count(struct cb_ctx *ctx, const struct cbi_columns *columns,
                      const uint64_t *set, int place,
                      struct cbi_columns_count **out, size_t *n)
{
	const struct cbi_columns *c = columns;
	uint32_t *counts =
	    cb_alloc(ctx, (c->value_count + 1) * sizeof(*counts));
	size_t found = 0;

	if (!counts)
		return CB_ENOMEM;
	if (c->sets[place])
		count_sets(c, set, place, counts);
	else
		count_rows(c, set, place, counts);
	for (uint32_t i = 0; i < c->value_count; i++)
		found += counts[i] > 0;
	*out = cb_alloc(ctx, (found + 1) * sizeof(**out));
	if (!*out)
		return CB_ENOMEM;
	*n = 0;
	for (uint32_t i = 0; i < c->value_count; i++) {
		uint32_t id = c->by_value[i];

		if (counts[id])
			(*out)[(*n)++] =
			    (struct cbi_columns_count){ id, counts[id] };
	}
	return CB_OK;
}
