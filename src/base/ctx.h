/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctx.h - the inside of a context, for the rooms of the house.
 *
 * A thread owns one lane for its life and opens one context after another on
 * it.  The lane's connections are made when first needed, by the room whose
 * door they go through; other rooms see only the pointers.
 */
#ifndef CB_BASE_CTX_H
#define CB_BASE_CTX_H

#include <callboard/ctx.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/scope.h"

struct cbi_db;          /* db/ */
struct cbi_redis;       /* redis/ */
struct cbi_copy_reader; /* copy/ */
struct cbi_asker;       /* source/: the reader's end of the fetch socket */

/* What a thread keeps between requests. */
struct cbi_lane {
	struct cbi_arena arena;
	struct cbi_db *db;
	struct cbi_redis *redis;
	struct cbi_copy_reader *copy;
	struct cbi_asker *asker;
	int slot; /* this thread's slot on the board, -1 for none */
};

struct cbi_defer;

struct cb_ctx {
	struct cbi_lane *lane;
	int64_t deadline; /* cbi_clock_ms() to be done by; 0 for none */
	char request_id[CB_REQUEST_ID_MAX + 1];
	char traceparent[CB_TRACEPARENT_LEN + 1];
	const char *actor;  /* borrowed; "" for nobody */
	const char *plugin; /* whose code runs; "" for the house's own */
	struct cbi_scope scope;
	const void *host; /* host/: what the counter needs to serve plugins */
	struct cbi_defer *defers;
	int code;
	char failure[CB_FAILURE_MAX];
};

/* The arena's limit is in bytes.  Connections are closed by the rooms that
 * made them, before finish. */
void cbi_lane_init(struct cbi_lane *lane, size_t arena_limit);
void cbi_lane_finish(struct cbi_lane *lane);

/* Begins a piece of work on the lane: nobody acts, no deadline, everything
 * visible, no failure.  One at a time per lane. */
void cbi_ctx_init(struct cb_ctx *ctx, struct cbi_lane *lane);

/* Runs the deferred calls and takes the memory back. */
void cbi_ctx_finish(struct cb_ctx *ctx);

/*
 * Long work in pieces: what a piece allocated and deferred since the mark is
 * given back (and called) by rewind; the failure stays.  Marks nest.
 */
struct cbi_ctx_mark {
	struct cbi_arena_mark arena;
	struct cbi_defer *defers;
};
void cbi_ctx_mark(const struct cb_ctx *ctx, struct cbi_ctx_mark *mark);
void cbi_ctx_rewind(struct cb_ctx *ctx, const struct cbi_ctx_mark *mark);

#endif
