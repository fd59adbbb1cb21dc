/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explain.c - why an entity is as it is, what was read for it, and what
 * news of that do.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "catalog/explain.h"
#include "catalog/keys.h"
#include "catalog/model.h"
#include "json/json.h"
#include "tests/catalog/yard.h"

static struct yard yard;

#define assert_sql(...) yard_assert_sql(&yard, __VA_ARGS__)
#define assert_text(...) yard_assert_text(&yard, __VA_ARGS__)

/* What stands behind addresses, told by its version. */
static struct page {
	const char *url, *text;
	int version, reads, asked;
} pages[4];

static struct cbi_feed files;

static int begin(void **state)
{
	static int number;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "explain%d", number++);
	yard_open(&yard, name);
	memset(pages, 0, sizeof(pages));
	files = yard.in.feed;
	return 0;
}

static int end(void **state)
{
	(void)state;
	yard_close(&yard);
	return 0;
}

static json_t *explained(const char *ref)
{
	json_t *all = NULL;

	if (cbi_explain(&yard.lane.ctx, ref, &all) < 0)
		fail_msg("%s: %s", ref, cb_failure(&yard.lane.ctx));
	return all;
}

static void assert_said(json_t *all, const char *path, const char *expected)
{
	const char *text = cb_json_text(all, path, "-");

	if (!strstr(text, expected))
		fail_msg("%s is '%s', expected '%s'", path, text, expected);
}

static void assert_size(json_t *all, const char *key, size_t expected)
{
	assert_int_equal(json_array_size(json_object_get(all, key)), expected);
}

static void an_entity_says_where_it_comes_from(void **state)
{
	json_t *all;

	(void)state;
	yard_file(&yard, "all.yaml", LOCATION("l", "./a.yaml"));
	yard_file(&yard, "a.yaml", GROUP("team") COMPONENT("a", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	all = explained("component:default/a");
	assert_said(all, "state", "good");
	assert_said(all, "file", "/a.yaml");
	assert_int_equal(json_integer_value(json_object_get(all, "line")), 7);
	assert_said(all, "owner", "/a.yaml");
	assert_said(all, "above.0.ref", "location:default/l");
	assert_said(all, "above.0.source", "/all.yaml:2");
	assert_said(all, "above.1.ref", "location:default/generated-");
	assert_said(all, "above.1.provider", "config");
	assert_said(all, "processors.0", "FileReaderProcessor");
	assert_said(all, "processors.1", "BuiltinKindsEntityProcessor");
	assert_said(all, "keys.0", "/a.yaml");
	assert_int_equal(json_integer_value(json_object_get(all, "emitted")),
	                 1);
	assert_size(all, "errors", 0);
	assert_size(all, "conflicts", 0);
	all = explained("group:default/team");
	assert_int_equal(json_integer_value(json_object_get(all, "received")),
	                 1);
	all = explained("location:default/l");
	assert_int_equal(json_integer_value(json_object_get(all, "below")), 2);
	assert_true(json_is_string(json_object_get(all, "due")));
	assert_int_equal(
	    cbi_explain(&yard.lane.ctx, "component:default/none", &all),
	    CB_ENOENT);
	cb_failure_clear(&yard.lane.ctx);
}

static void what_is_wrong_is_told_also_of_what_nobody_sees(void **state)
{
	json_t *all;

	(void)state;
	yard_file(&yard, "all.yaml", COMPONENT("a", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	yard_file(&yard, "all.yaml",
	          "---\napiVersion: backstage.io/v1alpha1\nkind: Component\n"
	          "metadata: {name: a}\nspec: {type: x}\n"
	          "---\napiVersion: x/v1\nkind: Odd\nmetadata: {name: b}\n");
	yard_settle(&yard);
	all = explained("component:default/a");
	assert_said(all, "state", "failing");
	assert_said(all, "errors.0.message", "all.yaml:5:1: spec.lifecycle");
	all = explained("odd:default/b");
	assert_said(all, "state", "broken");
	assert_true(json_is_null(json_object_get(all, "served")));
}

static void the_loser_of_a_conflict_is_named(void **state)
{
	json_t *all;

	(void)state;
	yard_file(&yard, "all.yaml", LOCATION("l", "./a.yaml, ./b.yaml"));
	yard_file(&yard, "a.yaml", COMPONENT("same", ", n: 1"));
	yard_file(&yard, "b.yaml", "# first\n" COMPONENT("same", ", n: 2"));
	yard_sync(&yard);
	yard_settle(&yard);
	assert_text("component:default/same", "spec.n", "1");
	all = explained("component:default/same");
	assert_size(all, "conflicts", 1);
	assert_said(all, "conflicts.0.source", "/b.yaml:3");
	assert_said(all, "conflicts.0.location", "location:default/l");
	/* The winner leaves: the loser gets in, and there is none any more. */
	yard_file(&yard, "a.yaml", COMPONENT("other", ""));
	yard_settle(&yard);
	yard_settle(&yard);
	assert_text("component:default/same", "spec.n", "2");
	assert_size(explained("component:default/same"), "conflicts", 0);
}

/* --- addresses --- */

static struct page *page_of(const char *url)
{
	for (size_t i = 0; i < 4; i++)
		if (pages[i].url && strcmp(pages[i].url, url) == 0)
			return &pages[i];
	return NULL;
}

static int read_page(struct cb_ctx *ctx, void *arg,
                     const struct cbi_provider_ask *ask,
                     int (*each)(void *each_arg, struct cb_ctx *ctx,
                                 const struct cbi_provider_file *file),
                     void *each_arg, json_t **after)
{
	struct cbi_provider_file file = { .target = ask->target };
	struct page *page = page_of(ask->target);
	const json_t *known = json_object_get(ask->before, ask->target);

	if (strcmp(ask->type, "url") != 0)
		return files.read(ctx, arg, ask, each, each_arg, after);
	if (!page || !page->text)
		return cb_fail(ctx, CB_ENOENT, "%s: 404", ask->target);
	page->asked++;
	file.unchanged =
	    known &&
	    json_integer_value(json_object_get(known, "v")) == page->version;
	if (!file.unchanged) {
		page->reads++;
		file.text = page->text;
		file.len = strlen(page->text);
	}
	*after = json_pack("{s:{s:i}}", ask->target, "v", page->version);
	return each(each_arg, ctx, &file);
}

static void watch_addresses(void)
{
	static struct cbi_ingest_root root = { "url", "https://h/all.yaml",
		                               NULL };

	yard.in.feed.read = read_page;
	yard.in.roots = &root;
	yard.in.n = 1;
	pages[0].url = "https://h/all.yaml";
	pages[1].url = "https://h/def.txt";
}

static void news_of_a_placeholder_are_noticed(void **state)
{
	(void)state;
	watch_addresses();
	pages[0].text =
	    COMPONENT("a", ", about: {$text: ./def.txt}") COMPONENT("b", "");
	pages[1].text = "one";
	yard_sync(&yard);
	yard_settle(&yard);
	assert_text("component:default/a", "spec.about", "one");
	assert_int_equal(pages[1].reads, 1);
	/* Nothing new costs a question for each, and no reading. */
	yard_settle(&yard);
	assert_int_equal(pages[0].reads, 1);
	assert_int_equal(pages[1].reads, 1);
	assert_true(pages[1].asked > 1);
	pages[1].text = "two";
	pages[1].version++;
	yard_settle(&yard);
	assert_text("component:default/a", "spec.about", "two");
	assert_sql("select count(*) from callboard.entity_history where ref = "
	           "'component:default/b'",
	           "1");
	/* Away: what it was stays, and says so. */
	pages[1].text = NULL;
	yard_settle(&yard);
	assert_text("component:default/a", "spec.about", "two");
	yard_assert_trouble(&yard, "component:default/a",
	                    "$text './def.txt': https://h/def.txt: 404");
	pages[1].text = "three";
	pages[1].version++;
	yard_settle(&yard);
	assert_text("component:default/a", "spec.about", "three");
	yard_assert_no_trouble(&yard);
}

static void a_key_makes_its_readers_due(void **state)
{
	struct cb_ctx *ctx = &yard.lane.ctx;
	char key[400];
	size_t n = 7;

	(void)state;
	watch_addresses();
	pages[0].text = COMPONENT("a", ", about: {$text: ./def.txt}");
	pages[1].text = "one";
	yard_sync(&yard);
	yard_settle(&yard);
	yard_sql(&yard, "update callboard.node set due_at = clock_timestamp() "
	                "+ interval '1 hour' where due_at is not null");
	assert_int_equal(cbi_keys_refresh(ctx, "url:https://h/none", &n),
	                 CB_OK);
	assert_int_equal(n, 0);
	assert_int_equal(cbi_keys_refresh(ctx, "url:https://h/def.txt", &n),
	                 CB_OK);
	assert_int_equal(n, 1);
	assert_sql("select count(*) from callboard.node where due_at <= "
	           "clock_timestamp()",
	           "1");
	assert_int_equal(cbi_keys_refresh(ctx, "url:https://h/all.yaml", &n),
	                 CB_OK);
	assert_int_equal(n, 1);
	/* Gone with what named it. */
	pages[0].text = COMPONENT("a", "");
	pages[0].version++;
	yard_settle(&yard);
	assert_int_equal(cbi_keys_refresh(ctx, "url:https://h/def.txt", &n),
	                 CB_OK);
	assert_int_equal(n, 0);
	/* However long. */
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	assert_int_equal(cbi_keys_refresh(ctx, key, &n), CB_OK);
	yard.in.n = 0;
	yard_sync(&yard);
	assert_sql("select count(*) from callboard.refresh_key", "0");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(an_entity_says_where_it_comes_from),
		T(what_is_wrong_is_told_also_of_what_nobody_sees),
		T(the_loser_of_a_conflict_is_named),
		T(news_of_a_placeholder_are_noticed),
		T(a_key_makes_its_readers_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
