/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow.h - the host's follower: keeps the copy level with PostgreSQL.
 *
 * A thread of each engine calls cbi_follow_once for ever; the one that gets
 * the copy's writer lock is the follower, the others stand by.  It is the
 * host's only LISTEN.  Entities written and the number they came with are
 * stored in one LMDB transaction, then the board is raised, so no reader sees
 * a number whose entities are not there.
 *
 * It also carries what only the host knows into PostgreSQL: plugins that the
 * board put into quarantine.  And it keeps house: keys that are due are
 * made and old ones removed, and change rows older than a day.
 */
#ifndef CB_CATALOG_FOLLOW_H
#define CB_CATALOG_FOLLOW_H

#include <callboard/ctx.h>

struct cbi_copy;
struct cbi_follower;

/* copy was made with writer set (cbi_catalog_copy_config) and outlives it.
 * NULL when out of memory. */
struct cbi_follower *cbi_follower_create(struct cbi_copy *copy);
/* How long tokens live (auth.backstageTokenExpiration; an hour unless told):
 * their keys sign for so long, and verify for three times that.  And how long
 * cookies live at most (a day unless told): keys of MACs sign for a day, and
 * verify for so long after that. */
void cbi_follower_lives(struct cbi_follower *follower, int64_t token_ms,
                        int64_t cookie_ms);
/* Ends the LISTEN; the writer lock goes with the copy. */
void cbi_follower_destroy(struct cbi_follower *follower);

/*
 * Waits for a change, at most timeout_ms (250 is usual; the first call of a
 * follower does not wait), then brings the copy level.  ctx is the caller's
 * for this call: another lane than the one that listens, which is the
 * follower's own.
 *
 * CB_EBUSY, not noted: another process of this host follows; try again in a
 * second.  CB_EAWAY: PostgreSQL is not there; the board's level time tells
 * readers.  After any failure the next call begins anew.
 */
int cbi_follow_once(struct cb_ctx *ctx, struct cbi_follower *follower,
                    int timeout_ms) CB_USED;

#endif
