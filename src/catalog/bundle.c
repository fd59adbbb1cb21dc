/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.c - see bundle.h.
 *
 * The walk goes down the values as they come to stand in the result, so that
 * where something stands is known when it is put there, and a circle between
 * files ends at what is placed already.
 */
#include "catalog/bundle.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "json/json.h"
#include "yaml/yaml.h"

#define POINTER_MAX 4096

struct bundle {
	struct cb_ctx *ctx;
	const struct cbi_placeholder_reader *reader;
	json_t *files;        /* address: value; with ctx */
	json_t *placed;       /* "address#pointer": pointer in the result */
	const char *base;     /* the entity's location */
	const char *root;     /* address of the first file */
	struct cb_buf at;     /* pointer of the value at hand */
	size_t bytes, values; /* read; walked */
	size_t text;          /* bytes of the texts in the result */
	int depth;
};

static int walk(struct bundle *b, const char *file, json_t *value,
                json_t **instead);

/* A file's value, read once; borrowed. */
static int load(struct bundle *b, const char *file, const json_t **out)
{
	const char *text;
	json_t *value = json_object_get(b->files, file);
	size_t len;
	int rc;

	*out = value;
	if (value)
		return CB_OK;
	if (json_object_size(b->files) == CBI_BUNDLE_FILES)
		return cb_fail(b->ctx, CB_ETOOBIG,
		               "it refers to more than %d files",
		               CBI_BUNDLE_FILES);
	rc =
	    b->reader->read(b->ctx, b->reader->arg, b->base, file, &text, &len);
	if (rc < 0)
		return rc;
	b->bytes += len;
	if (b->bytes > CBI_BUNDLE_BYTES)
		return cb_fail(b->ctx, CB_ETOOBIG,
		               "its files have more than %d MiB together",
		               CBI_BUNDLE_BYTES / CB_MIB);
	rc = cbi_yaml_one(b->ctx, text, len, &value);
	if (rc < 0)
		return rc;
	if (json_object_set_new(b->files, file, value))
		return cb_fail(b->ctx, CB_ENOMEM, "out of memory");
	*out = value;
	return CB_OK;
}

/* --- pointers --- */

/* Appends a key to the pointer at hand. */
static int descend(struct bundle *b, const char *key)
{
	int rc = cb_buf_text(&b->at, "/");

	for (; rc == CB_OK && *key; key++)
		rc = *key == '~'   ? cb_buf_text(&b->at, "~0")
		     : *key == '/' ? cb_buf_text(&b->at, "~1")
		                   : cb_buf_add(&b->at, key, 1);
	if (rc == CB_ENOMEM)
		return cb_fail(b->ctx, rc, "out of memory");
	return rc < 0 ? cb_fail(b->ctx, CB_ETOOBIG, "it is nested too deep")
	              : CB_OK;
}

/* What pointer leads to; its ~0, ~1 and %xx undone. */
static const json_t *follow(struct cb_ctx *ctx, const json_t *value,
                            const char *pointer)
{
	while (value && *pointer == '/') {
		size_t len = strcspn(++pointer, "/"), n = 0, got;
		char *part = cb_alloc(ctx, len + 1);
		int64_t index;

		if (!part ||
		    cbi_str_url_decode(pointer, len, false, part, &got) < 0)
			return NULL;
		for (size_t i = 0; i < got; i++) {
			part[n] = part[i];
			if (part[i] == '~' && i + 1 < got)
				part[n] = part[++i] == '0' ? '~' : '/';
			n++;
		}
		part[n] = '\0';
		if (!json_is_array(value))
			value = json_object_get(value, part);
		else
			value = cbi_str_int(part, 0, INT32_MAX, &index) == 0
			            ? json_array_get(value, (size_t)index)
			            : NULL;
		pointer += len;
	}
	return *pointer ? NULL : value;
}

/* --- references --- */

/* "#<pointer>" as a `$ref` says it: what an address cannot hold is escaped. */
static int refer(struct bundle *b, const char *pointer, json_t **out)
{
	struct cb_buf text;

	cbi_buf_init(&text, 4 * POINTER_MAX);
	cb_buf_text(&text, "#");
	cbi_str_url_encode(&text, pointer, "/~!$&'()*+,;=:@");
	*out = text.failed ? NULL : json_stringn(text.data, text.len);
	cbi_buf_finish(&text);
	return *out ? CB_OK : cb_fail(b->ctx, CB_ENOMEM, "out of memory");
}

/* The reference's own words beside `$ref` win over what it leads to. */
static int merge(struct bundle *b, const json_t *map, json_t *copy)
{
	const char *key;
	json_t *value;

	if (!json_is_object(copy))
		return CB_OK;
	json_object_foreach((json_t *)(uintptr_t)map, key, value)
	{
		json_t *own;

		if (strcmp(key, "$ref") == 0)
			continue;
		own = json_deep_copy(value);
		if (!own || json_object_set_new(copy, key, own))
			return cb_fail(b->ctx, CB_ENOMEM, "out of memory");
	}
	return CB_OK;
}

/* What stands at name, an address with its pointer, comes to stand here. */
static int place(struct bundle *b, const char *file, const char *pointer,
                 const char *name, const json_t *map, json_t **instead)
{
	const json_t *all, *found;
	json_t *copy, *other = NULL;
	int rc = load(b, file, &all);

	if (rc < 0)
		return rc;
	found = follow(b->ctx, all, pointer);
	if (!found)
		return cb_fail(b->ctx, CB_EINVAL, "'%.200s' leads nowhere",
		               name);
	copy = json_deep_copy(found);
	if (!copy || json_object_set_new(b->placed, name,
	                                 json_string(cbi_buf_string(&b->at)))) {
		json_decref(copy);
		return cb_fail(b->ctx, CB_ENOMEM, "out of memory");
	}
	rc = merge(b, map, copy);
	if (rc == CB_OK)
		rc = walk(b, file, copy, &other);
	if (rc < 0 || other)
		json_decref(copy);
	if (rc == CB_OK)
		*instead = other ? other : copy;
	return rc;
}

static const char *address(struct bundle *b, const char *file,
                           const char *target)
{
	const char *base = cb_printf(b->ctx, "url:%s", file);

	return base ? b->reader->resolve(b->ctx, b->reader->arg, base, target)
	            : NULL;
}

/* ref, as file says it: the file that it names and the pointer behind '#'. */
static int split(struct bundle *b, const char *file, const char *ref,
                 const char **to, const char **pointer)
{
	size_t len = strcspn(ref, "#");
	char *target = cb_strndup(b->ctx, ref, len);

	if (!target)
		return CB_ENOMEM;
	*pointer = ref[len] ? ref + len + 1 : "";
	*to = len ? address(b, file, target) : file;
	return *to ? CB_OK : cb_failure_code(b->ctx);
}

/* A map with a `$ref`.  Within the first file, what refers to it stays. */
static int take_ref(struct bundle *b, const char *file, json_t *map,
                    const char *ref, json_t **instead)
{
	const char *to, *pointer, *name, *known;
	json_t *own;
	int rc = split(b, file, ref, &to, &pointer);

	if (rc < 0)
		return rc;
	name = cb_printf(b->ctx, "%s#%s", to, pointer);
	if (!name)
		return CB_ENOMEM;
	if (strcmp(to, b->root) == 0) {
		known = pointer;
		if (file == to)
			return CB_OK;
		own = json_sprintf("#%s", pointer);
		rc = own ? CB_OK : cb_fail(b->ctx, CB_ENOMEM, "out of memory");
	} else {
		known = json_string_value(json_object_get(b->placed, name));
		if (!known)
			return place(b, to, pointer, name, map, instead);
		if (strcmp(known, cbi_buf_string(&b->at)) == 0)
			return cb_fail(b->ctx, CB_EINVAL,
			               "'%.200s' leads to itself", name);
		rc = refer(b, known, &own);
	}
	if (rc == CB_OK && json_object_set_new(map, "$ref", own))
		rc = cb_fail(b->ctx, CB_ENOMEM, "out of memory");
	return rc;
}

/* --- the walk --- */

static int walk_child(struct bundle *b, const char *file, json_t *child,
                      const char *key, json_t **instead)
{
	size_t len = b->at.len;
	int rc = descend(b, key);

	if (rc == CB_OK)
		rc = walk(b, file, child, instead);
	b->at.len = len;
	b->at.data[len] = '\0';
	return rc;
}

static int walk_list(struct bundle *b, const char *file, json_t *list)
{
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < json_array_size(list); i++) {
		json_t *instead = NULL;
		const char *index = cb_printf(b->ctx, "%zu", i);

		if (!index)
			return CB_ENOMEM;
		rc = walk_child(b, file, json_array_get(list, i), index,
		                &instead);
		if (rc == CB_OK && instead &&
		    json_array_set_new(list, i, instead))
			rc = cb_fail(b->ctx, CB_ENOMEM, "out of memory");
	}
	return rc;
}

static int walk_map(struct bundle *b, const char *file, json_t *map)
{
	int rc = CB_OK;

	for (void *iter = json_object_iter(map); rc == CB_OK && iter;
	     iter = json_object_iter_next(map, iter)) {
		json_t *instead = NULL;

		rc = walk_child(b, file, json_object_iter_value(iter),
		                json_object_iter_key(iter), &instead);
		if (rc == CB_OK && instead &&
		    json_object_iter_set_new(map, iter, instead))
			rc = cb_fail(b->ctx, CB_ENOMEM, "out of memory");
	}
	return rc;
}

/* *instead is a new reference to what takes value's place. */
static int walk(struct bundle *b, const char *file, json_t *value,
                json_t **instead)
{
	const char *ref = json_string_value(json_object_get(value, "$ref"));
	int rc;

	b->text += json_string_length(value);
	if (++b->values > CBI_BUNDLE_VALUES || b->text > CBI_BUNDLE_BYTES)
		return cb_fail(b->ctx, CB_ETOOBIG,
		               "it comes to more than %d values or %d MiB",
		               CBI_BUNDLE_VALUES, CBI_BUNDLE_BYTES / CB_MIB);
	if (b->depth == CB_JSON_DEPTH_MAX)
		return cb_fail(b->ctx, CB_ETOOBIG,
		               "it is nested more than %d deep",
		               CB_JSON_DEPTH_MAX);
	b->depth++;
	if (ref)
		rc = take_ref(b, file, value, ref, instead);
	else if (json_is_array(value))
		rc = walk_list(b, file, value);
	else
		rc = walk_map(b, file, value);
	b->depth--;
	return rc;
}

static int write_text(struct bundle *b, const json_t *value, json_t **out)
{
	const char *text;
	int rc;

	if (!json_is_object(value) && !json_is_array(value))
		return cb_fail(b->ctx, CB_EINVAL,
		               "expected a description: a map of fields");
	rc = cbi_json_yaml(b->ctx, value, &text);
	if (rc < 0)
		return rc;
	*out = json_string(text);
	return *out ? CB_OK : cb_fail(b->ctx, CB_ENOMEM, "out of memory");
}

int cbi_bundle(struct cb_ctx *ctx, const struct cbi_placeholder_reader *reader,
               const char *base, const char *target, json_t **out)
{
	struct bundle b = { .ctx = ctx,
		            .base = base,
		            .reader = reader,
		            .files = json_object(),
		            .placed = json_object() };
	json_t *whole = NULL, *instead = NULL;
	const json_t *first;
	int rc = cbi_json_keep(ctx, b.files);

	if (rc == CB_OK)
		rc = cbi_json_keep(ctx, b.placed);
	if (rc < 0)
		return rc;
	b.root = reader->resolve
	             ? reader->resolve(ctx, reader->arg, base, target)
	             : NULL;
	if (!reader->resolve)
		return cb_fail(ctx, CB_EINVAL, "cannot be read here");
	if (!b.root)
		return cb_failure_code(ctx);
	cbi_buf_init(&b.at, POINTER_MAX);
	rc = cb_buf_text(&b.at, "");
	rc = rc < 0 ? cb_fail(ctx, rc, "out of memory")
	            : load(&b, b.root, &first);
	/* The first file's own value is referred to while it is changed. */
	whole = rc == CB_OK ? json_deep_copy(first) : NULL;
	if (rc == CB_OK && !whole)
		rc = cb_fail(ctx, CB_ENOMEM, "out of memory");
	if (rc == CB_OK)
		rc = walk(&b, b.root, whole, &instead);
	if (rc == CB_OK)
		rc = write_text(&b, instead ? instead : whole, out);
	json_decref(instead);
	json_decref(whole);
	cbi_buf_finish(&b.at);
	return rc;
}
