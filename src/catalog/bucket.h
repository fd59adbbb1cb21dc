/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bucket.h - what an entity provider holds: its own set of entities, changed
 * as a whole or by differences.
 *
 *	cbi_bucket_open
 *	cbi_bucket_each ...   one after another; written in batches
 *	cbi_bucket_gone ...   of a delta
 *	cbi_bucket_end        what a full list did not name is removed
 *	cbi_bucket_close      in any case
 *
 * Each batch is a transaction of its own, so memory does not grow with the
 * list.  Whoever stops before the end has added and changed, and removed
 * nothing.  Owners of refs are found by location keys, as for files: what
 * another source has is left alone and told.
 */
#ifndef CB_CATALOG_BUCKET_H
#define CB_CATALOG_BUCKET_H

#include <stdbool.h>

#include <callboard/ctx.h>

#include <jansson.h>

#include "base/supply.h"

#define CBI_BUCKET_PROBLEMS 20
#define CBI_BUCKET_PREVIEW 1000

struct cbi_kinds; /* catalog/kinds.h */

struct cbi_bucket_done {
	size_t seen, added, changed, same, removed;
	size_t taken;    /* another source has the ref */
	size_t problems; /* they broke a rule */
	size_t had;      /* before */
	bool waits;      /* the guard holds removals back */
	/* Texts of the first problems, and (of a dry run) objects
	 * {change: added|changed|removed|taken, ref}. */
	json_t *texts, *preview;
};

struct cbi_bucket_ask {
	const char *name;
	bool dry;     /* says what it would do; nothing is written */
	bool confirm; /* removes whatever is gone, however much */
	const struct cbi_kinds *kinds; /* beside the nine; NULL for none */
};

struct cbi_bucket;

/* *out lives until close, which comes before the end of ctx. */
int cbi_bucket_open(struct cb_ctx *ctx, const struct cbi_bucket_ask *ask,
                    struct cbi_bucket **out) CB_USED;

/* Takes the reference, always.  CB_EINVAL for what is no entity, lacks its
 * managed-by annotations or has no key: then the list is not to be trusted. */
int cbi_bucket_each(struct cb_ctx *ctx, struct cbi_bucket *bucket,
                    json_t *entity, const char *key) CB_USED;

int cbi_bucket_gone(struct cb_ctx *ctx, struct cbi_bucket *bucket,
                    const char *ref) CB_USED;

/* full: what was not named is gone.  The guard holds it back when nothing was
 * named, or more than a fifth would go. */
int cbi_bucket_end(struct cb_ctx *ctx, struct cbi_bucket *bucket,
                   bool full) CB_USED;

/* Counts so far; lives with the bucket. */
const struct cbi_bucket_done *cbi_bucket_done(const struct cbi_bucket *bucket);
void cbi_bucket_close(struct cbi_bucket *bucket);

/* The same for a whole run of a supplier. */
struct cbi_bucket_run {
	const struct cbi_supplier *supplier;
	struct cbi_bucket_ask ask; /* name is the supplier's */
	const json_t *before;      /* NULL: all anew */
	/* See cbi_supply_run; NULL: nobody asks. */
	int (*alive)(void *arg, struct cb_ctx *ctx);
	void *alive_arg;
	/* Filled, also when it failed; after and what of done is JSON live
	 * with ctx. */
	enum cbi_supply what;
	struct cbi_bucket_done done;
	json_t *after;
};
int cbi_bucket_run(struct cb_ctx *ctx, struct cbi_bucket_run *run) CB_USED;

/* The counts as an object, for the job's row and for people; a new
 * reference. */
json_t *cbi_bucket_counts(const struct cbi_bucket_done *done);

/* Empties the buckets of suppliers that are not among these n: names with a
 * colon, which the house's own providers have not. */
int cbi_bucket_forget(struct cb_ctx *ctx, const char *const *names, size_t n,
                      size_t *removed) CB_USED;

#endif
