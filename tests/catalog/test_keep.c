/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_keep.c - what ingest does not let happen: foreign kinds, stolen refs,
 * sudden emptiness, failing targets, ways out of a folder.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "catalog/rules.h"
#include "tests/catalog/yard.h"

static struct yard yard;

#define assert_sql(...) yard_assert_sql(&yard, __VA_ARGS__)
#define assert_text(...) yard_assert_text(&yard, __VA_ARGS__)
#define assert_served(...) yard_assert_served(&yard, __VA_ARGS__)
#define assert_trouble(...) yard_assert_trouble(&yard, __VA_ARGS__)
#define assert_no_trouble() yard_assert_no_trouble(&yard)

/* Earlier ones, which the yard's provider and rules may still name. */
static struct cbi_config *replaced[8];
static size_t replaced_n;

static int begin(void **state)
{
	static int number;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "keep%d", number++);
	yard_open(&yard, name);
	return 0;
}

static int end(void **state)
{
	(void)state;
	yard_close(&yard);
	while (replaced_n > 0)
		cbi_config_destroy(replaced[--replaced_n]);
	return 0;
}

static void rules_say_which_kinds_come_in(void **state)
{
	static const char *const none[] = { NULL };
	struct lane lane;

	(void)state;
	lane_open(&lane); /* the yard's contexts come and go */
	assert_int_equal(
	    cbi_rules_read(&lane.ctx, NULL, NULL, none, &yard.in.rules), CB_OK);
	yard_file(&yard, "all.yaml", COMPONENT("a", "") GROUP("g"));
	yard_sync(&yard);
	yard_settle(&yard);
	assert_served("component:default/a");
	assert_trouble("location:default/generated-%",
	               "group:default/g is not allowed from file:");
	assert_trouble("location:default/generated-%", "NotAllowedError");
	lane_close(&lane);
}

/* As cbi_ingest_configure does it, with no location of its own. */
static void configure(struct lane *lane, const char *text)
{
	const struct cbi_ingest_root *roots = yard.in.roots;
	struct cbi_feed feed = yard.in.feed;
	size_t n = yard.in.n;

	assert_true(replaced_n < sizeof(replaced) / sizeof(replaced[0]));
	replaced[replaced_n++] = yard.config;
	yard_config(&yard, text);
	if (cbi_ingest_configure(&lane->ctx, yard.config, &yard.in) < 0)
		fail_msg("%s", cb_failure(&lane->ctx));
	yard.in.roots = roots;
	yard.in.n = n;
	yard.in.feed = feed;
}

/* Nothing of the files has changed, only what the config says of them. */
static void other_rules_hold_for_unchanged_files(void **state)
{
	struct lane lane;

	(void)state;
	lane_open(&lane);
	configure(&lane, "catalog: {}\n");
	yard_file(&yard, "all.yaml", LOCATION("l", "./a.yaml"));
	yard_file(&yard, "a.yaml", COMPONENT("a", "") GROUP("g"));
	yard_sync(&yard);
	yard_settle(&yard);
	assert_served("component:default/a location:default/l");
	configure(&lane, "catalog: {rules: [{allow: [Component, Location, "
	                 "Group]}]}\n");
	/* Due at once, though not one of them was. */
	yard_sql(&yard, "update callboard.node set due_at = "
	                "clock_timestamp() + interval '1 day' where due_at is "
	                "not null returning 1");
	yard_sync(&yard);
	yard_assert_sql(&yard,
	                "select count(*) from callboard.node where "
	                "due_at <= clock_timestamp()",
	                "2");
	yard_settle(&yard);
	assert_served("component:default/a group:default/g location:default/l");
	yard_assert_no_trouble(&yard);
	/* And then nothing is read again. */
	yard_settle(&yard);
	assert_int_equal(yard.done.files, 0);
	/* What is not allowed any more says so, and stays until it goes. */
	configure(&lane,
	          "catalog: {rules: [{allow: [Component, Location]}]}\n");
	yard_sync(&yard);
	yard_settle(&yard);
	assert_trouble("location:default/l", "group:default/g is not allowed");
	yard_settle(&yard);
	assert_int_equal(yard.done.files, 0);
	lane_close(&lane);
}

static void the_first_to_claim_a_ref_keeps_it(void **state)
{
	(void)state;
	yard_file(&yard, "all.yaml", LOCATION("l", "./a.yaml, ./b.yaml"));
	yard_file(&yard, "a.yaml", COMPONENT("x", ", n: first"));
	yard_file(&yard, "b.yaml", COMPONENT("X", ", n: second"));
	yard_sync(&yard);
	yard_settle(&yard);
	assert_text("component:default/x", "spec.n", "first");
	assert_no_trouble();
	yard_file(&yard, "b.yaml", COMPONENT("x", ", n: third"));
	yard_settle(&yard);
	assert_text("component:default/x", "spec.n", "first");
	/* The loser's file is looked at again though it did not change. */
	yard_file(&yard, "a.yaml", COMPONENT("y", ""));
	yard_settle(&yard);
	yard_settle(&yard);
	assert_text("component:default/x", "spec.n", "third");
}

static void refs_stand_once_in_a_file(void **state)
{
	(void)state;
	yard_file(&yard, "all.yaml",
	          COMPONENT("x", ", n: 1") COMPONENT("X", ", n: 2"));
	yard_sync(&yard);
	yard_settle(&yard);
	assert_text("component:default/x", "spec.n", "1");
	assert_trouble("location:default/generated-%",
	               "component:default/x stands in this file already");
}

static void fill(struct cb_buf *buf, int from, int to)
{
	cbi_buf_clear(buf);
	for (int i = from; i < to; i++)
		cb_buf_printf(buf,
		              "---\napiVersion: backstage.io/v1alpha1\n"
		              "kind: Group\nmetadata: {name: g%d}\n"
		              "spec: {type: team, children: []}\n",
		              i);
}

static void much_that_vanishes_is_kept_until_confirmed(void **state)
{
	struct cb_buf buf;
	char root[200];

	(void)state;
	cbi_buf_init(&buf, CB_MIB);
	fill(&buf, 0, 20);
	yard_file(&yard, "all.yaml", buf.data);
	yard_sync(&yard);
	yard_settle(&yard);
	assert_sql("select count(*) from callboard.entity", "21");
	/* One in five is the limit. */
	fill(&buf, 4, 20);
	yard_file(&yard, "all.yaml", buf.data);
	yard_settle(&yard);
	assert_sql("select count(*) from callboard.entity", "17");
	fill(&buf, 12, 20);
	yard_file(&yard, "all.yaml", buf.data);
	yard_settle(&yard);
	yard_settle(&yard);
	assert_sql("select count(*) from callboard.entity", "17");
	assert_trouble(
	    "location:default/generated-%",
	    "8 of the 16 entities of this location would be deleted");
	yard_file(&yard, "all.yaml", "");
	yard_settle(&yard);
	assert_sql("select count(*) from callboard.entity", "17");
	assert_trouble("location:default/generated-%", "16 of the 16");
	/* They are back: nothing to confirm. */
	fill(&buf, 4, 20);
	yard_file(&yard, "all.yaml", buf.data);
	yard_settle(&yard);
	assert_no_trouble();
	/* Confirmed. */
	fill(&buf, 12, 20);
	yard_file(&yard, "all.yaml", buf.data);
	yard_settle(&yard);
	snprintf(root, sizeof(root), "%s",
	         yard_sql(&yard, "select ref from callboard.node where "
	                         "ref like 'location:%'"));
	assert_int_equal(cbi_ingest_confirm(&yard.lane.ctx, root, NULL), CB_OK);
	assert_sql("select count(*) from callboard.audit where action = "
	           "'location.confirm'",
	           "1");
	/* Twice is once too often. */
	yard_settle(&yard);
	assert_int_equal(cbi_ingest_confirm(&yard.lane.ctx, root, NULL),
	                 CB_ECONFLICT);
	cb_failure_clear(&yard.lane.ctx);
	yard_settle(&yard);
	assert_sql("select count(*) from callboard.entity", "9");
	assert_no_trouble();
	assert_int_equal(
	    cbi_ingest_confirm(&yard.lane.ctx, "location:default/none", NULL),
	    CB_ENOENT);
	cb_failure_clear(&yard.lane.ctx);
	cbi_buf_finish(&buf);
}

static void a_target_that_fails_costs_nothing_else(void **state)
{
	char path[300];

	(void)state;
	yard_file(&yard, "all.yaml",
	          LOCATION("l", "./a.yaml, ./b.yaml") COMPONENT("z", ""));
	yard_file(&yard, "a.yaml", COMPONENT("a", ""));
	yard_file(&yard, "b.yaml", COMPONENT("b", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	snprintf(path, sizeof(path), "%s/b.yaml", yard.dir);
	remove(path);
	yard_file(&yard, "a.yaml", COMPONENT("a", ", n: 1"));
	yard_settle(&yard);
	assert_served("component:default/a component:default/b "
	              "component:default/z location:default/l");
	assert_text("component:default/a", "spec.n", "1");
	assert_trouble("location:default/l", "NotFoundError");
	assert_text("location:default/l", "status.items.0.error.name",
	            "NotFoundError");
	mkdir(path, 0755);
	yard_settle(&yard);
	assert_trouble("location:default/l", "is not a regular file");
	remove(path);
	mkfifo(path, 0644);
	yard_settle(&yard);
	assert_trouble("location:default/l", "is not a regular file");
	remove(path);
	yard_file(&yard, "all.yaml",
	          "---\napiVersion: backstage.io/v1alpha1\nkind: Location\n"
	          "metadata: {name: l}\nspec: {targets: [./a.yaml, ./b.yaml], "
	          "presence: optional}\n" COMPONENT("z", ""));
	yard_settle(&yard);
	assert_no_trouble();
	yard_file(&yard, "b.yaml", COMPONENT("b", ", n: 3"));
	yard_settle(&yard);
	assert_text("component:default/b", "spec.n", "3");
	assert_no_trouble();
}

static void a_file_cannot_lead_out_of_its_folder(void **state)
{
	char absolute[400], name[300];

	(void)state;
	yard_file(&yard, "../secret.yaml", COMPONENT("secret", ""));
	snprintf(absolute, sizeof(absolute),
	         "---\napiVersion: backstage.io/v1alpha1\nkind: Location\n"
	         "metadata: {name: m}\nspec: {target: %s/../secret.yaml}\n",
	         yard.dir);
	yard_file(&yard, "all.yaml", LOCATION("l", "./l.yaml, ./m.yaml"));
	yard_file(&yard, "l.yaml", LOCATION("k", "../secret.yaml"));
	yard_file(&yard, "m.yaml", absolute);
	yard_sync(&yard);
	yard_settle(&yard);
	assert_served("location:default/k location:default/l "
	              "location:default/m");
	assert_trouble("location:default/k", "NotAllowedError");
	assert_trouble("location:default/m", "NotAllowedError");
	/* Nor can it pass for a root. */
	yard_file(&yard, "m.yaml",
	          LOCATION("generated-"
	                   "0123456789012345678901234567890123456789",
	                   "../secret.yaml"));
	yard_settle(&yard);
	assert_trouble("location:default/l", "the catalog's own");
	/* Unless the config opens the folder above. */
	snprintf(name, sizeof(name), "%s", yard.dir);
	*strrchr(name, '/') = '\0';
	yard.root.folder = name;
	yard_settle(&yard);
	assert_text("component:default/secret", "kind", "Component");
}

static void locations_that_list_each_other_end(void **state)
{
	(void)state;
	yard_file(&yard, "all.yaml", LOCATION("a", "./all.yaml, ./b.yaml"));
	yard_file(&yard, "b.yaml",
	          LOCATION("b", "./all.yaml, ./b.yaml") COMPONENT("x", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	assert_served("component:default/x location:default/a "
	              "location:default/b");
	yard.in.n = 0;
	yard_sync(&yard);
	assert_served("");
	assert_sql("select count(*) from callboard.node", "0");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(rules_say_which_kinds_come_in),
		T(other_rules_hold_for_unchanged_files),
		T(the_first_to_claim_a_ref_keeps_it),
		T(refs_stand_once_in_a_file),
		T(much_that_vanishes_is_kept_until_confirmed),
		T(a_target_that_fails_costs_nothing_else),
		T(a_file_cannot_lead_out_of_its_folder),
		T(locations_that_list_each_other_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
