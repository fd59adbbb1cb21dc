/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest.h - the writing side of the catalog: locations become nodes, nodes
 * become served entities.
 *
 * An engine's loop, any number of which may run at once on any hosts:
 *
 *	cbi_ingest_sync       once, and again with a new config
 *	for ever:
 *		cbi_ingest_run    what is due is read, processed, written
 *		cbi_stitch        until it says 0: readers see it now
 *		wait for NOTIFY callboard_work or a second
 *
 * Nothing here has threads or keeps anything between calls; all state is in
 * PostgreSQL.  A call may be killed anywhere: what it committed is whole, the
 * rest is done again by whoever comes next.  ctx needs an actor ("service:
 * engine"), which history and audit name.  A round of work uses and gives back
 * the context's arena in pieces.
 */
#ifndef CB_CATALOG_INGEST_H
#define CB_CATALOG_INGEST_H

#include <stdatomic.h>
#include <stdbool.h>

#include <callboard/ctx.h>

#include <jansson.h>

#include "base/feed.h"

struct cbi_config;
struct cbi_kinds; /* catalog/kinds.h */
struct cbi_rules; /* catalog/rules.h */

/* A location that the config names. */
struct cbi_ingest_root {
	const char *type, *target; /* file: an absolute path or glob */
	/* Files below a file location may not leave this folder; NULL: the
	 * folder of its target. */
	const char *folder;
};

struct cbi_ingest {
	const struct cbi_ingest_root *roots;
	size_t n;
	const struct cbi_rules *rules;
	const struct cbi_kinds *kinds; /* beside the nine; NULL for none */
	bool isolate;        /* a bad document does not hold up the others */
	bool keep_orphans;   /* catalog.orphanStrategy: keep */
	int64_t interval_ms; /* until a location is looked at again */
	/* A hash of what the config says about processing: what was read with
	 * another is read again, changed or not.  NULL: nobody minds. */
	const char *settings;
	struct cbi_feed feed;
	/* Once it is set, a round ends before its next file and gives its claim
	 * back, so that another engine goes on at once; NULL: never. */
	const _Atomic bool *stop;
};

/*
 * Reads catalog.* of a config; all lives with ctx, which must outlive *out
 * (feed is left to the caller).  CB_EINVAL names the path of what is wrong.
 */
int cbi_ingest_configure(struct cb_ctx *ctx, const struct cbi_config *config,
                         struct cbi_ingest *out) CB_USED;

/* Brings the roots of the config and of the table `location` into the
 * catalog, due now, and removes those that are gone.  Locations that were
 * read with other settings are due now, too. */
int cbi_ingest_sync(struct cb_ctx *ctx, const struct cbi_ingest *in) CB_USED;

/* What a call did. */
struct cbi_ingest_done {
	size_t locations; /* read */
	size_t files;     /* that had changed */
	size_t documents;
	size_t written; /* nodes inserted or updated */
	size_t removed;
	size_t problems;
};

/*
 * Takes locations that are due, one after another, until there is none or
 * for_ms have passed (at least one), or until stop.  What is wrong with a
 * location stands in its status and is no failure here.  *done is added to.
 */
int cbi_ingest_run(struct cb_ctx *ctx, const struct cbi_ingest *in,
                   int64_t for_ms, struct cbi_ingest_done *done) CB_USED;

/*
 * Makes up to max queued refs anew, in one transaction; *taken is how many it
 * took from the queue (0: it is empty, or others have the rest), *written how
 * many entities readers see changed.
 */
int cbi_stitch(struct cb_ctx *ctx, size_t max, size_t *taken,
               size_t *written) CB_USED;

/* Removes what nothing keeps alive and no round removed (a killed engine, a
 * cycle that lost its root); every half minute is enough. */
int cbi_ingest_sweep(struct cb_ctx *ctx, const struct cbi_ingest *in,
                     size_t *removed) CB_USED;

/*
 * Lets the location's next round delete what the guard held back; it is due
 * now.  One transaction with its audit row; address is the client's or NULL.
 * CB_ENOENT when no such Location is known, CB_ECONFLICT when nothing of it
 * waits.
 */
int cbi_ingest_confirm(struct cb_ctx *ctx, const char *ref,
                       const char *address) CB_USED;

/* A node that is in trouble: what its status says, also when readers do not
 * see it (yet).  Texts live with ctx. */
struct cbi_ingest_trouble {
	const char *ref;
	const char *source;   /* "/srv/catalog/a.yaml:12" */
	const json_t *errors; /* status items */
	bool visible;
	bool confirm; /* deletes nothing until somebody confirms it */
};
int cbi_ingest_troubles(struct cb_ctx *ctx, size_t max,
                        struct cbi_ingest_trouble **out, size_t *n) CB_USED;

#endif
