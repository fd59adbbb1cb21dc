/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What two hosts know together of one credential, by a real Redis and a real
 * tool.
 */
#include "tests/lib/cmock.h"
#include "tests/http/asking.h"
#include "tests/lib/stores.h"

#include "redis/redis.h"
#include "source/serve.h"

#include <signal.h>

static const char table[] =
    "{\"ci\": {\"baseUrl\": \"http://127.0.0.1:%d/\","
    " \"allow\": [\"loopback\"], \"budget\": {\"perMinute\": 10}},"
    " \"scm\": {\"baseUrl\": \"http://127.0.0.1:%d/\","
    " \"allow\": [\"loopback\"]}}";

static void enter_host(struct asking *host)
{
	enter_with(host, table);
	cbi_source_fleet(host->http);
}

static void leave_host(struct asking *host)
{
	cbi_redis_lane_finish(&host->lane);
	leave(host);
}

static void a_429_is_known_to_all_hosts(void **state)
{
	struct asking first, second;
	int64_t ms;
	int sent;

	(void)state;
	enter_host(&first);
	enter_host(&second);
	assert_int_equal(get(&second, "ci", "/ok"), CB_OK);
	assert_int_equal(get(&first, "ci", "/retry?120"), CB_EBUSY);
	sent = atomic_load(&tool.counts->requests);
	for (int i = 0; i < 10; i++)
		assert_int_equal(get(&second, "ci", "/ok"), CB_EBUSY);
	assert_int_equal(atomic_load(&tool.counts->requests), sent);
	ms = cbi_http_waits(&second.ctx, second.http, "ci");
	assert_in_range(ms, 115000, 120000);
	assert_int_equal(get(&second, "scm", "/ok"), CB_OK);
	leave_host(&first);
	leave_host(&second);
}

static void a_budget_is_the_fleets(void **state)
{
	struct asking hosts[2];
	int64_t done;
	int ok = 0;

	(void)state;
	enter_host(&hosts[0]);
	enter_host(&hosts[1]);
	assert_int_equal(cbi_redis_eval(&hosts[0].ctx,
	                                "redis.call('FLUSHALL') return 1", "-",
	                                NULL, 0, &done),
	                 CB_OK);
	for (int i = 0; i < 30; i++)
		ok += get(&hosts[i % 2], "ci", "/ok") == CB_OK;
	assert_int_equal(ok, 10);
	leave_host(&hosts[0]);
	leave_host(&hosts[1]);
}

static void without_redis_each_host_counts_alone(void **state)
{
	struct asking hosts[2];
	int ok = 0;

	(void)state;
	stores_stop(STORES_REDIS);
	enter_host(&hosts[0]);
	enter_host(&hosts[1]);
	for (int i = 0; i < 60; i++)
		ok += get(&hosts[i % 2], "ci", "/ok") == CB_OK;
	/* A minute may turn meanwhile. */
	assert_in_range(ok, 20, 40);
	leave_host(&hosts[0]);
	leave_host(&hosts[1]);
}

static int start(void **state)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	signal(SIGPIPE, SIG_IGN); /* as every process of the house */
	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	rc = cbi_redis_setup(&ctx, stores_start(STORES_REDIS)->redis, 2000);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rc ? rc : ask_start(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_429_is_known_to_all_hosts),
		cmocka_unit_test(a_budget_is_the_fleets),
		cmocka_unit_test(without_redis_each_host_counts_alone),
	};

	return cmocka_run_group_tests(tests, start, ask_stop);
}
