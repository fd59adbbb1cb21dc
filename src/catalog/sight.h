/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sight.h - what a context's scope may see, over an entity's bytes.  Private
 * to catalog/.
 *
 * The scope's predicate is compiled once for each piece of work that asks:
 * to SQL (sql.h), to sets of rows (columns.h), or to this.  An entity that is
 * not seen is answered as if it did not exist.
 */
#ifndef CB_CATALOG_SIGHT_H
#define CB_CATALOG_SIGHT_H

#include "base/ctx.h"
#include "base/str.h"
#include "catalog/filter.h"

/* The predicate; NULL for a scope that sees everything, and what fits nothing
 * for one that sees nothing.  Lives with ctx. */
int cbi_sight_filter(struct cb_ctx *ctx, const struct cbi_filter **out) CB_USED;

struct cbi_sight {
	bool all;
	const struct cbi_filter *filter;
};

/* Costs nothing when everything is seen. */
int cbi_sight_open(struct cb_ctx *ctx, struct cbi_sight *out) CB_USED;

/* Is the served entity seen?  What it needs of memory is given back. */
int cbi_sight_sees(struct cb_ctx *ctx, const struct cbi_sight *sight,
                   struct cbi_span body, bool *out) CB_USED;

#endif
