/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <unistd.h>

#include "tests/lib/stores.h"

static void postgres_keeps_its_data_over_a_stop(void **state)
{
	struct stores *stores = stores_start(STORES_POSTGRES);

	(void)state;
	assert_string_equal(stores_sql(stores->conninfo, "select 1"), "1");
	stores_sql(stores->conninfo, "create table t as select 7 as a");
	stores_stop(STORES_POSTGRES);
	assert_int_equal(stores->postgres, 0);
	stores_start(STORES_POSTGRES);
	assert_string_equal(stores_sql(stores->conninfo, "select a from t"),
	                    "7");
}

static void nothing_runs_as_root(void **state)
{
	struct stores *stores = stores_start(STORES_POSTGRES | STORES_REDIS);

	(void)state;
	assert_true(stores->uid != 0);
	assert_true(stores->postgres > 0);
	assert_true(stores->redis_pid > 0);
	assert_int_equal(access(stores->redis + sizeof("unix:") - 1, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(postgres_keeps_its_data_over_a_stop),
		cmocka_unit_test(nothing_runs_as_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
