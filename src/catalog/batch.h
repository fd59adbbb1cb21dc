/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - documents become nodes: one transaction's worth.
 *
 * An item is what one document says of one ref.  Writing compares it with what
 * is stored: an unchanged item costs its place in one select, a changed one
 * is processed and written together with the others.
 */
#ifndef CB_CATALOG_BATCH_H
#define CB_CATALOG_BATCH_H

#include <stdbool.h>

#include <callboard/ctx.h>

#include <jansson.h>

#include "catalog/model.h"

#define CBI_BATCH_MAX 500

enum cbi_item_fate {
	CBI_ITEM_NEW,
	CBI_ITEM_CHANGED,
	CBI_ITEM_SAME,
	CBI_ITEM_TAKEN, /* another source owns the ref */
};

struct cbi_item {
	json_t *entity; /* as the source gave it; changed by processing */
	const char *ref;
	const char *source; /* "/srv/a.yaml:12" */
	/* Where a field of it stands, for messages; NULL for none. */
	const char *(*where)(struct cb_ctx *ctx, const struct cbi_item *item,
	                     const char *path);
	const void *where_arg;
	/* Known to be wrong already: a placeholder that could not be read. */
	const struct cbi_problem *broken;
	/* Where this one stands, and who owns it; NULL: as the batch says. */
	const char *key;
	const struct cbi_model_place *place;
	/* The rest is filled by writing. */
	char hash[CBI_MODEL_HASH];
	int64_t id; /* of the node; 0 when another source owns the ref */
	enum cbi_item_fate fate;
	bool done;             /* processed already, if anything fails later */
	const char *processed; /* canonical; NULL: it broke a rule */
	const char *raw;       /* canonical; NULL when processed */
	const char *errors;    /* status items as JSON */
	struct cbi_model model;
};

/* Who brings the items in. */
struct cbi_batch {
	const char *provider; /* NULL: a Location's node does */
	int64_t parent;
	const char *parent_ref;
	const char *claim; /* of the parent; it must still be the parent's */
	const char *key;   /* location key of all; NULL: whoever comes next
	                    * with one takes them over */
	struct cbi_model_place place;
	bool look;              /* judge and process only: nothing is written */
	struct cbi_item *items; /* distinct refs, in any order */
	size_t n;
	size_t written, problems; /* filled */
};

/*
 * In an open transaction.  Sorts the items by ref.  CB_ECHANGED when the
 * parent's claim is lost.  CB_EBUSY when somebody else put one of the refs in
 * at the same moment: roll back and do it again.
 */
int cbi_batch_write(struct cb_ctx *ctx, struct cbi_batch *batch) CB_USED;

/*
 * Processes one item and writes nothing: fills processed, or errors when a
 * rule is broken, which is no failure.  Writing does it for itself.
 */
int cbi_batch_process(struct cb_ctx *ctx, struct cbi_batch *batch,
                      struct cbi_item *item) CB_USED;

#endif
