/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - texts with values in braces: "{config.server}/api/{key}".
 * Internal to the room.
 *
 * Within braces stands a dotted word, then perhaps "|path".  What begins with
 * a word that the reader of the template does not know stays as it is, so that
 * a body may hold braces of its own; where that would be a mistake it is one
 * when the file is read.
 */
#ifndef CB_DECLARE_TEMPLATE_H
#define CB_DECLARE_TEMPLATE_H

#include <callboard/buf.h>
#include <callboard/ctx.h>

#include "base/str.h"

struct cbi_template_part {
	bool value;           /* else literal text */
	struct cbi_span text; /* the literal, or what stands in the braces */
	struct cbi_span root; /* of a value: up to its first dot */
	struct cbi_span rest; /* what follows that dot; empty for none */
	bool path;            /* "|path": slashes stay */
};

/* Takes the next part off *at; false at the end. */
bool cbi_template_next(const char **at, struct cbi_template_part *out);

bool cbi_span_is(struct cbi_span span, const char *text);

enum cbi_template_encode {
	CBI_TEMPLATE_PLAIN, /* as it is */
	CBI_TEMPLATE_URL,   /* percent-encoded */
};

/*
 * Fills a template in.  value answers CB_OK with *out; CB_ENOTSUP for a root
 * it does not know: the braces stay; or a failure, which ends it.
 */
struct cbi_template_how {
	enum cbi_template_encode encode;
	int (*value)(struct cb_ctx *ctx, void *arg,
	             const struct cbi_template_part *part, const char **out);
	void *arg;
};
int cbi_template_fill(struct cb_ctx *ctx, const char *text,
                      const struct cbi_template_how *how,
                      const char **out) CB_USED;

#endif
