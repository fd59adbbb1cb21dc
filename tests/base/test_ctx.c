/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/log.h"

static void memory_is_zeroed_and_aligned(void **state)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;

	(void)state;
	cbi_lane_init(&lane, CB_MIB);
	for (int round = 0; round < 3; round++) {
		cbi_ctx_init(&ctx, &lane);
		for (size_t i = 1; i < 400; i += 7) {
			char *p = cb_alloc(&ctx, i);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t k = 0; k < i; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xa5, i);
		}
		cbi_ctx_finish(&ctx);
	}
	cbi_lane_finish(&lane);
}

static void the_limit_is_a_failure_not_an_abort(void **state)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int given = 0;

	(void)state;
	cbi_lane_init(&lane, 100 * CB_KIB);
	cbi_ctx_init(&ctx, &lane);
	while (cb_alloc(&ctx, CB_KIB))
		given++;
	assert_in_range(given, 20, 100);
	assert_int_equal(cb_failure_code(&ctx), CB_ENOMEM);
	assert_null(cb_alloc(&ctx, SIZE_MAX - 3));
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
}

static void the_first_failure_wins(void **state)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;

	(void)state;
	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	assert_int_equal(cb_fail(&ctx, CB_ENOENT, "no team '%s'", "red"),
	                 CB_ENOENT);
	assert_int_equal(cb_fail(&ctx, CB_EINVAL, "later"), CB_EINVAL);
	assert_string_equal(cb_failure(&ctx), "no team 'red'");
	assert_int_equal(cb_failure_code(&ctx), CB_ENOENT);
	cb_failure_clear(&ctx);
	assert_string_equal(cb_failure(&ctx), "");
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
}

static char order[8];

static void note(void *ptr)
{
	strcat(order, ptr);
}

static void deferred_calls_run_last_first(void **state)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;

	(void)state;
	order[0] = '\0';
	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	assert_int_equal(cb_defer(&ctx, note, (char *)"a"), CB_OK);
	assert_int_equal(cb_defer(&ctx, note, (char *)"b"), CB_OK);
	assert_string_equal(order, "");
	cbi_ctx_finish(&ctx);
	assert_string_equal(order, "ba");
	cbi_lane_finish(&lane);
}

static void a_piece_of_work_gives_back_what_it_took(void **state)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cbi_ctx_mark mark;
	const char *kept;
	size_t used = 0;

	(void)state;
	order[0] = '\0';
	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	kept = cb_printf(&ctx, "kept %d", 1);
	assert_int_equal(cb_defer(&ctx, note, (char *)"a"), CB_OK);
	for (int round = 0; round < 50; round++) {
		cbi_ctx_mark(&ctx, &mark);
		assert_int_equal(cb_defer(&ctx, note, (char *)"b"), CB_OK);
		for (int i = 0; i < 30; i++)
			assert_non_null(cb_alloc(&ctx, 20 * CB_KIB));
		order[0] = '\0';
		cbi_ctx_rewind(&ctx, &mark);
		assert_string_equal(order, "b");
		if (round == 0)
			used = lane.arena.used;
		assert_int_equal(lane.arena.used, used);
	}
	assert_string_equal(kept, "kept 1");
	cbi_ctx_finish(&ctx);
	assert_string_equal(order, "ba");
	cbi_lane_finish(&lane);
}

static void a_deadline_counts_down_to_zero(void **state)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;

	(void)state;
	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	assert_true(cb_time_left(&ctx) == INT64_MAX);
	ctx.deadline = cbi_clock_ms() + 5000;
	assert_in_range(cb_time_left(&ctx), 4000, 5000);
	ctx.deadline = cbi_clock_ms() - 10;
	assert_int_equal(cb_time_left(&ctx), 0);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
}

static void buffers_fail_once_and_stay_failed(void **state)
{
	struct cb_buf buf;
	char *taken;
	size_t len;

	(void)state;
	cbi_buf_init(&buf, 10);
	assert_int_equal(cb_buf_text(&buf, "12345"), CB_OK);
	assert_int_equal(cb_buf_printf(&buf, "%d", 678901), CB_ETOOBIG);
	assert_int_equal(cb_buf_text(&buf, "6"), CB_ETOOBIG);
	assert_null(cbi_buf_take(&buf, &len));
	cbi_buf_clear(&buf);
	assert_int_equal(cb_buf_text(&buf, "1234567890"), CB_OK);
	taken = cbi_buf_take(&buf, &len);
	assert_int_equal(len, 10);
	assert_string_equal(taken, "1234567890");
	free(taken);
	cbi_buf_finish(&buf);
}

static void times_are_read_and_written(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-01-31T12:00:00.250Z", 1769860800250 },
		{ "2026-01-31T14:00:00+02:00", 1769860800000 },
		{ "2026-01-31", 1769817600000 },
		{ "2026-02-31", -1 },
		{ "2026-13-01", -1 },
		{ "2026-01-31T25:00:00Z", -1 },
		{ "2026-01-31T12:00:00", -1 },
		{ "2026-01-31T12:00:00Zx", -1 },
		{ "yesterday", -1 },
		{ "", -1 },
	};
	char text[CBI_TIME_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t ms = -1;
		int rc = cbi_clock_parse(rows[i].text, &ms);

		assert_int_equal(rc, rows[i].ms < 0 ? -1 : 0);
		if (rc == 0)
			assert_int_equal(ms, rows[i].ms);
	}
	cbi_clock_iso(1769860800250, text);
	assert_string_equal(text, "2026-01-31T12:00:00.250Z");
}

static void a_log_line_says_who_and_in_the_course_of_what(void **state)
{
	static const char traceparent[] =
	    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
	char line[1024] = "";
	struct cbi_lane lane;
	struct cb_ctx ctx;
	FILE *file = tmpfile();
	int was = dup(STDERR_FILENO);

	(void)state;
	assert_non_null(file);
	cbi_lane_init(&lane, 64 * CB_KIB);
	cbi_ctx_init(&ctx, &lane);
	strcpy(ctx.request_id, "req-7");
	strcpy(ctx.traceparent, traceparent);
	ctx.actor = "user:default/\"ada\"";
	dup2(fileno(file), STDERR_FILENO);
	cb_log(&ctx, CB_LOG_ERROR, "it %s", "happened");
	dup2(was, STDERR_FILENO);
	close(was);
	rewind(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_non_null(strstr(line, " request=\"req-7\""
	                             " trace=4bf92f3577b34da6a3ce929d0e0e4736"
	                             " actor=\"user:default/\\\"ada\\\"\""
	                             " msg=\"it happened\"\n"));
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(the_limit_is_a_failure_not_an_abort),
		cmocka_unit_test(the_first_failure_wins),
		cmocka_unit_test(deferred_calls_run_last_first),
		cmocka_unit_test(a_piece_of_work_gives_back_what_it_took),
		cmocka_unit_test(a_deadline_counts_down_to_zero),
		cmocka_unit_test(buffers_fail_once_and_stay_failed),
		cmocka_unit_test(a_log_line_says_who_and_in_the_course_of_what),
		cmocka_unit_test(times_are_read_and_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
