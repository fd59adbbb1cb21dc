/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ancestry.h - which entities brought an entity in: the Locations above it,
 * up to those that nobody emitted.
 */
#ifndef CB_CATALOG_ANCESTRY_H
#define CB_CATALOG_ANCESTRY_H

#include <callboard/ctx.h>

#include "base/str.h"

struct cbi_ancestor {
	const char *ref;
	struct cbi_span body; /* as it is served */
	/* Those of its parents that are in the list, too. */
	const char *const *parents;
	size_t parent_count;
};

/*
 * The entity first, then what is above it, each once, depth first from what
 * was found last.  What is not served, and all above it, is left out.  From
 * PostgreSQL; everything lives with ctx.  CB_ENOENT when ref (canonical) is
 * not served or the scope may not see it.
 */
int cbi_ancestry(struct cb_ctx *ctx, const char *ref,
                 const struct cbi_ancestor **out, size_t *n) CB_USED;

#endif
