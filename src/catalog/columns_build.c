/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns_build.c - one walk over the copy's rows becomes a set of columns.
 *
 * The walk notes texts where they lie in the map; then values get their ids
 * in order, texts that readers need later move to the set's own pool, and
 * the orders are sorted.
 */
#define _GNU_SOURCE /* qsort_r */
#include "catalog/columns_build.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/fold.h"
#include "copy/copy.h"

/* A value met during the walk; ids are its number until they are sorted. */
struct met {
	const char *value, *folded;
	uint32_t next; /* in its chain, number + 1 */
};

#define CHAINS 4096 /* a power of two */

struct building {
	struct cb_ctx *ctx; /* scratch memory */
	struct cbi_columns *c;
	struct met *met;
	uint32_t met_count;
	size_t met_room;
	uint32_t chains[CHAINS];
	uint32_t row;
	size_t list_room[CBI_LISTS];
	size_t pool_len;
};

static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

/* A larger list in place of this one; NULL, and the old one stays. */
static void *grown(void *list, size_t *room, size_t size)
{
	size_t larger = *room ? *room * 2 : 1024;
	void *moved = realloc(list, larger * size);

	if (moved)
		*room = larger;
	return moved;
}

static int intern(struct building *b, const char *value, const char *folded,
                  uint32_t *out)
{
	uint32_t *chain = &b->chains[hash_of(value) % CHAINS];
	struct met *met = b->met;

	for (uint32_t i = *chain; i; i = b->met[i - 1].next) {
		if (strcmp(b->met[i - 1].value, value) == 0) {
			*out = i - 1;
			return CB_OK;
		}
	}
	if (b->met_count == b->met_room) {
		met = grown(b->met, &b->met_room, sizeof(*met));
		if (!met)
			return CB_ENOMEM;
		b->met = met;
	}
	b->met[b->met_count] = (struct met){ value, folded, *chain };
	*out = b->met_count++;
	*chain = b->met_count;
	return CB_OK;
}

static int add_one(struct building *b, const char *value, uint32_t *out)
{
	const char *folded = cbi_catalog_fold(b->ctx, value);

	return folded ? intern(b, value, folded, out) : CB_ENOMEM;
}

static bool in_list(const struct cbi_columns *c, int list, uint32_t from,
                    uint32_t to, uint32_t id)
{
	for (; from < to; from++)
		if (c->list[list][from] == id)
			return true;
	return false;
}

static int add_list(struct building *b, const struct cbi_layout_row *row,
                    int list)
{
	struct cbi_columns *c = b->c;
	uint32_t start = c->at[list][b->row], count = start;
	const char *p = row->lists[list], *value, *folded;
	uint32_t id, *ids;

	for (unsigned n = row->counts[list]; n > 0; n--) {
		value = cbi_layout_value(&p, &folded);
		if (intern(b, value, folded, &id) < 0)
			return CB_ENOMEM;
		/* An entity counts once for a value. */
		if (in_list(c, list, start, count, id))
			continue;
		if (count == b->list_room[list]) {
			ids = grown(c->list[list], &b->list_room[list],
			            sizeof(*ids));
			if (!ids)
				return CB_ENOMEM;
			c->list[list] = ids;
		}
		c->list[list][count++] = id;
	}
	c->at[list][b->row + 1] = count;
	return CB_OK;
}

static int hex_value(char c)
{
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

static void read_uid(const char *text, unsigned char out[16])
{
	for (int i = 0; i < 16; i++) {
		text += *text == '-';
		if (!text[0] || !text[1])
			return;
		out[i] = (unsigned char)(hex_value(text[0]) << 4 |
		                         hex_value(text[1]));
		text += 2;
	}
}

static int add_row(struct building *b, struct cbi_span key,
                   struct cbi_span record)
{
	struct cbi_columns *c = b->c;
	struct cbi_layout_row row;
	uint32_t i = b->row;
	int rc;

	cbi_layout_row_read(record, &row);
	rc = add_one(b, row.kind, &c->kind[i]);
	if (rc == CB_OK)
		rc = add_one(b, row.space, &c->space[i]);
	for (int list = 0; list < CBI_LISTS && rc == CB_OK; list++)
		rc = add_list(b, &row, list);
	if (rc < 0)
		return rc;
	c->ref[i] = row.ref;
	c->key[CBI_ORDER_NAME][i] = key.ptr + strlen(key.ptr) + 1;
	c->key[CBI_ORDER_TITLE][i] = NULL;
	if (*row.title) {
		c->key[CBI_ORDER_TITLE][i] =
		    cbi_catalog_fold(b->ctx, row.title);
		if (!c->key[CBI_ORDER_TITLE][i])
			return CB_ENOMEM;
	}
	read_uid(row.uid, c->uid[i]);
	b->row++;
	return CB_OK;
}

static int walk(struct building *b, struct cbi_copy_cursor *cursor)
{
	struct cbi_span key, record;
	int rc = CB_OK;

	while (rc == CB_OK && b->row < b->c->n &&
	       cbi_copy_next(cursor, &key, &record))
		rc = add_row(b, key, record);
	b->c->n = b->row;
	b->c->words = (b->row + 63) / 64;
	return rc;
}

/* --- ids in the order of their values --- */

static int by_value(const void *a, const void *b, void *arg)
{
	const struct met *met = arg;

	return strcmp(met[*(const uint32_t *)a].value,
	              met[*(const uint32_t *)b].value);
}

static void renumber(struct cbi_columns *c, const uint32_t *ids)
{
	for (uint32_t i = 0; i < c->n; i++) {
		c->kind[i] = ids[c->kind[i]];
		c->space[i] = ids[c->space[i]];
	}
	for (int list = 0; list < CBI_LISTS; list++)
		for (uint32_t i = 0; i < c->at[list][c->n]; i++)
			c->list[list][i] = ids[c->list[list][i]];
}

static int sort_values(struct building *b)
{
	struct cbi_columns *c = b->c;
	uint32_t n = b->met_count;
	uint32_t *sorted = cb_alloc(b->ctx, (n + 1) * sizeof(*sorted));
	uint32_t *ids = cb_alloc(b->ctx, (n + 1) * sizeof(*ids));

	c->values = calloc(n + 1, sizeof(*c->values));
	c->folded = calloc(n + 1, sizeof(*c->folded));
	if (!sorted || !ids || !c->values || !c->folded)
		return CB_ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		sorted[i] = i;
	qsort_r(sorted, n, sizeof(*sorted), by_value, b->met);
	for (uint32_t i = 0; i < n; i++) {
		ids[sorted[i]] = i;
		c->values[i] = b->met[sorted[i]].value;
		c->folded[i] = b->met[sorted[i]].folded;
	}
	c->value_count = n;
	renumber(c, ids);
	return CB_OK;
}

/* --- texts move to the pool --- */

static void measure(struct building *b, const char *text)
{
	b->pool_len += text ? strlen(text) + 1 : 0;
}

static void move(struct building *b, const char **text)
{
	size_t len;

	if (!*text)
		return;
	len = strlen(*text) + 1;
	memcpy(b->c->pool + b->pool_len, *text, len);
	*text = b->c->pool + b->pool_len;
	b->pool_len += len;
}

static void each_text(struct building *b,
                      void (*fn)(struct building *b, const char **text))
{
	struct cbi_columns *c = b->c;

	for (uint32_t i = 0; i < c->value_count; i++) {
		bool same = c->folded[i] == c->values[i];

		fn(b, &c->values[i]);
		if (same)
			c->folded[i] = c->values[i];
		else
			fn(b, &c->folded[i]);
	}
	for (uint32_t i = 0; i < c->n; i++) {
		fn(b, &c->ref[i]);
		fn(b, &c->key[CBI_ORDER_TITLE][i]);
	}
}

static void measure_text(struct building *b, const char **text)
{
	measure(b, *text);
}

static int move_texts(struct building *b)
{
	struct cbi_columns *c = b->c;

	each_text(b, measure_text);
	c->pool = malloc(b->pool_len + 1);
	if (!c->pool)
		return CB_ENOMEM;
	b->pool_len = 0;
	each_text(b, move);
	/* The name is the end of the ref. */
	for (uint32_t i = 0; i < c->n; i++)
		c->key[CBI_ORDER_NAME][i] = strchr(c->ref[i], '/') + 1;
	return CB_OK;
}

/* --- orders --- */

struct sorting {
	const struct cbi_columns *c;
	const char **key; /* NULL: by uid alone */
};

static int by_key(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int n = s->key ? strcmp(s->key[x], s->key[y]) : 0;

	return n ? n : memcmp(s->c->uid[x], s->c->uid[y], 16);
}

static int sort_rows(struct cbi_columns *c, int which)
{
	struct sorting s = { c, c->key[which] };
	uint32_t n = 0;

	c->order[which] = calloc(c->n + 1, sizeof(uint32_t));
	if (!c->order[which])
		return CB_ENOMEM;
	for (uint32_t i = 0; i < c->n; i++)
		if (!s.key || s.key[i])
			c->order[which][n++] = i;
	c->order_count[which] = n;
	qsort_r(c->order[which], n, sizeof(uint32_t), by_key, &s);
	return CB_OK;
}

static void key_of_list(struct cbi_columns *c, int which, int list)
{
	for (uint32_t i = 0; i < c->n; i++)
		c->key[which][i] =
		    c->at[list][i] < c->at[list][i + 1]
			? c->folded[c->list[list][c->at[list][i]]]
			: NULL;
}

static int sort_orders(struct cbi_columns *c)
{
	int rc = CB_OK;

	key_of_list(c, CBI_ORDER_TYPE, CBI_LIST_TYPE);
	key_of_list(c, CBI_ORDER_LIFECYCLE, CBI_LIST_LIFECYCLE);
	for (int i = 0; i < CBI_ORDERS && rc == CB_OK; i++)
		rc = sort_rows(c, i);
	return rc;
}

/* --- the whole --- */

static struct cbi_columns *allocate(uint32_t n)
{
	struct cbi_columns *c = calloc(1, sizeof(*c));
	bool whole = c != NULL;

	if (!c)
		return NULL;
	c->n = n;
	c->kind = calloc(n + 1, sizeof(*c->kind));
	c->space = calloc(n + 1, sizeof(*c->space));
	c->ref = calloc(n + 1, sizeof(*c->ref));
	c->uid = calloc(n + 1, sizeof(*c->uid));
	whole = c->kind && c->space && c->ref && c->uid;
	for (int i = 0; i < CBI_LISTS; i++) {
		c->at[i] = calloc(n + 1, sizeof(*c->at[i]));
		whole = whole && c->at[i];
	}
	for (int i = CBI_ORDER_UID + 1; i < CBI_ORDERS; i++) {
		c->key[i] = calloc(n + 1, sizeof(*c->key[i]));
		whole = whole && c->key[i];
	}
	if (whole)
		return c;
	cbi_columns_destroy(c);
	return NULL;
}

void cbi_columns_destroy(struct cbi_columns *c)
{
	if (!c)
		return;
	free(c->kind);
	free(c->space);
	free(c->ref);
	free(c->uid);
	for (int i = 0; i < CBI_LISTS; i++) {
		free(c->at[i]);
		free(c->list[i]);
	}
	for (int i = 0; i < CBI_ORDERS; i++) {
		free(c->key[i]);
		free(c->order[i]);
	}
	free(c->values);
	free(c->folded);
	free(c->pool);
	free(c);
}

int cbi_columns_create(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                       struct cbi_copy_cursor *cursor,
                       const struct cbi_layout_state *state,
                       struct cbi_columns **out)
{
	struct building *b = cb_alloc(ctx, sizeof(*b));
	size_t n = cbi_copy_count(txn, CBI_TABLE_ROW);
	int rc;

	if (!b || n > UINT32_MAX / 2)
		return CB_ENOMEM;
	b->ctx = ctx;
	b->c = allocate((uint32_t)n);
	if (!b->c)
		return CB_ENOMEM;
	b->c->number = state->number;
	cbi_str_copy(b->c->database, sizeof(b->c->database), state->database);
	rc = walk(b, cursor);
	if (rc == CB_OK)
		rc = sort_values(b);
	if (rc == CB_OK)
		rc = move_texts(b);
	if (rc == CB_OK)
		rc = sort_orders(b->c);
	free(b->met);
	if (rc < 0) {
		cbi_columns_destroy(b->c);
		return rc;
	}
	*out = b->c;
	return CB_OK;
}
