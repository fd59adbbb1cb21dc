/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity.h - an entity's values, as templates name them.  Internal to the
 * room.
 */
#ifndef CB_DECLARE_ENTITY_H
#define CB_DECLARE_ENTITY_H

#include <callboard/catalog.h>

#include "declare/template.h"

/* Does the part name something of an entity? */
bool cbi_entity_root(const struct cbi_template_part *part);

/* The annotation's name in "{annotations.<name>}"; empty for others. */
struct cbi_span cbi_entity_annotated(const struct cbi_template_part *part);

/* Its value; CB_ENOKEY when the entity has none (or is NULL), CB_ENOTSUP for
 * another root. */
int cbi_entity_value(struct cb_ctx *ctx, const struct cb_entity *entity,
                     const struct cbi_template_part *part,
                     const char **out) CB_USED;

#endif
