/* SPDX-License-Identifier: Apache-2.0 */
/*
 * project.c - see project.h.
 *
 * For each path the value is found by a scan; names on the way become nodes
 * of a small tree in the shape of the source, and the tree is written out.
 */
#include "catalog/project.h"

#include <string.h>

#include "base/limits.h"
#include "catalog/scan.h"

/* No value lies deeper than JSON may nest. */
#define DEPTH_MAX CB_JSON_DEPTH_MAX

struct path {
	struct cbi_span text;
	struct cbi_span *parts;
	size_t count;
};

struct node {
	struct cbi_span name;  /* in an object */
	size_t index;          /* in an array */
	struct cbi_span value; /* ptr set: the whole value, no children */
	bool array;
	struct node *child; /* first */
	struct node *next;
};

struct cbi_fields {
	struct path *paths;
	size_t count;
	size_t room;
	struct node *nodes;
	size_t node_room;
	size_t node_count;
};

static bool known(const struct cbi_fields *fields, struct cbi_span text)
{
	for (size_t i = 0; i < fields->count; i++)
		if (fields->paths[i].text.len == text.len &&
		    memcmp(fields->paths[i].text.ptr, text.ptr, text.len) == 0)
			return true;
	return false;
}

static int split_parts(struct cb_ctx *ctx, struct path *path)
{
	const char *p = path->text.ptr, *end = p + path->text.len;
	size_t n = 1;

	for (const char *q = p; q < end; q++)
		n += *q == '.';
	path->parts = cb_alloc(ctx, n * sizeof(*path->parts));
	if (!path->parts)
		return CB_ENOMEM;
	while (p <= end) {
		const char *dot = memchr(p, '.', (size_t)(end - p));
		const char *stop = dot ? dot : end;

		path->parts[path->count++] =
		    (struct cbi_span){ p, (size_t)(stop - p) };
		p = stop + 1;
	}
	return CB_OK;
}

static int add_path(struct cb_ctx *ctx, struct cbi_fields *fields,
                    struct cbi_span text)
{
	struct path *path;

	while (text.len && strchr(" \t\r\n", *text.ptr))
		text.ptr++, text.len--;
	while (text.len && strchr(" \t\r\n", text.ptr[text.len - 1]))
		text.len--;
	if (text.len == 0 || known(fields, text))
		return CB_OK;
	if (memchr(text.ptr, '[', text.len))
		return cb_fail(ctx, CB_EINVAL,
		               "fields: '%.*s' is not a dotted path; write "
		               "'a.0' for an element",
		               (int)(text.len > 80 ? 80 : text.len), text.ptr);
	if (fields->count == CB_FILTER_TERMS_MAX)
		return cb_fail(ctx, CB_EINVAL, "fields: more than %d paths",
		               CB_FILTER_TERMS_MAX);
	path = &fields->paths[fields->count++];
	path->text = text;
	return split_parts(ctx, path);
}

static int add_list(struct cb_ctx *ctx, struct cbi_fields *fields,
                    const char *list)
{
	int rc;

	for (const char *p = list;; p++) {
		size_t len = strcspn(p, ",");

		rc = add_path(ctx, fields, (struct cbi_span){ p, len });
		if (rc < 0)
			return rc;
		p += len;
		if (!*p)
			return CB_OK;
	}
}

static size_t count_items(const char *const *params, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		count++;
		for (const char *p = params[i]; *p; p++)
			count += *p == ',';
	}
	return count < CB_FILTER_TERMS_MAX ? count : CB_FILTER_TERMS_MAX;
}

int cbi_fields_parse(struct cb_ctx *ctx, const char *const *params, size_t n,
                     struct cbi_fields **out)
{
	struct cbi_fields *fields = cb_alloc(ctx, sizeof(*fields));
	int rc;

	if (!fields)
		return CB_ENOMEM;
	fields->paths = cb_alloc(ctx, (count_items(params, n) + 1) *
	                                  sizeof(*fields->paths));
	if (!fields->paths)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		rc = add_list(ctx, fields, params[i]);
		if (rc < 0)
			return rc;
	}
	if (fields->count == 0) {
		*out = NULL;
		return CB_OK;
	}
	for (size_t i = 0; i < fields->count; i++)
		fields->node_room += fields->paths[i].count;
	fields->node_room++;
	fields->nodes =
	    cb_alloc(ctx, fields->node_room * sizeof(*fields->nodes));
	if (!fields->nodes)
		return CB_ENOMEM;
	*out = fields;
	return CB_OK;
}

/* A part as an index of an array: decimal, no leading zeros. */
static bool as_index(struct cbi_span part, size_t *out)
{
	size_t value = 0;

	if (part.len == 0 || part.len > 6 ||
	    (part.len > 1 && part.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < part.len; i++) {
		if (part.ptr[i] < '0' || part.ptr[i] > '9')
			return false;
		value = value * 10 + (size_t)(part.ptr[i] - '0');
	}
	*out = value;
	return true;
}

/* The child of parent that is named (or counted) so; made when missing. */
static struct node *child_of(struct cbi_fields *fields, struct node *parent,
                             struct cbi_span name, size_t index)
{
	struct node **at = &parent->child, *node;

	for (; *at; at = &(*at)->next) {
		if (parent->array
		        ? (*at)->index == index
		        : (*at)->name.len == name.len &&
		              memcmp((*at)->name.ptr, name.ptr, name.len) == 0)
			return *at;
		if (parent->array && (*at)->index > index)
			break;
	}
	node = &fields->nodes[fields->node_count++];
	memset(node, 0, sizeof(*node));
	node->name = name;
	node->index = index;
	node->next = *at;
	*at = node;
	return node;
}

/* Steps into value by one part (perhaps joined with those before it). */
static bool step(struct cbi_span value, struct cbi_span part, size_t *index,
                 struct cbi_span *out)
{
	if (value.len && value.ptr[0] == '[')
		return as_index(part, index) &&
		       cbi_scan_element(value, *index, out);
	return cbi_scan_member(value, part, out);
}

static bool resolve(const struct path *path, struct cbi_span body,
                    struct cbi_span *names, size_t *indexes,
                    struct cbi_span *values, size_t *depth)
{
	struct cbi_span value = body, part = { NULL, 0 };
	size_t n = 0;

	for (size_t i = 0; i < path->count && n < DEPTH_MAX; i++) {
		/* What did not fit is glued to the next part by its dot. */
		if (part.ptr)
			part.len += 1 + path->parts[i].len;
		else
			part = path->parts[i];
		indexes[n] = 0;
		if (!step(value, part, &indexes[n], &values[n]))
			continue;
		value = values[n];
		names[n++] = part;
		part.ptr = NULL;
	}
	*depth = n;
	return !part.ptr && n > 0;
}

static void add_value(struct cbi_fields *fields, const struct path *path,
                      struct cbi_span body)
{
	struct cbi_span names[DEPTH_MAX], values[DEPTH_MAX];
	size_t indexes[DEPTH_MAX], depth;
	struct node *node = &fields->nodes[0];

	if (!resolve(path, body, names, indexes, values, &depth))
		return;
	for (size_t i = 0; i < depth; i++) {
		if (node->value.ptr)
			return; /* a shorter path took it whole */
		node = child_of(fields, node, names[i], indexes[i]);
		if (i + 1 < depth)
			node->array = values[i].ptr[0] == '[';
	}
	node->value = values[depth - 1];
}

static void write_node(const struct node *node, struct cb_buf *out)
{
	size_t at = 0;

	if (node->value.ptr) {
		cb_buf_add(out, node->value.ptr, node->value.len);
		return;
	}
	cb_buf_add(out, node->array ? "[" : "{", 1);
	for (const struct node *c = node->child; c; c = c->next) {
		if (c != node->child)
			cb_buf_add(out, ",", 1);
		if (node->array) {
			for (; at < c->index; at++)
				cb_buf_add(out, "null,", 5);
			at++;
		} else {
			cbi_str_json(out, c->name.ptr, c->name.len);
			cb_buf_add(out, ":", 1);
		}
		write_node(c, out);
	}
	cb_buf_add(out, node->array ? "]" : "}", 1);
}

int cbi_fields_write(struct cbi_fields *fields, struct cbi_span body,
                     struct cb_buf *out)
{
	fields->node_count = 1;
	memset(&fields->nodes[0], 0, sizeof(fields->nodes[0]));
	for (size_t i = 0; i < fields->count; i++)
		add_value(fields, &fields->paths[i], body);
	write_node(&fields->nodes[0], out);
	return out->failed;
}
