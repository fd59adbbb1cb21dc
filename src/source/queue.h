/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.h - what fetch has to get, in order of rank, each key once.
 *
 * The one lock of the room: any thread may call.  A flight is queued, then
 * taken by a worker, and ends with cbi_serve_queue_done; who asks for its key
 * meanwhile joins it.  Internal to the room.
 */
#ifndef CB_SOURCE_QUEUE_H
#define CB_SOURCE_QUEUE_H

#include "source/value.h"
#include "source/wire.h"

/* Who waits for a flight: a connection of the loop and its ask's id. */
struct cbi_waiter {
	struct cbi_waiter *next;
	uint64_t conn;
	uint32_t id;
	bool brief;
	bool call;     /* waits for a reply, not an answer */
	int64_t until; /* cbi_clock_ms() */
};

struct cbi_serve_queue;
struct cbi_flight;

/* At most max flights, queued and under way. */
struct cbi_serve_queue *cbi_serve_queue_create(size_t max);
void cbi_serve_queue_destroy(struct cbi_serve_queue *queue);

/*
 * Queues or joins; waiter is copied, NULL for nobody.  CB_EBUSY when the
 * queue is full of things at least as urgent; a less urgent one without
 * waiters makes room.
 */
int cbi_serve_queue_add(struct cbi_serve_queue *queue, const char *redis_key,
                        const struct cbi_wire_ask *ask,
                        enum cbi_source_rank rank,
                        const struct cbi_waiter *waiter) CB_USED;

/* Waits for a flight; NULL once the queue has been stopped and is empty. */
struct cbi_flight *cbi_serve_queue_take(struct cbi_serve_queue *queue);
const char *cbi_flight_key(const struct cbi_flight *flight);
const struct cbi_wire_ask *cbi_flight_ask(const struct cbi_flight *flight);
enum cbi_source_rank cbi_flight_rank(struct cbi_serve_queue *queue,
                                     const struct cbi_flight *flight);
/* Ends and frees it; the waiters are the caller's, to be freed one by one. */
struct cbi_waiter *cbi_serve_queue_done(struct cbi_serve_queue *queue,
                                        struct cbi_flight *flight);

/* Nothing is queued any more (CB_EBUSY); what nobody waits for is dropped,
 * workers end when the rest is done. */
void cbi_serve_queue_stop(struct cbi_serve_queue *queue);
/* Flights queued and under way. */
size_t cbi_serve_queue_size(struct cbi_serve_queue *queue);

#endif
