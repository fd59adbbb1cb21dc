/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_reach.c - where fills and probes may go, and what probes tell.
 */
#include "tests/host/host_test.h"

static int fill(const char *key)
{
	struct cb_buf out;
	int rc;

	cbi_buf_init(&out, 1024);
	rc = cbi_host_fill(&ctx, host, "tool", "thing", key, &out);
	cbi_buf_finish(&out);
	return rc;
}

static void assert_denied(const char *key, const char *failure)
{
	assert_int_equal(fill(key), CB_EDENIED);
	assert_string_equal(cb_failure(&ctx), failure);
	cb_failure_clear(&ctx);
}

static void a_fill_reaches_its_own_connection_alone(void **state)
{
	static struct cbi_http_place place;
	json_t *connections;
	int rc;

	(void)state;
	open_anew("connections:\n"
	          "  one: {baseUrl: 'http://127.0.0.1:9'}\n"
	          "  two: {baseUrl: 'http://127.0.0.1:9'}\n"
	          "tool: {url: one}\n");
	connections = cbi_config_get(config, "connections");
	assert_int_equal(cbi_http_create(&ctx, connections, &place.http),
	                 CB_OK);
	place.arg = host;
	place.policy = cbi_host_http_policy;
	cbi_http_open_to_plugins(&place);
	assert_denied("two:/x", "source 'thing' reaches connection 'one' "
	                        "only, not two");
	assert_denied("http://example.com/", "source 'thing' reaches "
	                                     "connection 'one' only, not a "
	                                     "plain address");
	/* Its own is let through, to where loopback is not allowed. */
	rc = fill(":");
	assert_int_equal(rc, CB_EDENIED);
	assert_null(strstr(cb_failure(&ctx), "reaches connection"));
	cb_failure_clear(&ctx);
	lane_again();
	cbi_http_destroy(place.http);
	memset(&place, 0, sizeof(place));
	cbi_http_open_to_plugins(&place);
}

/* ---- Probes ------------------------------------------------------------- */

static void aim(const char *url)
{
	char more[128];

	snprintf(more, sizeof(more), "tool: {url: '%s'}\n", url);
	open_anew(more);
}

static struct cbi_plugin_health probed(const char *url)
{
	struct cbi_plugin_health health;

	aim(url);
	(void)cbi_host_probe(&ctx, host);
	assert_int_equal(cb_failure_code(&ctx), CB_OK);
	assert_null(ctx.host);
	cbi_health_look(&ctx, entry_of("tool"), &health);
	return health;
}

static void a_probe_tells_the_board(void **state)
{
	struct cbi_plugin_health health;

	(void)state;
	health = probed("https://well.example");
	assert_int_equal(health.state, CBI_HEALTH_GOOD);
	assert_true(health.probed_ms > cbi_clock_wall_ms() - 10000);
	assert_string_equal(health.ailment, "");
	health = probed("https://mute.example");
	assert_int_equal(health.state, CBI_HEALTH_BAD);
	assert_string_equal(health.ailment, "probe returned EUPSTREAM");
	/* Cards are drawn all the same, and one without a probe is unknown. */
	assert_int_equal(draw("tool", "main", entity_of(entity_body)).outcome,
	                 CBI_CARD_DRAWN);
	cbi_health_look(&ctx, entry_of("plain"), &health);
	assert_int_equal(health.state, CBI_HEALTH_UNKNOWN);
}

static void a_probe_reaches_its_own_tool_alone(void **state)
{
	static struct cbi_http_place place;
	struct cbi_plugin_health health;

	(void)state;
	assert_int_equal(cbi_http_create(&ctx, NULL, &place.http), CB_OK);
	place.policy = cbi_host_http_policy;
	cbi_http_open_to_plugins(&place);
	/* Let through by us, and stopped at the door to loopback. */
	health = probed("http://127.0.0.1:9");
	assert_int_equal(health.state, CBI_HEALTH_BAD);
	assert_non_null(strstr(health.ailment, "127.0.0.1"));
	assert_null(strstr(health.ailment, "a probe reaches"));
	health = probed("https://stray.example");
	assert_int_equal(health.state, CBI_HEALTH_BAD);
	assert_non_null(strstr(health.ailment, "other.example"));
	lane_again();
	cbi_http_destroy(place.http);
	memset(&place, 0, sizeof(place));
	cbi_http_open_to_plugins(&place);
}

/* This process would end here if it were asked again. */
static void a_probe_that_crashed_is_left_alone(void **state)
{
	struct cbi_plugin_health health;

	(void)state;
	aim("https://crash.example");
	strcpy(ctx.request_id, "probe");
	cbi_board_note_dead("probe", entry_of("tool")->board);
	assert_int_equal(cbi_host_probe(&ctx, host), 1);
	cbi_health_look(&ctx, entry_of("tool"), &health);
	assert_int_equal(health.state, CBI_HEALTH_BAD);
	assert_non_null(strstr(health.ailment, "crashed"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fill_reaches_its_own_connection_alone),
		TEST(a_probe_tells_the_board),
		TEST(a_probe_reaches_its_own_tool_alone),
		TEST(a_probe_that_crashed_is_left_alone),
	};

	return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}
