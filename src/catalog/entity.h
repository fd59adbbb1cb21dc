/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity.h - one entity in memory, over its served JSON.
 *
 * Implements the cb_entity_* accessors of callboard/catalog.h but for
 * cb_entity_get, which is the host's.  Values are found by scanning the bytes
 * when asked for; nothing is parsed unless cbi_entity_json is called.
 */
#ifndef CB_CATALOG_ENTITY_H
#define CB_CATALOG_ENTITY_H

#include <callboard/catalog.h>

#include <jansson.h>

#include "catalog/filter.h"

/*
 * body is borrowed: it must live as long as ctx, as bytes of the host's copy
 * and of a database result do.  CB_EBUG when it is not a served entity.
 */
int cbi_entity_create(struct cb_ctx *ctx, const char *body, size_t len,
                      const struct cb_entity **out) CB_USED;

/* The bytes parsed, once; borrowed, lives with the entity's context.  NULL
 * with a failure noted when they do not parse. */
json_t *cbi_entity_json(const struct cb_entity *entity) CB_USED;

/* Do the search rows that the entity would have fit the filter?  What SQL
 * says of the same entity, without SQL; for a card's `when`. */
bool cbi_entity_matches(const struct cb_entity *entity,
                        const struct cbi_filter *filter);

#endif
