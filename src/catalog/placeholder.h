/* SPDX-License-Identifier: Apache-2.0 */
/*
 * placeholder.h - `{ $text: ./file }` and its kin, replaced before anything
 * is checked.
 */
#ifndef CB_CATALOG_PLACEHOLDER_H
#define CB_CATALOG_PLACEHOLDER_H

#include "catalog/model.h"

/* Reads what a placeholder names, relative to base (an entity's location);
 * fails as it likes, its failure becomes the entity's problem. */
struct cbi_placeholder_reader {
	int (*read)(struct cb_ctx *ctx, void *arg, const char *base,
	            const char *target, const char **text, size_t *len);
	void *arg;
	/* The address of target as base ("url:...") names it; lives with ctx.
	 * NULL with a failure.  For $openapi and $asyncapi alone. */
	const char *(*resolve)(struct cb_ctx *ctx, void *arg, const char *base,
	                       const char *target);
};

/*
 * Replaces $text, $json, $yaml, $openapi and $asyncapi (bundle.h) throughout
 * entity, depth first; results are not looked at again.  Maps with another `$`
 * key stay as they are.  CB_EINVAL fills problem: a location that is not a url,
 * a target that is not a text, cannot be read or does not parse.
 */
int cbi_placeholder_apply(struct cb_ctx *ctx, json_t *entity, const char *base,
                          const struct cbi_placeholder_reader *reader,
                          struct cbi_problem *problem) CB_USED;

#endif
