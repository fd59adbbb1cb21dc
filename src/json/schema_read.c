/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_read.c - is it a schema that we understand in full?  What is refused
 * is refused here, never passed over when a value is checked.
 */
#include "json/schema_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"

#define PART_MAX 256
#define DEPTH_MAX 256 /* references count, too */
#define REFS_MAX 20   /* one after the other, nothing beside them */

/* --- references --- */

/* A hex digit pair as a byte, or -1. */
static int byte_of(const char *p)
{
	char text[3] = { p[0], p[0] ? p[1] : '\0', '\0' };
	char *end;
	long value = strtol(text, &end, 16);

	return text[1] && !*end && text[0] != '+' && text[0] != '-' &&
	               text[0] != ' '
	           ? (int)value
	           : -1;
}

/* One part of a pointer, with ~0, ~1 and %xx undone. */
static bool take_part(const char *from, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = from[i];
		int byte = c == '%' && i + 2 < len ? byte_of(from + i + 1) : -1;

		if (byte > 0) {
			c = (char)byte;
			i += 2;
		}
		if (c == '~' && i + 1 < len) {
			i++;
			c = from[i] == '0' ? '~' : '/';
		}
		if (n + 1 >= PART_MAX)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

static const json_t *child(const json_t *value, const char *part)
{
	int64_t index;

	if (!json_is_array(value))
		return json_object_get(value, part);
	return cbi_str_int(part, 0, INT32_MAX, &index) == 0
	           ? json_array_get(value, (size_t)index)
	           : NULL;
}

const json_t *cbi_schema_at(const json_t *root, const char *ref)
{
	const json_t *at = root;
	char part[PART_MAX];

	if (*ref++ != '#')
		return NULL;
	while (at && *ref == '/') {
		size_t len = strcspn(++ref, "/");

		at = take_part(ref, len, part) ? child(at, part) : NULL;
		ref += len;
	}
	return *ref ? NULL : at;
}

/* --- is it one? --- */

/* A schema that was read, or is being read. */
struct seen {
	const json_t *schema;
	UT_hash_handle hh;
};

struct reader {
	struct cb_ctx *ctx;
	struct cbi_schema *out;
	struct cbi_schema_problem *problem;
	const struct cbi_schema_step *at;
	struct seen *seen;
	int depth;
};

static int read_one(struct reader *r, const json_t *schema);

static int wrong(struct reader *r, const char *rule, const char *what,
                 const char *more)
{
	cbi_schema_place(r->at, NULL, r->problem);
	r->problem->rule = rule;
	snprintf(r->problem->text, sizeof(r->problem->text), "%s%s", what,
	         more);
	cbi_str_cut(r->problem->text);
	return CB_EINVAL;
}

/* A child of what is read, at its own place. */
static int below(struct reader *r, const char *key, size_t index,
                 int (*read)(struct reader *r, const json_t *value),
                 const json_t *value)
{
	struct cbi_schema_step step = { r->at, key, index };
	int rc;

	r->at = &step;
	rc = read(r, value);
	r->at = step.up;
	return rc;
}

static int keep_pattern(struct reader *r, const char *text, size_t len)
{
	struct cbi_schema_pattern *pattern;
	const char *why = "";
	int rc;

	HASH_FIND_STR(r->out->patterns, text, pattern);
	if (pattern)
		return CB_OK;
	pattern = cb_alloc(r->ctx, sizeof(*pattern));
	if (!pattern)
		return CB_ENOMEM;
	rc = cbi_regex_read(r->ctx, text, len, &pattern->regex, &why);
	if (rc == CB_EINVAL)
		return wrong(r, "pattern",
		             "expected a pattern as JavaScript has it; this "
		             "one has ",
		             why);
	if (rc < 0)
		return rc;
	pattern->text = text;
	HASH_ADD_KEYPTR(hh, r->out->patterns, pattern->text, len, pattern);
	if (cbi_regex_room(pattern->regex) > r->out->room)
		r->out->room = cbi_regex_room(pattern->regex);
	return CB_OK;
}

static int read_by_name(struct reader *r, const json_t *value)
{
	const char *key;
	json_t *one;

	if (!json_is_object(value))
		return wrong(r, "", "expected a map of schemas", "");
	json_object_foreach((json_t *)(uintptr_t)value, key, one)
	{
		int rc = below(r, key, 0, read_one, one);

		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

static int read_by_pattern(struct reader *r, const json_t *value)
{
	const char *key;
	json_t *one;

	json_object_foreach((json_t *)(uintptr_t)value, key, one)
	{
		int rc = keep_pattern(r, key, strlen(key));

		if (rc < 0)
			return rc;
	}
	return read_by_name(r, value);
}

static int read_list(struct reader *r, const json_t *value)
{
	int rc = CB_OK;

	if (!json_is_array(value) || json_array_size(value) == 0)
		return wrong(r, "", "expected a list of schemas", "");
	for (size_t i = 0; rc == CB_OK && i < json_array_size(value); i++)
		rc = below(r, NULL, i, read_one, json_array_get(value, i));
	return rc;
}

static int read_names(struct reader *r, const json_t *value)
{
	bool good = json_is_array(value);

	for (size_t i = 0; i < json_array_size(value); i++)
		good = good && json_is_string(json_array_get(value, i));
	return good ? CB_OK : wrong(r, "", "expected a list of names", "");
}

static int read_need(struct reader *r, const json_t *value)
{
	return json_is_array(value) ? read_names(r, value) : read_one(r, value);
}

static int read_needs(struct reader *r, const json_t *value)
{
	const char *key;
	json_t *one;

	if (!json_is_object(value))
		return wrong(r, "", "expected a map", "");
	json_object_foreach((json_t *)(uintptr_t)value, key, one)
	{
		int rc = below(r, key, 0, read_need, one);

		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

static bool is_type_name(const json_t *value)
{
	static const char *const names[] = { "object", "array",   "string",
		                             "number", "integer", "boolean",
		                             "null" };
	const char *name = json_string_value(value);

	for (size_t i = 0; name && i < 7; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static int read_type(struct reader *r, const json_t *value)
{
	bool good = is_type_name(value) || json_array_size(value) > 0;

	for (size_t i = 0; i < json_array_size(value); i++)
		good = good && is_type_name(json_array_get(value, i));
	return good ? CB_OK
	            : wrong(r, "type",
	                    "expected object, array, string, number, "
	                    "integer, boolean or null, or a list of these",
	                    "");
}

/* What it leads to is read, too: it may stand where no schema is. */
static int read_ref(struct reader *r, const json_t *value)
{
	const json_t *to = value, *first = NULL;

	for (int i = 0; i < REFS_MAX && to; i++) {
		if (!json_is_string(to))
			break;
		to = cbi_schema_at(r->out->root, json_string_value(to));
		if (!json_is_object(to) && !json_is_boolean(to))
			return wrong(r, "$ref",
			             "expected the place of a schema in this "
			             "file, such as #/definitions/port",
			             "");
		first = first ? first : to;
		to = json_object_get(to, "$ref");
	}
	return to ? wrong(r, "$ref", "leads to itself", "")
	          : read_one(r, first);
}

static int read_draft(struct reader *r, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text && strstr(text, "json-schema.org/draft-07/"))
		return CB_OK;
	return wrong(r, "$schema",
	             "expected http://json-schema.org/draft-07/schema#, or "
	             "none",
	             "");
}

/* Words whose values hold no schemas. */
static int read_plain(struct reader *r, const struct cbi_schema_word *word,
                      const json_t *value)
{
	double number = json_number_value(value);

	switch (word->shape) {
	case CBI_SCHEMA_NUMBER:
		return json_is_number(value)
		           ? CB_OK
		           : wrong(r, word->name, "expected a number", "");
	case CBI_SCHEMA_POSITIVE:
		return number > 0 ? CB_OK
		                  : wrong(r, word->name,
		                          "expected a number above 0", "");
	case CBI_SCHEMA_COUNT:
		return json_is_number(value) && number >= 0 && number < 1e15 &&
		               number == (double)(int64_t)number
		           ? CB_OK
		           : wrong(r, word->name,
		                   "expected a whole number, from 0", "");
	case CBI_SCHEMA_TRUTH:
		return json_is_boolean(value)
		           ? CB_OK
		           : wrong(r, word->name, "expected true or false", "");
	case CBI_SCHEMA_VALUES:
		return json_array_size(value) > 0
		           ? CB_OK
		           : wrong(r, word->name, "expected a list of values",
		                   "");
	case CBI_SCHEMA_PATTERN:
		return json_is_string(value)
		           ? keep_pattern(r, json_string_value(value),
		                          json_string_length(value))
		           : wrong(r, word->name, "expected a pattern", "");
	default:
		return CB_OK;
	}
}

static int read_word(struct reader *r, const struct cbi_schema_word *word,
                     const json_t *value)
{
	switch (word->shape) {
	case CBI_SCHEMA_ONE:
		return read_one(r, value);
	case CBI_SCHEMA_ONE_OR_LIST:
		return json_is_array(value) ? read_list(r, value)
		                            : read_one(r, value);
	case CBI_SCHEMA_LIST:
		return read_list(r, value);
	case CBI_SCHEMA_BY_NAME:
		return read_by_name(r, value);
	case CBI_SCHEMA_BY_PATTERN:
		return read_by_pattern(r, value);
	case CBI_SCHEMA_NEEDS:
		return read_needs(r, value);
	case CBI_SCHEMA_NAMES:
		return read_names(r, value);
	case CBI_SCHEMA_TYPE:
		return read_type(r, value);
	case CBI_SCHEMA_REF:
		return json_is_string(value)
		           ? read_ref(r, value)
		           : wrong(r, "$ref", "expected a text", "");
	case CBI_SCHEMA_DRAFT:
		return read_draft(r, value);
	default:
		return read_plain(r, word, value);
	}
}

static int unknown(struct reader *r, const char *key)
{
	const char *meant = cbi_schema_meant(key);

	if (meant)
		return wrong(r, "",
		             "not a keyword that is understood here, did you "
		             "mean ",
		             meant);
	return wrong(r, "",
	             "not a keyword that is understood here, expected one of "
	             "draft-07's (but $id), or x-...",
	             "");
}

/* 1 when it is known already, 0 when it is now. */
static int note(struct reader *r, const json_t *schema)
{
	struct seen *seen;

	HASH_FIND_PTR(r->seen, &schema, seen);
	if (seen)
		return 1;
	seen = cb_alloc(r->ctx, sizeof(*seen));
	if (!seen)
		return CB_ENOMEM;
	seen->schema = schema;
	HASH_ADD_PTR(r->seen, schema, seen);
	return 0;
}

static int read_one(struct reader *r, const json_t *schema)
{
	struct cbi_schema_step step = { .up = r->at };
	int rc = CB_OK;
	json_t *value;

	if (json_is_boolean(schema))
		return CB_OK;
	if (!json_is_object(schema))
		return wrong(r, "", "expected a schema: a map, true or false",
		             "");
	if (r->depth == DEPTH_MAX)
		return wrong(r, "", "expected less depth", "");
	rc = note(r, schema);
	if (rc)
		return rc < 0 ? rc : CB_OK;
	r->depth++;
	r->at = &step;
	json_object_foreach((json_t *)(uintptr_t)schema, step.key, value)
	{
		const struct cbi_schema_word *word = cbi_schema_word(step.key);

		if (rc == CB_OK && word)
			rc = read_word(r, word, value);
		else if (rc == CB_OK && !cbi_str_starts(step.key, "x-"))
			rc = unknown(r, step.key);
	}
	r->at = step.up;
	r->depth--;
	return rc;
}

/* uthash has its tables in malloc's memory. */
static void free_patterns(void *ptr)
{
	struct cbi_schema *schema = ptr;

	HASH_CLEAR(hh, schema->patterns);
}

int cbi_schema_read(struct cb_ctx *ctx, const json_t *json,
                    const struct cbi_schema **out,
                    struct cbi_schema_problem *problem)
{
	struct cbi_schema *schema = cb_alloc(ctx, sizeof(*schema));
	struct reader r = { .ctx = ctx, .out = schema, .problem = problem };
	int rc;

	if (!schema || cb_defer(ctx, free_patterns, schema) < 0)
		return CB_ENOMEM;
	schema->root = json;
	rc = read_one(&r, json);
	HASH_CLEAR(hh, r.seen);
	if (rc == CB_OK)
		*out = schema;
	return rc;
}
