/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - the connections of a fetch socket: asks come in, answers go out.
 *
 * Only the loop's thread touches a connection.  Workers leave answers in a
 * box and ring a bell; one answer's bytes are shared by all who wait for it.
 * Internal to the room.
 */
#ifndef CB_SOURCE_LOOP_H
#define CB_SOURCE_LOOP_H

#include "source/desk.h"
#include "source/queue.h"

/* An answer's payload, shared. */
struct cbi_serve_bytes;
/* data is taken over (free).  One reference is the caller's. */
struct cbi_serve_bytes *cbi_serve_bytes_create(char *data, size_t len);
void cbi_serve_bytes_drop(struct cbi_serve_bytes *bytes);

struct cbi_serve_loop;

int cbi_serve_loop_create(struct cb_ctx *ctx, int listener,
                          struct cbi_serve_queue *queue, struct cbi_desk *desk,
                          struct cbi_serve_loop **out) CB_USED;
void cbi_serve_loop_destroy(struct cbi_serve_loop *loop);

/* Any thread: bytes is what waiter gets, NULL: nothing yet.  Takes over the
 * waiter and a reference of its own. */
void cbi_serve_loop_deliver(struct cbi_serve_loop *loop,
                            struct cbi_waiter *waiter,
                            struct cbi_serve_bytes *bytes);

/* One round of at most timeout_ms. */
void cbi_serve_loop_turn(struct cbi_serve_loop *loop, int timeout_ms);

/* Accepts nothing more and closes who waits for nothing. */
void cbi_serve_loop_drain(struct cbi_serve_loop *loop);
/* Connections that still wait or are being written to. */
size_t cbi_serve_loop_busy(const struct cbi_serve_loop *loop);

#endif
