/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.c - reading a parsed document: as JSON, by key, by path, as the lines
 * around a place.
 */
#include "yaml/yaml.h"

#include <stdlib.h>
#include <string.h>

#define KEY_PARTS_MAX 512

static json_t *list_json(const struct cbi_yaml *value)
{
	json_t *array = json_array();

	for (const struct cbi_yaml *n = value->first; array && n; n = n->next) {
		if (json_array_append_new(array, cbi_yaml_json(n))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *map_json(const struct cbi_yaml *value)
{
	json_t *object = json_object();

	for (const struct cbi_yaml *n = value->first; object && n;
	     n = n->next) {
		if (json_object_set_new_nocheck(object, n->key,
		                                cbi_yaml_json(n))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

json_t *cbi_yaml_json(const struct cbi_yaml *value)
{
	switch (value->type) {
	case CBI_YAML_NULL:
		return json_null();
	case CBI_YAML_BOOL:
		return json_boolean(value->truth);
	case CBI_YAML_NUMBER:
		return value->integer ? json_integer(value->whole)
		                      : json_real(value->number);
	case CBI_YAML_TEXT:
		return json_stringn_nocheck(value->text, value->len);
	case CBI_YAML_LIST:
		return list_json(value);
	case CBI_YAML_MAP:
		return map_json(value);
	}
	return NULL;
}

int cbi_yaml_one(struct cb_ctx *ctx, const char *text, size_t len, json_t **out)
{
	struct cbi_yaml_doc *doc;
	int rc = cbi_yaml_parse(ctx, text, len, &doc);

	if (rc < 0)
		return rc;
	if (doc && doc->error)
		return cb_fail(ctx, CB_EINVAL, "%s", doc->error);
	if (!doc || doc->next)
		return cb_fail(ctx, CB_EINVAL, "expected exactly one document");
	*out = doc->root ? cbi_yaml_json(doc->root) : json_null();
	return *out ? CB_OK : cb_fail(ctx, CB_ENOMEM, "out of memory");
}

static const struct cbi_yaml *get(const struct cbi_yaml *value, const char *key,
                                  size_t len)
{
	const struct cbi_yaml *n;
	size_t index = 0;

	if (value->type == CBI_YAML_MAP) {
		for (n = value->first; n; n = n->next)
			if (strncmp(n->key, key, len) == 0 && !n->key[len])
				return n;
		return NULL;
	}
	if (value->type != CBI_YAML_LIST || len == 0 || len > 9)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if (key[i] < '0' || key[i] > '9')
			return NULL;
		index = index * 10 + (size_t)(key[i] - '0');
	}
	for (n = value->first; n && index > 0; n = n->next)
		index--;
	return n;
}

const struct cbi_yaml *cbi_yaml_get(const struct cbi_yaml *value,
                                    const char *key)
{
	return value ? get(value, key, strlen(key)) : NULL;
}

const struct cbi_yaml *cbi_yaml_near(const struct cbi_yaml *root,
                                     const char *path)
{
	while (root && *path) {
		const struct cbi_yaml *child = NULL;
		size_t len = strcspn(path, ".");

		/* "a.b/c": try "a", then "a.b/c" and so on. */
		for (int i = 0; i < KEY_PARTS_MAX; i++) {
			child = get(root, path, len);
			if (child || !path[len])
				break;
			len += 1 + strcspn(path + len + 1, ".");
		}
		if (!child)
			return root;
		root = child;
		path += len + (path[len] == '.');
	}
	return root;
}

/* The length of the line at p and of its end. */
static size_t line_length(const char *p, size_t left, size_t *end)
{
	size_t n = 0;

	while (n < left && p[n] != '\n' && p[n] != '\r')
		n++;
	*end = 0;
	if (n < left)
		*end = p[n] == '\r' && n + 1 < left && p[n + 1] == '\n' ? 2 : 1;
	return n;
}

#define EXCERPT_WIDTH 120

/* One line of it, cut to a width, control characters as spaces. */
static void excerpt_line(struct cb_buf *buf, const char *p, size_t len,
                         int number)
{
	char shown[EXCERPT_WIDTH];
	size_t n = len < sizeof(shown) ? len : sizeof(shown);

	/* Not in the middle of a character. */
	while (n < len && n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		shown[i] = (unsigned char)p[i] < 0x20 ? ' ' : p[i];
	cb_buf_printf(buf, "%6d | ", number);
	cb_buf_add(buf, shown, n);
	cb_buf_text(buf, n < len ? "...\n" : "\n");
}

static void caret(struct cb_buf *buf, int column)
{
	if (column < 1 || column > EXCERPT_WIDTH)
		return;
	cb_buf_printf(buf, "       | %*s^\n", column - 1, "");
}

int cbi_yaml_excerpt(struct cb_buf *buf, const char *text, size_t len, int line,
                     int column)
{
	const char *p = text;
	int rc = cb_buf_add(buf, "", 0);

	for (int number = 1; len > 0 && number <= line + 1; number++) {
		size_t end, n = line_length(p, len, &end);

		if (number >= line - 1)
			excerpt_line(buf, p, n, number);
		if (number == line)
			caret(buf, column);
		p += n + end;
		len -= n + end;
		rc = cb_buf_add(buf, "", 0);
	}
	return rc;
}
