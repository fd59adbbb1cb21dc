/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_row.c - single rows of the table: their places, positions between
 * pages, and the lists that need no filter.
 */
#include <string.h>

#include "catalog/fold.h"
#include "catalog/table_priv.h"
#include "catalog/tally.h"
#include "copy/copy.h"

#define RECENT_MAX 100

int cbi_table_begin(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    struct cbi_fresh *fresh, struct cbi_copy_txn **txn)
{
	int rc;

	if (ctx->scope.as_of)
		return cb_fail(ctx, CB_ENOTSUP,
		               "tables of the past are not kept");
	rc = cbi_fresh_copy(ctx, catalog, fresh, txn);
	if (rc == CB_OK && !ctx->scope.all)
		*txn = NULL;
	return rc;
}

/* --- places --- */

static const char *first_folded(const struct cbi_layout_row *row, int list)
{
	const char *p = row->lists[list], *folded;

	if (row->counts[list] == 0)
		return NULL;
	cbi_layout_value(&p, &folded);
	return folded;
}

void cbi_table_place_of(struct cbi_span key, const struct cbi_layout_row *row,
                        enum cbi_table_sort sort, struct cbi_table_place *out)
{
	static const int list_of[] = {
		[CBI_SORT_NAME] = -1,
		[CBI_SORT_TYPE] = CBI_LIST_TYPE,
		[CBI_SORT_OWNER] = CBI_LIST_OWNER,
		[CBI_SORT_LIFECYCLE] = CBI_LIST_LIFECYCLE,
	};

	out->kind = key.ptr;
	out->name = out->kind + strlen(out->kind) + 1;
	/* The key's end is not terminated; the ref has the same text. */
	out->space = row->ref + strlen(out->kind) + 1;
	out->valued = sort != CBI_SORT_NAME;
	out->value = out->valued ? first_folded(row, list_of[sort]) : NULL;
}

/* Compares namespaces, which end at a slash or with the text. */
static int compare_space(const char *a, const char *b)
{
	size_t x = strcspn(a, "/"), y = strcspn(b, "/");
	int n = memcmp(a, b, x < y ? x : y);

	return n ? n : (x > y) - (x < y);
}

int cbi_table_compare(const struct cbi_table_place *a,
                      const struct cbi_table_place *b, bool descending)
{
	int n;

	if (!a->value != !b->value)
		return a->value ? -1 : 1;
	n = a->value ? strcmp(a->value, b->value) : 0;
	if (n == 0 && a->valued) {
		/* The names below one value always rise. */
		descending = false;
	}
	if (n == 0)
		n = strcmp(a->name, b->name);
	if (n == 0)
		n = strcmp(a->kind, b->kind);
	if (n == 0)
		n = compare_space(a->space, b->space);
	return descending ? -n : n;
}

/* --- positions --- */

const char *cbi_table_position(struct cb_ctx *ctx,
                               const struct cbi_table_place *place)
{
	return cb_printf(ctx, "%s:%.*s/%s%s%s", place->kind,
	                 (int)strcspn(place->space, "/"), place->space,
	                 place->name,
	                 !place->valued ? ""
	                 : place->value ? "="
	                                : "-",
	                 place->value ? place->value : "");
}

int cbi_table_place_read(struct cb_ctx *ctx, const char *text,
                         struct cbi_table_place *out)
{
	char *copy = cb_strdup(ctx, text);
	char *slash, *colon, *mark;

	if (!copy)
		return CB_ENOMEM;
	colon = strchr(copy, ':');
	slash = colon ? strchr(colon, '/') : NULL;
	if (!slash)
		return cb_fail(ctx, CB_EINVAL,
		               "'%.80s' is not a position of this table", text);
	memset(out, 0, sizeof(*out));
	mark = strchr(slash, '=');
	if (mark) {
		*mark = '\0';
		out->value = mark + 1;
		out->valued = true;
	} else if (cbi_str_ends(slash, "-")) {
		/* Names do not end in a dash. */
		slash[strlen(slash) - 1] = '\0';
		out->valued = true;
	}
	*colon = '\0';
	out->kind = copy;
	out->space = colon + 1; /* ends at its slash */
	out->name = cb_strdup(ctx, slash + 1);
	return out->name ? CB_OK : CB_ENOMEM;
}

/* --- rows --- */

static const char *first_value(const struct cbi_layout_row *row, int list)
{
	const char *p = row->lists[list], *folded;

	return row->counts[list] ? cbi_layout_value(&p, &folded) : NULL;
}

int cbi_table_row_fill(struct cb_ctx *ctx, struct cbi_span record,
                       struct cbi_table_row *out)
{
	struct cbi_layout_row row;
	const char **tags, *p, *folded;

	cbi_layout_row_read(record, &row);
	out->ref = row.ref;
	out->kind = row.kind;
	out->space = row.space;
	out->name = row.name;
	out->title = row.title;
	out->description = row.description;
	out->type = first_value(&row, CBI_LIST_TYPE);
	out->lifecycle = first_value(&row, CBI_LIST_LIFECYCLE);
	out->owner = first_value(&row, CBI_LIST_OWNER);
	out->tag_count = row.counts[CBI_LIST_TAG];
	out->number = row.number;
	out->updated_ms = row.updated_ms;
	tags = cb_alloc(ctx, (out->tag_count + 1) * sizeof(*tags));
	if (!tags)
		return CB_ENOMEM;
	p = row.lists[CBI_LIST_TAG];
	for (size_t i = 0; i < out->tag_count; i++)
		tags[i] = cbi_layout_value(&p, &folded);
	out->tags = tags;
	return CB_OK;
}

static int recent_row(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                      struct cbi_span ref_in_map, struct cbi_table_row *out)
{
	char key[CB_REF_MAX + 1];
	char *ref = cb_strndup(ctx, ref_in_map.ptr, ref_in_map.len);
	struct cbi_span record;
	size_t len;
	int rc;

	if (!ref)
		return CB_ENOMEM;
	len = cbi_layout_row_key(ref, key);
	rc = cbi_copy_get(txn, CBI_TABLE_ROW, key, len, &record);
	return rc < 0 ? rc : cbi_table_row_fill(ctx, record, out);
}

int cbi_table_recent(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                     size_t n, struct cbi_table *out, struct cbi_fresh *fresh)
{
	struct cbi_table_row *rows;
	struct cbi_copy_cursor *cursor;
	struct cbi_copy_txn *txn;
	struct cbi_span key, ref;
	int rc;

	n = n < RECENT_MAX ? n : RECENT_MAX;
	rows = cb_alloc(ctx, (n + 1) * sizeof(*rows));
	rc = rows ? cbi_table_begin(ctx, catalog, fresh, &txn) : CB_ENOMEM;
	if (rc < 0)
		return rc;
	memset(out, 0, sizeof(*out));
	out->rows = rows;
	if (!txn)
		return CB_OK;
	out->total = cbi_copy_count(txn, CBI_TABLE_ROW);
	rc = cbi_copy_seek_back(ctx, txn, CBI_TABLE_RECENT, NULL, 0, &cursor);
	while (rc == CB_OK && out->count < n &&
	       cbi_copy_prev(cursor, &key, &ref)) {
		rc = recent_row(ctx, txn, ref, &rows[out->count]);
		if (rc == CB_OK)
			out->count++;
		else if (rc == CB_ENOENT)
			rc = CB_OK;
	}
	return rc;
}

int cbi_table_kinds(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    const struct cbi_table_count **out, size_t *n,
                    struct cbi_fresh *fresh)
{
	struct cbi_tally tally = { NULL, 0, 0 };
	const struct cbi_tally_slot *slots;
	struct cbi_table_count *counts;
	struct cbi_copy_cursor *cursor;
	struct cbi_copy_txn *txn;
	struct cbi_span key, record;
	struct cbi_layout_row row;
	uint32_t at = 0;
	int rc = cbi_table_begin(ctx, catalog, fresh, &txn);

	if (rc == CB_OK && txn)
		rc = cbi_copy_seek(ctx, txn, CBI_TABLE_ROW, NULL, 0, &cursor);
	while (rc == CB_OK && txn && cbi_copy_next(cursor, &key, &record)) {
		cbi_layout_row_read(record, &row);
		rc = cbi_tally_add(ctx, &tally, row.kind, ++at);
	}
	if (rc < 0)
		return rc;
	slots = cbi_tally_sorted(&tally, n);
	counts = cb_alloc(ctx, (*n + 1) * sizeof(*counts));
	if (!counts)
		return CB_ENOMEM;
	for (size_t i = 0; i < *n; i++)
		counts[i] = (struct cbi_table_count){ slots[i].value,
			                              slots[i].count, false };
	*out = counts;
	return CB_OK;
}
