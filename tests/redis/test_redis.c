/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/board.h"
#include "base/clock.h"
#include "redis/redis.h"
#include "tests/lib/lane.h"
#include "tests/lib/stores.h"

/* Where the limit is not what is looked at, a busy machine may take longer. */
#define PATIENT_MS 5000

static void pause_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

static int setup(void **state)
{
	static struct lane lane;

	lane_open(&lane);
	if (cbi_redis_setup(&lane.ctx, stores_start(STORES_REDIS)->redis,
	                    PATIENT_MS) != CB_OK)
		return -1;
	*state = &lane;
	return 0;
}

static int teardown(void **state)
{
	lane_close(*state);
	return 0;
}

static struct cb_ctx *next(void **state)
{
	lane_next(*state);
	return &((struct lane *)*state)->ctx;
}

static void values_are_any_bytes(void **state)
{
	struct cb_ctx *ctx = next(state);
	struct cbi_span got;
	char value[256];

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (char)i;
	assert_int_equal(cbi_redis_get(ctx, "none", &got), CB_ENOENT);
	assert_int_equal(cbi_redis_set(ctx, "k", value, sizeof(value), 60000),
	                 CB_OK);
	assert_int_equal(cbi_redis_get(ctx, "k", &got), CB_OK);
	assert_int_equal(got.len, sizeof(value));
	assert_memory_equal(got.ptr, value, got.len);
	assert_int_equal(cbi_redis_set(ctx, "empty", "", 0, 60000), CB_OK);
	assert_int_equal(cbi_redis_get(ctx, "empty", &got), CB_OK);
	assert_int_equal(got.len, 0);
	assert_int_equal(cbi_redis_del(ctx, "k"), CB_OK);
	assert_int_equal(cbi_redis_get(ctx, "k", &got), CB_ENOENT);
	assert_int_equal(cb_failure_code(ctx), CB_OK);
}

static void large_values_pass(void **state)
{
	struct cb_ctx *ctx = next(state);
	size_t len = CB_MIB;
	char *value = malloc(len);
	struct cbi_span got;

	assert_non_null(value);
	memset(value, 'z', len);
	assert_int_equal(cbi_redis_set(ctx, "big", value, len, 60000), CB_OK);
	assert_int_equal(cbi_redis_get(ctx, "big", &got), CB_OK);
	assert_int_equal(got.len, len);
	assert_memory_equal(got.ptr, value, len);
	free(value);
}

static void many_are_got_at_once(void **state)
{
	const char *keys[] = { "m1", "m2", "m3" };
	struct cb_ctx *ctx = next(state);
	struct cbi_span got[3];

	assert_int_equal(cbi_redis_set(ctx, "m1", "a", 1, 60000), CB_OK);
	assert_int_equal(cbi_redis_set(ctx, "m3", "", 0, 60000), CB_OK);
	assert_int_equal(cbi_redis_mget(ctx, keys, 3, got), CB_OK);
	assert_memory_equal(got[0].ptr, "a", 1);
	assert_null(got[1].ptr);
	assert_non_null(got[2].ptr);
	assert_int_equal(cbi_redis_mget(ctx, keys, 0, got), CB_OK);
}

static void values_end_with_their_time(void **state)
{
	struct cb_ctx *ctx = next(state);
	struct cbi_span got;

	assert_int_equal(cbi_redis_set(ctx, "short", "x", 1, 30), CB_OK);
	assert_int_equal(cbi_redis_set(ctx, "long", "x", 1, 60000), CB_OK);
	assert_int_equal(cbi_redis_expire(ctx, "long", 30), CB_OK);
	assert_int_equal(cbi_redis_expire(ctx, "none", 30), CB_ENOENT);
	pause_ms(60);
	assert_int_equal(cbi_redis_get(ctx, "short", &got), CB_ENOENT);
	assert_int_equal(cbi_redis_get(ctx, "long", &got), CB_ENOENT);
}

static void a_lock_is_its_owner_s(void **state)
{
	char token[CB_REDIS_TOKEN_LEN], other[CB_REDIS_TOKEN_LEN];
	struct cb_ctx *ctx = next(state);

	assert_int_equal(cbi_redis_lock(ctx, "lock", 60000, token), CB_OK);
	assert_int_equal(strlen(token), 32);
	assert_int_equal(cbi_redis_lock(ctx, "lock", 60000, other), CB_EBUSY);
	assert_int_equal(cbi_redis_unlock(ctx, "lock", other), CB_ENOENT);
	assert_int_equal(cbi_redis_lock(ctx, "lock", 60000, other), CB_EBUSY);
	assert_int_equal(cbi_redis_unlock(ctx, "lock", token), CB_OK);
	assert_int_equal(cbi_redis_lock(ctx, "lock", 20, other), CB_OK);
	pause_ms(40);
	assert_int_equal(cbi_redis_lock(ctx, "lock", 60000, token), CB_OK);
	assert_int_equal(cbi_redis_unlock(ctx, "lock", other), CB_ENOENT);
}

static void counts_begin_anew_after_their_time(void **state)
{
	struct cb_ctx *ctx = next(state);
	int64_t n = 0;

	assert_int_equal(cbi_redis_incr(ctx, "count", 2, 60, &n), CB_OK);
	assert_int_equal(n, 2);
	assert_int_equal(cbi_redis_incr(ctx, "count", 3, 60000, &n), CB_OK);
	assert_int_equal(n, 5);
	pause_ms(90);
	assert_int_equal(cbi_redis_incr(ctx, "count", 1, 60, &n), CB_OK);
	assert_int_equal(n, 1);
}

static void a_script_is_one_step(void **state)
{
	struct cbi_span args[] = { { "v\0w", 3 }, { "60000", 5 } };
	struct cb_ctx *ctx = next(state);
	struct cbi_span got;
	int64_t n = 0;

	assert_int_equal(
	    cbi_redis_eval(ctx,
	                   "redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2]) "
	                   "return 7",
	                   "scripted", args, 2, &n),
	    CB_OK);
	assert_int_equal(n, 7);
	assert_int_equal(cbi_redis_get(ctx, "scripted", &got), CB_OK);
	assert_int_equal(got.len, 3);
	assert_memory_equal(got.ptr, "v\0w", 3);
	assert_int_equal(cbi_redis_eval(ctx, "return 'text'", "k", NULL, 0, &n),
	                 CB_EAWAY);
	assert_int_equal(cbi_redis_eval(ctx, "nonsense(", "k", NULL, 0, &n),
	                 CB_EAWAY);
	assert_true(cbi_redis_there());
}

static void addresses_are_checked(void **state)
{
	static const char *const bad[] = { "unix:relative", "host",
		                           "host:",         "host:0",
		                           "host:99999",    ":1" };
	struct stores *stores = stores_start(0);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cb_ctx *ctx = next(state);

		assert_int_equal(cbi_redis_setup(ctx, bad[i], 20), CB_EINVAL);
		assert_non_null(strstr(cb_failure(ctx), bad[i]));
	}
	assert_int_equal(cbi_redis_setup(next(state), "", 20), CB_OK);
	assert_false(cbi_redis_there());
	assert_int_equal(cbi_redis_del(next(state), "k"), CB_EAWAY);
	assert_int_equal(
	    cbi_redis_setup(next(state), stores->redis, PATIENT_MS), CB_OK);
}

static uint64_t errors(void)
{
	return atomic_load(&cbi_board()->counters[CBI_COUNT_REDIS_ERRORS]);
}

/*
 * What the machine makes everybody wait is not ours: the least and the middle
 * of several waits say what the code does, on a busy machine too.
 */
static int by_length(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void assert_waits(int64_t *ms, size_t n, int64_t from, int64_t to)
{
	qsort(ms, n, sizeof(*ms), by_length);
	assert_in_range(ms[0], from, to);
	assert_in_range(ms[n / 2], from, 10 * to);
	assert_in_range(ms[n - 1], from, 2000);
}

/* Asks until there is an answer: a busy machine may need more than 20 ms. */
static int get_patiently(void **state, const char *key)
{
	int64_t end = cbi_clock_ms() + 10000;
	struct cbi_span got;
	int rc;

	do {
		assert_int_equal(cbi_redis_setup(next(state),
		                                 stores_start(0)->redis,
		                                 CB_REDIS_TIMEOUT_MS),
		                 CB_OK);
		rc = cbi_redis_get(next(state), key, &got);
	} while (rc == CB_EAWAY && cbi_clock_ms() < end);
	return rc;
}

/* SIGSTOP: connections are accepted by the kernel, nobody answers. */
static void a_hanging_redis_costs_twenty_ms_three_times(void **state)
{
	struct stores *stores = stores_start(0);
	int64_t waits[20];
	int codes[20], noted = 0;
	struct cbi_span got;
	uint64_t before;
	bool there;

	assert_int_equal(get_patiently(state, "none"), CB_ENOENT);
	before = errors();
	kill(stores->redis_pid, SIGSTOP);
	for (int i = 0; i < 20; i++) {
		struct cb_ctx *ctx = next(state);
		int64_t at = cbi_clock_ms();

		codes[i] = cbi_redis_get(ctx, "none", &got);
		waits[i] = cbi_clock_ms() - at;
		noted += cb_failure_code(ctx) != CB_OK;
	}
	there = cbi_redis_there();
	kill(stores->redis_pid, SIGCONT);
	for (int i = 0; i < 20; i++)
		assert_int_equal(codes[i], CB_EAWAY);
	assert_int_equal(noted, 0);
	assert_waits(waits, 3, 19, 25);
	assert_waits(waits + 3, 17, 0, 1);
	assert_int_equal(errors() - before, 3);
	assert_false(there);
	assert_int_equal(get_patiently(state, "none"), CB_ENOENT);
}

static void a_hurried_caller_opens_no_breaker(void **state)
{
	struct stores *stores = stores_start(0);
	struct cbi_span got;
	int64_t waits[5];
	int codes[5];
	bool there;

	assert_int_equal(get_patiently(state, "none"), CB_ENOENT);
	kill(stores->redis_pid, SIGSTOP);
	for (int i = 0; i < 5; i++) {
		struct cb_ctx *ctx = next(state);
		int64_t at = cbi_clock_ms();

		ctx->deadline = at + 3;
		codes[i] = cbi_redis_get(ctx, "none", &got);
		waits[i] = cbi_clock_ms() - at;
	}
	there = cbi_redis_there();
	kill(stores->redis_pid, SIGCONT);
	for (int i = 0; i < 5; i++)
		assert_int_equal(codes[i], CB_EAWAY);
	assert_waits(waits, 5, 0, 8);
	assert_true(there);
	assert_int_equal(get_patiently(state, "none"), CB_ENOENT);
}

/* The lane's connection is dead; no call is lost on it.  Once in five is
 * enough: whoever does not look first loses it each time. */
static void a_dead_connection_loses_no_call(void **state)
{
	struct cbi_span got;
	int rc = CB_EAWAY;

	for (int i = 0; i < 5 && rc == CB_EAWAY; i++) {
		assert_int_equal(get_patiently(state, "none"), CB_ENOENT);
		stores_stop(STORES_REDIS);
		stores_start(STORES_REDIS);
		rc = cbi_redis_get(next(state), "none", &got);
	}
	assert_int_equal(rc, CB_ENOENT);
}

static void a_restarted_redis_is_found_again(void **state)
{
	struct cbi_span got;
	int64_t waits[50], opened = 0;

	assert_int_equal(get_patiently(state, "none"), CB_ENOENT);
	stores_stop(STORES_REDIS);
	for (int i = 0; i < 50; i++) {
		int64_t at = cbi_clock_ms();

		assert_int_equal(cbi_redis_get(next(state), "none", &got),
		                 CB_EAWAY);
		waits[i] = cbi_clock_ms() - at;
		if (i == 2)
			opened = at;
	}
	assert_waits(waits, 50, 0, 5);
	stores_start(STORES_REDIS);
	while (cbi_redis_get(next(state), "none", &got) == CB_EAWAY &&
	       cbi_clock_ms() - opened < 16000)
		pause_ms(20);
	/* After five seconds; a try that the machine spoils costs five more. */
	assert_in_range(cbi_clock_ms() - opened, 5000, 15900);
	assert_true(cbi_redis_there());
}

static void a_replica_that_refuses_is_away(void **state)
{
	struct cb_ctx *ctx = next(state);
	int64_t n;

	assert_int_equal(
	    cbi_redis_eval(ctx,
	                   "return redis.error_reply('READONLY You can not')",
	                   "k", NULL, 0, &n),
	    CB_EAWAY);
	assert_true(cbi_redis_there());
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    cbi_redis_eval(next(state),
		                   "return redis.error_reply('READONLY You')",
		                   "k", NULL, 0, &n),
		    CB_EAWAY);
	assert_false(cbi_redis_there());
	assert_int_equal(
	    cbi_redis_setup(next(state), stores_start(0)->redis, PATIENT_MS),
	    CB_OK);
}

/* A server that answers anything: crashes nothing, is away. */
static void nonsense_is_away(void **state)
{
	static const char *const words[] = {
		"HTTP/1.1 400 Bad Request\r\n\r\n",
		"$-5\r\n",
		"*1\r\n$3\r\nab",
		":12x\r\n",
		"\r\n\r\n",
		"$999999999999\r\n",

		"",
	};
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char address[128];
	pid_t pid;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/fool.sock",
	         stores_start(0)->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 16), 0);
	snprintf(address, sizeof(address), "unix:%s", addr.sun_path);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0;; i++) {
			const char *word =
			    words[i % (sizeof(words) / sizeof(words[0]))];
			int client = accept(fd, NULL, NULL);

			if (write(client, word, strlen(word)) < 0)
				_exit(1);
			pause_ms(3);
			close(client);
		}
	}
	for (int i = 0; i < 16; i++) {
		struct cb_ctx *ctx = next(state);
		struct cbi_span got;

		assert_int_equal(
		    cbi_redis_setup(ctx, address, CB_REDIS_TIMEOUT_MS), CB_OK);
		assert_int_equal(cbi_redis_get(ctx, "k", &got), CB_EAWAY);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
	assert_int_equal(
	    cbi_redis_setup(next(state), stores_start(0)->redis, PATIENT_MS),
	    CB_OK);
}

struct counter {
	int got, lost; /* lost: no answer in time, counted or not */
	bool backwards;
};

/* 500 answers, each more than the one before: nobody gets another's. */
static void *count_up(void *arg)
{
	int64_t n, last = 0, end = cbi_clock_ms() + 30000;
	struct counter *counter = arg;
	struct lane lane;

	lane_open(&lane);
	while (counter->got < 500 && cbi_clock_ms() < end) {
		lane_next(&lane);
		if (cbi_redis_incr(&lane.ctx, "shared", 1, 60000, &n) !=
		    CB_OK) {
			counter->lost++;
			pause_ms(1);
			continue;
		}
		counter->got++;
		counter->backwards |= n <= last;
		last = n;
	}
	lane_close(&lane);
	return NULL;
}

static void lanes_do_not_disturb_each_other(void **state)
{
	struct counter counters[8] = { { 0 } };
	pthread_t threads[8];
	int64_t n = 0;
	int lost = 0;

	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, count_up, &counters[i]);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(counters[i].got, 500);
		assert_false(counters[i].backwards);
		lost += counters[i].lost;
	}
	assert_int_equal(cbi_redis_incr(next(state), "shared", 0, 60000, &n),
	                 CB_OK);
	assert_in_range(n, 4000, 4000 + lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_any_bytes),
		cmocka_unit_test(large_values_pass),
		cmocka_unit_test(many_are_got_at_once),
		cmocka_unit_test(values_end_with_their_time),
		cmocka_unit_test(a_lock_is_its_owner_s),
		cmocka_unit_test(counts_begin_anew_after_their_time),
		cmocka_unit_test(a_script_is_one_step),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(lanes_do_not_disturb_each_other),
		cmocka_unit_test(a_hurried_caller_opens_no_breaker),
		cmocka_unit_test(a_hanging_redis_costs_twenty_ms_three_times),
		cmocka_unit_test(a_replica_that_refuses_is_away),
		cmocka_unit_test(nonsense_is_away),
		cmocka_unit_test(a_dead_connection_loses_no_call),
		cmocka_unit_test(a_restarted_redis_is_found_again),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
