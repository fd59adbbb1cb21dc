/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change.h - the change number: who changes what readers see raises it once,
 * at the end of his transaction.
 */
#ifndef CB_CATALOG_CHANGE_H
#define CB_CATALOG_CHANGE_H

#include <stdbool.h>

#include <callboard/ctx.h>

/* Entities (entity.id); texts and lists are borrowed for the call. */
struct cbi_change {
	int64_t number; /* these two from cbi_change_next */
	const char *at; /* the moment, as PostgreSQL writes it */
	const int64_t *written, *deleted;
	size_t written_n, deleted_n;
	bool registry; /* switches, keys */
	const char *cause;
};

/*
 * Takes the next number and its moment, in an open transaction.  Every other
 * change waits until it ends: call it last, when all that is slow has been
 * done, and lock nothing afterwards.
 */
int cbi_change_next(struct cb_ctx *ctx, struct cbi_change *change) CB_USED;

/* Writes the change's row and notifies the followers. */
int cbi_change_write(struct cb_ctx *ctx,
                     const struct cbi_change *change) CB_USED;

#endif
