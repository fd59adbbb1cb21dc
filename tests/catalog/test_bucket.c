/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_bucket.c - what an entity provider hands over comes in, changes and
 * goes; and what it may not do.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "callboard/json.h"
#include "catalog/bucket.h"
#include "catalog/kinds.h"
#include "tests/catalog/yard.h"

static struct yard yard;
/* Of the last run. */
static size_t texts, previews;
static char first[16];

#define assert_sql(...) yard_assert_sql(&yard, __VA_ARGS__)
#define assert_text(...) yard_assert_text(&yard, __VA_ARGS__)
#define assert_served(...) yard_assert_served(&yard, __VA_ARGS__)

/* A list that a test makes up: names, which of them are gone, and how it
 * ends. */
struct list {
	const char *names; /* "a b c" */
	const char *gone;
	const char *title, *key;
	enum cbi_supply what;
	int code;
	bool bare; /* without its annotations */
};

static int begin(void **state)
{
	static int number;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "bucket%d", number++);
	yard_open(&yard, name);
	return 0;
}

static int end(void **state)
{
	(void)state;
	yard_close(&yard);
	return 0;
}

static json_t *group(const char *name, size_t len, const struct list *list)
{
	json_t *entity = json_pack(
	    "{s:s, s:s, s:{s:s%, s:s}, s:{s:s, s:[]}}", "apiVersion",
	    "backstage.io/v1alpha1", "kind", "Group", "metadata", "name", name,
	    len, "title", list->title ? list->title : "t", "spec", "type",
	    "team", "children");

	if (!list->bare)
		json_object_set_new(
		    json_object_get(entity, "metadata"), "annotations",
		    json_pack("{s:s, s:s}", "backstage.io/managed-by-location",
		              "list:here",
		              "backstage.io/managed-by-origin-location",
		              "list:here"));
	return entity;
}

static int run_list(struct cb_ctx *ctx, void *arg,
                    const struct cbi_supply_run *run, enum cbi_supply *what,
                    json_t **after)
{
	const struct list *list = arg;
	const char *at = list->names;
	int rc = CB_OK;

	*what = list->what;
	while (rc == CB_OK && *at) {
		size_t len = strcspn(at, " ");

		rc = run->each(run->arg, ctx, group(at, len, list),
		               list->key ? list->key : "list:key");
		at += len + (at[len] == ' ');
	}
	if (rc == CB_OK && list->gone)
		rc = run->gone(run->arg, ctx, list->gone);
	if (rc == CB_OK && list->code)
		return cb_fail(ctx, list->code, "the list broke off");
	*after = json_pack("{s:i}", "n", 1);
	return rc;
}

static int run_named(const char *name, struct list list,
                     struct cbi_bucket_ask ask, struct cbi_bucket_done *done)
{
	const struct cbi_supplier supplier = { .name = name,
		                               .arg = &list,
		                               .run = run_list };
	struct cbi_bucket_run run = { .supplier = &supplier, .ask = ask };
	int rc = cbi_bucket_run(&yard.lane.ctx, &run);

	*done = run.done;
	texts = json_array_size(done->texts);
	previews = json_array_size(done->preview);
	cbi_str_copy(
	    first, sizeof(first),
	    cb_json_text(json_array_get(done->preview, 0), "change", "none"));
	done->texts = done->preview = NULL; /* they go with the context */
	if (rc < 0)
		cb_failure_clear(&yard.lane.ctx);
	yard_settle(&yard);
	return rc;
}

#define RUN(done, ...)                                      \
	run_named("test:one", (struct list){ __VA_ARGS__ }, \
	          (struct cbi_bucket_ask){ 0 }, done)

static void a_full_list_is_all_there_is(void **state)
{
	struct cbi_bucket_done done;

	(void)state;
	assert_int_equal(RUN(&done, .names = "a b c"), CB_OK);
	assert_int_equal(done.added, 3);
	assert_served("group:default/a group:default/b group:default/c");
	assert_int_equal(RUN(&done, .names = "a c d"), CB_OK);
	assert_int_equal(done.added, 1);
	assert_int_equal(done.same, 2);
	assert_int_equal(done.removed, 1);
	assert_served("group:default/a group:default/c group:default/d");
	assert_int_equal(RUN(&done, .names = "a c d", .title = "new"), CB_OK);
	assert_int_equal(done.changed, 3);
	assert_text("group:default/a", "metadata.title", "new");
	assert_sql("select count(*) from callboard.entity where body like"
	           " '%\"backstage.io/managed-by-location\":\"list:here\"%'",
	           "3");
}

static void the_same_list_writes_nothing(void **state)
{
	struct cbi_bucket_done done;
	char number[32];

	(void)state;
	assert_int_equal(RUN(&done, .names = "a b"), CB_OK);
	snprintf(number, sizeof(number), "%s",
	         yard_sql(&yard, "select number from callboard.catalog_state"));
	assert_int_equal(RUN(&done, .names = "a b"), CB_OK);
	assert_int_equal(done.same, 2);
	assert_sql("select number from callboard.catalog_state", number);
}

static void a_delta_removes_what_it_names(void **state)
{
	struct cbi_bucket_done done;

	(void)state;
	assert_int_equal(RUN(&done, .names = "a b c"), CB_OK);
	assert_int_equal(RUN(&done, .names = "d", .gone = "group:default/b",
	                     .what = CBI_SUPPLY_DELTA),
	                 CB_OK);
	assert_int_equal(done.removed, 1);
	assert_served("group:default/a group:default/c group:default/d");
	assert_int_equal(RUN(&done, .names = "", .gone = "group:default/zz",
	                     .what = CBI_SUPPLY_DELTA),
	                 CB_OK);
	assert_int_equal(done.removed, 0);
	assert_int_equal(RUN(&done, .names = "", .what = CBI_SUPPLY_UNCHANGED),
	                 CB_OK);
	assert_served("group:default/a group:default/c group:default/d");
}

static void a_list_that_breaks_off_removes_nothing(void **state)
{
	struct cbi_bucket_done done;

	(void)state;
	assert_int_equal(RUN(&done, .names = "a b c"), CB_OK);
	assert_int_equal(RUN(&done, .names = "a", .code = CB_EAWAY), CB_EAWAY);
	assert_int_equal(done.removed, 0);
	assert_served("group:default/a group:default/b group:default/c");
	/* An entity without its place is no entity of ours. */
	assert_int_equal(RUN(&done, .names = "x", .bare = true), CB_EINVAL);
	assert_served("group:default/a group:default/b group:default/c");
}

static void sudden_emptiness_waits_for_somebody(void **state)
{
	struct cbi_bucket_done done;

	(void)state;
	assert_int_equal(RUN(&done, .names = "a b c d e f g"), CB_OK);
	assert_int_equal(RUN(&done, .names = ""), CB_OK);
	assert_true(done.waits);
	assert_int_equal(RUN(&done, .names = "a b"), CB_OK);
	assert_true(done.waits);
	assert_int_equal(done.removed, 0);
	assert_sql("select count(*) from callboard.entity", "7");
	assert_int_equal(run_named("test:one", (struct list){ .names = "a b" },
	                           (struct cbi_bucket_ask){ .confirm = true },
	                           &done),
	                 CB_OK);
	assert_false(done.waits);
	assert_int_equal(done.removed, 5);
	assert_served("group:default/a group:default/b");
}

static void a_dry_run_writes_nothing(void **state)
{
	struct cbi_bucket_done done;

	(void)state;
	assert_int_equal(RUN(&done, .names = "a b"), CB_OK);
	assert_int_equal(run_named("test:one", (struct list){ .names = "b c" },
	                           (struct cbi_bucket_ask){ .dry = true },
	                           &done),
	                 CB_OK);
	assert_int_equal(done.added, 1);
	assert_int_equal(done.same, 1);
	assert_int_equal(done.removed, 1);
	assert_int_equal(previews, 2);
	assert_string_equal(first, "added");
	assert_served("group:default/a group:default/b");
	assert_sql(
	    "select count(*) from callboard.node where ref like 'group:%'",
	    "2");
}

static void what_another_source_has_stays_its_own(void **state)
{
	struct cbi_bucket_done done;

	(void)state;
	yard_file(&yard, "all.yaml", GROUP("a"));
	yard_sync(&yard);
	yard_settle(&yard);
	assert_int_equal(RUN(&done, .names = "a b"), CB_OK);
	assert_int_equal(done.taken, 1);
	assert_int_equal(texts, 1);
	assert_text("group:default/a", "metadata.title", "-");
	/* Nor does the provider take it along when it goes. */
	assert_int_equal(RUN(&done, .names = "c"), CB_OK);
	assert_served("group:default/a group:default/c");
}

/* The problems of one group of this title; kinds live with a context, which a
 * run ends. */
static size_t problems_of(const char *title)
{
	static const char kinds[] =
	    "[{\"kind\": \"Group\", \"apiVersions\": "
	    "[\"backstage.io/v1alpha1\"], \"schema\": {\"properties\": "
	    "{\"metadata\": {\"properties\": {\"title\": {\"pattern\": "
	    "\"^Team \"}}}}}}]";
	struct cbi_bucket_ask ask = { 0 };
	struct cbi_bucket_done done;
	json_t *list;

	assert_int_equal(
	    cb_json_parse(&yard.lane.ctx, kinds, sizeof(kinds) - 1, &list),
	    CB_OK);
	assert_int_equal(cbi_kinds_read(&yard.lane.ctx, list, &ask.kinds),
	                 CB_OK);
	assert_int_equal(
	    run_named("test:one", (struct list){ .names = "a", .title = title },
	              ask, &done),
	    CB_OK);
	return done.problems;
}

static void schemas_of_the_config_hold_for_them(void **state)
{
	(void)state;
	assert_int_equal(problems_of("A"), 1);
	assert_int_equal(problems_of("Team A"), 0);
}

static void another_location_key_makes_another_entity(void **state)
{
	struct cbi_bucket_done done;
	char uid[64];

	(void)state;
	assert_int_equal(RUN(&done, .names = "a"), CB_OK);
	snprintf(uid, sizeof(uid), "%s",
	         yard_sql(&yard, "select uid from callboard.entity"));
	assert_int_equal(RUN(&done, .names = "a", .key = "list:other"), CB_OK);
	assert_int_equal(done.added, 1);
	assert_served("group:default/a");
	assert_sql("select location_key from callboard.node where ref = "
	           "'group:default/a'",
	           "list:other");
	assert_string_not_equal(
	    uid, yard_sql(&yard, "select uid from callboard.entity"));
}

static void two_providers_may_keep_one_entity(void **state)
{
	struct cbi_bucket_done done;

	(void)state;
	assert_int_equal(RUN(&done, .names = "a b"), CB_OK);
	assert_int_equal(run_named("test:two", (struct list){ .names = "b" },
	                           (struct cbi_bucket_ask){ 0 }, &done),
	                 CB_OK);
	assert_int_equal(RUN(&done, .names = "a"), CB_OK);
	assert_served("group:default/a group:default/b");
}

static void providers_that_vanished_leave_nothing(void **state)
{
	static const char *const names[] = { "test:two" };
	struct cbi_bucket_done done;
	size_t removed;

	(void)state;
	yard_file(&yard, "all.yaml", GROUP("filed"));
	yard_sync(&yard);
	assert_int_equal(RUN(&done, .names = "a b"), CB_OK);
	assert_int_equal(run_named("test:two", (struct list){ .names = "c" },
	                           (struct cbi_bucket_ask){ 0 }, &done),
	                 CB_OK);
	/* What somebody restored from the past is nobody's list. */
	yard_sql(&yard, "insert into callboard.edge (provider, child) select"
	                " 'restored', id from callboard.node"
	                " where ref = 'group:default/a'");
	assert_int_equal(cbi_bucket_forget(&yard.lane.ctx, names, 1, &removed),
	                 CB_OK);
	yard_settle(&yard);
	assert_int_equal(removed, 2);
	assert_served("group:default/a group:default/c group:default/filed");
}

static void many_come_in_batches(void **state)
{
	char names[6000] = "";
	struct cbi_bucket_done done;
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 1001; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len,
		                        "%sg%d", i ? " " : "", i);
	assert_int_equal(RUN(&done, .names = names), CB_OK);
	assert_int_equal(done.added, 1001);
	assert_sql("select count(*) from callboard.entity where kind = 'group'",
	           "1001");
	assert_int_equal(RUN(&done, .names = names), CB_OK);
	assert_int_equal(done.same, 1001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_full_list_is_all_there_is,
		                                begin, end),
		cmocka_unit_test_setup_teardown(the_same_list_writes_nothing,
		                                begin, end),
		cmocka_unit_test_setup_teardown(a_delta_removes_what_it_names,
		                                begin, end),
		cmocka_unit_test_setup_teardown(
		    a_list_that_breaks_off_removes_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
		    sudden_emptiness_waits_for_somebody, begin, end),
		cmocka_unit_test_setup_teardown(a_dry_run_writes_nothing, begin,
		                                end),
		cmocka_unit_test_setup_teardown(
		    what_another_source_has_stays_its_own, begin, end),
		cmocka_unit_test_setup_teardown(
		    schemas_of_the_config_hold_for_them, begin, end),
		cmocka_unit_test_setup_teardown(
		    another_location_key_makes_another_entity, begin, end),
		cmocka_unit_test_setup_teardown(
		    two_providers_may_keep_one_entity, begin, end),
		cmocka_unit_test_setup_teardown(
		    providers_that_vanished_leave_nothing, begin, end),
		cmocka_unit_test_setup_teardown(many_come_in_batches, begin,
		                                end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
