/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns_build.c - rows of the copy become a set of columns.
 *
 * A set is made from all rows, or from the set before: its columns are
 * copied, rows that were written since are dead in it and stand anew at its
 * end.  Copying costs a hundredth of reading and sorting everything.
 */
#include "catalog/columns_build.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/fold.h"
#include "copy/copy.h"

/* More than this part of the rows written or dead: everything is read. */
#define PATCH_PART 8
#define PATCH_LEAST 256

static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

/* Makes room in a list for `used` + 1 items. */
static int room(void *list_ptr, size_t used, size_t *room, size_t size)
{
	void **list = list_ptr;
	size_t larger = *room + *room / 2 + 1024;
	void *moved;

	if (used < *room)
		return CB_OK;
	moved = realloc(*list, larger * size);
	if (!moved)
		return CB_ENOMEM;
	*list = moved;
	*room = larger;
	return CB_OK;
}

/* --- texts and values --- */

static int add_text(struct cbi_columns *c, const char *text, uint32_t *out)
{
	size_t len = strlen(text) + 1;

	while (c->pool_room - c->pool_len < len) {
		size_t want = c->pool_room * 3 / 2 + CB_MIB / 4;
		char *pool;

		/* An offset is 32 bits. */
		if (c->pool_len + len > UINT32_MAX)
			return CB_ENOMEM;
		pool = realloc(c->pool, want);
		if (!pool)
			return CB_ENOMEM;
		c->pool = pool;
		c->pool_room = want;
	}
	memcpy(c->pool + c->pool_len, text, len);
	*out = (uint32_t)c->pool_len;
	c->pool_len += len;
	return CB_OK;
}

/* The three lists of values grow together. */
static int value_room(struct cbi_columns *c)
{
	size_t before = c->value_room, same = before;
	int rc = room(&c->value, c->value_count, &same, sizeof(*c->value));

	same = before;
	if (rc == CB_OK)
		rc =
		    room(&c->folded, c->value_count, &same, sizeof(*c->folded));
	same = before;
	if (rc == CB_OK)
		rc = room(&c->chained, c->value_count, &same,
		          sizeof(*c->chained));
	if (rc == CB_OK)
		c->value_room = same;
	return rc;
}

static int intern(struct cbi_columns *c, const char *value, const char *folded,
                  uint32_t *out)
{
	uint32_t *chain = &c->chains[hash_of(value) % CBI_COLUMNS_CHAINS];
	uint32_t id = c->value_count;
	int rc;

	for (uint32_t i = *chain; i; i = c->chained[i - 1]) {
		if (strcmp(cbi_columns_text(c, c->value[i - 1]), value) == 0) {
			*out = i - 1;
			return CB_OK;
		}
	}
	rc = value_room(c);
	if (rc == CB_OK)
		rc = add_text(c, value, &c->value[id]);
	if (rc < 0)
		return rc;
	c->folded[id] = c->value[id];
	if (strcmp(value, folded) != 0)
		rc = add_text(c, folded, &c->folded[id]);
	c->chained[id] = *chain;
	*chain = ++c->value_count;
	*out = id;
	return rc;
}

/* --- rows --- */

static int add_one(struct cb_ctx *ctx, struct cbi_columns *c, const char *value,
                   uint32_t *out)
{
	const char *folded = cbi_catalog_fold(ctx, value);

	return folded ? intern(c, value, folded, out) : CB_ENOMEM;
}

static bool in_list(const struct cbi_columns *c, int list, uint32_t from,
                    uint32_t to, uint32_t id)
{
	for (; from < to; from++)
		if (c->list[list][from] == id)
			return true;
	return false;
}

static int add_list(struct cbi_columns *c, const struct cbi_layout_row *row,
                    int list)
{
	uint32_t start = c->at[list][c->n], count = start, id;
	const char *p = row->lists[list], *value, *folded;

	for (unsigned n = row->counts[list]; n > 0; n--) {
		value = cbi_layout_value(&p, &folded);
		if (intern(c, value, folded, &id) < 0)
			return CB_ENOMEM;
		/* An entity counts once for a value. */
		if (in_list(c, list, start, count, id))
			continue;
		if (room(&c->list[list], count, &c->list_room[list],
		         sizeof(id)) < 0)
			return CB_ENOMEM;
		c->list[list][count++] = id;
	}
	c->at[list][c->n + 1] = count;
	return CB_OK;
}

static int hex_value(char c)
{
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

static void read_uid(const char *text, unsigned char out[16])
{
	memset(out, 0, 16);
	for (int i = 0; i < 16; i++) {
		text += *text == '-';
		if (!text[0] || !text[1])
			return;
		out[i] = (unsigned char)(hex_value(text[0]) << 4 |
		                         hex_value(text[1]));
		text += 2;
	}
}

static int add_row(struct cb_ctx *ctx, struct cbi_columns *c,
                   struct cbi_span record)
{
	struct cbi_layout_row row;
	struct cbi_ctx_mark mark;
	const char *title;
	uint32_t i = c->n;
	int rc;

	cbi_ctx_mark(ctx, &mark);
	cbi_layout_row_read(record, &row);
	rc = add_one(ctx, c, row.kind, &c->kind[i]);
	if (rc == CB_OK)
		rc = add_one(ctx, c, row.space, &c->space[i]);
	for (int list = 0; list < CBI_LISTS && rc == CB_OK; list++)
		rc = add_list(c, &row, list);
	if (rc == CB_OK)
		rc = add_text(c, strchr(row.ref, '/') + 1, &c->name[i]);
	c->title[i] = 0;
	title = *row.title ? cbi_catalog_fold(ctx, row.title) : "";
	if (!title)
		rc = CB_ENOMEM;
	if (rc == CB_OK && *title)
		rc = add_text(c, title, &c->title[i]);
	read_uid(row.uid, c->uid[i]);
	c->alive[i / 64] |= (uint64_t)1 << (i % 64);
	c->n++;
	c->live++;
	c->words = (c->n + 63) / 64;
	cbi_ctx_rewind(ctx, &mark);
	return rc;
}

/* --- memory --- */

void cbi_columns_destroy(struct cbi_columns *c)
{
	if (!c)
		return;
	for (int i = 0; i < CBI_LISTS; i++) {
		free(c->at[i]);
		free(c->list[i]);
	}
	for (int i = 0; i < CBI_PLACES; i++) {
		free(c->members[i]);
		free(c->sets[i]);
	}
	for (int i = 0; i < CBI_ORDERS; i++) {
		free(c->order[i]);
		free(c->ordered[i]);
	}
	free(c->alive);
	free(c->kind);
	free(c->space);
	free(c->name);
	free(c->title);
	free(c->uid);
	free(c->rank);
	free(c->value);
	free(c->folded);
	free(c->by_value);
	free(c->fold_rank);
	free(c->chained);
	free(c->pool);
	cbi_columns_seen_destroy(c->seen);
	free(c);
}

/* Room for `want` bytes, of which `have` come from an older list.  The rest is
 * not touched: what no row needs takes no memory. */
static void *copied(const void *from, size_t have, size_t want, bool *whole)
{
	char *list = malloc(want + 1);

	*whole = *whole && list;
	if (list && have)
		memcpy(list, from, have);
	return list;
}

/* A set with the rows and values of another, if any, and room for more rows;
 * what columns_order.c makes is still missing. */
static struct cbi_columns *begin(const struct cbi_columns *old, uint32_t more)
{
	static const struct cbi_columns none;
	struct cbi_columns *c = calloc(1, sizeof(*c));
	bool whole = c != NULL;
	size_t have, want;

	if (!c)
		return NULL;
	c->seen = cbi_columns_seen_create(old);
	whole = c->seen != NULL;
	if (!old)
		old = &none;
	have = old->n;
	want = have + more + 1;
	c->n = old->n;
	c->live = old->live;
	c->words = old->words;
	c->value_count = old->value_count;
	memcpy(c->chains, old->chains, sizeof(c->chains));
#define COPY(to, from, n, all) \
	(to) =                 \
	    copied((from), (n) * sizeof(*(to)), (all) * sizeof(*(to)), &whole)
	c->alive = calloc(want / 64 + 1, sizeof(*c->alive));
	whole = whole && c->alive;
	if (c->alive && have)
		memcpy(c->alive, old->alive, old->words * sizeof(*c->alive));
	COPY(c->kind, old->kind, have, want);
	COPY(c->space, old->space, have, want);
	COPY(c->name, old->name, have, want);
	COPY(c->title, old->title, have, want);
	COPY(c->uid, old->uid, have, want);
	for (int i = 0; i < CBI_LISTS; i++) {
		size_t used = old->at[i] ? old->at[i][have] : 0;

		COPY(c->at[i], old->at[i], old->at[i] ? have + 1 : 0, want + 1);
		if (c->at[i] && !old->at[i])
			c->at[i][0] = 0;
		COPY(c->list[i], old->list[i], used, used + more);
		c->list_room[i] = used + more;
	}
	c->value_room = old->value_count + 64;
	COPY(c->value, old->value, old->value_count, c->value_room);
	COPY(c->folded, old->folded, old->value_count, c->value_room);
	COPY(c->chained, old->chained, old->value_count, c->value_room);
	/* Offset 0 is no text. */
	c->pool_len = old->pool_len ? old->pool_len : 1;
	c->pool_room = c->pool_len + (size_t)more * 64;
	COPY(c->pool, old->pool, old->pool_len, c->pool_room);
#undef COPY
	if (whole)
		return c;
	cbi_columns_destroy(c);
	return NULL;
}

static void note_state(struct cbi_columns *c,
                       const struct cbi_layout_state *state)
{
	c->number = state->number;
	cbi_str_copy(c->database, sizeof(c->database), state->database);
}

/* What is left of the room after the last row goes back. */
static void end(struct cbi_columns *c)
{
	char *pool = realloc(c->pool, c->pool_len);

	if (pool) {
		c->pool = pool;
		c->pool_room = c->pool_len;
	}
}

/* --- the two ways --- */

int cbi_columns_create(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                       struct cbi_copy_cursor *cursor,
                       const struct cbi_layout_state *state,
                       struct cbi_columns **out)
{
	size_t n = cbi_copy_count(txn, CBI_TABLE_ROW);
	struct cbi_columns *c =
	    n < UINT32_MAX / 2 ? begin(NULL, (uint32_t)n) : NULL;
	struct cbi_span key, record;
	int rc = c ? CB_OK : CB_ENOMEM;

	while (rc == CB_OK && c->n < n && cbi_copy_next(cursor, &key, &record))
		rc = add_row(ctx, c, record);
	if (rc == CB_OK)
		rc = cbi_columns_arrange(c, NULL);
	if (rc < 0) {
		cbi_columns_destroy(c);
		return rc;
	}
	note_state(c, state);
	end(c);
	*out = c;
	return CB_OK;
}

struct cbi_columns *cbi_columns_begin(size_t rows)
{
	return rows < UINT32_MAX / 2 ? begin(NULL, (uint32_t)rows) : NULL;
}

int cbi_columns_add(struct cb_ctx *ctx, struct cbi_columns *columns,
                    struct cbi_span record)
{
	return add_row(ctx, columns, record);
}

int cbi_columns_end(struct cbi_columns *columns)
{
	int rc = cbi_columns_arrange(columns, NULL);

	end(columns);
	return rc;
}

uint32_t cbi_columns_row(const struct cbi_columns *c, const char *ref)
{
	const char *name = strchr(ref, '/') + 1;
	uint32_t low = 0, high = c->order_count[CBI_ORDER_NAME];
	const uint32_t *order = c->order[CBI_ORDER_NAME];
	char have[CB_REF_MAX + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(cbi_columns_text(c, c->name[order[middle]]), name) <
		    0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < c->order_count[CBI_ORDER_NAME]; low++) {
		if (strcmp(cbi_columns_text(c, c->name[order[low]]), name) != 0)
			break;
		cbi_columns_ref(c, order[low], have);
		if (strcmp(have, ref) == 0)
			return order[low];
	}
	return CBI_COLUMNS_NONE;
}

/* A ref that was written: its old row dies, the new one is added. */
static int patch(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                 struct cbi_columns *c, const struct cbi_columns *old,
                 struct cbi_span ref)
{
	char text[CB_REF_MAX + 1], key[CB_REF_MAX + 1];
	struct cbi_span record;
	size_t len;
	uint32_t row;

	if (ref.len > CB_REF_MAX)
		return CB_ENOTSUP;
	memcpy(text, ref.ptr, ref.len);
	text[ref.len] = '\0';
	len = cbi_layout_row_key(text, key);
	if (!len || cbi_copy_get(txn, CBI_TABLE_ROW, key, len, &record) < 0)
		return CB_ENOTSUP;
	row = cbi_columns_row(old, text);
	if (row != CBI_COLUMNS_NONE) {
		c->alive[row / 64] &= ~((uint64_t)1 << (row % 64));
		c->live--;
	}
	return add_row(ctx, c, record);
}

int cbi_columns_next(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                     struct cbi_copy_cursor *cursor,
                     const struct cbi_columns *old,
                     const struct cbi_layout_state *state,
                     struct cbi_columns **out)
{
	uint32_t most = old->live / PATCH_PART + PATCH_LEAST;
	struct cbi_columns *c;
	struct cbi_span key, ref;
	int rc = CB_OK;

	if (old->n - old->live > most)
		return CB_ENOTSUP;
	c = begin(old, most);
	if (!c)
		return CB_ENOMEM;
	while (rc == CB_OK && cbi_copy_next(cursor, &key, &ref))
		rc = c->n < old->n + most ? patch(ctx, txn, c, old, ref)
		                          : CB_ENOTSUP;
	/* Nothing is missing, so equal numbers mean equal rows: what was
	 * deleted stands here still. */
	if (rc == CB_OK && c->live != cbi_copy_count(txn, CBI_TABLE_ROW))
		rc = CB_ENOTSUP;
	if (rc == CB_OK)
		rc = cbi_columns_arrange(c, old);
	if (rc < 0) {
		cbi_columns_destroy(c);
		return rc;
	}
	note_state(c, state);
	end(c);
	*out = c;
	return CB_OK;
}
