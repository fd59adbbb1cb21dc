/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unprocessed.h - what a source has declared and readers do not see, because
 * it was not processed yet, or not well once.
 */
#ifndef CB_CATALOG_UNPROCESSED_H
#define CB_CATALOG_UNPROCESSED_H

#include <callboard/ctx.h>

#include "base/str.h"

struct cbi_unprocessed {
	const char *uid, *ref;
	struct cbi_span entity; /* as its source has it: JSON */
	struct cbi_span errors; /* the contract's list of them: JSON */
	const char *hash;       /* of the entity: hex */
	const char *due;        /* RFC 3339; NULL: when something changes */
	const char *location_key;
};

/*
 * Hands over each in the order of refs: those that failed, else those that
 * wait for their first processing.  owner: only with this very spec.owner;
 * NULL: all.  What is handed over lives for the call, which may not use the
 * database.  A scope that does not see everything sees none.
 */
int cbi_unprocessed(struct cb_ctx *ctx, bool failed, const char *owner,
                    int (*each)(void *arg, const struct cbi_unprocessed *one),
                    void *arg) CB_USED;

#endif
