/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.c - a document grows from events, within its budgets.
 *
 * Aliases share the children of what they stand for, but count for all of
 * them: what comes out may be walked as a tree of at most CB_YAML_NODES_MAX.
 */
#include "yaml/yaml_priv.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Maps up to this width are searched, wider ones hashed. */
#define NARROW 16
#define SEEN_FIRST 64

int cbi_yaml_refuse(struct cb_ctx *ctx, struct cbi_yaml_doc *doc, int line,
                    int column, const char *fmt, ...)
{
	char what[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	doc->root = NULL;
	doc->empty = false;
	doc->line = line;
	doc->column = column;
	doc->error =
	    cb_printf(ctx, "line %d, column %d: %s", line, column, what);
	return doc->error ? CB_EINVAL : CB_ENOMEM;
}

void cbi_yaml_build_init(struct cbi_yaml_builder *b, struct cb_ctx *ctx,
                         struct cbi_yaml_doc *doc)
{
	b->ctx = ctx;
	b->doc = doc;
	b->anchors = NULL;
	b->anchor_count = 0;
	b->nodes = b->bytes = 0;
	b->depth = 0;
}

#define REFUSE(b, at, ...)                                            \
	cbi_yaml_refuse((b)->ctx, (b)->doc, (at)->line, (at)->column, \
	                __VA_ARGS__)

static int spend(struct cbi_yaml_builder *b, const struct cbi_yaml_event *at,
                 size_t nodes, size_t bytes)
{
	b->nodes += nodes;
	b->bytes += bytes;
	if (b->nodes > CB_YAML_NODES_MAX)
		return REFUSE(b, at, "too many nodes (> %d), aliases included",
		              CB_YAML_NODES_MAX);
	if (b->bytes > CB_YAML_DOCUMENT_MAX)
		return REFUSE(b, at,
		              "document too large (> %d bytes), aliases "
		              "included",
		              CB_YAML_DOCUMENT_MAX);
	return CB_OK;
}

static size_t slot_of(const char *const *seen, size_t size, const char *key)
{
	size_t i = (size_t)XXH3_64bits(key, strlen(key)) & (size - 1);

	while (seen[i] && strcmp(seen[i], key) != 0)
		i = (i + 1) & (size - 1);
	return i;
}

static int widen(struct cb_ctx *ctx, struct cbi_yaml_frame *frame)
{
	size_t size = frame->seen ? frame->seen_size * 2 : SEEN_FIRST;
	const char **seen = cb_alloc(ctx, size * sizeof(*seen));

	if (!seen)
		return CB_ENOMEM;
	for (struct cbi_yaml *n = frame->node->first; n; n = n->next)
		seen[slot_of(seen, size, n->key)] = n->key;
	frame->seen = seen;
	frame->seen_size = size;
	return CB_OK;
}

/* 1 when the map has the key already, else it is noted; CB_ENOMEM. */
static int has_key(struct cb_ctx *ctx, struct cbi_yaml_frame *frame,
                   const char *key)
{
	size_t slot;

	if (frame->node->count < NARROW) {
		for (struct cbi_yaml *n = frame->node->first; n; n = n->next)
			if (strcmp(n->key, key) == 0)
				return 1;
		return 0;
	}
	if (!frame->seen || frame->node->count * 2 > frame->seen_size) {
		if (widen(ctx, frame) < 0)
			return CB_ENOMEM;
	}
	slot = slot_of(frame->seen, frame->seen_size, key);
	if (frame->seen[slot])
		return 1;
	frame->seen[slot] = key;
	return 0;
}

/* A key's text: JavaScript makes a property name of any scalar. */
static const char *key_text(struct cb_ctx *ctx, const struct cbi_yaml *node)
{
	switch (node->type) {
	case CBI_YAML_NULL:
		return "";
	case CBI_YAML_BOOL:
		return node->truth ? "true" : "false";
	case CBI_YAML_NUMBER:
		if (node->integer)
			return cb_printf(ctx, "%lld", (long long)node->whole);
		return node->text;
	default:
		return node->text;
	}
}

static int set_key(struct cbi_yaml_builder *b, struct cbi_yaml_frame *frame,
                   const struct cbi_yaml *node)
{
	const char *key = key_text(b->ctx, node);
	int rc;

	if (!key)
		return CB_ENOMEM;
	rc = has_key(b->ctx, frame, key);
	if (rc > 0)
		return REFUSE(b, node, "duplicate key '%.100s'", key);
	frame->key = key;
	frame->key_line = node->line;
	frame->key_column = node->column;
	frame->have_key = true;
	return rc;
}

static bool wants_key(const struct cbi_yaml_builder *b)
{
	const struct cbi_yaml_frame *frame;

	if (b->depth == 0)
		return false;
	frame = &b->frames[b->depth - 1];
	return frame->node->type == CBI_YAML_MAP && !frame->have_key;
}

/* Puts a finished or just begun node where it belongs. */
static int place(struct cbi_yaml_builder *b, struct cbi_yaml *node)
{
	struct cbi_yaml_frame *frame;

	if (b->depth == 0) {
		b->doc->root = node;
		return CB_OK;
	}
	frame = &b->frames[b->depth - 1];
	if (wants_key(b))
		return set_key(b, frame, node);
	node->key = frame->key;
	node->key_line = frame->key_line;
	node->key_column = frame->key_column;
	frame->key = NULL;
	frame->have_key = false;
	if (frame->last)
		frame->last->next = node;
	else
		frame->node->first = node;
	frame->last = node;
	frame->node->count++;
	return CB_OK;
}

static int add_anchor(struct cbi_yaml_builder *b,
                      const struct cbi_yaml_event *event, struct cbi_yaml *node,
                      struct cbi_yaml_anchor **out)
{
	struct cbi_yaml_anchor *anchor;

	if (++b->anchor_count > CB_YAML_ANCHORS_MAX)
		return REFUSE(b, event, "too many anchors (> %d)",
		              CB_YAML_ANCHORS_MAX);
	anchor = cb_alloc(b->ctx, sizeof(*anchor));
	if (!anchor)
		return CB_ENOMEM;
	anchor->name = cb_strndup(b->ctx, event->anchor, event->anchor_len);
	if (!anchor->name)
		return CB_ENOMEM;
	anchor->name_len = event->anchor_len;
	anchor->node = node;
	anchor->next = b->anchors;
	b->anchors = anchor;
	*out = anchor;
	return CB_OK;
}

static struct cbi_yaml *make(struct cbi_yaml_builder *b,
                             const struct cbi_yaml_event *event)
{
	struct cbi_yaml *node = cb_alloc(b->ctx, sizeof(*node));

	if (!node)
		return NULL;
	node->type = event->type;
	node->line = event->line;
	node->column = event->column;
	return node;
}

int cbi_yaml_build_scalar(struct cbi_yaml_builder *b,
                          const struct cbi_yaml_event *event)
{
	struct cbi_yaml_anchor *anchor;
	struct cbi_yaml *node;
	int rc;

	if (event->len > CB_YAML_SCALAR_MAX)
		return REFUSE(b, event, "text too long (> %d bytes)",
		              CB_YAML_SCALAR_MAX);
	if (event->len && memchr(event->text, '\0', event->len))
		return REFUSE(b, event, "text holds a NUL character");
	rc = spend(b, event, 1, event->len);
	if (rc < 0)
		return rc;
	node = make(b, event);
	if (!node)
		return CB_ENOMEM;
	node->text = cb_strndup(b->ctx, event->text, event->len);
	if (!node->text)
		return CB_ENOMEM;
	node->len = event->len;
	if (event->style == CBI_YAML_PLAIN)
		cbi_yaml_type_plain(node);
	if (event->anchor) {
		rc = add_anchor(b, event, node, &anchor);
		if (rc < 0)
			return rc;
		anchor->nodes = 1;
		anchor->bytes = event->len;
	}
	return place(b, node);
}

int cbi_yaml_build_begin(struct cbi_yaml_builder *b,
                         const struct cbi_yaml_event *event)
{
	struct cbi_yaml_anchor *anchor = NULL;
	struct cbi_yaml_frame *frame;
	struct cbi_yaml *node;
	int rc;

	if (wants_key(b))
		return REFUSE(b, event,
		              "a key must be a plain value, not a "
		              "list or a map");
	if (b->depth == CB_YAML_DEPTH_MAX)
		return REFUSE(b, event, "nested too deeply (> %d)",
		              CB_YAML_DEPTH_MAX);
	frame = &b->frames[b->depth];
	memset(frame, 0, sizeof(*frame));
	frame->nodes = b->nodes;
	frame->bytes = b->bytes;
	frame->height = 1;
	rc = spend(b, event, 1, 0);
	if (rc < 0)
		return rc;
	node = make(b, event);
	if (!node)
		return CB_ENOMEM;
	if (event->anchor) {
		rc = add_anchor(b, event, node, &anchor);
		if (rc < 0)
			return rc;
		anchor->open = true;
	}
	rc = place(b, node);
	if (rc < 0)
		return rc;
	frame->node = node;
	frame->anchor = anchor;
	b->depth++;
	return CB_OK;
}

static void raise_height(struct cbi_yaml_builder *b, int height)
{
	struct cbi_yaml_frame *frame;

	if (b->depth == 0)
		return;
	frame = &b->frames[b->depth - 1];
	if (height + 1 > frame->height)
		frame->height = height + 1;
}

int cbi_yaml_build_end(struct cbi_yaml_builder *b)
{
	struct cbi_yaml_frame *frame = &b->frames[--b->depth];

	if (frame->anchor) {
		frame->anchor->open = false;
		frame->anchor->nodes = b->nodes - frame->nodes;
		frame->anchor->bytes = b->bytes - frame->bytes;
		frame->anchor->height = frame->height;
	}
	raise_height(b, frame->height);
	return CB_OK;
}

int cbi_yaml_build_alias(struct cbi_yaml_builder *b,
                         const struct cbi_yaml_event *event)
{
	struct cbi_yaml_anchor *anchor = b->anchors;
	struct cbi_yaml *node;
	int rc;

	while (anchor && (anchor->name_len != event->len ||
	                  memcmp(anchor->name, event->text, event->len) != 0))
		anchor = anchor->next;
	if (!anchor)
		return REFUSE(b, event, "alias '*%.*s' without an anchor",
		              (int)event->len, event->text);
	if (anchor->open)
		return REFUSE(b, event,
		              "alias '*%s' stands within its own "
		              "anchor",
		              anchor->name);
	if (anchor->node->type >= CBI_YAML_LIST && wants_key(b))
		return REFUSE(b, event,
		              "a key must be a plain value, not a "
		              "list or a map");
	if (b->depth + anchor->height > CB_YAML_DEPTH_MAX)
		return REFUSE(b, event, "nested too deeply (> %d)",
		              CB_YAML_DEPTH_MAX);
	rc = spend(b, event, anchor->nodes, anchor->bytes);
	if (rc < 0)
		return rc;
	node = make(b, event);
	if (!node)
		return CB_ENOMEM;
	*node = *anchor->node;
	node->next = NULL;
	node->key = NULL;
	node->line = event->line;
	node->column = event->column;
	raise_height(b, anchor->height);
	return place(b, node);
}
