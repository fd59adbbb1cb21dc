/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.c - see serve.h: joins loop, queue and fills.
 */
#include "source/serve.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "redis/redis.h"
#include "source/desk.h"
#include "source/fill.h"
#include "source/loop.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define THREADS_DEFAULT 16
#define QUEUE_MAX 4096
#define MEMORY_MAX (8 * CB_MIB)
#define DRAIN_MS 6000
/* How soon *stop is seen without a signal. */
#define TURN_MS 100

struct server {
	struct cbi_filler filler;
	struct cbi_desk *desk;
	struct cbi_serve_loop *loop;
};

struct worker {
	const struct server *server;
	pthread_t thread;
	int slot;
};

static struct cbi_serve_bytes *envelope(const struct cbi_source_value *value,
                                        const char *redis_key, bool brief)
{
	struct cbi_source_value copy = *value;
	struct cb_buf buf;
	char *data;
	size_t len;

	if (brief) {
		copy.body = "";
		copy.len = 0;
	}
	cbi_buf_init(&buf, CB_WIRE_ANSWER_MAX);
	(void)!cbi_value_encode(&copy, redis_key, &buf);
	data = cbi_buf_take(&buf, &len);
	cbi_buf_finish(&buf);
	return data ? cbi_serve_bytes_create(data, len) : NULL;
}

static void give(const struct server *server, struct cbi_waiter *waiters,
                 const char *redis_key, const struct cbi_source_value *value)
{
	struct cbi_serve_bytes *whole = NULL, *brief = NULL;

	while (waiters) {
		struct cbi_waiter *next = waiters->next;
		struct cbi_serve_bytes **which =
		    waiters->brief ? &brief : &whole;

		if (value && !*which)
			*which = envelope(value, redis_key, waiters->brief);
		cbi_serve_loop_deliver(server->loop, waiters, *which);
		waiters = next;
	}
	cbi_serve_bytes_drop(whole);
	cbi_serve_bytes_drop(brief);
}

static void run_flight(const struct server *server, struct cbi_lane *lane,
                       struct cbi_flight *flight)
{
	char redis_key[CB_SOURCE_REDIS_KEY_MAX];
	struct cbi_source_value value;
	struct cbi_waiter *waiters;
	struct cb_ctx ctx;
	int rc;

	cbi_str_copy(redis_key, sizeof(redis_key), cbi_flight_key(flight));
	cbi_ctx_init(&ctx, lane);
	rc = cbi_fill_run(&ctx, &server->filler, flight, &value);
	ctx.actor = ""; /* was a text of the flight */
	waiters = cbi_serve_queue_done(server->filler.queue, flight);
	give(server, waiters, redis_key, rc == CB_OK ? &value : NULL);
	cbi_ctx_finish(&ctx);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	const struct server *server = worker->server;
	struct cbi_flight *flight;
	struct cbi_lane lane;

	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	lane.slot = worker->slot;
	if (server->filler.serve->begin)
		server->filler.serve->begin(worker->slot);
	while ((flight = cbi_serve_queue_take(server->filler.queue)))
		run_flight(server, &lane, flight);
	if (server->filler.serve->end)
		server->filler.serve->end(&lane);
	cbi_redis_lane_finish(&lane);
	cbi_lane_finish(&lane);
	return NULL;
}

/* Signals are the main thread's, but for those that a thread makes itself. */
static int start_workers(struct worker *workers, int n,
                         const struct server *server)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
	sigset_t all, before;
	int started = 0;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (cbi_desk_start(server->desk, server->loop, n) < 0)
		n = 0;
	for (; started < n; started++) {
		workers[started].server = server;
		workers[started].slot = started;
		if (pthread_create(&workers[started].thread, NULL, work,
		                   &workers[started]) != 0)
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static void turn_until_stopped(const struct server *server,
                               const _Atomic int *stop)
{
	struct cbi_serve_queue *queue = server->filler.queue;
	int64_t until;

	while (!atomic_load(stop))
		cbi_serve_loop_turn(server->loop, TURN_MS);
	cbi_serve_queue_stop(queue);
	cbi_serve_loop_drain(server->loop);
	until = cbi_clock_ms() + DRAIN_MS;
	while (cbi_clock_ms() < until &&
	       (cbi_serve_queue_size(queue) || cbi_desk_size(server->desk) ||
	        cbi_serve_loop_busy(server->loop)))
		cbi_serve_loop_turn(server->loop, TURN_MS / 5);
}

static int run(struct cb_ctx *ctx, const struct cbi_serve *serve,
               struct server *server)
{
	struct worker workers[CB_BOARD_THREADS];
	int n = serve->threads > 0 ? serve->threads : THREADS_DEFAULT;
	int started;

	if (n > CB_BOARD_THREADS)
		n = CB_BOARD_THREADS;
	started = start_workers(workers, n, server);
	if (started > 0)
		turn_until_stopped(server, serve->stop);
	else
		cb_fail(ctx, CB_EBUG, "no thread for fills");
	/* Fills have a deadline of their own, so this ends. */
	for (int i = 0; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	cbi_desk_stop(server->desk);
	return started > 0 ? CB_OK : CB_EBUG;
}

int cbi_source_serve(struct cb_ctx *ctx, const struct cbi_serve *serve)
{
	struct server server = { .filler.serve = serve };
	int flags = fcntl(serve->listener, F_GETFL);
	int rc;

	/* Several generations may accept from it: nobody may block there. */
	if (flags < 0 ||
	    fcntl(serve->listener, F_SETFL, flags | O_NONBLOCK) < 0)
		return cb_fail(ctx, CB_EBUG, "the fetch socket is no socket");
	server.filler.queue = cbi_serve_queue_create(QUEUE_MAX);
	server.filler.memory = cbi_serve_memory_create(MEMORY_MAX);
	server.desk = cbi_desk_create(serve);
	if (!server.filler.queue || !server.filler.memory || !server.desk)
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for fetch");
	else
		rc = cbi_serve_loop_create(ctx, serve->listener,
		                           server.filler.queue, server.desk,
		                           &server.loop);
	if (rc == CB_OK)
		rc = run(ctx, serve, &server);
	cbi_serve_loop_destroy(server.loop);
	cbi_desk_destroy(server.desk);
	cbi_serve_queue_destroy(server.filler.queue);
	cbi_serve_memory_destroy(server.filler.memory);
	return rc;
}
