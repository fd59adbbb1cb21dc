/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_priv.h - what the engine's threads share.
 */
#ifndef CB_SERVER_ENGINE_PRIV_H
#define CB_SERVER_ENGINE_PRIV_H

#include <stdatomic.h>

#include "server/rooms.h"

struct cbi_engine {
	const struct cbi_start *start;
	const struct cbi_settings *settings;
	struct cbi_rooms rooms;
	atomic_bool stop;
	atomic_bool migrated; /* the schema is there */
	atomic_int threads;
	int64_t beat, cleaned; /* the follower's own */
};

/* What went wrong last, so that it is said once. */
struct cbi_trouble {
	int code;
};

/* Sleeps, but not past the end. */
void cbi_engine_pause(struct cbi_engine *engine, int ms);
/* Says in the log when what begins to fail with rc, and when it is over. */
void cbi_engine_say(struct cbi_trouble *trouble, const char *what,
                    const struct cb_ctx *ctx, int rc);

#endif
