/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts that need no store: envelope, keys, frames, memory, queue.
 */
#include "tests/lib/cmock.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "source/memory.h"
#include "source/queue.h"
#include "source/value.h"
#include "source/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cbi_lane lane;
static struct cb_ctx ctx;

static int enter(void **state)
{
	(void)state;
	cbi_lane_init(&lane, 32 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

static void parts_of_a_key_cannot_run_together(void **state)
{
	static const struct cbi_source_ref refs[] = {
		{ "a", "b", "1", "c", NULL, 0 },
		{ "a:1", "b", "1", "c", NULL, 0 },
		{ "a", "1:b", "1", "c", NULL, 0 },
		{ "a", "b:1", "1", "c", NULL, 0 },
		{ "a", "b", "1:1", "c", NULL, 0 },
		{ "a", "b", "1", "1:c", NULL, 0 },
		{ "a", "b", "11", "c", NULL, 0 },
		{ "a", "b", "1", "C", NULL, 0 },
		{ "ab", "1", "c", "c", NULL, 0 },
	};
	enum { N = sizeof(refs) / sizeof(refs[0]) };
	static char keys[N][CB_SOURCE_REDIS_KEY_MAX];

	(void)state;
	for (int i = 0; i < N; i++) {
		assert_int_equal(cbi_value_key(&ctx, &refs[i], keys[i]), CB_OK);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(keys[i], keys[k]);
	}
}

static void a_key_has_its_limits(void **state)
{
	char text[CB_SOURCE_KEY_MAX + 2], key[CB_SOURCE_REDIS_KEY_MAX];
	struct cbi_source_ref ref = { "a", "b", "1", text, NULL, 0 };

	(void)state;
	memset(text, 'x', sizeof(text));
	text[CB_SOURCE_KEY_MAX] = '\0';
	assert_int_equal(cbi_value_key(&ctx, &ref, key), CB_OK);
	text[CB_SOURCE_KEY_MAX] = 'x';
	text[CB_SOURCE_KEY_MAX + 1] = '\0';
	assert_int_equal(cbi_value_key(&ctx, &ref, key), CB_EINVAL);
	text[0] = '\0';
	assert_int_equal(cbi_value_key(&ctx, &ref, key), CB_EINVAL);
}

static void a_changed_envelope_does_not_parse(void **state)
{
	const struct cbi_source_value value = {
		.body = "{\"result\": \"ok\"}",
		.len = 16,
		.note = "late",
		.fetched_at = 1769860800250,
		.fresh_until = 1769860900250,
		.stale_until = 1769869900250,
	};
	struct cbi_source_value got;
	struct cb_buf buf;
	char *copy;

	(void)state;
	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(cbi_value_encode(&value, "key", &buf), CB_OK);
	assert_true(cbi_value_decode(buf.data, buf.len, "key", &got));
	assert_string_equal(got.body, value.body);
	assert_string_equal(got.note, "late");
	assert_int_equal(got.len, 16);
	assert_int_equal(got.fetched_at, value.fetched_at);
	assert_int_equal(got.fresh_until, value.fresh_until);
	assert_int_equal(got.stale_until, value.stale_until);
	assert_false(cbi_value_decode(buf.data, buf.len, "Key", &got));
	copy = malloc(buf.len);
	/* Every other value of every byte. */
	for (size_t i = 0; i < buf.len; i++) {
		for (int x = 1; x < 256; x++) {
			memcpy(copy, buf.data, buf.len);
			copy[i] = (char)(copy[i] ^ x);
			assert_false(
			    cbi_value_decode(copy, buf.len, "key", &got));
		}
	}
	/* Every length; exactly sized, so that ASan sees a read beyond. */
	for (size_t len = 0; len < buf.len; len++) {
		char *cut = malloc(len ? len : 1);

		memcpy(cut, buf.data, len);
		assert_false(cbi_value_decode(cut, len, "key", &got));
		free(cut);
	}
	free(copy);
	cbi_buf_finish(&buf);
}

static void frames_come_out_as_they_went_in(void **state)
{
	const struct cbi_source_ref ref = { "probe", "long", "1.2",
		                            "a key", NULL,   0 };
	struct cbi_wire_head head = { .rank = CBI_RANK_WARM,
		                      .flags = CBI_WIRE_BRIEF,
		                      .id = 0x01020304,
		                      .budget_ms = 300 };
	const struct cbi_wire_who who = {
		"user:default/ada", "req",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	};
	struct cbi_wire_ask ask;
	struct cb_buf buf;

	(void)state;
	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(cbi_wire_put_ask(&buf, head, &ref, &who), CB_OK);
	assert_true(cbi_wire_get_head(buf.data, &head));
	assert_int_equal(head.id, 0x01020304);
	assert_int_equal(head.budget_ms, 300);
	assert_int_equal(head.rank, CBI_RANK_WARM);
	assert_int_equal(head.flags, CBI_WIRE_BRIEF);
	assert_int_equal(head.len + CB_WIRE_HEAD, buf.len);
	assert_true(cbi_wire_get_ask(buf.data + CB_WIRE_HEAD, head.len, &ask));
	assert_string_equal(ask.plugin, "probe");
	assert_string_equal(ask.key, "a key");
	assert_string_equal(ask.who.actor, "user:default/ada");
	assert_string_equal(ask.who.request_id, "req");
	assert_string_equal(ask.who.traceparent, who.traceparent);
	for (size_t len = 0; len < head.len; len++)
		assert_false(
		    cbi_wire_get_ask(buf.data + CB_WIRE_HEAD, len, &ask));
	buf.data[16 + 2] = 1; /* a length beyond the cap */
	assert_false(cbi_wire_get_head(buf.data, &head));
	buf.data[16 + 2] = 0;
	buf.data[3]++; /* another version */
	assert_false(cbi_wire_get_head(buf.data, &head));
	cbi_buf_finish(&buf);
}

static void memory_stays_within_its_limit(void **state)
{
	struct cbi_serve_memory *memory = cbi_serve_memory_create(10 * CB_KIB);
	char body[1000] = { 0 }, key[20];
	struct cbi_source_value value = {
		.body = body, .len = sizeof(body), .note = "", .fetched_at = 5
	};
	struct cbi_source_value got;
	int left = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		cbi_serve_memory_put(memory, key, &value);
		/* The first one is used all the time and so stays. */
		assert_int_equal(cbi_serve_memory_get(&ctx, memory, "k0", &got),
		                 CB_OK);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		left += cbi_serve_memory_get(&ctx, memory, key, &got) == CB_OK;
	}
	assert_in_range(left, 5, 9);
	/* An older one does not replace it. */
	value.fetched_at = 4;
	value.len = 1;
	cbi_serve_memory_put(memory, "k0", &value);
	assert_int_equal(cbi_serve_memory_get(&ctx, memory, "k0", &got), CB_OK);
	assert_int_equal(got.len, sizeof(body));
	cbi_serve_memory_destroy(memory);
}

static int add(struct cbi_serve_queue *queue, const char *key,
               enum cbi_source_rank rank, bool waits)
{
	const struct cbi_wire_ask ask = { .plugin = "p" };
	const struct cbi_waiter waiter = { .id = 7 };

	return cbi_serve_queue_add(queue, key, &ask, rank,
	                           waits ? &waiter : NULL);
}

static void expect_next(struct cbi_serve_queue *queue, const char *key,
                        int waiters)
{
	struct cbi_flight *flight = cbi_serve_queue_take(queue);
	struct cbi_waiter *list;

	assert_string_equal(cbi_flight_key(flight), key);
	list = cbi_serve_queue_done(queue, flight);
	for (; list; waiters--) {
		struct cbi_waiter *next = list->next;

		free(list);
		list = next;
	}
	assert_int_equal(waiters, 0);
}

static void the_urgent_goes_first_and_joins_raise(void **state)
{
	struct cbi_serve_queue *queue = cbi_serve_queue_create(4);

	(void)state;
	assert_int_equal(add(queue, "warm", CBI_RANK_WARM, false), CB_OK);
	assert_int_equal(add(queue, "warm2", CBI_RANK_WARM, false), CB_OK);
	assert_int_equal(add(queue, "refresh", CBI_RANK_REFRESH, false), CB_OK);
	assert_int_equal(add(queue, "reader", CBI_RANK_READER, true), CB_OK);
	/* Full: nothing less urgent than a warm one gives way to it. */
	assert_int_equal(add(queue, "warm3", CBI_RANK_WARM, true), CB_EBUSY);
	/* A reader does make room. */
	assert_int_equal(add(queue, "reader2", CBI_RANK_READER, true), CB_OK);
	assert_int_equal(add(queue, "warm", CBI_RANK_READER, true), CB_OK);
	assert_int_equal(add(queue, "warm", CBI_RANK_WARM, true), CB_OK);
	assert_int_equal(cbi_serve_queue_size(queue), 4);
	expect_next(queue, "reader", 1);
	expect_next(queue, "reader2", 1);
	expect_next(queue, "warm", 2);
	expect_next(queue, "refresh", 0);
	assert_int_equal(add(queue, "late", CBI_RANK_WARM, false), CB_OK);
	assert_int_equal(add(queue, "wanted", CBI_RANK_WARM, true), CB_OK);
	cbi_serve_queue_stop(queue);
	assert_int_equal(add(queue, "too late", CBI_RANK_READER, true),
	                 CB_EBUSY);
	expect_next(queue, "wanted", 1);
	assert_null(cbi_serve_queue_take(queue));
	cbi_serve_queue_destroy(queue);
}

static void jitter_stays_within_a_tenth(void **state)
{
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		int64_t ms = cbi_value_jitter(10000);

		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	assert_in_range(least, 9000, 9200);
	assert_in_range(most, 10800, 11000);
	assert_int_equal(cbi_value_jitter(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    parts_of_a_key_cannot_run_together, enter, leave),
		cmocka_unit_test_setup_teardown(a_key_has_its_limits, enter,
		                                leave),
		cmocka_unit_test(a_changed_envelope_does_not_parse),
		cmocka_unit_test(frames_come_out_as_they_went_in),
		cmocka_unit_test_setup_teardown(memory_stays_within_its_limit,
		                                enter, leave),
		cmocka_unit_test(the_urgent_goes_first_and_joins_raise),
		cmocka_unit_test(jitter_stays_within_a_tenth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
