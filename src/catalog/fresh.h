/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fresh.h - where a request reads from: the host's copy or PostgreSQL.
 *
 * The copy, as long as it holds everything that this host ever answered
 * (board: copy_number >= wanted).  Below that PostgreSQL, which is newer by
 * nature.  When the follower has been silent for CB_STALE_AFTER_MS the copy
 * goes on, marked stale, until catalog.staleIfError; then nothing but
 * PostgreSQL is good enough.
 */
#ifndef CB_CATALOG_FRESH_H
#define CB_CATALOG_FRESH_H

#include "catalog/catalog.h"

struct cbi_copy_txn;

/* For the headers: Warning 110 and Age when stale. */
struct cbi_fresh {
	bool stale;
	int64_t age_ms; /* since the copy was last level; 0 when it is */
};

/*
 * *txn is the copy's, to read in; NULL: ask PostgreSQL (whose own CB_EAWAY is
 * then the answer).  Never waits, costs no memory.  out may be NULL.
 */
int cbi_fresh_begin(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    struct cbi_fresh *out, struct cbi_copy_txn **txn) CB_USED;

/*
 * The same for what only the copy answers (tables, facets of the rail): while
 * it is below what was answered, waits for it, at most CBI_FRESH_WAIT_MS;
 * CB_EAWAY when it does not come, and when there is no copy.
 */
#define CBI_FRESH_WAIT_MS 1000
int cbi_fresh_copy(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                   struct cbi_fresh *out, struct cbi_copy_txn **txn) CB_USED;

/*
 * The number that answers made now carry in the cache: what the board
 * promises, or what txn shows (NULL for none).  The copy is ahead of the
 * board for a moment, and who read it then has seen that state.
 */
uint64_t cbi_fresh_number(struct cbi_copy_txn *txn);

/* PostgreSQL has shown this change number: this host's readers shall not see
 * an older state from now on. */
void cbi_fresh_seen(uint64_t number);

/* Can this process answer at all?  CB_OK with a copy that is young enough, or
 * with PostgreSQL, whose schema this release knows; for readiness. */
int cbi_fresh_ready(struct cb_ctx *ctx,
                    const struct cbi_catalog *catalog) CB_USED;

#endif
