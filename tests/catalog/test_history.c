/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of catalog/history.c and restore.c: every version is listed and can
 * be had, what somebody registered comes back, and old versions go.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "catalog/history.h"
#include "catalog/location.h"
#include "catalog/past.h"
#include "catalog/view.h"
#include "tests/catalog/yard.h"

#define REF "component:default/r"
#define OF_REF " from callboard.entity_history where ref = '" REF "'"

static struct yard yard;
static char target[200], location_ref[80];

static int begin(void **state)
{
	static int number;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "history%d", number++);
	yard_open(&yard, name);
	yard.in.n = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	yard_close(&yard);
	return 0;
}

static struct cb_ctx *person(void)
{
	lane_next(&yard.lane);
	yard.lane.ctx.actor = "user:default/ada";
	yard.lane.ctx.scope.all = true;
	return &yard.lane.ctx;
}

/* The file's location, registered by somebody. */
static void enter(const char *text)
{
	struct cbi_location_wish wish = { .type = "file", .target = target };
	struct cbi_location location;
	uint64_t number;

	snprintf(target, sizeof(target), "%s/reg.yaml", yard.dir);
	yard_file(&yard, "reg.yaml", text);
	assert_int_equal(cbi_location_add(person(), &wish, &location, &number),
	                 CB_OK);
	snprintf(location_ref, sizeof(location_ref), "%s", location.entity_ref);
	yard_settle(&yard);
}

static void leave(void)
{
	struct cbi_location location;
	uint64_t number;

	assert_int_equal(cbi_location_find(person(), "file", target, &location),
	                 CB_OK);
	assert_int_equal(
	    cbi_location_delete(&yard.lane.ctx, location.id, NULL, &number),
	    CB_OK);
	yard_settle(&yard);
}

static size_t list(struct cbi_version **out)
{
	size_t n = 0;
	bool more;

	assert_int_equal(cbi_history_list(person(), REF, 0, 50, out, &n, &more),
	                 CB_OK);
	assert_false(more);
	return n;
}

static void versions_are_listed_newest_first(void **state)
{
	struct cbi_version *v, one;
	const char *text;
	bool more;
	size_t n;

	(void)state;
	enter(COMPONENT("r", ""));
	yard_file(&yard, "reg.yaml", COMPONENT("r", ", system: s"));
	yard_settle(&yard);
	leave();
	assert_int_equal(list(&v), 3);
	assert_true(v[0].gone);
	assert_string_equal(v[0].cause, "location.delete");
	assert_string_equal(v[0].actor, "user:default/ada");
	assert_string_equal(v[1].cause, "changed");
	assert_string_equal(v[2].cause, "added");
	assert_string_equal(v[2].actor, "user:default/ada");
	assert_non_null(strstr(v[2].source, "reg.yaml"));
	assert_true(v[0].number > v[1].number && v[1].number > v[2].number);
	assert_true(v[2].to_ms >= v[2].from_ms);
	for (size_t i = 0; i < 3; i++)
		assert_false(v[i].now);

	assert_int_equal(
	    cbi_history_get(&yard.lane.ctx, REF, v[1].number, &one), CB_OK);
	assert_int_equal(cbi_history_yaml(&yard.lane.ctx, &one, &text), CB_OK);
	assert_non_null(strstr(text, "system: s\n"));
	assert_null(strstr(text, "etag"));
	assert_int_equal(
	    cbi_history_before(&yard.lane.ctx, REF, v[1].number, &one), CB_OK);
	assert_int_equal(one.number, v[2].number);
	assert_int_equal(
	    cbi_history_before(&yard.lane.ctx, REF, v[2].number, &one), CB_OK);
	assert_int_equal(one.number, 0);
	/* In pages. */
	assert_int_equal(cbi_history_list(&yard.lane.ctx, REF, v[0].number, 1,
	                                  &v, &n, &more),
	                 CB_OK);
	assert_int_equal(n, 1);
	assert_true(more);
	assert_string_equal(v[0].cause, "changed");
}

static void what_is_served_has_its_body_too(void **state)
{
	struct cbi_version *v, one;

	(void)state;
	enter(COMPONENT("r", ""));
	assert_int_equal(list(&v), 1);
	assert_true(v[0].now);
	assert_int_equal(v[0].to_ms, 0);
	assert_int_equal(
	    cbi_history_get(&yard.lane.ctx, REF, v[0].number, &one), CB_OK);
	assert_non_null(strstr(one.body.ptr, "\"uid\""));
}

static void a_version_is_what_its_time_shows(void **state)
{
	static const struct cbi_catalog catalog;
	struct cbi_version *v, one;
	struct cbi_served served;
	struct cbi_fresh fresh;

	(void)state;
	enter(COMPONENT("r", ""));
	yard_file(&yard, "reg.yaml", COMPONENT("r", ", system: s"));
	yard_settle(&yard);
	assert_int_equal(list(&v), 2);
	assert_int_equal(
	    cbi_history_get(&yard.lane.ctx, REF, v[1].number, &one), CB_OK);
	assert_int_equal(cbi_past_set(&yard.lane.ctx, one.from_ms), CB_OK);
	assert_int_equal(
	    cbi_view_by_ref(&yard.lane.ctx, &catalog, REF, &served, &fresh),
	    CB_OK);
	assert_int_equal(served.len, one.body.len);
	assert_memory_equal(served.body, one.body.ptr, one.body.len);
}

static void who_may_see_nothing_sees_no_version(void **state)
{
	struct cbi_version *v, one;
	size_t n;
	bool more;

	(void)state;
	enter(COMPONENT("r", ""));
	assert_int_equal(list(&v), 1);
	yard.lane.ctx.scope.all = false;
	assert_int_equal(
	    cbi_history_get(&yard.lane.ctx, REF, v[0].number, &one), CB_ENOENT);
	cb_failure_clear(&yard.lane.ctx);
	assert_int_equal(
	    cbi_history_list(&yard.lane.ctx, REF, 0, 5, &v, &n, &more),
	    CB_ENOENT);
	cb_failure_clear(&yard.lane.ctx);
}

static void what_somebody_registered_comes_back(void **state)
{
	struct cbi_version *v;
	uint64_t number;
	int64_t version;

	(void)state;
	enter(COMPONENT("r", ", system: s"));
	leave();
	yard_assert_served(&yard, "");
	assert_int_equal(list(&v), 2);
	version = v[1].number; /* v goes with the next settling */
	assert_null(cbi_history_restore_why(&yard.lane.ctx, REF, &v[1]));
	assert_int_equal(cbi_history_restore(&yard.lane.ctx, REF, version,
	                                     "10.0.0.7", &number),
	                 CB_OK);
	yard_settle(&yard);
	yard_assert_served(&yard, REF);
	yard_assert_text(&yard, REF, "spec.system", "s");
	yard_assert_sql(&yard,
	                "select body::jsonb #>> '{metadata,annotations,"
	                "callboard.dev/restored-by}' from callboard.entity "
	                "where ref = '" REF "'",
	                "user:default/ada");
	yard_assert_sql(&yard,
	                "select actor || ' ' || object || ' ' || after || ' ' "
	                "|| address from callboard.audit where action = "
	                "'entity.restore'",
	                cb_printf(&yard.lane.ctx,
	                          "user:default/ada " REF
	                          " {\"version\":%lld} 10.0.0.7",
	                          (long long)version));
	assert_int_equal(list(&v), 3);
	assert_string_equal(v[0].cause, "restored");
	assert_string_equal(v[0].actor, "user:default/ada");

	/* It is there: its own versions cannot be put over it. */
	assert_int_equal(cbi_history_restore(&yard.lane.ctx, REF, v[2].number,
	                                     NULL, &number),
	                 CB_ECONFLICT);
	cb_failure_clear(&yard.lane.ctx);
}

static void a_source_takes_over_what_was_restored(void **state)
{
	struct cbi_version *v;
	uint64_t number;

	(void)state;
	enter(COMPONENT("r", ", system: s"));
	leave();
	assert_int_equal(list(&v), 2);
	assert_int_equal(cbi_history_restore(&yard.lane.ctx, REF, v[1].number,
	                                     NULL, &number),
	                 CB_OK);
	yard_settle(&yard);
	enter(COMPONENT("r", ", system: t"));
	yard_assert_text(&yard, REF, "spec.system", "t");
	yard_assert_no_trouble(&yard);
	assert_int_equal(cbi_history_settle(person()), CB_OK);
	yard_assert_sql(&yard,
	                "select count(*) from callboard.edge where provider = "
	                "'restored'",
	                "0");
	/* So it goes with its source. */
	leave();
	yard_assert_served(&yard, "");
}

static void a_location_is_registered_again(void **state)
{
	struct cbi_location location;
	struct cbi_version *v;
	uint64_t number;
	bool more;
	size_t n;

	(void)state;
	enter(COMPONENT("r", ""));
	leave();
	assert_int_equal(
	    cbi_history_list(person(), location_ref, 0, 9, &v, &n, &more),
	    CB_OK);
	assert_int_equal(n, 2);
	assert_int_equal(cbi_history_restore(&yard.lane.ctx, location_ref,
	                                     v[1].number, NULL, &number),
	                 CB_OK);
	assert_true(number > 0);
	assert_int_equal(
	    cbi_location_find(&yard.lane.ctx, "file", target, &location),
	    CB_OK);
	yard_settle(&yard);
	yard_assert_served(&yard, REF);
}

static void what_the_config_lists_is_the_configs(void **state)
{
	struct cbi_version *v;
	uint64_t number;

	(void)state;
	yard.in.n = 1;
	yard_file(&yard, "all.yaml", COMPONENT("r", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	yard_file(&yard, "all.yaml", GROUP("other"));
	yard_settle(&yard);
	assert_int_equal(list(&v), 2);
	assert_int_equal(cbi_history_restore(&yard.lane.ctx, REF, v[1].number,
	                                     NULL, &number),
	                 CB_ECONFLICT);
	assert_non_null(strstr(cb_failure(&yard.lane.ctx), "configuration"));
	cb_failure_clear(&yard.lane.ctx);
	assert_int_equal(cbi_history_restore(&yard.lane.ctx, REF, v[0].number,
	                                     NULL, &number),
	                 CB_ECONFLICT);
	assert_non_null(strstr(cb_failure(&yard.lane.ctx), "deletion"));
	cb_failure_clear(&yard.lane.ctx);
	assert_int_equal(
	    cbi_history_restore(&yard.lane.ctx, REF, 987654, NULL, &number),
	    CB_ENOENT);
	cb_failure_clear(&yard.lane.ctx);
}

static void old_versions_go_and_the_newest_stays(void **state)
{
	size_t removed;

	(void)state;
	enter(COMPONENT("r", ""));
	for (int i = 0; i < 5; i++) {
		yard_file(&yard, "reg.yaml",
		          i % 2 ? COMPONENT("r", "")
		                : COMPONENT("r", ", system: s"));
		yard_settle(&yard);
	}
	yard_assert_sql(&yard, "select count(*)" OF_REF, "6");
	yard_sql(&yard, "update callboard.entity_history set"
	                " valid_from = valid_from - interval '10 days',"
	                " valid_to = valid_to - interval '9 days'"
	                " where valid_to is not null");
	assert_int_equal(
	    cbi_history_expire(person(), 20 * 86400000LL, 500, &removed),
	    CB_OK);
	assert_int_equal(removed, 0);
	yard_assert_sql(&yard,
	                "select history_from is null from "
	                "callboard.catalog_state",
	                "t");
	/* In small batches. */
	assert_int_equal(cbi_history_expire(person(), 86400000, 3, &removed),
	                 CB_OK);
	assert_int_equal(removed, 3);
	assert_int_equal(cbi_history_expire(person(), 86400000, 500, &removed),
	                 CB_OK);
	assert_int_equal(removed, 2);
	yard_assert_sql(&yard, "select count(*)" OF_REF, "1");
	yard_assert_served(&yard, REF);
	yard_assert_sql(&yard,
	                "select history_from between now() - interval '25 "
	                "hours' and now() - interval '23 hours' from "
	                "callboard.catalog_state",
	                "t");
	assert_int_equal(cbi_history_expire(person(), 86400000, 500, &removed),
	                 CB_OK);
	assert_int_equal(removed, 0);
}

static void of_the_deleted_nothing_is_left(void **state)
{
	size_t removed;

	(void)state;
	enter(COMPONENT("r", ""));
	leave();
	yard_sql(&yard, "update callboard.entity_history set"
	                " valid_from = valid_from - interval '10 days',"
	                " valid_to = valid_to - interval '10 days'");
	assert_int_equal(cbi_history_expire(person(), 86400000, 500, &removed),
	                 CB_OK);
	assert_int_equal(removed, 4);
	yard_assert_sql(&yard, "select count(*) from callboard.entity_history",
	                "0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(versions_are_listed_newest_first),
		TEST(what_is_served_has_its_body_too),
		TEST(a_version_is_what_its_time_shows),
		TEST(who_may_see_nothing_sees_no_version),
		TEST(what_somebody_registered_comes_back),
		TEST(a_source_takes_over_what_was_restored),
		TEST(a_location_is_registered_again),
		TEST(what_the_config_lists_is_the_configs),
		TEST(old_versions_go_and_the_newest_stays),
		TEST(of_the_deleted_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
