/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader and fetch together, with a real Redis: fresh, stale, miss, failing.
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

static void redis_key(const char *source, const char *key, char *out)
{
	struct cbi_source_ref ref = fetcher_ref("one", source, key);

	assert_true(cbi_value_key_of(&ref, out));
}

static void a_miss_is_filled_once_and_kept(void **state)
{
	struct cbi_source_value value;
	struct reader reader;

	(void)state;
	reader_enter(&reader);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(get(&reader, "long", "ok-a", &value), CB_OK);
		assert_string_equal(value.body, "ok-a 1");
		assert_string_equal(value.note, "");
		assert_in_range(value.fresh_until - value.fetched_at, 53900,
		                66200);
		assert_in_range(value.stale_until - value.fresh_until, 3239000,
		                3961000);
	}
	assert_int_equal(fills(), 1);
	assert_int_equal(get(&reader, "long", "big", &value), CB_OK);
	assert_int_equal(value.len, 200 * 1024);
	assert_int_equal(get(&reader, "long", "big", &value), CB_OK);
	assert_int_equal(value.len, 200 * 1024);
	assert_int_equal(fills(), 2);
	reader_leave(&reader);
}

static void read_whole(int fd, char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, data, len, 0);

		assert_true(n > 0);
		data += n;
		len -= (size_t)n;
	}
}

static void five_hundred_asks_are_one_fill(void **state)
{
	enum { CLIENTS = 500 };
	static int fds[CLIENTS];
	struct cbi_source_ref ref = fetcher_ref("one", "long", "slow-herd");
	struct cbi_wire_head head = { .id = 9, .budget_ms = 5000 };
	const struct cbi_wire_who who = { .request_id = "req" };
	char key[CB_SOURCE_REDIS_KEY_MAX], data[1000];
	struct cbi_source_value value;
	struct cb_buf buf;

	(void)state;
	assert_true(cbi_value_key_of(&ref, key));
	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(cbi_wire_put_ask(&buf, head, &ref, &who), CB_OK);
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = dial();
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(send(fds[i], buf.data, buf.len, 0), buf.len);
	for (int i = 0; i < CLIENTS; i++) {
		char raw[CB_WIRE_HEAD];

		read_whole(fds[i], raw, sizeof(raw));
		assert_true(cbi_wire_get_head(raw, &head));
		assert_int_equal(head.kind, CBI_WIRE_ANSWER);
		assert_int_equal(head.id, 9);
		assert_in_range(head.len, 1, sizeof(data));
		read_whole(fds[i], data, head.len);
		assert_true(cbi_value_decode(data, head.len, key, &value));
		assert_string_equal(value.body, "slow-herd 1");
		close(fds[i]);
	}
	cbi_buf_finish(&buf);
	assert_int_equal(fills(), 1);
}

static void a_stale_value_is_shown_while_it_is_renewed(void **state)
{
	struct cbi_source_value value;
	struct reader reader;
	int64_t first;

	(void)state;
	reader_enter(&reader);
	/* The budget is over first; the value comes all the same. */
	assert_int_equal(get(&reader, "quick", "slow-s", &value), CB_EPENDING);
	assert_in_range(took, 290, 390);
	pause_ms(250);
	assert_int_equal(get(&reader, "quick", "slow-s", &value), CB_OK);
	first = value.fetched_at;
	pause_ms(1200);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(get(&reader, "quick", "slow-s", &value),
		                 CB_OK);
		assert_int_equal(value.fetched_at, first);
		assert_true(cbi_clock_wall_ms() >= value.fresh_until);
		assert_in_range(took, 0, 60);
	}
	pause_ms(550);
	assert_int_equal(get(&reader, "quick", "slow-s", &value), CB_OK);
	assert_string_equal(value.body, "slow-s 2");
	assert_int_equal(fills(), 2);
	reader_leave(&reader);
}

static void errors_are_data(void **state)
{
	struct cbi_source_value value;
	struct reader reader;

	(void)state;
	reader_enter(&reader);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(get(&reader, "long", "absent", &value),
		                 CB_ENOENT);
		assert_string_equal(cb_failure(&reader.ctx),
		                    "long: no such thing");
		assert_int_equal(get(&reader, "long", "bad", &value),
		                 CB_EUPSTREAM);
		assert_string_equal(cb_failure(&reader.ctx), "long: it broke");
	}
	assert_int_equal(fills(), 2);
	reader_leave(&reader);
}

static void a_failing_tool_leaves_the_last_good_value(void **state)
{
	struct cbi_source_value value;
	struct reader reader;
	int64_t first;

	(void)state;
	reader_enter(&reader);
	assert_int_equal(get(&reader, "quick", "mode", &value), CB_OK);
	first = value.fetched_at;
	atomic_store(&one.shared->broken, 1);
	pause_ms(1200);
	assert_int_equal(get(&reader, "quick", "mode", &value), CB_OK);
	pause_ms(100);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(get(&reader, "quick", "mode", &value), CB_OK);
		assert_string_equal(value.body, "mode 1");
		assert_string_equal(value.note, "it broke");
		assert_int_equal(value.fetched_at, first);
	}
	/* Left alone for ten seconds at least, not asked at every page. */
	assert_int_equal(fills(), 2);
	assert_in_range(value.fresh_until - cbi_clock_wall_ms(), 9000, 30000);
	reader_leave(&reader);
}

static void a_quarter_of_the_threads_may_wait(void **state)
{
	static const char *const keys[] = { "slow-1", "slow-2", "slow-3",
		                            "slow-4", "slow-5", "slow-6",
		                            "slow-7", "slow-8" };
	struct ask asks[8];
	int at_once = 0, waited = 0;

	(void)state;
	cbi_source_setup(stores->dir, 8);
	for (int i = 0; i < 8; i++) {
		asks[i].key = keys[i];
		assert_int_equal(
		    pthread_create(&asks[i].thread, NULL, ask_thread, &asks[i]),
		    0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(asks[i].thread, NULL);
		assert_int_equal(asks[i].rc, CB_EPENDING);
		at_once += asks[i].took < 150;
		waited += asks[i].took >= 290;
	}
	assert_int_equal(waited, 2);
	assert_int_equal(at_once, 6);
	pause_ms(200); /* those under way end before the next test counts */
}

static void a_corrupt_value_is_a_miss(void **state)
{
	char key[CB_SOURCE_REDIS_KEY_MAX], *mutated;
	struct cbi_source_value value;
	struct cbi_span span;
	struct reader reader;
	uint64_t before, refused;
	int changed = 0;

	(void)state;
	redis_key("long", "ok-c", key);
	reader_enter(&reader);
	assert_int_equal(get(&reader, "long", "ok-c", &value), CB_OK);
	assert_int_equal(cbi_redis_get(&reader.ctx, key, &span), CB_OK);
	mutated = malloc(span.len);
	before = atomic_load(&cbi_board()->counters[CBI_COUNT_SOURCE_BAD]);
	for (size_t i = 0; i < span.len; i++, changed++) {
		memcpy(mutated, span.ptr, span.len);
		mutated[i] = (char)(mutated[i] ^ 0x41);
		assert_int_equal(
		    cbi_redis_set(&reader.ctx, key, mutated, span.len, 60000),
		    CB_OK);
		assert_int_equal(get(&reader, "long", "ok-c", &value), CB_OK);
		assert_int_equal(strncmp(value.body, "ok-c ", 5), 0);
	}
	free(mutated);
	refused = atomic_load(&cbi_board()->counters[CBI_COUNT_SOURCE_BAD]);
	assert_true(refused - before >= (uint64_t)changed);
	assert_int_equal(fills(), 1 + changed);
	reader_leave(&reader);
}

static void an_older_value_never_replaces_a_newer(void **state)
{
	char key[CB_SOURCE_REDIS_KEY_MAX];
	int64_t now = cbi_clock_wall_ms();
	struct cbi_source_value newer = { .body = "new",
		                          .len = 3,
		                          .note = "",
		                          .fetched_at = now,
		                          .fresh_until = now + 60000,
		                          .stale_until = now + 90000 };
	struct cbi_source_value older = newer, got;
	struct reader reader;

	(void)state;
	older.body = "old";
	older.fetched_at = now - 1;
	redis_key("long", "ok-o", key);
	reader_enter(&reader);
	assert_int_equal(cbi_value_put(&reader.ctx, key, &newer), CB_OK);
	assert_int_equal(cbi_value_put(&reader.ctx, key, &older), CB_OK);
	assert_int_equal(cbi_value_get(&reader.ctx, key, &got), CB_OK);
	assert_string_equal(got.body, "new");
	/* What is no envelope gives way. */
	assert_int_equal(cbi_redis_set(&reader.ctx, key, "CBSV\1xxx", 8, 9999),
	                 CB_OK);
	assert_int_equal(cbi_value_put(&reader.ctx, key, &older), CB_OK);
	assert_int_equal(cbi_value_get(&reader.ctx, key, &got), CB_OK);
	assert_string_equal(got.body, "old");
	reader_leave(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_miss_is_filled_once_and_kept,
		                       reader_begin),
		cmocka_unit_test_setup(five_hundred_asks_are_one_fill,
		                       reader_begin),
		cmocka_unit_test_setup(
		    a_stale_value_is_shown_while_it_is_renewed, reader_begin),
		cmocka_unit_test_setup(errors_are_data, reader_begin),
		cmocka_unit_test_setup(
		    a_failing_tool_leaves_the_last_good_value, reader_begin),
		cmocka_unit_test_setup(a_quarter_of_the_threads_may_wait,
		                       reader_begin),
		cmocka_unit_test_setup(a_corrupt_value_is_a_miss, reader_begin),
		cmocka_unit_test_setup(an_older_value_never_replaces_a_newer,
		                       reader_begin),
	};

	return cmocka_run_group_tests(tests, reader_start, reader_stop);
}
