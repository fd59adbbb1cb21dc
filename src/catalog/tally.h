/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h - counts texts: what facets are made of.  Private to catalog/.
 */
#ifndef CB_CATALOG_TALLY_H
#define CB_CATALOG_TALLY_H

#include <callboard/ctx.h>

struct cbi_tally_slot {
	const char *value; /* NULL: free */
	uint32_t hash;
	uint32_t last; /* the row that counted it last */
	size_t count;
};

/* Zeroed to begin with; memory is the context's. */
struct cbi_tally {
	struct cbi_tally_slot *slots;
	size_t size; /* a power of two, or 0 */
	size_t used;
};

/* Counts value once per row (rows are numbered from 1); keeps the pointer. */
int cbi_tally_add(struct cb_ctx *ctx, struct cbi_tally *tally,
                  const char *value, uint32_t row) CB_USED;

/* The slots in use, by value; sorts in place: the tally is over. */
const struct cbi_tally_slot *cbi_tally_sorted(struct cbi_tally *tally,
                                              size_t *n);

#endif
