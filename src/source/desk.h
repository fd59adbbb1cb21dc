/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk.h - the calls that came in, and the threads that see to them.
 *
 * They have threads of their own: a location that is tried for seconds keeps
 * no fill waiting.  Internal to the room.
 */
#ifndef CB_SOURCE_DESK_H
#define CB_SOURCE_DESK_H

#include "source/queue.h"
#include "source/serve.h"

struct cbi_serve_loop;
struct cbi_desk;

struct cbi_desk *cbi_desk_create(const struct cbi_serve *serve);
/* After stop. */
void cbi_desk_destroy(struct cbi_desk *desk);

/* Starts the threads, whose slots begin at slot; replies go to loop.  CB_EBUG
 * when there was none. */
int cbi_desk_start(struct cbi_desk *desk, struct cbi_serve_loop *loop,
                   int slot) CB_USED;
/* Takes payload (malloc) over and copies waiter; CB_EBUSY when there are too
 * many, CB_EINVAL for what is no call: it is freed then, too. */
int cbi_desk_add(struct cbi_desk *desk, char *payload, size_t len,
                 const struct cbi_waiter *waiter, int budget_ms) CB_USED;
/* Calls waiting and under way. */
size_t cbi_desk_size(struct cbi_desk *desk);
/* Takes nothing more, does what came, and joins the threads. */
void cbi_desk_stop(struct cbi_desk *desk);

#endif
