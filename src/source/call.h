/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - house calls: what a web process has done by fetch, because it
 * means to reach the outside.
 *
 * A call has a name, JSON in and JSON out.  Nothing of it is kept, joined or
 * repeated: who does not get a reply does not know whether it was done.
 */
#ifndef CB_SOURCE_CALL_H
#define CB_SOURCE_CALL_H

#include "base/ctx.h"

#include <jansson.h>

/* What a call may bring and take: a request's body in JSON, and the entities
 * of a location that is only tried. */
#define CB_CALL_IN_MAX (2 * CB_MIB)
#define CB_CALL_OUT_MAX (8 * CB_MIB)
/* A call in fetch reads one location; four may do so at once. */
#define CB_ARENA_CALL_MAX (128 * CB_MIB)
/* How long a call may take unless there is a reason for less. */
#define CB_CALL_MS 8000

/*
 * One that fetch answers.  ctx has the caller's actor and request id, and the
 * call's deadline; in is an object, borrowed.  CB_OK with *out, which lives
 * with ctx (cb_json_parse, cbi_json_keep); or a failure, which the caller
 * gets as it is, code and text.  Several threads call at once.
 */
struct cbi_call_row {
	const char *name; /* "catalog.analyze" */
	int (*run)(struct cb_ctx *ctx, void *arg, const json_t *in,
	           json_t **out);
};

/*
 * Calls it in the pool's first fetch process; *out lives with ctx.  Waits
 * budget_ms at most, less when the context's deadline is nearer, and at most
 * half of a process's threads wait at once.
 *
 * What run returned, or
 * CB_EAWAY  no fetch process answers there, or it fell over this call
 * CB_EBUSY  too many wait already, here or there
 * CB_ETIME  the budget was over first
 * CB_ENOTSUP that process knows no such call
 * CB_ETOOBIG in, or what came out, is too large
 */
int cbi_source_call(struct cb_ctx *ctx, const char *pool, const char *name,
                    const json_t *in, int budget_ms, json_t **out) CB_USED;

/* By cbi_source_setup alone. */
void cbi_call_setup(int threads);

#endif
