/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h - the door to libfyaml: text becomes documents that know where each
 * value stood.
 *
 * YAML 1.2 core schema.  Anchors are expanded within the budgets of limits.h
 * (bytes, nodes after expansion, depth, scalars, documents); duplicate keys,
 * tabs as indent, undefined aliases are errors.  A literal `<<` stays a key.
 * A document that is wrong does not hide those before it, nor, where the
 * parser can find the next `---`, those after it.
 */
#ifndef CB_YAML_YAML_H
#define CB_YAML_YAML_H

#include <callboard/buf.h>
#include <callboard/ctx.h>

#include <jansson.h>

enum cbi_yaml_type {
	CBI_YAML_NULL,
	CBI_YAML_BOOL,
	CBI_YAML_NUMBER,
	CBI_YAML_TEXT,
	CBI_YAML_LIST,
	CBI_YAML_MAP,
};

/* One value.  Everything lives with the context that parsed it. */
struct cbi_yaml {
	enum cbi_yaml_type type;
	bool truth;       /* BOOL */
	bool integer;     /* NUMBER: was written as one, within 2^53 */
	double number;    /* NUMBER; .inf and .nan come as NULL */
	int64_t whole;    /* NUMBER with integer set */
	const char *text; /* TEXT, and the spelling of BOOL and NUMBER */
	size_t len;
	const char *key; /* within a MAP */
	int key_line, key_column;
	int line, column;       /* from 1 */
	struct cbi_yaml *first; /* LIST, MAP: children in order */
	struct cbi_yaml *next;
	size_t count;
};

/* One document of a stream. */
struct cbi_yaml_doc {
	struct cbi_yaml_doc *next;
	struct cbi_yaml *root; /* NULL: error says why */
	const char *error;     /* "line 3, column 7: ..." or NULL */
	int line, column;      /* of the document, or of the error */
	bool empty;            /* nothing but comments; root is NULL too */
};

/*
 * Parses a stream of at most CB_YAML_BYTES_MAX.  CB_OK with *out NULL for no
 * document; documents that are wrong are in the list with their error.
 * CB_ETOOBIG and CB_EINVAL (not UTF-8) concern the text as a whole.
 */
int cbi_yaml_parse(struct cb_ctx *ctx, const char *text, size_t len,
                   struct cbi_yaml_doc **out) CB_USED;

/*
 * The same, document by document, for texts whose tree should not be in memory
 * at once: each document lives with the context given to its `next`.
 */
struct cbi_yaml_stream;

/* text is borrowed until destroy.  CB_ETOOBIG and CB_EINVAL as above. */
int cbi_yaml_stream_create(struct cb_ctx *ctx, const char *text, size_t len,
                           struct cbi_yaml_stream **out) CB_USED;
/* *out is NULL at the end; fails only for want of memory. */
int cbi_yaml_stream_next(struct cb_ctx *ctx, struct cbi_yaml_stream *stream,
                         struct cbi_yaml_doc **out) CB_USED;
void cbi_yaml_stream_destroy(struct cbi_yaml_stream *stream);

/* As JSON; a new reference, NULL when memory ran out.  Numbers that are not
 * whole within 2^53 become reals. */
json_t *cbi_yaml_json(const struct cbi_yaml *value);

/*
 * A text of exactly one document as JSON, null for an empty one; *out is a new
 * reference.  CB_EINVAL names line and column, or says that there are more.
 */
int cbi_yaml_one(struct cb_ctx *ctx, const char *text, size_t len,
                 json_t **out) CB_USED;

/* The child of a MAP, or by index text of a LIST; NULL for none. */
const struct cbi_yaml *cbi_yaml_get(const struct cbi_yaml *value,
                                    const char *key);

/* The value at "spec.owner" or "metadata.links.0.url", as deep as the path
 * can be followed: an error at a missing field points at what should hold
 * it.  Keys with dots are tried greedily. */
const struct cbi_yaml *cbi_yaml_near(const struct cbi_yaml *root,
                                     const char *path);

/*
 * Appends the three lines around a position with line numbers and a caret,
 * as an error message shows them.
 */
int cbi_yaml_excerpt(struct cb_buf *buf, const char *text, size_t len, int line,
                     int column);

#endif
