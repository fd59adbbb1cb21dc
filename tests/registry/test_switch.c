/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/board.h"
#include "db/db.h"
#include "registry/registry.h"
#include "tests/lib/lane.h"
#include "tests/lib/stores.h"

static struct lane lane;
static const char *conninfo;
static struct cbi_registry *registry;

static int set_up(void **state)
{
	static const char manifests[] =
	    "{\"format\":1,\"plugins\":[{\"name\":\"oncall\",\"tier\":"
	    "\"native\",\"version\":\"1.0.0\",\"summary\":\"S\",\"file\":"
	    "\"/oncall.so\",\"pool\":\"tools\",\"abi\":\"1.0\",\"state\":"
	    "\"checked\",\"reason\":\"\"},{\"name\":\"old\",\"tier\":"
	    "\"native\",\"version\":\"\",\"pool\":\"tools\",\"state\":"
	    "\"refused\",\"reason\":\"built for ABI 0.9, this host speaks "
	    "1.0\"}]}";
	static int n;
	char name[16], path[96];
	FILE *file;

	(void)state;
	snprintf(name, sizeof(name), "switch%d", n++);
	conninfo = lane_migrated(name);
	lane_open(&lane);
	snprintf(path, sizeof(path), "%s/registry.json", stores_start(0)->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(manifests, file);
	fclose(file);
	assert_int_equal(
	    cbi_registry_create(&lane.ctx, path, NULL, 0, NULL, &registry),
	    CB_OK);
	lane.ctx.actor = "unix:ada";
	strcpy(lane.ctx.request_id, "req-1");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	lane_next(&lane);
	cbi_registry_destroy(registry);
	lane_close(&lane);
	cbi_db_shutdown();
	return 0;
}

static uint64_t turn(const char *name, bool wanted, const char *reason)
{
	uint64_t number = 99;
	int rc = cbi_registry_switch(&lane.ctx, registry, name, wanted, reason,
	                             &number);

	if (rc != CB_OK)
		fail_msg("%s", cb_failure(&lane.ctx));
	return number;
}

static void a_switch_is_row_change_and_audit_in_one(void **state)
{
	(void)state;
	assert_int_equal(turn("oncall", false, "on holiday"), 1);
	assert_string_equal(
	    stores_sql(conninfo, "select name, wanted, changed_by, reason from "
	                         "callboard.plugin"),
	    "oncall|f|unix:ada|on holiday");
	assert_string_equal(stores_sql(conninfo,
	                               "select number, registry, cause from "
	                               "callboard.change"),
	                    "1|t|plugin.disable oncall");
	assert_string_equal(
	    stores_sql(conninfo, "select actor, action, object, before is "
	                         "null, after, request_id from "
	                         "callboard.audit"),
	    "unix:ada|plugin.disable|oncall|t|{\"wanted\":false,"
	    "\"quarantined\":false,\"reason\":\"on holiday\"}|req-1");
	assert_int_equal(turn("oncall", true, ""), 2);
	assert_string_equal(
	    stores_sql(conninfo, "select before from callboard.audit where "
	                         "action = 'plugin.enable'"),
	    "{\"wanted\":false,\"quarantined\":false,\"reason\":\"on "
	    "holiday\"}");
}

static void what_is_so_already_is_not_written(void **state)
{
	(void)state;
	assert_int_equal(turn("oncall", true, ""), 0);
	assert_int_equal(turn("oncall", false, ""), 1);
	assert_int_equal(turn("oncall", false, "again"), 0);
	assert_string_equal(
	    stores_sql(conninfo, "select count(*) from callboard.audit"), "1");
}

static void enabling_ends_a_quarantine(void **state)
{
	int plugin = cbi_board_plugin("oncall");

	(void)state;
	stores_sql(conninfo, "insert into callboard.plugin (name, changed_by, "
	                     "quarantined_at) values ('oncall', 'x', now())");
	assert_int_equal(turn("oncall", true, ""), 1);
	assert_string_equal(
	    stores_sql(conninfo, "select wanted, quarantined_at is null from "
	                         "callboard.plugin"),
	    "t|t");
	/* One that this host knows of alone, a moment ago. */
	atomic_store(&cbi_board()->plugins[plugin].quarantined_at, 1);
	assert_int_equal(turn("oncall", true, ""), 2);
	atomic_store(&cbi_board()->plugins[plugin].quarantined_at, 0);
}

static void an_unknown_plugin_is_not_switched(void **state)
{
	uint64_t number;

	(void)state;
	assert_int_equal(cbi_registry_switch(&lane.ctx, registry, "absent",
	                                     false, "", &number),
	                 CB_ENOENT);
	assert_string_equal(cb_failure(&lane.ctx), "no plugin 'absent'");
	cb_failure_clear(&lane.ctx);
	assert_int_equal(cbi_registry_switch(&lane.ctx, registry,
	                                     "'; drop table", false, "",
	                                     &number),
	                 CB_EINVAL);
	cb_failure_clear(&lane.ctx);
	assert_string_equal(
	    stores_sql(conninfo, "select count(*) from callboard.plugin"), "0");
}

static void a_heartbeat_says_what_the_host_runs(void **state)
{
	(void)state;
	stores_sql(conninfo, "insert into callboard.plugin_instance (host, "
	                     "pool, name, version, state, seen_at) values "
	                     "('h1', 'tools', 'gone', '1', 'running', now() - "
	                     "interval '1 hour'), ('h2', 'tools', 'gone', '1', "
	                     "'running', now() - interval '1 hour')");
	assert_int_equal(cbi_registry_heartbeat(&lane.ctx, registry, "h1"),
	                 CB_OK);
	assert_string_equal(
	    stores_sql(conninfo,
	               "select string_agg(name || ' ' || state || ' ' || "
	               "reason, ', ' order by name) from "
	               "callboard.plugin_instance where host = 'h1'"),
	    "old refused built for ABI 0.9, this host speaks 1.0, oncall "
	    "checked ");
	/* Other hosts' rows are theirs. */
	assert_string_equal(stores_sql(conninfo,
	                               "select count(*) from "
	                               "callboard.plugin_instance where host = "
	                               "'h2'"),
	                    "1");
	assert_int_equal(cbi_registry_heartbeat(&lane.ctx, registry, "h1"),
	                 CB_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_switch_is_row_change_and_audit_in_one),
		TEST(what_is_so_already_is_not_written),
		TEST(enabling_ends_a_quarantine),
		TEST(an_unknown_plugin_is_not_switched),
		TEST(a_heartbeat_says_what_the_host_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
