/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.c - see queue.h.
 */
#include "source/queue.h"

#include "base/metric.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

struct cbi_flight {
	UT_hash_handle hh;
	struct cbi_flight *prev, *next; /* in the list of its rank */
	struct cbi_waiter *waiters;
	enum cbi_source_rank rank;
	bool running;
	struct cbi_wire_ask ask;
	char key[CB_SOURCE_REDIS_KEY_MAX];
};

struct cbi_serve_queue {
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct cbi_flight *all; /* by key */
	struct cbi_flight *ranks[CBI_RANKS];
	size_t max;
	bool stopped;
};

struct cbi_serve_queue *cbi_serve_queue_create(size_t max)
{
	struct cbi_serve_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->some, NULL);
	queue->max = max;
	return queue;
}

static void free_waiters(struct cbi_waiter *waiter)
{
	while (waiter) {
		struct cbi_waiter *next = waiter->next;

		free(waiter);
		waiter = next;
	}
}

/* Takes it out of its list and the table. */
static void forget(struct cbi_serve_queue *queue, struct cbi_flight *flight)
{
	if (!flight->running)
		DL_DELETE(queue->ranks[flight->rank], flight);
	HASH_DEL(queue->all, flight);
}

void cbi_serve_queue_destroy(struct cbi_serve_queue *queue)
{
	if (!queue)
		return;
	while (queue->all) {
		struct cbi_flight *flight = queue->all;

		forget(queue, flight);
		free_waiters(flight->waiters);
		free(flight);
	}
	pthread_cond_destroy(&queue->some);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

static bool add_waiter(struct cbi_flight *flight,
                       const struct cbi_waiter *waiter)
{
	struct cbi_waiter *copy;

	if (!waiter)
		return true;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return false;
	*copy = *waiter;
	copy->next = flight->waiters;
	flight->waiters = copy;
	return true;
}

static bool join(struct cbi_serve_queue *queue, struct cbi_flight *flight,
                 enum cbi_source_rank rank, const struct cbi_waiter *waiter)
{
	if (!add_waiter(flight, waiter))
		return false;
	if (rank < flight->rank) {
		if (!flight->running) {
			DL_DELETE(queue->ranks[flight->rank], flight);
			DL_APPEND(queue->ranks[rank], flight);
		}
		flight->rank = rank;
	}
	if (waiter)
		cbi_metric_add(CBI_COUNT_FETCH_JOINED, 1);
	return true;
}

/* The latest of the least urgent ones that nobody waits for. */
static bool make_room(struct cbi_serve_queue *queue, enum cbi_source_rank rank)
{
	if (HASH_COUNT(queue->all) < queue->max)
		return true;
	for (int r = CBI_RANKS - 1; r > (int)rank; r--) {
		struct cbi_flight *head = queue->ranks[r];
		struct cbi_flight *last = head ? head->prev : NULL;

		if (last && !last->waiters) {
			forget(queue, last);
			free(last);
			return true;
		}
	}
	return false;
}

static bool start(struct cbi_serve_queue *queue, const char *redis_key,
                  const struct cbi_wire_ask *ask, enum cbi_source_rank rank,
                  const struct cbi_waiter *waiter)
{
	struct cbi_flight *flight;

	if (!make_room(queue, rank))
		return false;
	flight = calloc(1, sizeof(*flight));
	if (!flight)
		return false;
	if (!add_waiter(flight, waiter)) {
		free(flight);
		return false;
	}
	flight->rank = rank;
	flight->ask = *ask;
	memcpy(flight->key, redis_key, strlen(redis_key) + 1);
	HASH_ADD_STR(queue->all, key, flight);
	DL_APPEND(queue->ranks[rank], flight);
	pthread_cond_signal(&queue->some);
	return true;
}

int cbi_serve_queue_add(struct cbi_serve_queue *queue, const char *redis_key,
                        const struct cbi_wire_ask *ask,
                        enum cbi_source_rank rank,
                        const struct cbi_waiter *waiter)
{
	struct cbi_flight *flight;
	bool taken;

	pthread_mutex_lock(&queue->lock);
	HASH_FIND_STR(queue->all, redis_key, flight);
	if (flight)
		taken = join(queue, flight, rank, waiter);
	else
		taken = !queue->stopped &&
		        start(queue, redis_key, ask, rank, waiter);
	pthread_mutex_unlock(&queue->lock);
	return taken ? CB_OK : CB_EBUSY;
}

static struct cbi_flight *first(const struct cbi_serve_queue *queue)
{
	for (int r = 0; r < CBI_RANKS; r++)
		if (queue->ranks[r])
			return queue->ranks[r];
	return NULL;
}

struct cbi_flight *cbi_serve_queue_take(struct cbi_serve_queue *queue)
{
	struct cbi_flight *flight;

	pthread_mutex_lock(&queue->lock);
	while (!(flight = first(queue)) && !queue->stopped)
		pthread_cond_wait(&queue->some, &queue->lock);
	if (flight) {
		DL_DELETE(queue->ranks[flight->rank], flight);
		flight->running = true;
	}
	pthread_mutex_unlock(&queue->lock);
	return flight;
}

const char *cbi_flight_key(const struct cbi_flight *flight)
{
	return flight->key;
}

const struct cbi_wire_ask *cbi_flight_ask(const struct cbi_flight *flight)
{
	return &flight->ask;
}

enum cbi_source_rank cbi_flight_rank(struct cbi_serve_queue *queue,
                                     const struct cbi_flight *flight)
{
	enum cbi_source_rank rank;

	/* A joiner may raise it meanwhile. */
	pthread_mutex_lock(&queue->lock);
	rank = flight->rank;
	pthread_mutex_unlock(&queue->lock);
	return rank;
}

struct cbi_waiter *cbi_serve_queue_done(struct cbi_serve_queue *queue,
                                        struct cbi_flight *flight)
{
	struct cbi_waiter *waiters;

	pthread_mutex_lock(&queue->lock);
	waiters = flight->waiters;
	forget(queue, flight);
	pthread_mutex_unlock(&queue->lock);
	free(flight);
	return waiters;
}

void cbi_serve_queue_stop(struct cbi_serve_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->stopped = true;
	for (int r = 0; r < CBI_RANKS; r++) {
		struct cbi_flight *flight, *next;

		DL_FOREACH_SAFE(queue->ranks[r], flight, next)
		{
			if (flight->waiters)
				continue;
			forget(queue, flight);
			free(flight);
		}
	}
	pthread_cond_broadcast(&queue->some);
	pthread_mutex_unlock(&queue->lock);
}

size_t cbi_serve_queue_size(struct cbi_serve_queue *queue)
{
	size_t n;

	pthread_mutex_lock(&queue->lock);
	n = HASH_COUNT(queue->all);
	pthread_mutex_unlock(&queue->lock);
	return n;
}
