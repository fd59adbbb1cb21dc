/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write.c - JSON text: compact as it stands, or canonical.
 */
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* What we parse is at most half as deep; deeper means a cycle. */
#define DEPTH_MAX 128
/* Objects up to this many keys are sorted without asking for memory. */
#define KEYS_LOCAL 64

/* A string with its quotes, escaped as JSON.stringify does. */
static int quote(struct cb_buf *buf, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t done = 0;

	cb_buf_add(buf, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		char escape[6] = {
			'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]
		};
		static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\";
		const char *s;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		cb_buf_add(buf, text + done, i - done);
		done = i + 1;
		s = c ? strchr(shorts, c) : NULL;
		if (s && (s - shorts) % 2 == 0) {
			escape[1] = s[1];
			cb_buf_add(buf, escape, 2);
		} else {
			cb_buf_add(buf, escape, 6);
		}
	}
	cb_buf_add(buf, text + done, len - done);
	return cb_buf_add(buf, "\"", 1);
}

static int write_value(struct cb_buf *buf, const json_t *value, bool sorted,
                       int depth);

static void write_member(struct cb_buf *buf, const char *key,
                         const json_t *value, bool sorted, int depth)
{
	quote(buf, key, strlen(key));
	cb_buf_add(buf, ":", 1);
	write_value(buf, value, sorted, depth);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_sorted(struct cb_buf *buf, const json_t *object, int depth)
{
	const char *local[KEYS_LOCAL], **keys = local, *key;
	size_t count = json_object_size(object), n = 0;
	json_t *value;

	if (count > KEYS_LOCAL) {
		keys = malloc(count * sizeof(*keys));
		if (!keys) {
			buf->failed = CB_ENOMEM;
			return;
		}
	}
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		keys[n++] = key;
	}
	qsort(keys, n, sizeof(*keys), by_bytes);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			cb_buf_add(buf, ",", 1);
		write_member(buf, keys[i], json_object_get(object, keys[i]),
		             true, depth);
	}
	if (keys != local)
		free(keys);
}

static void write_object(struct cb_buf *buf, const json_t *object, bool sorted,
                         int depth)
{
	const char *key;
	json_t *value;
	bool first = true;

	cb_buf_add(buf, "{", 1);
	if (sorted) {
		write_sorted(buf, object, depth);
	} else {
		json_object_foreach((json_t *)(uintptr_t)object, key, value)
		{
			if (!first)
				cb_buf_add(buf, ",", 1);
			first = false;
			write_member(buf, key, value, false, depth);
		}
	}
	cb_buf_add(buf, "}", 1);
}

static void write_array(struct cb_buf *buf, const json_t *array, bool sorted,
                        int depth)
{
	cb_buf_add(buf, "[", 1);
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i > 0)
			cb_buf_add(buf, ",", 1);
		write_value(buf, json_array_get(array, i), sorted, depth);
	}
	cb_buf_add(buf, "]", 1);
}

static int write_number(struct cb_buf *buf, double value)
{
	char number[CBI_JSON_NUMBER_LEN];

	return cb_buf_add(buf, number, cbi_json_number(value, number));
}

static int write_value(struct cb_buf *buf, const json_t *value, bool sorted,
                       int depth)
{
	if (depth > DEPTH_MAX)
		return buf->failed = CB_ETOOBIG;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(buf, value, sorted, depth + 1);
		break;
	case JSON_ARRAY:
		write_array(buf, value, sorted, depth + 1);
		break;
	case JSON_STRING:
		quote(buf, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		/* Beyond 2^53 a double is what the other side can hold. */
		write_number(buf, (double)json_integer_value(value));
		break;
	case JSON_REAL:
		write_number(buf, json_real_value(value));
		break;
	case JSON_TRUE:
		cb_buf_add(buf, "true", 4);
		break;
	case JSON_FALSE:
		cb_buf_add(buf, "false", 5);
		break;
	case JSON_NULL:
		cb_buf_add(buf, "null", 4);
		break;
	}
	return buf->failed;
}

int cb_json_write(struct cb_buf *buf, const json_t *value)
{
	return write_value(buf, value, false, 0);
}

int cbi_json_canonical(struct cb_buf *buf, const json_t *value)
{
	return write_value(buf, value, true, 0);
}
