/* SPDX-License-Identifier: Apache-2.0 */
/*
 * excerpt.h - the lines around what is wrong in a file that was read.
 *
 *	cbi_excerpt_open     a feed that also remembers what it hands on
 *	cbi_trial_...        with that feed
 *	cbi_excerpt_add      errors get their lines
 */
#ifndef CB_CATALOG_EXCERPT_H
#define CB_CATALOG_EXCERPT_H

#include <callboard/ctx.h>

#include <jansson.h>

#include "base/feed.h"

/* Lines before and after the one that an error names. */
#define CBI_EXCERPT_AROUND 3
/* Errors that get theirs, and bytes of a line. */
#define CBI_EXCERPTS_MAX 50
#define CBI_EXCERPT_LINE 200
/* Of all files together this much is remembered. */
#define CBI_EXCERPT_TEXTS (8 * 1024 * 1024)

struct cbi_excerpt {
	const struct cbi_feed *feed;
	json_t *texts; /* target: text */
	size_t bytes;
};

/* *out reads what feed reads; it and excerpt must outlive its use, and feed
 * both.  What is remembered lives with ctx. */
int cbi_excerpt_open(struct cb_ctx *ctx, const struct cbi_feed *feed,
                     struct cbi_excerpt *excerpt, struct cbi_feed *out) CB_USED;

/*
 * errors are status items.  One whose message begins "<target>:<line>:" or
 * "<target>: line <line>,", behind the error's name, with a target that was
 * read gets
 *
 *	excerpt: {target, line, from, lines: [text]}
 *
 * with from the number of the first of the lines.
 */
int cbi_excerpt_add(struct cb_ctx *ctx, const struct cbi_excerpt *excerpt,
                    json_t *errors) CB_USED;

#endif
