/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facets.h - how many entities have each value of some keys.
 *
 * Keys that columns hold (kind, metadata.namespace, spec.type,
 * spec.lifecycle, metadata.tags, relations.ownedby) are counted there when the
 * filter, if any, speaks of such keys alone; others in SQL.
 */
#ifndef CB_CATALOG_FACETS_H
#define CB_CATALOG_FACETS_H

#include "catalog/catalog.h"
#include "catalog/filter.h"
#include "catalog/fresh.h"

struct cbi_facet_value {
	const char *value; /* as written */
	size_t count;
};

struct cbi_facet {
	const char *name;                     /* as asked for */
	const struct cbi_facet_value *values; /* by value */
	size_t n;
};

/* *out has one for each of the n names, in order; lives with ctx. */
int cbi_facets_count(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                     const struct cbi_filter *filter, const char *const *names,
                     size_t n, const struct cbi_facet **out,
                     struct cbi_fresh *fresh) CB_USED;

#endif
