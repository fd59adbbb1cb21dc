/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_overview.c - what somebody who looks after the catalog is shown.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "catalog/overview.h"
#include "json/json.h"
#include "tests/catalog/yard.h"

static struct yard yard;

static int begin(void **state)
{
	static int number;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "overview%d", number++);
	yard_open(&yard, name);
	yard.lane.ctx.scope.all = true;
	return 0;
}

static int end(void **state)
{
	(void)state;
	yard_close(&yard);
	return 0;
}

static size_t rows(enum cbi_overview_list list, const char *text,
                   struct cbi_overview_row **out)
{
	const struct cbi_overview_ask ask = { .list = list,
		                              .text = text,
		                              .limit = 50 };
	size_t n;

	if (cbi_overview_rows(&yard.lane.ctx, &ask, out, &n) < 0)
		fail_msg("%s", cb_failure(&yard.lane.ctx));
	return n;
}

static int64_t count(enum cbi_overview_list list, const char *text)
{
	struct cbi_overview_counts counts;

	if (cbi_overview_count(&yard.lane.ctx, text, &counts) < 0)
		fail_msg("%s", cb_failure(&yard.lane.ctx));
	return counts.of[list];
}

static void errors_say_since_when(void **state)
{
	struct cbi_overview_row *row;
	int64_t since;

	(void)state;
	yard_file(&yard, "all.yaml", GROUP("team") COMPONENT("a", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	assert_int_equal(rows(CBI_OVERVIEW_ERRORS, "", &row), 0);

	yard_file(&yard, "all.yaml", "kind: [\n");
	yard_settle(&yard);
	assert_int_equal(rows(CBI_OVERVIEW_ERRORS, "", &row), 1);
	since = row->since_ms;
	assert_true(since > 0);
	assert_int_equal(json_array_size(row->errors), 1);

	/* Another error is the same trouble, still. */
	yard_file(&yard, "all.yaml", "kind: {\n");
	yard_settle(&yard);
	assert_int_equal(rows(CBI_OVERVIEW_ERRORS, "", &row), 1);
	assert_int_equal(row->since_ms, since);

	yard_file(&yard, "all.yaml", GROUP("team") COMPONENT("a", ""));
	yard_settle(&yard);
	assert_int_equal(rows(CBI_OVERVIEW_ERRORS, "", &row), 0);
	yard_assert_sql(&yard,
	                "select count(*) from node where errors_at is not null",
	                "0");
}

static void texts_choose_and_pages_turn(void **state)
{
	struct cbi_overview_ask ask = { .list = CBI_OVERVIEW_LOCATIONS,
		                        .text = "",
		                        .limit = 1,
		                        .offset = 1 };
	struct cbi_overview_row *row;
	size_t n;

	(void)state;
	yard_file(&yard, "all.yaml", LOCATION("l", "./a.yaml"));
	yard_file(&yard, "a.yaml", GROUP("team") COMPONENT("a", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	assert_int_equal(count(CBI_OVERVIEW_LOCATIONS, ""), 2);
	assert_int_equal(rows(CBI_OVERVIEW_LOCATIONS, "DEFAULT/L", &row), 1);
	assert_string_equal(row->ref, "location:default/l");
	assert_string_equal(row->provider, "");
	assert_int_equal(row->brings, 2);
	assert_true(row->due_ms > 0);
	assert_true(row->visible);
	assert_int_equal(rows(CBI_OVERVIEW_LOCATIONS, "'; select %", &row), 0);
	assert_int_equal(cbi_overview_rows(&yard.lane.ctx, &ask, &row, &n),
	                 CB_OK);
	assert_int_equal(n, 1);
	assert_string_equal(row->ref, "location:default/l");
}

static void what_waits_and_what_nothing_brings_in(void **state)
{
	struct cbi_overview_row *row;

	(void)state;
	yard.in.keep_orphans = true;
	yard_file(&yard, "all.yaml", GROUP("team") COMPONENT("a", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	yard_file(&yard, "all.yaml", "");
	yard_settle(&yard);
	assert_int_equal(rows(CBI_OVERVIEW_WAITING, "", &row), 1);
	assert_true(row->waits);
	assert_int_equal(count(CBI_OVERVIEW_WAITING, ""), 1);
	assert_int_equal(count(CBI_OVERVIEW_ORPHANS, ""), 0);

	assert_int_equal(cbi_ingest_confirm(&yard.lane.ctx, row->ref, NULL),
	                 CB_OK);
	yard_settle(&yard);
	assert_int_equal(count(CBI_OVERVIEW_WAITING, ""), 0);
	assert_int_equal(rows(CBI_OVERVIEW_ORPHANS, "component", &row), 1);
	assert_string_equal(row->ref, "component:default/a");
}

static void who_does_not_see_everything_sees_none(void **state)
{
	struct cbi_overview_row *row;

	(void)state;
	yard_file(&yard, "all.yaml", "kind: [\n");
	yard_sync(&yard);
	yard_settle(&yard);
	assert_int_equal(count(CBI_OVERVIEW_ERRORS, ""), 1);
	yard.lane.ctx.scope.all = false;
	assert_int_equal(count(CBI_OVERVIEW_ERRORS, ""), 0);
	assert_int_equal(rows(CBI_OVERVIEW_ERRORS, "", &row), 0);
}

static void a_provider_that_is_not_there_does_not_run(void **state)
{
	(void)state;
	assert_int_equal(
	    cbi_overview_run(&yard.lane.ctx, "github:none", "run", NULL),
	    CB_ENOENT);
	yard_assert_sql(&yard,
	                "select count(*) from audit where action = "
	                "'provider.run'",
	                "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(errors_say_since_when, begin,
		                                end),
		cmocka_unit_test_setup_teardown(texts_choose_and_pages_turn,
		                                begin, end),
		cmocka_unit_test_setup_teardown(
		    what_waits_and_what_nothing_brings_in, begin, end),
		cmocka_unit_test_setup_teardown(
		    who_does_not_see_everything_sees_none, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_provider_that_is_not_there_does_not_run, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
