/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/personal.h"
#include "base/board.h"
#include "base/clock.h"
#include "catalog/fresh.h"
#include "catalog/layout.h"
#include "catalog/table.h"
#include "catalog/view.h"
#include "copy/copy.h"
#include "db/db.h"
#include "tests/catalog/shelf.h"
#include "tests/lib/stores.h"

static struct shelf shelf;

static int open_shelf(void **state)
{
	(void)state;
	shelf_open(&shelf, "follow");
	shelf_fill(&shelf);
	return 0;
}

static int close_shelf(void **state)
{
	(void)state;
	shelf_close(&shelf);
	return 0;
}

static int by_ref(const char *ref, struct cbi_served *out)
{
	struct cbi_fresh fresh;

	return cbi_view_by_ref(shelf_next(&shelf), &shelf.catalog, ref, out,
	                       &fresh);
}

/* Is the answer in the copy itself? */
static bool copied(const char *ref)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_copy_txn *txn;
	struct cbi_span value;

	assert_int_equal(cbi_copy_begin(ctx, shelf.catalog.copy, &txn), CB_OK);
	return cbi_copy_get(txn, CBI_TABLE_ENTITY, ref, strlen(ref), &value) ==
	       CB_OK;
}

static void the_copy_holds_what_postgresql_has(void **state)
{
	struct cbi_served served;
	struct cbi_board *board = cbi_board();

	(void)state;
	/* The follower made the first key, which is a change too. */
	assert_true(atomic_load(&board->copy_number) ==
	            atomic_load(&board->wanted) + 1);
	assert_true(atomic_load(&board->level_ms) > 0);
	assert_true(copied("component:default/web"));
	assert_int_equal(by_ref("component:default/web", &served), CB_OK);
	assert_int_equal(served.number, 1);
	assert_string_equal(served.etag, "W/\"e1\"");
	assert_string_equal(served.uid, "00000000-0000-4000-8000-000000000001");
	assert_memory_equal(served.body, "{\"apiVersion\":\"backstage.io", 26);
	assert_int_equal(by_ref("component:default/none", &served), CB_ENOENT);
	assert_int_equal(by_ref("", &served), CB_ENOENT);
}

static void a_change_is_read_before_and_after_it_is_copied(void **state)
{
	struct cbi_served served;

	(void)state;
	shelf_put(&shelf, "{\"kind\":\"API\",\"metadata\":{\"name\":\"late\","
	                  "\"tags\":[\"t1\"]}}");
	assert_false(copied("api:default/late"));
	assert_int_equal(by_ref("api:default/late", &served), CB_OK);
	shelf_follow(&shelf);
	assert_true(copied("api:default/late"));
	assert_int_equal(by_ref("api:default/late", &served), CB_OK);
	shelf_delete(&shelf, "api:default/late");
	assert_true(copied("api:default/late"));
	assert_int_equal(by_ref("api:default/late", &served), CB_ENOENT);
	shelf_follow(&shelf);
	assert_false(copied("api:default/late"));
	assert_int_equal(by_ref("api:default/late", &served), CB_ENOENT);
}

static void a_gap_is_built_over(void **state)
{
	struct cbi_served served;

	(void)state;
	for (int i = 0; i < 3; i++)
		shelf_put(&shelf, "{\"kind\":\"API\",\"metadata\":{\"name\":"
		                  "\"gap\"}}");
	/* What a day does. */
	stores_sql(shelf.conninfo,
	           "delete from callboard.change where number < (select "
	           "number from callboard.catalog_state)");
	shelf_follow(&shelf);
	assert_true(copied("api:default/gap"));
	assert_true(copied("component:default/web"));
	shelf_delete(&shelf, "api:default/gap");
	shelf_follow(&shelf);
	assert_int_equal(by_ref("api:default/gap", &served), CB_ENOENT);
}

static void another_database_is_another_catalog(void **state)
{
	(void)state;
	stores_sql(shelf.conninfo, "update callboard.catalog_state set id = "
	                           "gen_random_uuid()");
	stores_sql(shelf.conninfo, "delete from callboard.node where ref = "
	                           "'user:default/guest'");
	assert_true(copied("user:default/guest"));
	shelf_follow(&shelf);
	assert_false(copied("user:default/guest"));
	shelf_put(&shelf, "{\"kind\":\"User\",\"metadata\":{\"name\":"
	                  "\"guest\"}}");
	shelf_follow(&shelf);
}

/* A board that outlived its database holds nobody to the old numbers. */
static void a_database_of_smaller_numbers_is_believed(void **state)
{
	struct cbi_board *board = cbi_board();
	const uint64_t promised = atomic_load(&board->copy_number) + 1000;
	struct cbi_copy_txn *txn;

	(void)state;
	atomic_store(&board->wanted, promised);
	atomic_store(&board->registry_number, promised);
	stores_sql(shelf.conninfo, "update callboard.catalog_state set id = "
	                           "gen_random_uuid()");
	shelf_follow(&shelf);
	assert_true(atomic_load(&board->copy_number) < promised);
	assert_int_equal(atomic_load(&board->wanted),
	                 atomic_load(&board->copy_number));
	assert_true(atomic_load(&board->registry_number) <=
	            atomic_load(&board->copy_number));
	assert_int_equal(
	    cbi_fresh_copy(shelf_next(&shelf), &shelf.catalog, NULL, &txn),
	    CB_OK);
	/* Of the same database the numbers only rise. */
	shelf_put(&shelf, "{\"kind\":\"API\",\"metadata\":{\"name\":"
	                  "\"later\"}}");
	atomic_fetch_add(&board->wanted, 1);
	shelf_follow(&shelf);
	assert_int_equal(atomic_load(&board->wanted),
	                 atomic_load(&board->copy_number));
	shelf_delete(&shelf, "api:default/later");
	shelf_follow(&shelf);
}

static size_t keys_in_copy(void)
{
	struct cbi_copy_txn *txn;

	assert_int_equal(
	    cbi_copy_begin(shelf_next(&shelf), shelf.catalog.copy, &txn),
	    CB_OK);
	return cbi_copy_count(txn, CBI_TABLE_KEY);
}

static void one_signing_key_is_made_and_followed(void **state)
{
	(void)state;
	assert_string_equal(stores_sql(shelf.conninfo, "select count(*) from "
	                                               "callboard.signing_key"),
	                    "1");
	assert_int_equal(keys_in_copy(), 1);
	stores_sql(shelf.conninfo,
	           "insert into callboard.signing_key (secret) values "
	           "('\\x00ff'); with n as (update callboard.catalog_state "
	           "set number = number + 1 returning number) insert into "
	           "callboard.change (number, registry, cause) select number, "
	           "true, 'test' from n");
	assert_int_equal(
	    cbi_follow_once(shelf_next(&shelf), shelf.follower, 10), CB_OK);
	assert_int_equal(keys_in_copy(), 2);
}

/* As after a fault: what is due is looked at again. */
static void look_again(void)
{
	stores_sql(shelf.conninfo,
	           "update callboard.schema_version set number "
	           "= -number where number = (select "
	           "max(number) from callboard.schema_version)");
	assert_int_equal(
	    cbi_follow_once(shelf_next(&shelf), shelf.follower, 10), CB_EAWAY);
	stores_sql(shelf.conninfo, "update callboard.schema_version set number "
	                           "= -number where number < 0");
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    cbi_follow_once(shelf_next(&shelf), shelf.follower, 10),
		    CB_OK);
}

static size_t copied_rows(enum cbi_catalog_table table)
{
	struct cbi_copy_txn *txn;

	assert_int_equal(
	    cbi_copy_begin(shelf_next(&shelf), shelf.catalog.copy, &txn),
	    CB_OK);
	return cbi_copy_count(txn, (int)table);
}

static void expect_keys(const char *table, enum cbi_catalog_table copied_to,
                        const char *count)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "select count(*) from callboard.%s", table);
	assert_string_equal(stores_sql(shelf.conninfo, sql), count);
	assert_int_equal(copied_rows(copied_to), count[0] - '0');
}

static void keys_of_tokens_rotate_by_the_databases_clock(void **state)
{
	(void)state;
	expect_keys("token_key", CBI_TABLE_TOKEN_KEY, "1");
	assert_string_equal(
	    stores_sql(shelf.conninfo,
	               "select jwk::json->>'crv' || ' ' || (jwk::json->>'kid' "
	               "= kid) || ' ' || (expires_at - made_at between "
	               "'179 min' and '181 min') from callboard.token_key"),
	    "P-256 true true");
	look_again();
	expect_keys("token_key", CBI_TABLE_TOKEN_KEY, "1");
	stores_sql(shelf.conninfo, "update callboard.token_key set made_at = "
	                           "made_at - interval '61 minutes'");
	look_again();
	expect_keys("token_key", CBI_TABLE_TOKEN_KEY, "2");
	look_again();
	expect_keys("token_key", CBI_TABLE_TOKEN_KEY, "2");
	stores_sql(shelf.conninfo,
	           "update callboard.token_key set expires_at = "
	           "clock_timestamp() where made_at = (select min(made_at) "
	           "from callboard.token_key)");
	look_again();
	expect_keys("token_key", CBI_TABLE_TOKEN_KEY, "1");
	assert_string_equal(
	    stores_sql(shelf.conninfo,
	               "select count(*) from callboard.audit where action = "
	               "'key.rotate' and object like 'token/%' and actor = "
	               "'service:follower' and after not like '%\"d\"%'"),
	    "2");
}

static void keys_of_macs_outlive_what_they_signed(void **state)
{
	(void)state;
	stores_sql(shelf.conninfo,
	           "delete from callboard.signing_key where secret = "
	           "'\\x00ff'; update callboard.signing_key set created_at = "
	           "created_at - interval '25 hours'");
	look_again();
	expect_keys("signing_key", CBI_TABLE_KEY, "2");
	/* A cookie of its last day, on a host that heard late, lives a day. */
	stores_sql(shelf.conninfo,
	           "update callboard.signing_key set created_at = created_at - "
	           "interval '46 hours' where created_at < clock_timestamp() - "
	           "interval '1 day'");
	look_again();
	expect_keys("signing_key", CBI_TABLE_KEY, "2");
	stores_sql(shelf.conninfo,
	           "update callboard.signing_key set created_at = created_at - "
	           "interval '2 hours' where created_at < clock_timestamp() - "
	           "interval '1 day'");
	look_again();
	expect_keys("signing_key", CBI_TABLE_KEY, "1");
}

static void personal_tokens_are_followed_until_they_end(void **state)
{
	struct cbi_personal_wish wish = { .owner = "user:default/ada",
		                          .name = "desk",
		                          .days = 1 };
	struct cbi_personal_row row, *rows;
	const char *token;
	char id[40];
	uint64_t number;
	size_t n;

	(void)state;
	shelf_next(&shelf)->actor = "unix:test";
	assert_int_equal(
	    cbi_personal_create(&shelf.lane.ctx, &wish, &token, &row, &number),
	    CB_OK);
	snprintf(id, sizeof(id), "%s", row.id);
	assert_string_equal(
	    stores_sql(shelf.conninfo,
	               "select count(*) from callboard.personal_token t, "
	               "callboard.audit a where t::text || a::text ~ "
	               "'cbp_[A-Za-z0-9_-]{10}'"),
	    "0");
	atomic_store(&cbi_board()->wanted, number);
	shelf_follow(&shelf);
	assert_int_equal(copied_rows(CBI_TABLE_PERSONAL), 1);
	shelf_next(&shelf)->actor = "unix:test";
	assert_int_equal(cbi_personal_revoke(&shelf.lane.ctx, id,
	                                     "user:default/bob", NULL, &number),
	                 CB_ENOENT);
	shelf_next(&shelf)->actor = "unix:test";
	assert_int_equal(cbi_personal_used(&shelf.lane.ctx, id), CB_OK);
	assert_int_equal(
	    cbi_personal_list(&shelf.lane.ctx, "user:default/ada", &rows, &n),
	    CB_OK);
	assert_int_equal(n, 1);
	assert_int_equal(strlen(rows[0].used), 10);
	assert_int_equal(
	    cbi_personal_revoke(&shelf.lane.ctx, id, NULL, NULL, &number),
	    CB_OK);
	atomic_store(&cbi_board()->wanted, number);
	shelf_follow(&shelf);
	assert_int_equal(copied_rows(CBI_TABLE_PERSONAL), 0);
}

static const char *plugin_json(const char *name)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_copy_txn *txn;
	struct cbi_span value;

	assert_int_equal(cbi_copy_begin(ctx, shelf.catalog.copy, &txn), CB_OK);
	if (cbi_copy_get(txn, CBI_TABLE_PLUGIN, name, strlen(name), &value) < 0)
		return NULL;
	return cb_strndup(ctx, value.ptr, value.len);
}

static void quarantines_go_out_and_are_lifted(void **state)
{
	int row = cbi_board_plugin("crashy");
	struct cbi_board_plugin *plugin = &cbi_board()->plugins[row];

	(void)state;
	assert_true(row >= 0);
	assert_null(plugin_json("crashy"));
	atomic_store(&plugin->quarantined_at, cbi_clock_wall_ms());
	/* One turn to carry it out, the next to read it back. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    cbi_follow_once(shelf_next(&shelf), shelf.follower, 50),
		    CB_OK);
	assert_non_null(plugin_json("crashy"));
	assert_non_null(strstr(plugin_json("crashy"), "\"quarantined_at\":"));
	assert_int_not_equal(atomic_load(&plugin->quarantined_at), 0);
	assert_true(atomic_load(&cbi_board()->registry_number) ==
	            atomic_load(&cbi_board()->copy_number));
	/* Somebody enables it. */
	stores_sql(shelf.conninfo,
	           "update callboard.plugin set quarantined_at = null, "
	           "changed_at = clock_timestamp(); with n as (update "
	           "callboard.catalog_state set number = number + 1 returning "
	           "number) insert into callboard.change (number, registry, "
	           "cause) select number, true, 'test' from n");
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    cbi_follow_once(shelf_next(&shelf), shelf.follower, 50),
		    CB_OK);
	assert_int_equal(atomic_load(&plugin->quarantined_at), 0);
	assert_null(strstr(plugin_json("crashy"), "\"quarantined_at\":"));
}

static void without_postgresql_the_copy_goes_on(void **state)
{
	struct cbi_board *board = cbi_board();
	struct cbi_served served;
	struct cbi_fresh fresh;
	struct cb_ctx *ctx;

	(void)state;
	shelf_follow(&shelf);
	stores_stop(STORES_POSTGRES);
	assert_int_equal(
	    cbi_follow_once(shelf_next(&shelf), shelf.follower, 10), CB_EAWAY);
	/* As if time had passed. */
	atomic_fetch_sub(&board->level_ms, CB_STALE_AFTER_MS + 500);
	ctx = shelf_next(&shelf);
	assert_int_equal(cbi_view_by_ref(ctx, &shelf.catalog,
	                                 "component:default/web", &served,
	                                 &fresh),
	                 CB_OK);
	assert_true(fresh.stale);
	assert_true(fresh.age_ms > CB_STALE_AFTER_MS);
	assert_int_equal(cbi_fresh_ready(shelf_next(&shelf), &shelf.catalog),
	                 CB_OK);
	/* A portal started meanwhile has a new board and the copy's note. */
	atomic_store(&board->level_ms, 0);
	ctx = shelf_next(&shelf);
	assert_int_equal(cbi_view_by_ref(ctx, &shelf.catalog,
	                                 "component:default/web", &served,
	                                 &fresh),
	                 CB_OK);
	/* Until catalog.staleIfError. */
	shelf.catalog.stale_if_error_ms = 100;
	atomic_store(&board->level_ms, cbi_clock_ms() - 3000);
	assert_int_equal(by_ref("component:default/web", &served), CB_EAWAY);
	assert_int_equal(cbi_fresh_ready(shelf_next(&shelf), &shelf.catalog),
	                 CB_EAWAY);
	shelf.catalog.stale_if_error_ms = 3600000;
	stores_start(STORES_POSTGRES);
	for (int i = 0; i < 100; i++) {
		if (cbi_follow_once(shelf_next(&shelf), shelf.follower, 50) ==
		    CB_OK)
			break;
		usleep(20000);
	}
	assert_true(cbi_clock_ms() - atomic_load(&board->level_ms) < 1000);
	assert_int_equal(by_ref("component:default/web", &served), CB_OK);
}

static void a_second_follower_stands_by(void **state)
{
	struct cbi_copy_config config;
	struct cbi_copy *copy;
	struct cbi_follower *second;

	(void)state;
	cbi_catalog_copy_config(shelf.dir, true, &config);
	config.map_size = 64 << 20;
	assert_int_equal(cbi_copy_create(shelf_next(&shelf), &config, &copy),
	                 CB_OK);
	second = cbi_follower_create(copy);
	assert_int_equal(cbi_follow_once(shelf_next(&shelf), second, 10),
	                 CB_EBUSY);
	assert_int_equal(cb_failure_code(&shelf.lane.ctx), CB_OK);
	cbi_follower_destroy(second);
	shelf_next(&shelf);
	cbi_copy_destroy(copy);
}

static int ready(void)
{
	return cbi_fresh_ready(shelf_next(&shelf), &shelf.catalog);
}

/* While hosts are upgraded one by one: the newer release waits for its
 * schema, the older goes on with what came after it. */
static void an_older_schema_is_waited_for_a_newer_served(void **state)
{
	struct cb_ctx *ctx;

	(void)state;
	assert_int_equal(ready(), CB_OK);
	stores_sql(shelf.conninfo,
	           "update callboard.schema_version set number = -number "
	           "where number = (select max(number) from "
	           "callboard.schema_version)");
	ctx = shelf_next(&shelf);
	assert_int_equal(cbi_follow_once(ctx, shelf.follower, 10), CB_EAWAY);
	assert_non_null(strstr(cb_failure(ctx), "this release needs"));
	assert_int_equal(ready(), CB_EAWAY);
	stores_sql(shelf.conninfo, "update callboard.schema_version set number "
	                           "= -number where number < 0");
	shelf_follow(&shelf);
	assert_int_equal(ready(), CB_OK);
	stores_sql(shelf.conninfo,
	           "insert into callboard.schema_version (number, name, "
	           "checksum) values (9999, 'of the next release', '')");
	shelf_put(&shelf, "{\"kind\":\"API\",\"metadata\":{\"name\":"
	                  "\"next\"}}");
	shelf_follow(&shelf);
	assert_int_equal(ready(), CB_OK);
	assert_true(copied("api:default/next"));
	stores_sql(shelf.conninfo, "delete from callboard.schema_version "
	                           "where number = 9999");
	shelf_delete(&shelf, "api:default/next");
	shelf_follow(&shelf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_copy_holds_what_postgresql_has),
		cmocka_unit_test(
		    a_change_is_read_before_and_after_it_is_copied),
		cmocka_unit_test(a_gap_is_built_over),
		cmocka_unit_test(another_database_is_another_catalog),
		cmocka_unit_test(a_database_of_smaller_numbers_is_believed),
		cmocka_unit_test(one_signing_key_is_made_and_followed),
		cmocka_unit_test(keys_of_tokens_rotate_by_the_databases_clock),
		cmocka_unit_test(keys_of_macs_outlive_what_they_signed),
		cmocka_unit_test(personal_tokens_are_followed_until_they_end),
		cmocka_unit_test(quarantines_go_out_and_are_lifted),
		cmocka_unit_test(a_second_follower_stands_by),
		cmocka_unit_test(an_older_schema_is_waited_for_a_newer_served),
		cmocka_unit_test(without_postgresql_the_copy_goes_on),
	};

	stores_start(STORES_POSTGRES);
	return cmocka_run_group_tests(tests, open_shelf, close_shelf);
}
