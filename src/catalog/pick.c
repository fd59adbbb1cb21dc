/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pick.c - queries answered from the columns: see query.h.
 *
 * The filter becomes a set of rows; the page is picked by walking the order,
 * from the edge on, past the rows that are not in the set.
 */
#include <string.h>

#include "catalog/columns.h"
#include "catalog/query_priv.h"
#include "copy/copy.h"

struct pick {
	struct cb_ctx *ctx;
	struct cbi_copy_txn *txn;
	const struct cbi_columns *columns;
	const struct cbi_query *query;
	enum cbi_columns_order by;
	const uint32_t *order;
	uint32_t count; /* rows in the order */
	uint64_t *set;
	uint32_t *rows; /* of the page, as walked */
	size_t found;
};

static int order_of(const struct cbi_cursor *at)
{
	static const char *const keys[] = {
		[CBI_ORDER_NAME] = "metadata.name",
		[CBI_ORDER_TITLE] = "metadata.title",
		[CBI_ORDER_TYPE] = "spec.type",
		[CBI_ORDER_LIFECYCLE] = "spec.lifecycle",
	};

	if (!at->order_key)
		return CBI_ORDER_UID;
	for (int i = CBI_ORDER_NAME; i <= CBI_ORDER_LIFECYCLE; i++)
		if (strcmp(keys[i], at->order_key) == 0)
			return i;
	return -1;
}

/* Entities without a value to order by are not in the order. */
static int64_t count_all(const struct pick *p)
{
	const uint64_t *ordered = p->columns->ordered[p->by];
	int64_t n = 0;

	for (uint32_t w = 0; w < p->columns->words; w++)
		n += __builtin_popcountll(p->set[w] & ordered[w]);
	return n;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_uid(const char *text, unsigned char out[16])
{
	for (int i = 0; i < 16; i++) {
		int high, low;

		text += *text == '-';
		high = hex_value(text[0]);
		low = high < 0 ? -1 : hex_value(text[1]);
		if (low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
		text += 2;
	}
	return *text == '\0';
}

static int compare(const struct pick *p, uint32_t row, const char *value,
                   const unsigned char uid[16])
{
	const char *key = cbi_columns_key(p->columns, p->by, row);
	int n = key ? strcmp(key, value ? value : "") : 0;

	return n ? n : memcmp(p->columns->uid[row], uid, 16);
}

/* How many of the order are before the edge; *at tells whether the edge
 * itself is the next. */
static uint32_t before(const struct pick *p, const unsigned char uid[16],
                       bool *at)
{
	const char *value = p->query->at.edge.value;
	uint32_t low = 0, high = p->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare(p, p->order[middle], value, uid) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*at = low < p->count && compare(p, p->order[low], value, uid) == 0;
	return low;
}

/* Walks the order from a place on, up or down, and notes limit + 1 rows. */
static void walk(struct pick *p, int64_t from, bool down)
{
	int64_t skip = p->query->at.edge.uid ? 0 : p->query->offset;
	size_t want = (size_t)p->query->limit + 1;

	while (from >= 0 && from < p->count && p->found < want) {
		uint32_t row = p->order[from];

		from += down ? -1 : 1;
		if (!cbi_columns_has(p->set, row))
			continue;
		if (skip > 0)
			skip--;
		else
			p->rows[p->found++] = row;
	}
}

static int find_rows(struct pick *p)
{
	const struct cbi_cursor *at = &p->query->at;
	bool down = at->descending != at->previous, on_edge;
	int64_t from = down ? (int64_t)p->count - 1 : 0;
	size_t most = p->count;
	unsigned char uid[16];

	if ((uint64_t)p->query->limit < most)
		most = (size_t)p->query->limit;
	p->rows = cb_alloc(p->ctx, (most + 1) * sizeof(*p->rows));
	if (!p->rows)
		return CB_ENOMEM;
	if (at->edge.uid) {
		if (!read_uid(at->edge.uid, uid))
			return cb_fail(p->ctx, CB_EINVAL,
			               "the cursor's uid is none");
		from = before(p, uid, &on_edge);
		if (down)
			from--;
		else if (on_edge)
			from++;
	}
	walk(p, from, down);
	return CB_OK;
}

static int give(struct pick *p, uint32_t row, cbi_query_item *item, void *arg,
                struct cbi_edge *edge)
{
	char ref[CB_REF_MAX + 1];
	size_t len = cbi_columns_ref(p->columns, row, ref);
	struct cbi_layout_head head;
	struct cbi_span record;
	int rc = cbi_copy_get(p->txn, CBI_TABLE_ENTITY, ref, len, &record);

	if (rc < 0)
		return cb_fail(p->ctx, CB_EBUG,
		               "the copy has columns of '%s' but no body", ref);
	cbi_layout_read(record, &head);
	edge->value = cbi_columns_key(p->columns, p->by, row);
	edge->uid = head.uid;
	return item(arg, head.body);
}

static int give_rows(struct pick *p, cbi_query_item *item, void *arg,
                     struct cbi_query_found *out)
{
	size_t limit = (size_t)p->query->limit;
	size_t n = p->found < limit ? p->found : limit;
	int rc = CB_OK;

	out->more = p->found > limit;
	for (size_t i = 0; i < n && rc == CB_OK; i++) {
		/* A page that leads back was walked from its end. */
		size_t at = p->query->at.previous ? n - 1 - i : i;

		rc = give(p, p->rows[at], item, arg, &out->last);
		if (i == 0)
			out->first = out->last;
		out->given++;
	}
	return rc;
}

/* The rows that fit the filter and are seen. */
static int match(struct pick *p)
{
	const uint64_t *seen;
	int rc =
	    cbi_columns_match(p->ctx, p->columns, p->query->at.filter, &p->set);

	if (rc == CB_OK)
		rc = cbi_columns_seen(p->ctx, p->columns, p->txn, &seen);
	for (uint32_t w = 0; rc == CB_OK && w < p->columns->words; w++)
		p->set[w] &= seen[w];
	return rc;
}

int cbi_pick_run(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                 const struct cbi_query *query, cbi_query_item *item, void *arg,
                 struct cbi_query_page *page, struct cbi_query_found *found)
{
	struct pick p = { .ctx = ctx, .query = query };
	int which = order_of(&query->at);
	int rc;

	if (which < 0 || query->at.term || !cbi_columns_can(query->at.filter))
		return CB_ENOTSUP;
	rc = cbi_fresh_begin(ctx, catalog, &page->fresh, &p.txn);
	if (rc < 0)
		return rc;
	p.columns =
	    p.txn ? cbi_columns_look(ctx, p.txn, page->fresh.stale) : NULL;
	if (!p.columns) {
		page->fresh = (struct cbi_fresh){ false, 0 };
		return CB_ENOTSUP;
	}
	p.by = (enum cbi_columns_order)which;
	p.order = p.columns->order[which];
	p.count = p.columns->order_count[which];
	rc = match(&p);
	if (rc == CB_OK && query->limit > 0)
		rc = find_rows(&p);
	if (rc < 0)
		return rc;
	page->number = p.columns->number;
	page->total = query->at.total;
	if (query->count && !query->at.edge.uid)
		page->total = count_all(&p);
	return give_rows(&p, item, arg, found);
}
