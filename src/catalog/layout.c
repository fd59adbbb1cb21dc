/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.c - see layout.h.
 */
#include "catalog/layout.h"

#include <string.h>

#include "catalog/fold.h"
#include "catalog/scan.h"
#include "copy/copy.h"

static const char *const tables[CBI_TABLES] = {
	[CBI_TABLE_META] = "meta",
	[CBI_TABLE_ENTITY] = "entity",
	[CBI_TABLE_UID] = "uid",
	[CBI_TABLE_ID] = "id",
	[CBI_TABLE_ROW] = "row",
	[CBI_TABLE_RECENT] = "recent",
	[CBI_TABLE_PLUGIN] = "plugin",
	[CBI_TABLE_KEY] = "key",
	[CBI_TABLE_TOKEN_KEY] = "token_key",
	[CBI_TABLE_PERSONAL] = "personal_token",
	[CBI_TABLE_ROLE] = "role",
	[CBI_TABLE_REVOKED] = "revoked",
};

void cbi_catalog_copy_config(const char *dir, bool writer,
                             struct cbi_copy_config *out)
{
	memset(out, 0, sizeof(*out));
	out->dir = dir;
	out->tables = tables;
	out->n = CBI_TABLES;
	out->writer = writer;
}

int cbi_layout_state_get(struct cbi_copy_txn *txn, struct cbi_layout_state *out)
{
	struct cbi_span value;
	int rc = cbi_copy_get(txn, CBI_TABLE_META, "state", 5, &value);

	if (rc < 0)
		return rc;
	if (value.len != sizeof(*out))
		return CB_ENOENT;
	memcpy(out, value.ptr, sizeof(*out));
	return out->format == CBI_LAYOUT_FORMAT ? CB_OK : CB_ENOENT;
}

void cbi_layout_number(uint64_t number, unsigned char out[8])
{
	for (int i = 7; i >= 0; i--, number >>= 8)
		out[i] = (unsigned char)number;
}

size_t cbi_layout_row_key(const char *ref, char out[CB_REF_MAX + 1])
{
	const char *colon = strchr(ref, ':');
	const char *slash = colon ? strchr(colon, '/') : NULL;
	size_t kind, space, name;

	if (!slash)
		return 0;
	kind = (size_t)(colon - ref);
	space = (size_t)(slash - colon) - 1;
	name = strlen(slash + 1);
	if (kind + space + name + 2 > CB_REF_MAX)
		return 0;
	memcpy(out, ref, kind);
	out[kind] = '\0';
	memcpy(out + kind + 1, slash + 1, name);
	out[kind + 1 + name] = '\0';
	memcpy(out + kind + name + 2, colon + 1, space);
	return kind + name + space + 2;
}

/* --- writing --- */

static void add_text(struct cb_buf *buf, const char *text, size_t len)
{
	uint16_t stored = (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX);

	cb_buf_add(buf, &stored, sizeof(stored));
	cb_buf_add(buf, text, stored);
	cb_buf_add(buf, "", 1);
}

static struct cbi_span span_of(const char *text)
{
	return (struct cbi_span){ text, strlen(text) };
}

/* A column's text is shown in a table: this much of it. */
#define COLUMN_MAX 300

/* The scalar at object.name; false for none. */
static bool column(struct cbi_span object, const char *name,
                   char out[COLUMN_MAX])
{
	struct cbi_span value;

	if (!cbi_scan_member(object, span_of(name), &value) || value.len == 0)
		return false;
	if (value.ptr[0] == '"') {
		/* What does not fit is cut between letters. */
		if (cbi_scan_string(value, out, COLUMN_MAX) >= 0)
			return true;
		value.ptr++;
		value.len = value.len - 2;
	} else if (strchr("{[n", value.ptr[0])) {
		return false;
	}
	if (value.len > COLUMN_MAX - 1) {
		value.len = COLUMN_MAX - 1;
		while (value.len &&
		       ((unsigned char)value.ptr[value.len] & 0xc0) == 0x80)
			value.len--;
	}
	memcpy(out, value.ptr, value.len);
	out[value.len] = '\0';
	return true;
}

/* Gathers the values of a list column as search rows have them. */
struct list {
	struct cb_ctx *ctx;
	struct cb_buf *buf;
	size_t start; /* of the count */
	unsigned count;
};

static void list_begin(struct list *list)
{
	list->start = list->buf->len;
	list->count = 0;
	cb_buf_add(list->buf, "", 1);
}

static void list_add(struct list *list, struct cbi_span value)
{
	char text[CB_SEARCH_VALUE_MAX * 4 + 1];
	const char *folded;

	if (list->count == UINT8_MAX || value.len == 0)
		return;
	if (value.ptr[0] == '"') {
		if (cbi_scan_string(value, text, sizeof(text)) < 0)
			return;
	} else if (strchr("{[n", value.ptr[0]) || value.len >= sizeof(text)) {
		return;
	} else {
		memcpy(text, value.ptr, value.len);
		text[value.len] = '\0';
	}
	folded = cbi_catalog_fold(list->ctx, text);
	if (!folded || strlen(folded) > CB_SEARCH_VALUE_MAX)
		return;
	list->count++;
	add_text(list->buf, text, strlen(text));
	/* The same, mostly: then only its length is kept. */
	add_text(list->buf, folded, folded == text ? 0 : strlen(folded));
}

static void list_end(struct list *list)
{
	if (!list->buf->failed)
		list->buf->data[list->start] = (char)list->count;
}

static void add_member_list(struct list *list, struct cbi_span object,
                            const char *name)
{
	struct cbi_span value, key, item;
	size_t at = 0;

	list_begin(list);
	if (cbi_scan_member(object, span_of(name), &value)) {
		if (value.len && value.ptr[0] == '[')
			while (cbi_scan_next(value, &at, &key, &item))
				list_add(list, item);
		else
			list_add(list, value);
	}
	list_end(list);
}

static void add_owners(struct list *list, struct cbi_span body)
{
	struct cbi_span relations, key, item, value;
	size_t at = 0;

	list_begin(list);
	if (cbi_scan_member(body, span_of("relations"), &relations))
		while (cbi_scan_next(relations, &at, &key, &item))
			if (cbi_scan_member(item, span_of("type"), &value) &&
			    value.len == 9 &&
			    memcmp(value.ptr, "\"ownedBy\"", 9) == 0 &&
			    cbi_scan_member(item, span_of("targetRef"), &value))
				list_add(list, value);
	list_end(list);
}

static void add_column(struct cb_buf *buf, struct cbi_span object,
                       const char *name, const char *fallback)
{
	char text[COLUMN_MAX];

	if (!column(object, name, text))
		cbi_str_copy(text, sizeof(text), fallback);
	add_text(buf, text, strlen(text));
}

int cbi_layout_pack(struct cb_ctx *ctx, const struct cbi_layout_entity *entity,
                    struct cb_buf *buf)
{
	struct cbi_span metadata = { "", 0 }, spec = { "", 0 };
	struct cbi_span profile = { "", 0 };
	struct list list = { .ctx = ctx, .buf = buf };

	/* What is missing stays empty. */
	cbi_scan_member(entity->body, span_of("metadata"), &metadata);
	cbi_scan_member(entity->body, span_of("spec"), &spec);
	cbi_scan_member(spec, span_of("profile"), &profile);
	cbi_buf_clear(buf);
	cb_buf_add(buf, &entity->number, sizeof(entity->number));
	cb_buf_add(buf, &entity->updated_ms, sizeof(entity->updated_ms));
	add_member_list(&list, spec, "type");
	add_member_list(&list, spec, "lifecycle");
	add_owners(&list, entity->body);
	add_member_list(&list, metadata, "tags");
	add_text(buf, entity->ref, strlen(entity->ref));
	add_column(buf, entity->body, "kind", "");
	add_column(buf, metadata, "namespace", "default");
	add_column(buf, metadata, "name", "");
	add_column(buf, metadata, "title", "");
	add_column(buf, metadata, "description", "");
	add_column(buf, profile, "displayName", "");
	add_text(buf, entity->uid, strlen(entity->uid));
	return buf->failed;
}

static int pack_entity(const struct cbi_layout_entity *entity,
                       struct cb_buf *buf)
{
	char etag[80];
	size_t len = strlen(entity->etag);

	if (len > sizeof(etag) - 5)
		len = sizeof(etag) - 5;
	memcpy(etag, "W/\"", 3);
	memcpy(etag + 3, entity->etag, len);
	etag[len + 3] = '"';
	cbi_buf_clear(buf);
	cb_buf_add(buf, &entity->number, sizeof(entity->number));
	cb_buf_add(buf, &entity->id, sizeof(entity->id));
	cb_buf_add(buf, &entity->updated_ms, sizeof(entity->updated_ms));
	add_text(buf, entity->uid, strlen(entity->uid));
	add_text(buf, etag, len + 4);
	cb_buf_add(buf, entity->body.ptr, entity->body.len);
	return buf->failed;
}

static void recent_key(uint64_t number, int64_t id, unsigned char out[16])
{
	cbi_layout_number(number, out);
	cbi_layout_number((uint64_t)id, out + 8);
}

static int drop_rows(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                     const char *ref)
{
	struct cbi_span record;
	struct cbi_layout_head head;
	unsigned char recent[16];
	char key[CB_REF_MAX + 1], uid[CB_REF_MAX];
	size_t len = cbi_layout_row_key(ref, key);
	int rc = cbi_copy_get(txn, CBI_TABLE_ENTITY, ref, strlen(ref), &record);

	if (rc < 0)
		return rc == CB_ENOENT ? CB_OK : rc;
	cbi_layout_read(record, &head);
	recent_key(head.number, head.id, recent);
	cbi_str_copy(uid, sizeof(uid), head.uid);
	rc = cbi_copy_del(ctx, txn, CBI_TABLE_RECENT, recent, 16);
	if (rc == CB_OK)
		rc = cbi_copy_del(ctx, txn, CBI_TABLE_UID, uid, strlen(uid));
	if (rc == CB_OK && len)
		rc = cbi_copy_del(ctx, txn, CBI_TABLE_ROW, key, len);
	if (rc == CB_OK)
		rc = cbi_copy_del(ctx, txn, CBI_TABLE_ENTITY, ref, strlen(ref));
	return rc;
}

int cbi_layout_delete(struct cb_ctx *ctx, struct cbi_copy_txn *txn, int64_t id)
{
	unsigned char key[8];
	char ref[CB_COPY_KEY_MAX + 1];
	struct cbi_span found;
	int rc;

	cbi_layout_number((uint64_t)id, key);
	rc = cbi_copy_get(txn, CBI_TABLE_ID, key, 8, &found);
	if (rc < 0)
		return rc == CB_ENOENT ? CB_OK : rc;
	if (found.len >= sizeof(ref))
		return cb_fail(ctx, CB_EBUG, "a ref in the copy is too long");
	memcpy(ref, found.ptr, found.len);
	ref[found.len] = '\0';
	rc = drop_rows(ctx, txn, ref);
	if (rc == CB_OK)
		rc = cbi_copy_del(ctx, txn, CBI_TABLE_ID, key, 8);
	return rc;
}

static int put_keys(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                    const struct cbi_layout_entity *entity)
{
	unsigned char id[8], recent[16];
	size_t len = strlen(entity->ref);
	int rc;

	cbi_layout_number((uint64_t)entity->id, id);
	recent_key(entity->number, entity->id, recent);
	rc = cbi_copy_put(ctx, txn, CBI_TABLE_ID, id, 8, entity->ref, len);
	if (rc == CB_OK)
		rc = cbi_copy_put(ctx, txn, CBI_TABLE_UID, entity->uid,
		                  strlen(entity->uid), entity->ref, len);
	if (rc == CB_OK)
		rc = cbi_copy_put(ctx, txn, CBI_TABLE_RECENT, recent, 16,
		                  entity->ref, len);
	return rc;
}

int cbi_layout_put(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                   const struct cbi_layout_entity *entity,
                   struct cb_buf *scratch)
{
	char key[CB_REF_MAX + 1];
	size_t len = cbi_layout_row_key(entity->ref, key);
	int rc;

	if (len == 0)
		return cb_fail(ctx, CB_EBUG, "'%s' is not an entity ref",
		               entity->ref);
	rc = cbi_layout_delete(ctx, txn, entity->id);
	if (rc == CB_OK)
		rc = put_keys(ctx, txn, entity);
	if (rc == CB_OK)
		rc = pack_entity(entity, scratch);
	if (rc == CB_OK)
		rc = cbi_copy_put(ctx, txn, CBI_TABLE_ENTITY, entity->ref,
		                  strlen(entity->ref), scratch->data,
		                  scratch->len);
	if (rc == CB_OK)
		rc = cbi_layout_pack(ctx, entity, scratch);
	if (rc == CB_OK)
		rc = cbi_copy_put(ctx, txn, CBI_TABLE_ROW, key, len,
		                  scratch->data, scratch->len);
	if (rc < 0)
		cb_fail(ctx, rc, "entity '%s' does not fit the copy",
		        entity->ref);
	return rc;
}

/* --- reading --- */

/* The text at p, which moves behind it. */
static const char *read_text(const char **p)
{
	const char *text = *p + sizeof(uint16_t);
	uint16_t len;

	memcpy(&len, *p, sizeof(len));
	*p = text + len + 1;
	return text;
}

void cbi_layout_read(struct cbi_span record, struct cbi_layout_head *out)
{
	const char *p = record.ptr;

	memcpy(&out->number, p, 8);
	memcpy(&out->id, p + 8, 8);
	memcpy(&out->updated_ms, p + 16, 8);
	p += 24;
	out->uid = read_text(&p);
	out->etag = read_text(&p);
	out->body.ptr = p;
	out->body.len = record.len - (size_t)(p - record.ptr);
}

const char *cbi_layout_value(const char **at, const char **folded)
{
	const char *text = read_text(at);
	const char *other = read_text(at);

	*folded = *other ? other : text;
	return text;
}

void cbi_layout_row_read(struct cbi_span record, struct cbi_layout_row *out)
{
	const char *p = record.ptr, *folded;

	memcpy(&out->number, p, 8);
	memcpy(&out->updated_ms, p + 8, 8);
	p += 16;
	for (int i = 0; i < CBI_LISTS; i++) {
		out->counts[i] = (unsigned char)*p++;
		out->lists[i] = p;
		for (unsigned n = out->counts[i]; n > 0; n--)
			cbi_layout_value(&p, &folded);
	}
	out->ref = read_text(&p);
	out->kind = read_text(&p);
	out->space = read_text(&p);
	out->name = read_text(&p);
	out->title = read_text(&p);
	out->description = read_text(&p);
	out->display = read_text(&p);
	out->uid = read_text(&p);
}
