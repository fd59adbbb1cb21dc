/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_row.c - single rows of the table: their places, positions between
 * pages, and the lists that need no filter.
 */
#include <string.h>

#include "catalog/columns.h"
#include "catalog/entity.h"
#include "catalog/past.h"
#include "catalog/table_priv.h"
#include "catalog/view.h"
#include "copy/copy.h"

#define RECENT_MAX 100

int cbi_table_begin(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    struct cbi_fresh *fresh, struct cbi_copy_txn **txn,
                    bool *none)
{
	*none = !ctx->scope.all && !ctx->scope.where;
	*txn = NULL;
	if (!ctx->scope.as_of)
		return cbi_fresh_copy(ctx, catalog, fresh, txn);
	if (fresh)
		*fresh = (struct cbi_fresh){ false, 0 };
	return CB_OK;
}

/* --- positions --- */

const char *cbi_table_position(struct cb_ctx *ctx,
                               const struct cbi_table_place *place)
{
	return cb_printf(ctx, "%s:%s/%s%s%s", place->kind, place->space,
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
	*colon = *slash = '\0';
	out->kind = copy;
	out->space = colon + 1;
	out->name = slash + 1;
	return CB_OK;
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
	out->display = row.display;
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

int cbi_table_row_get(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                      const char *ref, struct cbi_table_row *out)
{
	char key[CB_REF_MAX + 1];
	struct cbi_span record;
	size_t len;
	int rc;

	if (!txn)
		return cbi_past_row(ctx, ref, out);
	len = cbi_layout_row_key(ref, key);
	rc = cbi_copy_get(txn, CBI_TABLE_ROW, key, len, &record);
	return rc < 0 ? rc : cbi_table_row_fill(ctx, record, out);
}

static int recent_then(struct cb_ctx *ctx, size_t n, struct cbi_table_row *rows,
                       struct cbi_table *out)
{
	const char **refs;
	size_t count = 0;
	int rc = cbi_past_recent(ctx, n, &refs, &count, &out->total);

	for (size_t i = 0; i < count && rc == CB_OK; i++) {
		rc = cbi_past_row(ctx, refs[i], &rows[out->count]);
		out->count += rc == CB_OK;
		if (rc == CB_ENOENT)
			rc = CB_OK;
	}
	return rc;
}

/* Whose rows are looked for among those that changed: all, or what a scope
 * sees. */
struct sight {
	const struct cbi_columns *columns; /* NULL: all */
	const uint64_t *seen;
};

static int open_sight(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                      struct sight *sight, size_t *total)
{
	int rc;

	*sight = (struct sight){ NULL, NULL };
	*total = cbi_copy_count(txn, CBI_TABLE_ROW);
	if (ctx->scope.all)
		return CB_OK;
	rc = cbi_table_columns(ctx, txn, &sight->columns);
	if (rc == CB_OK)
		rc = cbi_columns_seen(ctx, sight->columns, txn, &sight->seen);
	if (rc == CB_OK)
		*total = cbi_columns_size(sight->columns, sight->seen);
	return rc;
}

static bool in_sight(const struct sight *sight, const char *ref)
{
	uint32_t row;

	if (!sight->columns)
		return true;
	row = cbi_columns_row(sight->columns, ref);
	return row != CBI_COLUMNS_NONE && cbi_columns_has(sight->seen, row);
}

static int recent_now(struct cb_ctx *ctx, struct cbi_copy_txn *txn, size_t n,
                      struct cbi_table_row *rows, struct cbi_table *out)
{
	struct cbi_copy_cursor *cursor;
	struct cbi_span key, ref;
	struct sight sight;
	int rc = open_sight(ctx, txn, &sight, &out->total);

	if (rc == CB_OK)
		rc = cbi_copy_seek_back(ctx, txn, CBI_TABLE_RECENT, NULL, 0,
		                        &cursor);
	n = n < out->total ? n : out->total;
	while (rc == CB_OK && out->count < n &&
	       cbi_copy_prev(cursor, &key, &ref)) {
		char text[CB_REF_MAX + 1];

		if (ref.len > CB_REF_MAX)
			continue;
		memcpy(text, ref.ptr, ref.len);
		text[ref.len] = '\0';
		if (!in_sight(&sight, text))
			continue;
		rc = cbi_table_row_get(ctx, txn, text, &rows[out->count]);
		if (rc == CB_OK)
			out->count++;
		else if (rc == CB_ENOENT)
			rc = CB_OK;
	}
	return rc;
}

int cbi_table_recent(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                     size_t n, struct cbi_table *out, struct cbi_fresh *fresh)
{
	struct cbi_table_row *rows;
	struct cbi_copy_txn *txn;
	bool none;
	int rc;

	n = n < RECENT_MAX ? n : RECENT_MAX;
	rows = cb_alloc(ctx, (n + 1) * sizeof(*rows));
	rc = rows ? cbi_table_begin(ctx, catalog, fresh, &txn, &none)
	          : CB_ENOMEM;
	if (rc < 0)
		return rc;
	memset(out, 0, sizeof(*out));
	out->rows = rows;
	if (none)
		return CB_OK;
	return txn ? recent_now(ctx, txn, n, rows, out)
	           : recent_then(ctx, n, rows, out);
}

static int title_from_body(struct cb_ctx *ctx,
                           const struct cbi_catalog *catalog, const char *ref,
                           const char **out)
{
	const struct cb_entity *entity;
	struct cbi_served served;
	int rc = cbi_view_by_ref(ctx, catalog, ref, &served, NULL);

	if (rc == CB_ENOENT)
		cb_failure_clear(ctx);
	if (rc == CB_OK)
		rc = cbi_entity_create(ctx, served.body, served.len, &entity);
	if (rc < 0)
		return rc;
	*out = cb_entity_text(entity, "spec.profile.displayName");
	if (!*out || !**out)
		*out = cb_entity_title(entity);
	return CB_OK;
}

int cbi_table_title(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    const char *ref, const char **out)
{
	char key[CB_REF_MAX + 1];
	struct cbi_layout_row row;
	struct cbi_copy_txn *txn;
	struct cbi_span record;
	size_t len = cbi_layout_row_key(ref, key);
	int rc = cbi_fresh_begin(ctx, catalog, NULL, &txn);

	if (rc < 0)
		return rc;
	if (!txn || !ctx->scope.all)
		return title_from_body(ctx, catalog, ref, out);
	if (!len ||
	    cbi_copy_get(txn, CBI_TABLE_ROW, key, len, &record) != CB_OK)
		return CB_ENOENT;
	cbi_layout_row_read(record, &row);
	*out = *row.display ? row.display : *row.title ? row.title : row.name;
	return CB_OK;
}

int cbi_table_columns(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                      const struct cbi_columns **out)
{
	if (!txn)
		return cbi_past_columns(ctx, out);
	*out = cbi_columns_look(ctx, txn, true);
	return *out ? CB_OK
	            : cb_fail(ctx, CB_EAWAY,
	                      "the catalog's columns are not ready");
}

int cbi_table_kinds(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    const struct cbi_table_count **out, size_t *n,
                    struct cbi_fresh *fresh)
{
	const struct cbi_columns *c;
	struct cbi_columns_count *found;
	struct cbi_table_count *counts;
	const uint64_t *seen;
	struct cbi_copy_txn *txn;
	bool none;
	int rc = cbi_table_begin(ctx, catalog, fresh, &txn, &none);

	*n = 0;
	if (rc == CB_OK && !none)
		rc = cbi_table_columns(ctx, txn, &c);
	if (rc == CB_OK && !none)
		rc = cbi_columns_seen(ctx, c, txn, &seen);
	if (rc == CB_OK && !none)
		rc = cbi_columns_count(ctx, c, seen, CBI_PLACE_KIND, &found, n);
	if (rc < 0)
		return rc;
	counts = cb_alloc(ctx, (*n + 1) * sizeof(*counts));
	if (!counts)
		return CB_ENOMEM;
	for (size_t i = 0; i < *n; i++)
		counts[i] = (struct cbi_table_count){
			cbi_columns_text(c, c->value[found[i].id]),
			found[i].count, false
		};
	*out = counts;
	return CB_OK;
}
