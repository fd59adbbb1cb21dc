/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <unistd.h>

#include "base/board.h"
#include "base/clock.h"
#include "registry/registry.h"

static int plugin;

static int set_up(void **state)
{
	static int n;
	char name[16];

	(void)state;
	name[0] = 'b';
	name[1] = (char)('a' + n++);
	name[2] = '\0';
	plugin = cbi_board_plugin(name);
	return 0;
}

static void fail_times(int n)
{
	for (int i = 0; i < n; i++)
		if (cbi_breaker_before(plugin))
			cbi_breaker_after(plugin, false);
}

static int64_t distance(void)
{
	int64_t until = atomic_load(&cbi_board()->plugins[plugin].open_until);

	return until - cbi_clock_ms();
}

/* Moves the time of the next try to now. */
static void time_passes(void)
{
	atomic_store(&cbi_board()->plugins[plugin].open_until,
	             cbi_clock_ms() - 1);
}

static void opens_after_five_failures_in_a_row(void **state)
{
	(void)state;
	fail_times(4);
	assert_true(cbi_breaker_before(plugin));
	cbi_breaker_after(plugin, true);
	fail_times(4);
	assert_false(cbi_breaker_open(plugin));
	fail_times(1);
	assert_true(cbi_breaker_open(plugin));
	assert_false(cbi_breaker_before(plugin));
	assert_in_range(distance(), 850, 1100);
}

static void lets_one_call_try_when_the_time_has_come(void **state)
{
	(void)state;
	fail_times(5);
	time_passes();
	assert_true(cbi_breaker_before(plugin));
	/* The others stay away until that one is back. */
	assert_false(cbi_breaker_before(plugin));
	cbi_breaker_after(plugin, true);
	assert_false(cbi_breaker_open(plugin));
	assert_true(cbi_breaker_before(plugin));
}

static void doubles_the_distance_up_to_a_minute(void **state)
{
	static const int64_t expected[] = { 2000,  4000,  8000, 16000,
		                            32000, 60000, 60000 };

	(void)state;
	fail_times(5);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		int64_t most = expected[i] + expected[i] / 10;

		time_passes();
		fail_times(1);
		assert_in_range(distance(), expected[i] * 9 / 10 - 50, most);
	}
	/* Once it is over, it begins small again. */
	time_passes();
	assert_true(cbi_breaker_before(plugin));
	cbi_breaker_after(plugin, true);
	fail_times(5);
	assert_in_range(distance(), 850, 1100);
}

static void late_failures_do_not_push_the_try_away(void **state)
{
	int64_t before;

	(void)state;
	fail_times(5);
	before = atomic_load(&cbi_board()->plugins[plugin].open_until);
	for (int i = 0; i < 20; i++)
		cbi_breaker_after(plugin, false);
	assert_int_equal(atomic_load(&cbi_board()->plugins[plugin].open_until),
	                 before);
}

static void a_plugin_without_a_row_is_always_called(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		cbi_breaker_after(-1, false);
	assert_true(cbi_breaker_before(-1));
	assert_false(cbi_breaker_open(-1));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opens_after_five_failures_in_a_row),
		TEST(lets_one_call_try_when_the_time_has_come),
		TEST(doubles_the_distance_up_to_a_minute),
		TEST(late_failures_do_not_push_the_try_away),
		TEST(a_plugin_without_a_row_is_always_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
