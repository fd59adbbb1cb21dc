/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk.c - see desk.h.
 */
#include "source/desk.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/limits.h"
#include "redis/redis.h"
#include "source/loop.h"
#include "source/wire.h"

#include <callboard/json.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define THREADS 4
/* Each may bring CB_CALL_IN_MAX, and web's own gate lets fewer wait. */
#define WAITING_MAX 32

struct errand {
	struct errand *prev, *next;
	struct cbi_waiter waiter;
	struct cbi_wire_call call; /* points into payload */
	char *payload;
};

struct clerk {
	struct cbi_desk *desk;
	pthread_t thread;
	int slot;
};

struct cbi_desk {
	const struct cbi_serve *serve;
	struct cbi_serve_loop *loop;
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct errand *waiting;
	size_t size;
	bool stopped;
	int started;
	struct clerk clerks[THREADS];
};

struct cbi_desk *cbi_desk_create(const struct cbi_serve *serve)
{
	struct cbi_desk *desk = calloc(1, sizeof(*desk));

	if (!desk)
		return NULL;
	desk->serve = serve;
	pthread_mutex_init(&desk->lock, NULL);
	pthread_cond_init(&desk->some, NULL);
	return desk;
}

static void drop(struct errand *errand)
{
	free(errand->payload);
	free(errand);
}

void cbi_desk_destroy(struct cbi_desk *desk)
{
	if (!desk)
		return;
	while (desk->waiting) {
		struct errand *first = desk->waiting;

		DL_DELETE(desk->waiting, first);
		drop(first);
	}
	pthread_cond_destroy(&desk->some);
	pthread_mutex_destroy(&desk->lock);
	free(desk);
}

int cbi_desk_add(struct cbi_desk *desk, char *payload, size_t len,
                 const struct cbi_waiter *waiter, int budget_ms)
{
	struct errand *errand = calloc(1, sizeof(*errand));
	bool taken;

	if (!errand || !cbi_wire_get_call(payload, len, &errand->call)) {
		free(payload);
		free(errand);
		return errand ? CB_EINVAL : CB_EBUSY;
	}
	errand->payload = payload;
	errand->waiter = *waiter;
	errand->waiter.call = true;
	errand->waiter.until = cbi_clock_ms() + budget_ms;
	pthread_mutex_lock(&desk->lock);
	taken = !desk->stopped && desk->started > 0 && desk->size < WAITING_MAX;
	if (taken) {
		DL_APPEND(desk->waiting, errand);
		desk->size++;
		pthread_cond_signal(&desk->some);
	}
	pthread_mutex_unlock(&desk->lock);
	if (!taken)
		drop(errand);
	return taken ? CB_OK : CB_EBUSY;
}

static struct errand *take(struct cbi_desk *desk)
{
	struct errand *first;

	pthread_mutex_lock(&desk->lock);
	while (!desk->waiting && !desk->stopped)
		pthread_cond_wait(&desk->some, &desk->lock);
	first = desk->waiting;
	if (first)
		DL_DELETE(desk->waiting, first);
	pthread_mutex_unlock(&desk->lock);
	return first;
}

static int run(struct cb_ctx *ctx, const struct cbi_desk *desk,
               const struct errand *errand, json_t **out)
{
	const struct cbi_call_row *row = desk->serve->calls;
	json_t *in;
	int rc;

	while (row && row->name && strcmp(row->name, errand->call.name) != 0)
		row++;
	if (!row || !row->name)
		return cb_fail(ctx, CB_ENOTSUP, "no call '%s'",
		               errand->call.name);
	/* Nobody waits for it any more. */
	if (cb_time_left(ctx) == 0)
		return cb_fail(ctx, CB_ETIME, "%s came too late", row->name);
	rc = cb_json_parse(ctx, errand->call.json, errand->call.len, &in);
	return rc < 0 ? rc : row->run(ctx, desk->serve->call_arg, in, out);
}

/* The payload of the reply; NULL without memory. */
static struct cbi_serve_bytes *reply(struct cb_ctx *ctx, int rc,
                                     const json_t *out)
{
	struct cb_buf buf;
	char *data;
	size_t len;

	cbi_buf_init(&buf, CB_WIRE_REPLY_MAX);
	(void)!cbi_wire_put_reply(&buf, rc, NULL, 0);
	if (rc == CB_OK && cb_json_write(&buf, out) < 0) {
		cbi_buf_clear(&buf);
		buf.failed = CB_OK;
		rc = cb_fail(ctx, CB_ETOOBIG, "the reply has over %d MiB",
		             CB_CALL_OUT_MAX / CB_MIB);
		(void)!cbi_wire_put_reply(&buf, rc, NULL, 0);
	}
	if (rc < 0)
		cb_buf_text(&buf, cb_failure(ctx));
	data = cbi_buf_take(&buf, &len);
	cbi_buf_finish(&buf);
	return data ? cbi_serve_bytes_create(data, len) : NULL;
}

static void see_to(struct cbi_desk *desk, struct cbi_lane *lane,
                   struct errand *errand)
{
	struct cbi_waiter *waiter = malloc(sizeof(*waiter));
	struct cbi_serve_bytes *bytes;
	json_t *out = NULL;
	struct cb_ctx ctx;
	int rc;

	cbi_ctx_init(&ctx, lane);
	cbi_wire_who_into(&errand->call.who, &ctx);
	ctx.deadline = errand->waiter.until;
	rc = run(&ctx, desk, errand, &out);
	bytes = reply(&ctx, rc, out);
	cbi_ctx_finish(&ctx);
	if (waiter) {
		*waiter = errand->waiter;
		cbi_serve_loop_deliver(desk->loop, waiter, bytes);
	}
	cbi_serve_bytes_drop(bytes);
	drop(errand);
	pthread_mutex_lock(&desk->lock);
	desk->size--;
	pthread_mutex_unlock(&desk->lock);
}

static void *work(void *arg)
{
	struct clerk *clerk = arg;
	const struct cbi_serve *serve = clerk->desk->serve;
	struct errand *errand;
	struct cbi_lane lane;

	cbi_lane_init(&lane, CB_ARENA_CALL_MAX);
	lane.slot = clerk->slot;
	if (serve->begin)
		serve->begin(clerk->slot);
	while ((errand = take(clerk->desk)))
		see_to(clerk->desk, &lane, errand);
	if (serve->end)
		serve->end(&lane);
	cbi_redis_lane_finish(&lane);
	cbi_lane_finish(&lane);
	return NULL;
}

int cbi_desk_start(struct cbi_desk *desk, struct cbi_serve_loop *loop, int slot)
{
	desk->loop = loop;
	for (int i = 0; desk->serve->calls && i < THREADS; i++) {
		struct clerk *clerk = &desk->clerks[i];

		clerk->desk = desk;
		clerk->slot = slot + i < CB_BOARD_THREADS ? slot + i : -1;
		if (pthread_create(&clerk->thread, NULL, work, clerk) != 0)
			break;
		desk->started++;
	}
	return !desk->serve->calls || desk->started > 0 ? CB_OK : CB_EBUG;
}

size_t cbi_desk_size(struct cbi_desk *desk)
{
	size_t n;

	pthread_mutex_lock(&desk->lock);
	n = desk->size;
	pthread_mutex_unlock(&desk->lock);
	return n;
}

void cbi_desk_stop(struct cbi_desk *desk)
{
	pthread_mutex_lock(&desk->lock);
	desk->stopped = true;
	pthread_cond_broadcast(&desk->some);
	pthread_mutex_unlock(&desk->lock);
	for (int i = 0; i < desk->started; i++)
		pthread_join(desk->clerks[i].thread, NULL);
	desk->started = 0;
}
