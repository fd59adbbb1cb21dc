/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the end in fetch: a socket, a queue, and threads that fill.
 *
 * What a source's fill is, and how long its values last, is handed in as a
 * table: the room knows no plugin.
 */
#ifndef CB_SOURCE_SERVE_H
#define CB_SOURCE_SERVE_H

#include "source/call.h"
#include "source/source.h"

#include <callboard/buf.h>

#include <stdatomic.h>

struct cbi_fill_info {
	char version[CB_SOURCE_VERSION_MAX + 1]; /* of the plugin loaded here */
	int fresh;                               /* seconds */
	int stale;                               /* seconds after fresh */
};

/* Called from several threads at once. */
struct cbi_fill_table {
	void *arg;
	/* CB_OK, or CB_ENOENT for no such source here. */
	int (*find)(void *arg, const char *plugin, const char *source,
	            struct cbi_fill_info *out);
	/* ctx carries plugin, request id and a deadline.  Out of it, the
	 * value; a failure is kept as data. */
	int (*fill)(void *arg, struct cb_ctx *ctx, const char *plugin,
	            const char *source, const char *key, struct cb_buf *out);
};

struct cbi_serve {
	int listener; /* bound and listening; stays the caller's */
	int threads;  /* of fills; 0: 16 */
	/* This process's row on the board (slots of its threads are set
	 * around a fill, so that a crash is charged), -1 for none. */
	int board_row;
	/* Nonzero: drain and return.  A signal's handler may set it. */
	const _Atomic int *stop;
	/* Called in each thread that fills, with its slot, before it does; may
	 * be NULL. */
	void (*begin)(int slot);
	struct cbi_fill_table table;
	/* What may be called (call.h), ends with a row without a name; NULL:
	 * nothing. */
	const struct cbi_call_row *calls;
	void *call_arg;
	/* Called in each thread at its end: closes what its work hung onto
	 * the lane; may be NULL. */
	void (*end)(struct cbi_lane *lane);
};

/*
 * Serves until *stop, in this thread and `threads` others; cbi_redis_setup
 * comes before.  Draining, it accepts nothing new, finishes what somebody
 * waits for (at most 6 s) and joins its threads.  CB_ENOMEM, CB_EBUG when it
 * could not begin.
 */
int cbi_source_serve(struct cb_ctx *ctx, const struct cbi_serve *serve) CB_USED;

struct cbi_http;
/* Joins the HTTP client to the fleet: waiting after a 429 and budgets are
 * shared through Redis.  Before threads start. */
void cbi_source_fleet(struct cbi_http *http);

#endif
