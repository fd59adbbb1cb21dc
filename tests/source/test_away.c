/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes on when Redis is away or empty, another host is at it, or who
 * talks to fetch is nobody it knows.
 */
#include "tests/lib/cmock.h"
#include "tests/source/reader.h"

#include "base/board.h"
#include "base/buf.h"
#include "base/clock.h"
#include "redis/redis.h"
#include "source/ask.h"
#include "source/value.h"
#include "source/wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The breaker of redis/ opens for five seconds after failures. */
static void wait_for_redis(void)
{
	struct reader reader;
	int rc = CB_EAWAY;

	reader_enter(&reader);
	for (int i = 0; i < 100 && rc != CB_OK; i++) {
		rc = cbi_redis_set(&reader.ctx, "probe", "x", 1, 1000);
		if (rc != CB_OK)
			pause_ms(100);
	}
	assert_int_equal(rc, CB_OK);
	reader_leave(&reader);
}

static void strangers_get_no_value(void **state)
{
	struct cbi_source_ref ref = fetcher_ref("one", "long", "ok-x");
	struct cbi_source_value value;
	struct reader reader;

	(void)state;
	reader_enter(&reader);
	ref.version = "2"; /* another version than fetch has loaded */
	assert_int_equal(cbi_source_get(&reader.ctx, &ref, 300, &value),
	                 CB_EPENDING);
	ref = fetcher_ref("one", "unknown", "ok-x");
	assert_int_equal(cbi_source_get(&reader.ctx, &ref, 300, &value),
	                 CB_EPENDING);
	ref = fetcher_ref("nowhere", "long", "ok-x");
	assert_int_equal(cbi_source_get(&reader.ctx, &ref, 300, &value),
	                 CB_EPENDING);
	ref = fetcher_ref("one", "long", "ok-x");
	ref.fetchers = 0;
	assert_int_equal(cbi_source_get(&reader.ctx, &ref, 300, &value),
	                 CB_EPENDING);
	ref = fetcher_ref("one", "long", "");
	assert_int_equal(cbi_source_get(&reader.ctx, &ref, 300, &value),
	                 CB_EINVAL);
	assert_int_equal(fills(), 0);
	reader_leave(&reader);
}

static void nonsense_ends_its_own_connection_only(void **state)
{
	static const char *const rows[] = {
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"CBF\x02xxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		"CBF\x01\x02xxxxxxxxxxxxxxxxxxxxxxxxxxx",
		"CBF\x01\x01\x09xxxxxxxxxxxxxxxxxxxxxxxxxx",
		"CBF\x01\x01\x02\x02\x02xxxxyyyy\x7f\x7f\x7f\x7f",
	};
	struct cbi_source_value value;
	struct reader reader;
	char byte;

	(void)state;
	reader_enter(&reader);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = dial();

		assert_true(send(fd, rows[i], strlen(rows[i]), 0) > 0);
		assert_true(recv(fd, &byte, 1, 0) <= 0);
		close(fd);
		assert_int_equal(get(&reader, "long", "ok-n", &value), CB_OK);
	}
	reader_leave(&reader);
}

static void two_hosts_share_one_fill(void **state)
{
	struct cbi_source_value value;
	struct reader reader;

	(void)state;
	reader_enter(&reader);
	assert_int_equal(get(&reader, "long", "slow-fleet", &value),
	                 CB_EPENDING);
	/* The other host finds it under way and waits for what comes. */
	assert_int_equal(get_from(&reader, "two", "long", "slow-fleet", &value),
	                 CB_OK);
	assert_string_equal(value.body, "slow-fleet 1");
	assert_int_equal(fills() + atomic_load(&two.shared->fills), 1);
	reader_leave(&reader);
}

static void a_flushed_redis_costs_one_fill_a_key(void **state)
{
	enum { READERS = 40 };
	struct ask asks[READERS];
	struct cbi_source_value value;
	struct reader reader;

	(void)state;
	reader_enter(&reader);
	assert_int_equal(get(&reader, "long", "ok-f", &value), CB_OK);
	reader_flush();
	for (int i = 0; i < READERS; i++) {
		asks[i].key = "ok-f";
		assert_int_equal(
		    pthread_create(&asks[i].thread, NULL, ask_thread, &asks[i]),
		    0);
	}
	for (int i = 0; i < READERS; i++) {
		pthread_join(asks[i].thread, NULL);
		assert_int_equal(asks[i].rc, CB_OK);
	}
	assert_int_equal(fills(), 2);
	reader_leave(&reader);
}

static void without_redis_fetch_remembers(void **state)
{
	struct cbi_source_value value;
	struct reader reader;

	(void)state;
	reader_enter(&reader);
	assert_int_equal(get(&reader, "long", "ok-r", &value), CB_OK);
	assert_false(value.unkept);
	stores_stop(STORES_REDIS);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(get(&reader, "long", "ok-r", &value), CB_OK);
		assert_true(value.unkept);
		assert_string_equal(value.body, "ok-r 1");
		assert_int_equal(get(&reader, "long", "ok-r2", &value), CB_OK);
	}
	assert_int_equal(fills(), 2);
	reader_leave(&reader);
	stores_start(STORES_REDIS);
	wait_for_redis();
}

static void a_frozen_redis_costs_little(void **state)
{
	struct cbi_source_value value;
	struct reader reader;
	int64_t worst = 0;

	(void)state;
	reader_enter(&reader);
	assert_int_equal(get(&reader, "long", "ok-z", &value), CB_OK);
	kill(stores->redis_pid, SIGSTOP);
	for (int i = 0; i < 20; i++) {
		int rc = get(&reader, "long", "ok-z", &value);

		/* Fetch, too, first waits for Redis in vain. */
		assert_true(rc == CB_OK || (i < 3 && rc == CB_EPENDING));
		worst = took > worst ? took : worst;
	}
	kill(stores->redis_pid, SIGCONT);
	assert_in_range(worst, 0, 310);
	assert_in_range(took, 0, 25);
	reader_leave(&reader);
	wait_for_redis();
}

static void draining_answers_who_waits(void **state)
{
	struct cbi_source_ref ref = fetcher_ref("last", "long", "slow-d");
	struct cbi_source_value value;
	struct reader reader;
	struct fetcher last;

	(void)state;
	assert_true(fetcher_start(&last, stores->dir, "last", false));
	reader_enter(&reader);
	/* Stopped while it is under way: the ask below joins. */
	assert_int_equal(cbi_source_get(&reader.ctx, &ref, 250, &value),
	                 CB_EPENDING);
	atomic_store(&last.shared->stop, 1);
	assert_int_equal(cbi_source_ask(&reader.ctx, &ref, CBI_RANK_READER,
	                                2000, false, &value),
	                 CB_OK);
	assert_string_equal(value.body, "slow-d 1");
	pthread_join(last.thread, NULL);
	assert_int_equal(last.rc, CB_OK);
	assert_int_equal(cbi_source_ask(&reader.ctx, &ref, CBI_RANK_READER, 200,
	                                false, &value),
	                 CB_EPENDING);
	reader_leave(&reader);
	close(last.listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(strangers_get_no_value, reader_begin),
		cmocka_unit_test_setup(nonsense_ends_its_own_connection_only,
		                       reader_begin),
		cmocka_unit_test_setup(two_hosts_share_one_fill, reader_begin),
		cmocka_unit_test_setup(a_flushed_redis_costs_one_fill_a_key,
		                       reader_begin),
		cmocka_unit_test_setup(without_redis_fetch_remembers,
		                       reader_begin),
		cmocka_unit_test_setup(draining_answers_who_waits,
		                       reader_begin),
	};

	const struct CMUnitTest with_the_default[] = {
		cmocka_unit_test_setup(a_frozen_redis_costs_little,
		                       reader_begin),
	};
	int failed = cmocka_run_group_tests(tests, reader_start, reader_stop);

	reader_redis_ms = CB_REDIS_TIMEOUT_MS;
	return failed + cmocka_run_group_tests(with_the_default, reader_start,
	                                       reader_stop);
}
