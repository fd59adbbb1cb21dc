/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warming, and a fetch process that dies.
 */
#include "tests/lib/cmock.h"
#include "tests/lib/stores.h"
#include "tests/source/fetcher.h"

#include "base/clock.h"
#include "base/ctx.h"
#include "redis/redis.h"
#include "source/ask.h"
#include "source/value.h"
#include "source/warm.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEYS 24

static struct stores *stores;
static char names[KEYS][16];
static struct cbi_source_ref refs[KEYS];

struct reader {
	struct cbi_lane lane;
	struct cb_ctx ctx;
};

static void enter(struct reader *reader)
{
	cbi_lane_init(&reader->lane, 32 * CB_MIB);
	cbi_ctx_init(&reader->ctx, &reader->lane);
}

static void leave(struct reader *reader)
{
	cbi_ctx_finish(&reader->ctx);
	cbi_source_lane_finish(&reader->lane);
	cbi_redis_lane_finish(&reader->lane);
	cbi_lane_finish(&reader->lane);
}

static void fill_refs(const char *stem)
{
	for (int i = 0; i < KEYS; i++) {
		snprintf(names[i], sizeof(names[i]), "%s-%d", stem, i);
		refs[i] = fetcher_ref("warm", "long", names[i]);
	}
}

static void readers_of_a_killed_fetch_get_a_placeholder_in_time(void **state)
{
	struct cbi_source_ref ref = fetcher_ref("dead", "long", "stuck");
	struct cbi_source_ref other = fetcher_ref("dead", "long", "ok-k");
	struct cbi_source_value value;
	struct fetcher fetcher;
	struct reader reader;
	pid_t killer;
	int64_t before;

	(void)state;
	assert_true(fetcher_start(&fetcher, stores->dir, "dead", true));
	enter(&reader);
	assert_int_equal(cbi_source_get(&reader.ctx, &other, 2000, &value),
	                 CB_OK);
	killer = fork();
	if (killer == 0) {
		const struct timespec ts = { 0, 100000000 };

		nanosleep(&ts, NULL);
		kill(fetcher.pid, SIGKILL);
		_exit(0);
	}
	before = cbi_clock_ms();
	assert_int_equal(cbi_source_get(&reader.ctx, &ref, 300, &value),
	                 CB_EPENDING);
	assert_in_range(cbi_clock_ms() - before, 50, 320);
	waitpid(killer, NULL, 0);
	/* Its socket still takes connections, as the master's does: each
	 * reader waits his budget, not longer. */
	for (int i = 0; i < 3; i++) {
		before = cbi_clock_ms();
		assert_int_equal(cbi_source_get(&reader.ctx, &ref, 100, &value),
		                 CB_EPENDING);
		assert_in_range(cbi_clock_ms() - before, 0, 120);
	}
	close(fetcher.listener);
	fetcher.listener = -1;
	before = cbi_clock_ms();
	for (int i = 0; i < 50; i++)
		assert_int_equal(cbi_source_get(&reader.ctx, &ref, 300, &value),
		                 CB_EPENDING);
	assert_in_range(cbi_clock_ms() - before, 0, 200);
	fetcher_stop(&fetcher);
	/* A new one on the same path is found without a word. */
	assert_true(fetcher_start(&fetcher, stores->dir, "dead", true));
	other.key = "ok-k2";
	assert_int_equal(cbi_source_get(&reader.ctx, &other, 2000, &value),
	                 CB_OK);
	leave(&reader);
	fetcher_stop(&fetcher);
}

static size_t steps;

static void progress(void *arg, const struct cbi_warm_result *so_far)
{
	(void)arg;
	steps++;
	assert_true(so_far->fetched + so_far->fresh + so_far->failed +
	                so_far->skipped <=
	            so_far->total);
}

static void a_second_run_fetches_nothing(void **state)
{
	struct cbi_warm warm = { .per_second = 1000, .progress = progress };
	struct cbi_warm_result result;
	struct fetcher fetcher;
	struct reader reader;

	(void)state;
	fill_refs("ok");
	refs[1].key = "bad";
	refs[2].key = "absent";
	assert_true(fetcher_start(&fetcher, stores->dir, "warm", false));
	enter(&reader);
	warm.dry_run = true;
	assert_int_equal(
	    cbi_source_warm(&reader.ctx, &warm, refs, KEYS, &result), CB_OK);
	assert_int_equal(result.fetched, KEYS);
	assert_int_equal(atomic_load(&fetcher.shared->fills), 0);
	assert_int_equal(steps, KEYS);
	warm.dry_run = false;
	assert_int_equal(
	    cbi_source_warm(&reader.ctx, &warm, refs, KEYS, &result), CB_OK);
	assert_int_equal(result.total, KEYS);
	assert_int_equal(result.fetched, KEYS - 1);
	assert_int_equal(result.failed, 1);
	assert_int_equal(atomic_load(&fetcher.shared->fills), KEYS);
	assert_int_equal(
	    cbi_source_warm(&reader.ctx, &warm, refs, KEYS, &result), CB_OK);
	assert_int_equal(result.fetched, 0);
	assert_int_equal(result.fresh, KEYS - 1);
	assert_int_equal(result.failed, 1);
	assert_int_equal(atomic_load(&fetcher.shared->fills), KEYS);
	leave(&reader);
	fetcher_stop(&fetcher);
}

struct host {
	pthread_t thread;
	int rc;
	struct cbi_warm_result result;
};

static void *warm_host(void *arg)
{
	struct cbi_warm warm = { .per_second = 1000 };
	struct host *host = arg;
	struct reader reader;

	enter(&reader);
	host->rc =
	    cbi_source_warm(&reader.ctx, &warm, refs, KEYS, &host->result);
	leave(&reader);
	return NULL;
}

static void hosts_at_the_same_time_share_the_work(void **state)
{
	struct host hosts[4];
	struct fetcher fetcher;
	size_t fetched = 0;

	(void)state;
	fill_refs("slow");
	assert_true(fetcher_start(&fetcher, stores->dir, "warm", false));
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&hosts[i].thread, NULL,
		                                warm_host, &hosts[i]),
		                 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(hosts[i].thread, NULL);
		assert_int_equal(hosts[i].rc, CB_OK);
		assert_int_equal(hosts[i].result.failed, 0);
		fetched += hosts[i].result.fetched;
	}
	assert_int_equal(fetched, KEYS);
	assert_int_equal(atomic_load(&fetcher.shared->fills), KEYS);
	fetcher_stop(&fetcher);
}

static void the_rate_is_kept(void **state)
{
	struct cbi_warm warm = { .per_second = 20 };
	struct cbi_warm_result result;
	struct fetcher fetcher;
	struct reader reader;
	int64_t before;

	(void)state;
	fill_refs("okay");
	assert_true(fetcher_start(&fetcher, stores->dir, "warm", false));
	enter(&reader);
	before = cbi_clock_ms();
	assert_int_equal(
	    cbi_source_warm(&reader.ctx, &warm, refs, KEYS, &result), CB_OK);
	assert_int_equal(result.fetched, KEYS);
	/* Not sooner; a busy machine may make it later. */
	assert_in_range(cbi_clock_ms() - before, 1100, 60000);
	leave(&reader);
	fetcher_stop(&fetcher);
}

static void without_redis_there_is_nothing_to_warm(void **state)
{
	struct cbi_warm warm = { .per_second = 1000 };
	struct cbi_warm_result result;
	struct reader reader;

	(void)state;
	fill_refs("ok");
	stores_stop(STORES_REDIS);
	enter(&reader);
	assert_int_equal(
	    cbi_source_warm(&reader.ctx, &warm, refs, KEYS, &result), CB_EAWAY);
	assert_non_null(strstr(cb_failure(&reader.ctx), "redis"));
	leave(&reader);
}

static int start(void **state)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as every process of the house */
	stores = stores_start(STORES_REDIS);
	cbi_source_setup(stores->dir, 8);
	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	rc = cbi_redis_setup(&ctx, stores->redis, 2000);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rc;
}

int main(void)
{
	/* The process test comes first: a fork after threads is not TSan's. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    readers_of_a_killed_fetch_get_a_placeholder_in_time),
		cmocka_unit_test(a_second_run_fetches_nothing),
		cmocka_unit_test(hosts_at_the_same_time_share_the_work),
		cmocka_unit_test(the_rate_is_kept),
		cmocka_unit_test(without_redis_there_is_nothing_to_warm),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
