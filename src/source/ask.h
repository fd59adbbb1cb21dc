/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.h - the reader's end: what is kept, else a short wait for fetch.
 */
#ifndef CB_SOURCE_ASK_H
#define CB_SOURCE_ASK_H

#include "base/ctx.h"
#include "source/source.h"

/*
 * Once per process, before its threads: where the fetch sockets are
 * (run_dir/fetch-<pool>-<n>.sock; copied) and how many threads there are.
 * At most a quarter of them (at least one) wait for fetch at once.
 */
void cbi_source_setup(const char *run_dir, int threads);

/*
 * The value of ref.  Fresh or stale it comes from Redis; a stale one tells
 * fetch.  A miss, and Redis being away, ask fetch and wait budget_ms at most
 * (CB_READER_BUDGET_MS; less when the context's deadline is nearer).
 *
 * CB_OK       *out, perhaps past its fresh_until, is to be shown
 * CB_EPENDING no value yet: budget over, too many waiting, or fetch away
 * CB_ENOENT, CB_EAWAY, CB_EUPSTREAM, CB_EAUTH, CB_ETIME, CB_EBUSY, ...
 *             what the tool said last; cb_failure tells how
 * CB_EINVAL   ref is no key
 */
int cbi_source_get(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                   int budget_ms, struct cbi_source_value *out) CB_USED;

/*
 * Asks fetch alone and waits without the gate; for warming and commands.
 * brief leaves the body out.  CB_OK fills *out, whose code says how the tool
 * answered; CB_EPENDING, CB_EINVAL as above.
 */
int cbi_source_ask(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                   enum cbi_source_rank rank, int budget_ms, bool brief,
                   struct cbi_source_value *out) CB_USED;

/* Closes the lane's connections.  Before cbi_lane_finish. */
void cbi_source_lane_finish(struct cbi_lane *lane);

#endif
