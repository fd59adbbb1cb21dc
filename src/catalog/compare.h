/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare.h - how two catalogs describe one entity differently.
 */
#ifndef CB_CATALOG_COMPARE_H
#define CB_CATALOG_COMPARE_H

#include <callboard/ctx.h>

#include <jansson.h>

/* Rows that are told of one entity; more are left out. */
#define CBI_COMPARE_MAX 50

/*
 * Appends to the array `out` one object for each difference between two
 * entities as an API serves them: `path` ("spec.owner", or "relations" with
 * one relation as value), `there` and `here`, null for what one lacks.
 *
 * Aside are what every catalog makes for itself: uid, etag and generation,
 * status, and the annotations that say where a description was read; relations
 * are sets.  Numbers are equal by value.
 */
int cbi_compare(struct cb_ctx *ctx, const json_t *there, const json_t *here,
                json_t *out) CB_USED;

#endif
