/* SPDX-License-Identifier: Apache-2.0 */
/*
 * warm.c - see warm.h.  A few threads ask at once, so that slow tools do not
 * set the pace; the rate is of all together.
 */
#include "source/warm.h"

#include "base/clock.h"
#include "base/ctx.h"
#include "redis/redis.h"
#include "source/ask.h"
#include "source/value.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define THREADS 8
#define RATE_DEFAULT 10
/* A fill's deadline and a little. */
#define BUDGET_MS 9000
#define LOCK_MS 15000

struct round {
	const struct cbi_warm *warm;
	const struct cbi_source_ref *refs;
	size_t n;
	_Atomic size_t next;
	_Atomic int64_t slot_us; /* when the next ask may go */
	_Atomic int away;        /* no Redis, or no fetch process */
	pthread_mutex_t lock;    /* of result and progress */
	struct cbi_warm_result result;
};

static void pace(struct round *round)
{
	int per_second = round->warm->per_second;
	int64_t step = 1000000 / (per_second > 0 ? per_second : RATE_DEFAULT);
	int64_t mine = atomic_fetch_add(&round->slot_us, step);
	int64_t wait = mine - cbi_clock_us();
	struct timespec ts = { wait / 1000000, wait % 1000000 * 1000 };

	if (wait > 0)
		nanosleep(&ts, NULL);
}

static void count(struct round *round, size_t *which)
{
	pthread_mutex_lock(&round->lock);
	(*which)++;
	if (round->warm->progress)
		round->warm->progress(round->warm->arg, &round->result);
	pthread_mutex_unlock(&round->lock);
}

static size_t *outcome(struct round *round,
                       const struct cbi_source_value *value)
{
	/* A 404 is an answer and is kept like one. */
	if (value->code == CB_ENOENT ||
	    (value->code == CB_OK && !value->note[0]))
		return &round->result.fetched;
	return &round->result.failed;
}

static size_t *ask(struct cb_ctx *ctx, struct round *round,
                   const struct cbi_source_ref *ref, const char *redis_key)
{
	char name[CB_SOURCE_REDIS_KEY_MAX + 8], token[CB_REDIS_TOKEN_LEN];
	struct cbi_source_value value;
	size_t *which;
	int rc;

	snprintf(name, sizeof(name), "cb:warm:%s", redis_key);
	rc = cbi_redis_lock(ctx, name, LOCK_MS, token);
	if (rc == CB_EBUSY)
		return &round->result.skipped;
	if (rc < 0) {
		atomic_store(&round->away, 1);
		return &round->result.failed;
	}
	pace(round);
	rc = cbi_source_ask(ctx, ref, CBI_RANK_WARM, BUDGET_MS, true, &value);
	which = rc == CB_OK ? outcome(round, &value) : &round->result.failed;
	(void)!cbi_redis_unlock(ctx, name, token);
	return which;
}

static size_t *one(struct cb_ctx *ctx, struct round *round,
                   const struct cbi_source_ref *ref)
{
	char redis_key[CB_SOURCE_REDIS_KEY_MAX];
	struct cbi_source_value value;
	int rc;

	if (cbi_value_key(ctx, ref, redis_key) < 0)
		return &round->result.failed;
	rc = cbi_value_get(ctx, redis_key, &value);
	if (rc == CB_EAWAY) {
		atomic_store(&round->away, 1);
		return &round->result.failed;
	}
	if (rc == CB_OK && cbi_clock_wall_ms() < value.fresh_until) {
		if (outcome(round, &value) == &round->result.failed)
			return &round->result.failed;
		return &round->result.fresh;
	}
	if (round->warm->dry_run)
		return &round->result.fetched;
	return ask(ctx, round, ref, redis_key);
}

static void *work(void *arg)
{
	struct round *round = arg;
	struct cbi_lane lane;
	struct cb_ctx ctx;
	size_t i;

	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	while (!atomic_load(&round->away) &&
	       (i = atomic_fetch_add(&round->next, 1)) < round->n) {
		cbi_ctx_init(&ctx, &lane);
		count(round, one(&ctx, round, &round->refs[i]));
		cbi_ctx_finish(&ctx);
	}
	cbi_source_lane_finish(&lane);
	cbi_redis_lane_finish(&lane);
	cbi_lane_finish(&lane);
	return NULL;
}

int cbi_source_warm(struct cb_ctx *ctx, const struct cbi_warm *warm,
                    const struct cbi_source_ref *refs, size_t n,
                    struct cbi_warm_result *out)
{
	struct round round = { .warm = warm, .refs = refs, .n = n };
	pthread_t threads[THREADS];
	size_t started = 0;

	round.result.total = n;
	atomic_store(&round.slot_us, cbi_clock_us());
	pthread_mutex_init(&round.lock, NULL);
	while (started < THREADS && started < n &&
	       pthread_create(&threads[started], NULL, work, &round) == 0)
		started++;
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&round.lock);
	if (n && !started)
		return cb_fail(ctx, CB_EBUG, "no thread for warming");
	if (atomic_load(&round.away))
		return cb_fail(ctx, CB_EAWAY,
		               "redis is not reachable: nothing could be kept");
	*out = round.result;
	return CB_OK;
}
