/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "prefs/prefs.h"
#include "tests/lib/lane.h"

#define ADA "user:default/ada"
#define BOB "user:default/bob"

static struct lane lane;
static const struct cbi_pref stars = { "starred", "a/b c" };

static int setup(void **state)
{
	(void)state;
	lane_migrated("prefs");
	lane_open(&lane);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lane_close(&lane);
	cbi_db_shutdown();
	return 0;
}

static struct cb_ctx *next(void)
{
	lane_next(&lane);
	lane.ctx.actor = ADA;
	return &lane.ctx;
}

static const char *get(const char *user, const struct cbi_pref *pref)
{
	const char *value = "?";

	assert_int_equal(cbi_prefs_get(next(), user, pref, &value), CB_OK);
	return value;
}

static void set(const char *user, const struct cbi_pref *pref,
                const char *value)
{
	assert_int_equal(cbi_prefs_set(next(), user, pref, value, "::1"),
	                 CB_OK);
}

static int64_t audited(const char *action)
{
	struct cbi_db_result *result;

	assert_int_equal(
	    cbi_db_query_text(next(),
	                      "select count(*), coalesce(max(after), '-') from "
	                      "callboard.audit where action = $1 and actor = "
	                      "'" ADA "' and object = 'starred/a/b c'",
	                      &action, 1, &result),
	    CB_OK);
	assert_string_equal(cbi_db_text(result, 0, 1), "-");
	return cbi_db_int(result, 0, 0);
}

static void each_has_his_own(void **state)
{
	(void)state;
	assert_null(get(ADA, &stars));
	set(ADA, &stars, "[1]");
	set(BOB, &stars, "{\"x\":null}");
	assert_string_equal(get(ADA, &stars), "[1]");
	assert_string_equal(get(BOB, &stars), "{\"x\":null}");
	set(ADA, &stars, "2");
	assert_string_equal(get(ADA, &stars), "2");
	assert_int_equal(cbi_prefs_delete(next(), ADA, &stars, NULL), CB_OK);
	assert_null(get(ADA, &stars));
	assert_string_equal(get(BOB, &stars), "{\"x\":null}");
}

static void what_changes_is_audited_without_its_value(void **state)
{
	int64_t set_before = audited("user-settings.set");
	int64_t dropped = audited("user-settings.delete");

	(void)state;
	set(ADA, &stars, "7");
	set(ADA, &stars, "7");
	assert_int_equal(audited("user-settings.set"), set_before + 1);
	assert_int_equal(cbi_prefs_delete(next(), ADA, &stars, NULL), CB_OK);
	assert_int_equal(cbi_prefs_delete(next(), ADA, &stars, NULL), CB_OK);
	assert_int_equal(audited("user-settings.delete"), dropped + 1);
}

static void there_are_limits(void **state)
{
	char *large = calloc(1, CB_PREFS_VALUE_MAX + 2);
	const struct cbi_pref nameless = { "", "x" };
	const struct cbi_pref keyless = { "x", "" };
	const char *value;
	struct cb_ctx *ctx;

	(void)state;
	memset(large, '1', CB_PREFS_VALUE_MAX + 1);
	assert_int_equal(cbi_prefs_set(next(), ADA, &stars, large, NULL),
	                 CB_ETOOBIG);
	free(large);
	assert_int_equal(cbi_prefs_get(next(), ADA, &nameless, &value),
	                 CB_EINVAL);
	assert_int_equal(cbi_prefs_delete(next(), ADA, &keyless, NULL),
	                 CB_EINVAL);
	ctx = next();
	assert_int_equal(
	    cbi_db_query_text(ctx,
	                      "insert into callboard.user_setting (user_ref, "
	                      "bucket, key, value) select '" BOB "', 'many', "
	                      "n::text, '1' from generate_series(2, 500) n",
	                      NULL, 0, NULL),
	    CB_OK);
	assert_int_equal(cbi_prefs_set(next(), BOB,
	                               &(struct cbi_pref){ "many", "more" },
	                               "1", NULL),
	                 CB_ETOOBIG);
	assert_null(get(BOB, &(struct cbi_pref){ "many", "more" }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_his_own),
		cmocka_unit_test(what_changes_is_audited_without_its_value),
		cmocka_unit_test(there_are_limits),
	};

	return cmocka_run_group_tests_name("prefs", tests, setup, teardown);
}
