/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remove.h - nodes leave the catalog, with all that only they keep alive.
 *
 * Everything here runs in an open transaction.
 */
#ifndef CB_CATALOG_REMOVE_H
#define CB_CATALOG_REMOVE_H

#include <callboard/ctx.h>

/*
 * What would be gone if these nodes lost their last edges: themselves and
 * below, but for what another provider or parent still keeps.  Edges that
 * are to go must be gone already.  *out lives with ctx.
 */
int cbi_remove_closure(struct cb_ctx *ctx, const int64_t *ids, size_t n,
                       int64_t **out, size_t *out_n) CB_USED;

/* Locks nodes in the order of their refs; those that vanished meanwhile are
 * left out of nothing: they are simply not there. */
int cbi_remove_lock(struct cb_ctx *ctx, const int64_t *ids, size_t n) CB_USED;

/*
 * Deletes nodes that the caller has locked: closes their history, queues
 * their peers for stitching, writes the change.  *number is 0 when readers
 * saw none of them.
 */
int cbi_remove_nodes(struct cb_ctx *ctx, const int64_t *ids, size_t n,
                     const char *cause, int64_t *number) CB_USED;

/*
 * Takes nodes away from a provider, with all that only they keep alive;
 * what else keeps stays.  *removed is how many nodes went.
 */
int cbi_remove_provided(struct cb_ctx *ctx, const char *provider,
                        const int64_t *ids, size_t n, const char *cause,
                        size_t *removed) CB_USED;

#endif
