/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flatten.c - see flatten.h.
 *
 * Where two keys differ only in case both give rows of one key; upstream
 * refuses such an entity.
 */
#include "catalog/flatten.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "catalog/fold.h"
#include "catalog/model.h"
#include "json/json.h"

#define SET_FIRST 128

/* a, between, b in one; cb_printf formats twice. */
static char *joined(struct cb_ctx *ctx, const char *a, char between,
                    const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	char *out = cb_alloc(ctx, n + m + 2);

	if (!out)
		return NULL;
	memcpy(out, a, n);
	out[n] = between;
	memcpy(out + n + 1, b, m);
	return out;
}

/* A set of rows, or of keys (value NULL and mark 'k'). */
struct seen {
	const char *key, *value;
	char mark;
};

struct flat {
	struct cb_ctx *ctx;
	struct cbi_row *rows;
	size_t n, room;
	struct seen *set;
	size_t set_n, set_size;
	int rc;
};

static bool same(const struct seen *a, const struct seen *b)
{
	if (a->mark != b->mark || strcmp(a->key, b->key) != 0)
		return false;
	if (!a->value || !b->value)
		return a->value == b->value;
	return strcmp(a->value, b->value) == 0;
}

static struct seen *slot_of(struct seen *set, size_t size,
                            const struct seen *entry)
{
	XXH64_hash_t h = XXH3_64bits_withSeed(entry->key, strlen(entry->key),
	                                      (XXH64_hash_t)entry->mark);
	size_t i;

	if (entry->value)
		h ^= XXH3_64bits(entry->value, strlen(entry->value));
	for (i = (size_t)h & (size - 1); set[i].key; i = (i + 1) & (size - 1))
		if (same(&set[i], entry))
			break;
	return &set[i];
}

static bool grow_set(struct flat *f)
{
	size_t size = f->set_size ? f->set_size * 2 : SET_FIRST;
	struct seen *set = cb_alloc(f->ctx, size * sizeof(*set));

	if (!set)
		return false;
	for (size_t i = 0; i < f->set_size; i++)
		if (f->set[i].key)
			*slot_of(set, size, &f->set[i]) = f->set[i];
	f->set = set;
	f->set_size = size;
	return true;
}

/* True when it was not there yet. */
static bool note(struct flat *f, char mark, const char *key, const char *value)
{
	struct seen entry = { key, value, mark };
	struct seen *slot;

	if (f->set_n * 2 >= f->set_size && !grow_set(f)) {
		f->rc = CB_ENOMEM;
		return false;
	}
	slot = slot_of(f->set, f->set_size, &entry);
	if (slot->key)
		return false;
	*slot = entry;
	f->set_n++;
	return true;
}

/* In UTF-16 units, as the contract counts. */
static size_t units(const char *text)
{
	size_t n = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c & 0xc0) != 0x80)
			n += c >= 0xf0 ? 2 : 1;
	}
	return n;
}

static bool too_long(const char *text, size_t max)
{
	size_t len = strlen(text);

	return len > max && (len > 4 * max || units(text) > max);
}

static bool grow_rows(struct flat *f)
{
	size_t room = f->room ? f->room * 2 : 64;
	struct cbi_row *rows = cb_alloc(f->ctx, room * sizeof(*rows));

	if (!rows)
		return false;
	if (f->n)
		memcpy(rows, f->rows, f->n * sizeof(*rows));
	f->rows = rows;
	f->room = room;
	return true;
}

/* key is folded already; text NULL is null. */
static void emit(struct flat *f, const char *key, const char *text)
{
	const char *value = NULL;

	if (f->rc < 0)
		return;
	note(f, 'k', key, NULL);
	if (too_long(key, CB_SEARCH_KEY_MAX))
		return;
	if (text && !too_long(text, CB_SEARCH_VALUE_MAX)) {
		value = cbi_catalog_fold(f->ctx, text);
		if (!value)
			f->rc = CB_ENOMEM;
	}
	if (value && strcmp(value, "\x01") == 0)
		return;
	if (f->rc < 0 || !note(f, 'r', key, value))
		return;
	if (f->n == f->room && !grow_rows(f)) {
		f->rc = CB_ENOMEM;
		return;
	}
	f->rows[f->n++] = (struct cbi_row){ key, value, value ? text : NULL };
}

static void emit_folded(struct flat *f, const char *path, const char *text)
{
	const char *key = f->rc < 0 ? NULL : cbi_catalog_fold(f->ctx, path);

	if (key)
		emit(f, key, text);
	else
		f->rc = CB_ENOMEM;
}

static bool is_special(const char *path)
{
	static const char *const paths[] = {
		"attachments",   "relations",    "status",
		"metadata.name", "metadata.uid", "metadata.namespace",
		"metadata.etag",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(paths[i], path) == 0)
			return true;
	return false;
}

/* A scalar's text; number is where one is written. */
static const char *scalar_text(struct flat *f, const json_t *value)
{
	char number[CBI_JSON_NUMBER_LEN];

	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_string_value(value);
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_INTEGER:
	case JSON_REAL:
		cbi_json_number(json_number_value(value), number);
		return cb_strdup(f->ctx, number);
	default:
		return NULL;
	}
}

/* An element that is a text gets a row of its own: path.text = true. */
static void companion(struct flat *f, const char *path, const char *text)
{
	const char *key;

	if (too_long(text, CB_SEARCH_KEY_MAX))
		return;
	key = joined(f->ctx, path, '.', text);
	key = key ? cbi_catalog_fold(f->ctx, key) : NULL;
	if (!key)
		f->rc = CB_ENOMEM;
	else if (note(f, 'k', key, NULL))
		emit(f, key, "true");
}

static void visit(struct flat *f, const char *path, const json_t *value)
{
	const char *key;
	json_t *child;

	if (f->rc < 0 || is_special(path))
		return;
	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++) {
			child = json_array_get(value, i);
			visit(f, path, child);
			if (json_is_string(child))
				companion(f, path, json_string_value(child));
		}
		return;
	}
	if (!json_is_object(value)) {
		emit_folded(f, path, scalar_text(f, value));
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)value, key, child)
	{
		const char *at = *path ? joined(f->ctx, path, '.', key) : key;

		if (!at)
			f->rc = CB_ENOMEM;
		else
			visit(f, at, child);
	}
}

static void relation(struct flat *f, const char *type, const char *target)
{
	const char *key = type ? joined(f->ctx, "relations", '.', type) : NULL;

	if (key)
		emit_folded(f, key, target);
	else if (type)
		f->rc = CB_ENOMEM;
}

static void visit_entity(struct flat *f, const json_t *entity)
{
	const json_t *metadata = json_object_get(entity, "metadata");
	const char *space =
	    json_string_value(json_object_get(metadata, "namespace"));
	const char *uid = json_string_value(json_object_get(metadata, "uid"));

	visit(f, "", entity);
	emit(f, "metadata.name",
	     json_string_value(json_object_get(metadata, "name")));
	emit(f, "metadata.namespace", space ? space : "default");
	if (uid)
		emit(f, "metadata.uid", uid);
}

static int done(const struct flat *f, struct cbi_row **out, size_t *n)
{
	if (f->rc < 0)
		return f->rc;
	*out = f->rows;
	*n = f->n;
	return CB_OK;
}

int cbi_flatten(struct cb_ctx *ctx, const json_t *entity, struct cbi_row **out,
                size_t *n)
{
	const json_t *list = json_object_get(entity, "relations");
	struct flat f = { .ctx = ctx };

	visit_entity(&f, entity);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *r = json_array_get(list, i);

		relation(&f, json_string_value(json_object_get(r, "type")),
		         json_string_value(json_object_get(r, "targetRef")));
	}
	return done(&f, out, n);
}

int cbi_flatten_with(struct cb_ctx *ctx, const json_t *entity,
                     const struct cbi_model_end *ends, size_t ends_n,
                     struct cbi_row **out, size_t *n)
{
	struct flat f = { .ctx = ctx };

	visit_entity(&f, entity);
	for (size_t i = 0; i < ends_n; i++)
		relation(&f, ends[i].type, ends[i].target);
	return done(&f, out, n);
}

int cbi_flatten_tokens(struct cb_ctx *ctx, const struct cbi_row *rows, size_t n,
                       struct cbi_tokens *out)
{
	struct flat keys = { .ctx = ctx };
	struct cbi_tokens t = { 0 };

	t.tokens = cb_alloc(ctx, 2 * n * sizeof(*t.tokens));
	t.originals = cb_alloc(ctx, 2 * n * sizeof(*t.originals));
	if (!t.tokens || !t.originals)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct cbi_row *row = &rows[i];

		if (note(&keys, 'k', row->key, NULL))
			t.tokens[t.n++] = row->key;
		if (!row->value)
			continue;
		t.tokens[t.n] = joined(ctx, row->key, '=', row->value);
		if (!t.tokens[t.n])
			return CB_ENOMEM;
		if (strcmp(row->value, row->original) != 0)
			t.originals[t.n] = row->original;
		t.n++;
	}
	if (keys.rc < 0)
		return keys.rc;
	*out = t;
	return CB_OK;
}

const char *cbi_flatten_value(const struct cbi_row *rows, size_t n,
                              const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].key, key) == 0)
			return rows[i].value;
	return NULL;
}
