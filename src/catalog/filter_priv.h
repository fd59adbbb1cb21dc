/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_priv.h - making filter trees, for filter.c and predicate.c.
 *
 * All return NULL without memory (noted in ctx).
 */
#ifndef CB_CATALOG_FILTER_PRIV_H
#define CB_CATALOG_FILTER_PRIV_H

#include "catalog/filter.h"

/* Folds key and values. */
const struct cbi_filter *cbi_filter_leaf(struct cb_ctx *ctx,
                                         enum cbi_filter_op op, const char *key,
                                         const char *const *values, size_t n);

/* Keeps the list; one child alone is returned itself (but for NOT). */
const struct cbi_filter *cbi_filter_group(struct cb_ctx *ctx,
                                          enum cbi_filter_op op,
                                          const struct cbi_filter **children,
                                          size_t n);

#endif
