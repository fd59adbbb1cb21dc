/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.h - one flight from key to value.  Internal to the room.
 */
#ifndef CB_SOURCE_FILL_H
#define CB_SOURCE_FILL_H

#include "base/ctx.h"
#include "source/memory.h"
#include "source/queue.h"
#include "source/serve.h"

struct cbi_filler {
	const struct cbi_serve *serve;
	struct cbi_serve_queue *queue;
	struct cbi_serve_memory *memory;
};

/*
 * Gets the value: what is fresh meanwhile, else by fill under the fleet's
 * lock, and keeps it.  ctx is a new one on the worker's lane (its slot says
 * which row of the board).  CB_OK with *out, or CB_EPENDING when another
 * host is at it and has not come back.
 */
int cbi_fill_run(struct cb_ctx *ctx, const struct cbi_filler *filler,
                 const struct cbi_flight *flight,
                 struct cbi_source_value *out) CB_USED;

#endif
