/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.h - kinds that the config adds to the catalog's own: what they are
 * called and how their entities must look.
 *
 * A row may name one of the catalog's own kinds, too: its schema then holds
 * beside the rules of the kind.
 */
#ifndef CB_CATALOG_KINDS_H
#define CB_CATALOG_KINDS_H

#include <callboard/buf.h>

#include "catalog/model.h"

struct cbi_kinds;

/* Takes every kind and checks nothing: for what was judged when it came in. */
extern const struct cbi_kinds cbi_kinds_any;

/* catalog.kinds as the config has it, checked; borrowed.  NULL has none.
 * Lives with ctx. */
int cbi_kinds_read(struct cb_ctx *ctx, const json_t *list,
                   const struct cbi_kinds **out) CB_USED;

/* Is the entity of one of these kinds (*mine), and is it good?  CB_EINVAL
 * fills problem. */
int cbi_kinds_check(struct cb_ctx *ctx, const struct cbi_kinds *kinds,
                    const json_t *entity, bool *mine,
                    struct cbi_problem *problem) CB_USED;

/* Another one for another schema; NULL when no row is about the entity. */
const char *cbi_kinds_mark(const struct cbi_kinds *kinds, const json_t *entity);

/* An apiVersion that the kind is known with, NULL for none. */
const char *cbi_kinds_version(const struct cbi_kinds *kinds, const char *kind);
/* Names of all, each with ", " before it. */
void cbi_kinds_names(const struct cbi_kinds *kinds, struct cb_buf *out);

#endif
