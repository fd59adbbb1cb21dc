/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owner.h - who owns what a repository describes without saying whose it is:
 * its CODEOWNERS.
 */
#ifndef CB_CATALOG_OWNER_H
#define CB_CATALOG_OWNER_H

#include "catalog/placeholder.h"

/* What one file's repository says, asked for once; starts as zeroes. */
struct cbi_owner {
	bool known;
	const char *ref; /* NULL: nobody; lives with ctx */
};

/*
 * Sets spec.owner of an API, Component, Domain, Resource, System or Template
 * that has none and was read from a code host ("url:..." in base): the first
 * owner of the last "*" row of the first CODEOWNERS that is there.  CB_EINVAL
 * fills problem when one cannot be read; no CODEOWNERS is no failure.
 */
int cbi_owner_fill(struct cb_ctx *ctx, json_t *entity, const char *base,
                   const struct cbi_placeholder_reader *reader,
                   struct cbi_owner *owner,
                   struct cbi_problem *problem) CB_USED;

#endif
