/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_priv.h - between the files of yaml/: the builder that turns events
 * into a document, and the core schema.
 */
#ifndef CB_YAML_YAML_PRIV_H
#define CB_YAML_YAML_PRIV_H

#include "yaml/yaml.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"

/* How a scalar was written, as far as its type depends on it. */
enum cbi_yaml_style {
	CBI_YAML_PLAIN,
	CBI_YAML_QUOTED, /* or tagged as a string, or with a tag of nobody's */
};

/* Sets type and value of a node whose text is set. */
void cbi_yaml_type_plain(struct cbi_yaml *node);

struct cbi_yaml_anchor {
	struct cbi_yaml_anchor *next;
	const char *name;
	size_t name_len;
	struct cbi_yaml *node;
	size_t nodes, bytes; /* of the tree below, itself included */
	int height;
	bool open; /* not ended yet: an alias to it would be a cycle */
};

struct cbi_yaml_frame {
	struct cbi_yaml *node;
	struct cbi_yaml *last;
	struct cbi_yaml_anchor *anchor;
	size_t nodes, bytes; /* of the document when it began */
	int height;
	bool have_key;
	const char *key;
	int key_line, key_column;
	/* Keys of a wide map, open addressing; NULL while it is narrow. */
	const char **seen;
	size_t seen_size;
};

struct cbi_yaml_builder {
	struct cb_ctx *ctx;
	struct cbi_yaml_doc *doc;
	struct cbi_yaml_anchor *anchors; /* newest first */
	size_t anchor_count;
	size_t nodes, bytes;
	int depth;
	struct cbi_yaml_frame frames[CB_YAML_DEPTH_MAX];
};

/* One event's node; texts are borrowed. */
struct cbi_yaml_event {
	enum cbi_yaml_type type; /* LIST, MAP or TEXT */
	enum cbi_yaml_style style;
	const char *text;
	size_t len;
	const char *anchor;
	size_t anchor_len;
	int line, column;
};

void cbi_yaml_build_init(struct cbi_yaml_builder *b, struct cb_ctx *ctx,
                         struct cbi_yaml_doc *doc);
/* All return CB_OK, CB_EINVAL (doc->error is set) or CB_ENOMEM. */
int cbi_yaml_build_scalar(struct cbi_yaml_builder *b,
                          const struct cbi_yaml_event *event) CB_USED;
int cbi_yaml_build_begin(struct cbi_yaml_builder *b,
                         const struct cbi_yaml_event *event) CB_USED;
int cbi_yaml_build_end(struct cbi_yaml_builder *b) CB_USED;
int cbi_yaml_build_alias(struct cbi_yaml_builder *b,
                         const struct cbi_yaml_event *event) CB_USED;

/*
 * event.c: what an event of libfyaml says.  `input` is the parser's whole
 * text; the texts live until the event ends or scratch changes.  CB_OK or
 * CB_ENOMEM.
 */
struct fy_token;
struct fy_event;
void cbi_yaml_event_anchor(struct fy_token *token,
                           struct cbi_yaml_event *event);
int cbi_yaml_event_scalar(struct fy_event *fye, struct cbi_span input,
                          struct cb_buf *scratch,
                          struct cbi_yaml_event *event) CB_USED;

/*
 * text.c: line ends and tags as libfyaml bears them.  *own is the copy that
 * *text then points to, for the caller to free; NULL when nothing had to be
 * changed.  CB_ENOMEM.
 */
int cbi_yaml_ready(const char **text, size_t *len, char **own) CB_USED;

/* Writes the document's error, with its place in front.  CB_EINVAL. */
int cbi_yaml_refuse(struct cb_ctx *ctx, struct cbi_yaml_doc *doc, int line,
                    int column, const char *fmt, ...) CB_PRINTF(5, 6);

#endif
