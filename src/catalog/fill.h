/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.h - what an entity leaves to other files, before it is checked:
 * placeholders, and an owner that its repository knows.
 */
#ifndef CB_CATALOG_FILL_H
#define CB_CATALOG_FILL_H

#include "base/feed.h"
#include "catalog/owner.h"
#include "catalog/placeholder.h"

/* Of one file. */
struct cbi_fill {
	struct cb_ctx *ctx;
	const struct cbi_feed *feed;
	const char *key; /* where its entities stand: "url:https://..." */
	/* Gets "reads", what was read, so that who looks again may ask
	 * whether it has changed, and again what could not be read.  A
	 * borrowed object. */
	json_t *state;
	struct cbi_owner owner; /* zeroes */
};

/* Fails as cbi_placeholder_apply and cbi_owner_fill. */
int cbi_fill(struct cbi_fill *fill, json_t *entity,
             struct cbi_problem *problem) CB_USED;

#endif
