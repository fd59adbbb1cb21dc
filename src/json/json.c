/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c - reading JSON: see callboard/json.h.
 */
#include "json/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"

#define PATH_PARTS_MAX 512

static void drop(void *ptr)
{
	json_decref(ptr);
}

int cbi_json_keep(struct cb_ctx *ctx, json_t *value)
{
	if (!value)
		return cb_fail(ctx, CB_ENOMEM, "out of memory for JSON");
	return cb_defer(ctx, drop, value);
}

/* jansson goes 2,048 deep; a look beforehand is cheaper than a fix later. */
static bool too_deep(const char *text, size_t len)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '[' || c == '{') {
			if (++depth > CB_JSON_DEPTH_MAX)
				return true;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return false;
}

int cb_json_parse(struct cb_ctx *ctx, const char *text, size_t len,
                  json_t **out)
{
	size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
	json_error_t error;
	json_t *value;
	int rc;

	if (too_deep(text, len))
		return cb_fail(ctx, CB_EINVAL, "JSON nested deeper than %d",
		               CB_JSON_DEPTH_MAX);
	errno = 0;
	value = json_loadb(text, len, flags, &error);
	/* Whole numbers beyond 64 bits are doubles to everybody else. */
	if (!value && json_error_code(&error) == json_error_numeric_overflow)
		value = json_loadb(text, len, flags | JSON_DECODE_INT_AS_REAL,
		                   &error);
	/* jansson takes a text for wrong that it has no memory for. */
	if (!value && (errno == ENOMEM || !*error.text))
		return cb_fail(ctx, CB_ENOMEM, "no memory for JSON");
	if (!value)
		return cb_fail(ctx, CB_EINVAL,
		               "not JSON at line %d, column %d: %s", error.line,
		               error.column, error.text);
	rc = cbi_json_keep(ctx, value);
	if (rc == CB_OK)
		*out = value;
	return rc;
}

static json_t *member(json_t *value, const char *key, size_t len)
{
	char index[12];
	int64_t i;

	if (json_is_object(value))
		return json_object_getn(value, key, len);
	if (!json_is_array(value) || len == 0 || len >= sizeof(index))
		return NULL;
	memcpy(index, key, len);
	index[len] = '\0';
	if (cbi_str_int(index, 0, INT32_MAX, &i) != 0)
		return NULL;
	return json_array_get(value, (size_t)i);
}

json_t *cb_json_at(json_t *root, const char *path)
{
	while (root && *path) {
		json_t *child = NULL;
		size_t len = strcspn(path, ".");

		/* Keys may hold dots: the shortest that is there wins. */
		for (int i = 0; i < PATH_PARTS_MAX; i++) {
			child = member(root, path, len);
			if (child || !path[len])
				break;
			len += 1 + strcspn(path + len + 1, ".");
		}
		root = child;
		path += len + (path[len] == '.');
	}
	return root;
}

const char *cb_json_text(json_t *root, const char *path, const char *fallback)
{
	const char *text = json_string_value(cb_json_at(root, path));

	return text ? text : fallback;
}

double cb_json_number(json_t *root, const char *path, double fallback)
{
	json_t *value = cb_json_at(root, path);
	const char *text = json_string_value(value);
	double number;
	char *end;

	if (json_is_number(value))
		return json_number_value(value);
	if (!text || !*text)
		return fallback;
	number = strtod(text, &end);
	return *end || number - number != 0 ? fallback : number;
}
