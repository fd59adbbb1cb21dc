/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/catalog.h - the catalog, as a plugin reads it.
 *
 * An entity is borrowed for the call it is handed to, or lives as long as the
 * context that asked for it; so do all texts got from it.  What the reader
 * may not see is answered as if it did not exist.
 */
#ifndef CALLBOARD_CATALOG_H
#define CALLBOARD_CATALOG_H

#include <callboard/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cb_entity;

/* "component:default/name", lower case. */
const char *cb_entity_ref(const struct cb_entity *entity);
/* The parts as they were written, in any case ("Component"). */
const char *cb_entity_kind(const struct cb_entity *entity);
const char *cb_entity_namespace(const struct cb_entity *entity);
const char *cb_entity_name(const struct cb_entity *entity);
/* metadata.title, or the name. */
const char *cb_entity_title(const struct cb_entity *entity);
/* The first ownedBy relation's target ref; NULL when nobody owns it. */
const char *cb_entity_owner(const struct cb_entity *entity);
/* The annotation's value; NULL when the entity has none of that name. */
const char *cb_entity_annotation(const struct cb_entity *entity,
                                 const char *name);
/* The value at a dotted path such as "spec.type", as text; NULL for none and
 * for objects and arrays. */
const char *cb_entity_text(const struct cb_entity *entity, const char *path);

/* The i-th relation of a type ("ownedBy"), its target ref; NULL past the
 * last. */
const char *cb_entity_relation(const struct cb_entity *entity, const char *type,
                               size_t i);

/* CB_ENOENT when there is none, CB_EINVAL for a bad ref. */
int cb_entity_get(struct cb_ctx *ctx, const char *ref,
                  const struct cb_entity **out) CB_USED;

#ifdef __cplusplus
}
#endif

#endif
