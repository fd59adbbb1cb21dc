/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "catalog/location.h"
#include "db/db.h"
#include "db/migrate.h"
#include "tests/lib/stores.h"

static struct stores *stores;
static struct cbi_lane lane;
static struct cb_ctx ctx;

static int begin(void **state)
{
	(void)state;
	cbi_ctx_init(&ctx, &lane);
	ctx.actor = "unix:tester";
	return 0;
}

static int end(void **state)
{
	(void)state;
	cbi_ctx_finish(&ctx);
	return 0;
}

static const char *count(const char *what)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "select count(*) from callboard.%s", what);
	return stores_sql(stores->conninfo, sql);
}

static void a_location_is_added_listed_and_deleted(void **state)
{
	const struct cbi_location *all;
	struct cbi_location added, got;
	uint64_t first = 0, second = 0;
	size_t n;

	(void)state;
	assert_int_equal(cbi_location_add(&ctx,
	                                  &(struct cbi_location_wish){
					      .type = "url",
					      .target = "https://h/a.yaml",
					      .address = "127.0.0.1" },
	                                  &added, &first),
	                 CB_OK);
	assert_true(first > 0);
	assert_string_equal(added.target, "https://h/a.yaml");
	assert_string_equal(added.entity_ref,
	                    "location:default/generated-"
	                    "2f41e7b12910c717c30438f75dfdd6c8096f9805");
	assert_int_equal(cbi_location_list(&ctx, &all, &n), CB_OK);
	assert_int_equal(n, 1);
	assert_string_equal(all[0].id, added.id);
	assert_int_equal(cbi_location_get(&ctx, added.id, &got), CB_OK);
	assert_string_equal(got.target, added.target);
	assert_string_equal(count("node where due_at is not null"), "1");
	assert_string_equal(count("edge where provider = 'store'"), "1");
	assert_string_equal(
	    count("audit where action = 'location.add' and actor = "
	          "'unix:tester' and address = '127.0.0.1'"),
	    "1");
	assert_int_equal(cbi_location_delete(&ctx, added.id, NULL, &second),
	                 CB_OK);
	assert_int_equal(second, first + 1);
	assert_string_equal(count("node"), "0");
	assert_string_equal(count("location"), "0");
	assert_string_equal(count("audit where action = 'location.delete'"),
	                    "1");
	assert_int_equal(cbi_location_delete(&ctx, added.id, NULL, &second),
	                 CB_ENOENT);
}

static void the_same_twice_is_a_conflict_or_a_refresh(void **state)
{
	struct cbi_location one, two;
	uint64_t number;

	(void)state;
	assert_int_equal(
	    cbi_location_add(&ctx,
	                     &(struct cbi_location_wish){
				 .type = "url", .target = "https://h/b.yaml" },
	                     &one, &number),
	    CB_OK);
	assert_int_equal(
	    cbi_location_add(&ctx,
	                     &(struct cbi_location_wish){
				 .type = "url", .target = "https://h/b.yaml" },
	                     &two, &number),
	    CB_ECONFLICT);
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_location_add(&ctx,
	                                  &(struct cbi_location_wish){
					      .type = "url",
					      .target = "https://h/b.yaml",
					      .refresh = true },
	                                  &two, &number),
	                 CB_OK);
	assert_string_equal(one.id, two.id);
	assert_int_equal(cbi_location_delete(&ctx, one.id, NULL, &number),
	                 CB_OK);
}

static void what_is_no_target_is_refused_and_nothing_is_written(void **state)
{
	static const struct {
		const char *type, *target;
	} rows[] = {
		{ "url", "" },
		{ "url", "not an address" },
		{ "http", "//h/x" },
		{ "a b", "https://h/x" },
		{ "", "https://h/x" },
		{ "url", "https://h/\nx" },
		{ "url", " java\tscript:alert(1)//://" },
		{ "file", "JaVaScRiPt:x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbi_location out;
		uint64_t number;

		cb_failure_clear(&ctx);
		if (cbi_location_add(
			&ctx,
			&(struct cbi_location_wish){ .type = rows[i].type,
		                                     .target = rows[i].target },
			&out, &number) != CB_EINVAL)
			fail_msg("row %zu was taken", i);
	}
	assert_string_equal(count("location"), "0");
	cb_failure_clear(&ctx);
	{
		struct cbi_location out;

		assert_int_equal(cbi_location_get(&ctx, "42", &out), CB_EINVAL);
	}
}

/* config > a, store > a; a > b; store > c > b; c > d. */
static void only_what_nobody_else_holds_goes(void **state)
{
	struct cbi_location c;
	uint64_t number;

	(void)state;
	assert_int_equal(
	    cbi_location_add(&ctx,
	                     &(struct cbi_location_wish){
				 .type = "url", .target = "https://h/c.yaml" },
	                     &c, &number),
	    CB_OK);
	stores_sql(
	    stores->conninfo,
	    "set search_path = callboard;"
	    "insert into node (ref, raw, raw_hash) values ('location:x/a', "
	    "'{}', ''), ('component:x/b', '{}', ''), ('component:x/d', '{}', "
	    "'');"
	    "insert into edge (provider, child) select 'config', id from node "
	    "where ref = 'location:x/a';"
	    "insert into edge (parent, child) select p.id, c.id from node p, "
	    "node c where p.ref = 'location:x/a' and c.ref = 'component:x/b';"
	    "insert into edge (parent, child) select p.id, c.id from node p, "
	    "node c where p.ref like '%generated%' and c.ref in "
	    "('component:x/b', 'component:x/d');"
	    "insert into relation select id, 'group:x/g', 'ownerOf', ref from "
	    "node where ref = 'component:x/d';"
	    "insert into relation select id, ref, 'ownedBy', 'group:x/g' from "
	    "node where ref = 'component:x/d';");
	assert_int_equal(cbi_location_delete(&ctx, c.id, NULL, &number), CB_OK);
	assert_string_equal(count("node"), "2");
	assert_string_equal(count("node where ref = 'component:x/b'"), "1");
	assert_string_equal(count("stitch where ref = 'group:x/g'"), "1");
	assert_string_equal(count("stitch where ref = 'component:x/d'"), "0");
}

static void refresh_makes_the_locations_above_due(void **state)
{
	(void)state;
	stores_sql(stores->conninfo, "update callboard.node set due_at = null");
	assert_int_equal(cbi_location_refresh(&ctx, "component:x/b"), CB_OK);
	assert_string_equal(
	    count("node where due_at is not null and ref = 'location:x/a'"),
	    "1");
	assert_int_equal(cbi_location_refresh(&ctx, "component:x/none"),
	                 CB_ENOENT);
}

static int start(void **state)
{
	struct cbi_db_config config = { .process = "test",
		                        .connections = 2,
		                        .prepare = true };
	int applied;
	int rc;

	(void)state;
	stores = stores_start(STORES_POSTGRES);
	config.conninfo = stores->conninfo;
	cbi_lane_init(&lane, 16 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	rc = cbi_db_setup(&ctx, &config);
	if (rc == CB_OK)
		rc = cbi_db_migrate(&ctx, stores_schema_dir(), &applied);
	if (rc < 0)
		fprintf(stderr, "%s\n", cb_failure(&ctx));
	cbi_ctx_finish(&ctx);
	return rc;
}

static int finish(void **state)
{
	(void)state;
	cbi_db_lane_finish(&lane);
	cbi_db_shutdown();
	cbi_lane_finish(&lane);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_location_is_added_listed_and_deleted, begin, end),
		cmocka_unit_test_setup_teardown(
		    the_same_twice_is_a_conflict_or_a_refresh, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_is_no_target_is_refused_and_nothing_is_written, begin,
		    end),
		cmocka_unit_test_setup_teardown(
		    only_what_nobody_else_holds_goes, begin, end),
		cmocka_unit_test_setup_teardown(
		    refresh_makes_the_locations_above_due, begin, end),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
