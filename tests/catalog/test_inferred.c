/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of catalog/inferred.c: what was inferred is taken for good, says which
 * fields nobody said, gives way to a source, and goes with its repository's
 * own description.
 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "catalog/inferred.h"
#include "catalog/uproot.h"
#include "db/db.h"
#include "tests/catalog/yard.h"

#define REPO "https://host.test/acme/shop"
#define REF "component:default/shop"
#define HELD "select count(*) from callboard.edge where provider = 'inferred'"

static struct yard yard;
static json_t *proposal;

static int begin(void **state)
{
	static int number;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "inferred%d", number++);
	yard_open(&yard, name);
	yard_file(&yard, "all.yaml", GROUP("team"));
	yard_sync(&yard);
	yard_settle(&yard);
	proposal = json_pack(
	    "{s:{s:s, s:s, s:{s:s, s:{s:s}}, s:{s:s, s:s, s:s, s:[s]}},"
	    " s:[{s:s, s:s, s:s}, {s:s, s:s, s:s}, {s:s, s:s, s:s},"
	    " {s:s, s:s}, {s:s, s:s, s:s}]}",
	    "entity", "apiVersion", "backstage.io/v1alpha1", "kind",
	    "Component", "metadata", "name", "shop", "annotations",
	    "callboard.io/inferred-from", "old", "spec", "type", "service",
	    "owner", "team", "lifecycle", "unknown", "providesApis", "shop-api",
	    "fields", "field", "metadata.name", "value", "shop", "description",
	    "its name", "field", "spec.type", "value", "service", "description",
	    "Dockerfile", "field", "spec.owner", "value", "team", "description",
	    "CODEOWNERS, line 1", "field", "spec.lifecycle", "description",
	    "nothing says it", "field", "spec.providesApis", "value", "x",
	    "description", "beside it");
	return 0;
}

static int end(void **state)
{
	(void)state;
	json_decref(proposal);
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

static int confirm(struct cbi_inferred_wish wish)
{
	const char *ref = NULL;
	int rc;

	wish.proposal = proposal;
	if (!wish.repository)
		wish.repository = REPO;
	rc = cbi_inferred_confirm(person(), &wish, &ref);
	assert_true((rc == CB_OK) == (ref != NULL));
	return rc;
}

static void refused(struct cbi_inferred_wish wish, int code, const char *part)
{
	assert_int_equal(confirm(wish), code);
	assert_non_null(strstr(cb_failure(&yard.lane.ctx), part));
}

#define SAID(...)                          \
	(struct cbi_inferred_wish)         \
	{                                  \
		.address = "", __VA_ARGS__ \
	}

static void what_nobody_said_is_listed(void **state)
{
	(void)state;
	assert_int_equal(confirm(SAID(.type = "library", .system = "")), CB_OK);
	yard_settle(&yard);
	yard_assert_text(&yard, REF, "spec.type", "library");
	yard_assert_text(&yard, REF, "spec.providesApis", "-");
	yard_assert_sql(
	    &yard,
	    "select body::json->'metadata'->'annotations'->>"
	    "'callboard.io/inferred-from' from callboard.entity where ref = "
	    "'" REF "'",
	    "metadata.name: its name; spec.owner: CODEOWNERS, line 1; "
	    "spec.lifecycle: nothing says it");
	yard_assert_sql(&yard,
	                "select cause || ' ' || actor from "
	                "callboard.entity_history where ref = '" REF "'",
	                "confirmed user:default/ada");
	yard_assert_sql(&yard,
	                "select actor || ' ' || object from callboard.audit "
	                "where action = 'entity.confirm'",
	                "user:default/ada " REF);
}

static void a_dry_look_writes_nothing(void **state)
{
	(void)state;
	assert_int_equal(confirm(SAID(.dry = true)), CB_OK);
	yard_assert_sql(&yard, HELD, "0");
	yard_assert_sql(&yard,
	                "select count(*) from callboard.audit where action = "
	                "'entity.confirm'",
	                "0");
}

static void what_breaks_a_rule_or_is_anothers_is_refused(void **state)
{
	(void)state;
	refused(SAID(.name = "no good"), CB_EINVAL, "metadata.name");
	refused(SAID(.owner = ""), CB_EINVAL, "spec.owner");
	refused(SAID(.owner = "\xff"), CB_EINVAL, "spec.owner");
	yard_file(&yard, "all.yaml", GROUP("team") COMPONENT("taken", ""));
	yard_settle(&yard);
	refused(SAID(.name = "taken"), CB_ECONFLICT, "in the catalog already");
	assert_int_equal(confirm(SAID(.type = "x")), CB_OK);
	refused(SAID(.name = "other"), CB_ECONFLICT, REF);
	refused(SAID(.repository = REPO "2"), CB_ECONFLICT,
	        "choose another name");
	yard_assert_sql(&yard, HELD, "1");
}

static void a_source_with_the_name_takes_it_over(void **state)
{
	size_t removed;
	bool held;

	(void)state;
	assert_int_equal(confirm(SAID(.type = "x")), CB_OK);
	assert_int_equal(cbi_inferred_holds(person(), REF, &held), CB_OK);
	assert_true(held);
	yard_file(&yard, "all.yaml", GROUP("team") COMPONENT("shop", ""));
	yard_settle(&yard);
	yard_assert_text(&yard, REF, "spec.type", "service");
	assert_int_equal(cbi_inferred_holds(person(), REF, &held), CB_OK);
	assert_false(held);
	/* The file is elsewhere: nothing goes by way of the repository. */
	assert_int_equal(cbi_inferred_settle(person(), &removed), CB_OK);
	assert_int_equal(removed, 0);
}

/* As if a file of the repository had been read and brought something in. */
static void brought(const char *target)
{
	char sql[600];

	snprintf(sql, sizeof(sql),
	         "insert into callboard.refresh_key select n.id, 'url:%s' from "
	         "callboard.node n where n.ref like 'location:%%' limit 1",
	         target);
	yard_sql(&yard, sql);
	snprintf(sql, sizeof(sql),
	         "update callboard.node set source = '%s:1' where ref = "
	         "'group:default/team'",
	         target);
	yard_sql(&yard, sql);
}

static void it_goes_when_its_repository_describes_itself(void **state)
{
	static const struct {
		const char *target;
		size_t removed;
	} rows[] = {
		{ "https://host.test/acme/shop2/x.yaml", 0 },
		{ "https://host.test/acme/shop", 0 },
		{ "https://host.test/ACME/shop/blob/main/x.yaml", 1 },
		{ "https://host.test/acme/shop?path=/x.yaml", 1 },
	};
	size_t removed;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(confirm(SAID(.type = "x")), CB_OK);
		brought(rows[i].target);
		assert_int_equal(cbi_inferred_settle(person(), &removed),
		                 CB_OK);
		assert_int_equal(removed, rows[i].removed);
	}
}

static void it_is_deleted_by_its_uid(void **state)
{
	uint64_t number;
	char uid[64];

	(void)state;
	assert_int_equal(confirm(SAID(.type = "x")), CB_OK);
	yard_settle(&yard);
	snprintf(uid, sizeof(uid), "%s", yard_text(&yard, REF, "metadata.uid"));
	assert_int_equal(cbi_uproot(person(), uid, NULL, &number), CB_OK);
	assert_true(number > 0);
	yard_assert_sql(&yard, HELD, "0");
	yard_assert_text(&yard, REF, "metadata.uid", "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_nobody_said_is_listed,
		                                begin, end),
		cmocka_unit_test_setup_teardown(a_dry_look_writes_nothing,
		                                begin, end),
		cmocka_unit_test_setup_teardown(
		    what_breaks_a_rule_or_is_anothers_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_source_with_the_name_takes_it_over, begin, end),
		cmocka_unit_test_setup_teardown(
		    it_goes_when_its_repository_describes_itself, begin, end),
		cmocka_unit_test_setup_teardown(it_is_deleted_by_its_uid, begin,
		                                end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
