/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ingest.c - from files to what readers see, change by change.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/location.h"
#include "tests/catalog/yard.h"

static struct yard yard;

#define assert_sql(...) yard_assert_sql(&yard, __VA_ARGS__)
#define assert_text(...) yard_assert_text(&yard, __VA_ARGS__)
#define assert_served(...) yard_assert_served(&yard, __VA_ARGS__)
#define assert_trouble(...) yard_assert_trouble(&yard, __VA_ARGS__)
#define assert_no_trouble() yard_assert_no_trouble(&yard)

#define ROOT                                              \
	"(select ref from callboard.node where ref like " \
	"'location:default/generated-%%' order by id limit 1)"

static int begin(void **state)
{
	static int number;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "ingest%d", number++);
	yard_open(&yard, name);
	return 0;
}

static int end(void **state)
{
	(void)state;
	yard_close(&yard);
	return 0;
}

static long number(void)
{
	return atol(
	    yard_sql(&yard, "select number from callboard.catalog_state"));
}

static void files_become_entities(void **state)
{
	(void)state;
	yard_file(&yard, "all.yaml",
	          LOCATION("all", "./a.yaml, './sub/**/*.yaml'"));
	yard_file(&yard, "a.yaml", COMPONENT("One", "") GROUP("team"));
	yard_file(&yard, "sub/b.yaml", COMPONENT("two", ""));
	yard_file(&yard, "sub/deep/c.yaml", COMPONENT("three", ""));
	yard_file(&yard, "sub/deep/c.txt", "not: read");
	yard_sync(&yard);
	yard_settle(&yard);
	assert_served("component:default/one component:default/three "
	              "component:default/two group:default/team "
	              "location:default/all");
	assert_no_trouble();
	assert_text("component:default/one", "metadata.name", "One");
	assert_text("component:default/one", "relations.0.targetRef",
	            "group:default/team");
	assert_text("group:default/team", "relations.2.targetRef",
	            "component:default/two");
	assert_sql("select concat_ws(' ', body::jsonb #>> '{metadata,"
	           "annotations,backstage.io/managed-by-location}', "
	           "body::jsonb #>> '{metadata,annotations,backstage.io/"
	           "managed-by-origin-location}') from callboard.entity "
	           "where ref = 'component:default/one'",
	           cb_printf(&yard.lane.ctx, "file:%s/a.yaml file:%s/all.yaml",
	                     yard.dir, yard.dir));
	assert_sql("select kind || ' ' || namespace || ' ' || name || ' ' || "
	           "type || ' ' || owner || ' ' || lifecycle from "
	           "callboard.entity where ref = 'component:default/one'",
	           "component default one service group:default/team x");
	assert_sql("select count(*) from callboard.entity where tokens @> "
	           "array['kind=component', 'relations.ownedby=group:default/"
	           "team', 'spec.type']",
	           "3");
	assert_sql("select count(*) from callboard.entity e where "
	           "e.body::jsonb #>> '{metadata,uid}' = e.uid::text and "
	           "e.body::jsonb #>> '{metadata,etag}' = e.etag",
	           "6");
	assert_sql("select source from callboard.node where ref = "
	           "'group:default/team'",
	           cb_printf(&yard.lane.ctx, "%s/a.yaml:7", yard.dir));
	assert_sql("select count(*) from callboard.stitch", "0");
}

static void nothing_new_writes_nothing(void **state)
{
	long before;

	(void)state;
	yard_file(&yard, "all.yaml", COMPONENT("a", "") COMPONENT("b", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	before = number();
	yard_sync(&yard);
	yard_settle(&yard);
	assert_int_equal(yard.done.files, 0);
	assert_int_equal(yard.done.locations, 1);
	assert_int_equal(number(), before);
	/* Written anew, the same. */
	yard_file(&yard, "all.yaml", COMPONENT("a", "") COMPONENT("b", ""));
	yard_settle(&yard);
	assert_int_equal(number(), before);
	/* Another text, the same entities. */
	yard_file(&yard, "all.yaml",
	          "# new\n" COMPONENT("b", "") COMPONENT("a", ""));
	yard_settle(&yard);
	assert_int_equal(yard.done.files, 1);
	assert_int_equal(yard.done.written, 0);
	assert_int_equal(number(), before);
}

static void a_change_stitches_only_what_it_touches(void **state)
{
	long before;

	(void)state;
	yard_file(&yard, "all.yaml",
	          COMPONENT("a", "") COMPONENT("b", "") GROUP("team")
	              GROUP("other"));
	yard_sync(&yard);
	yard_settle(&yard);
	before = number();
	yard_file(&yard, "all.yaml",
	          COMPONENT("a", ", note: x") COMPONENT("b", "") GROUP("team")
	              GROUP("other"));
	yard_settle(&yard);
	assert_int_equal(number(), before + 1);
	assert_sql("select array_length(written, 1) from callboard.change "
	           "order by number desc limit 1",
	           "1");
	assert_sql("select count(*) filter (where valid_to is null) || ' ' || "
	           "count(*) from callboard.entity_history where ref = "
	           "'component:default/a'",
	           "1 2");
	assert_sql("select count(*) from callboard.entity_history a join "
	           "callboard.entity_history b on a.id = b.id and a.valid_to = "
	           "b.valid_from where a.ref = 'component:default/a'",
	           "1");
	assert_sql("select actor || ' ' || action || ' ' || object from "
	           "callboard.audit order by id desc limit 1",
	           yard_sql(&yard, "select 'service:engine catalog.ingest "
	                           "change:' || number from "
	                           "callboard.catalog_state"));
	/* A new owner concerns three. */
	yard_file(&yard, "all.yaml",
	          COMPONENT("a", ", note: x") COMPONENT("b", ", system: s")
	              GROUP("team") GROUP("other"));
	yard_settle(&yard);
	assert_sql("select array_length(written, 1) from callboard.change "
	           "order by number desc limit 1",
	           "1");
	assert_text("component:default/b", "relations.1.targetRef",
	            "system:default/s");
}

static void what_leaves_its_file_leaves_the_catalog(void **state)
{
	(void)state;
	yard_file(&yard, "all.yaml", LOCATION("l", "./a.yaml, ./b.yaml"));
	yard_file(&yard, "a.yaml", COMPONENT("a", "") COMPONENT("b", ""));
	yard_file(&yard, "b.yaml", GROUP("team") COMPONENT("c", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	assert_text("group:default/team", "relations.2.targetRef",
	            "component:default/c");
	yard_file(&yard, "b.yaml", GROUP("team"));
	yard_settle(&yard);
	assert_int_equal(yard.done.removed, 1);
	assert_served("component:default/a component:default/b "
	              "group:default/team location:default/l");
	assert_text("group:default/team", "relations.2.targetRef", "-");
	assert_sql(
	    "select count(*) from callboard.entity_history where ref = "
	    "'component:default/c' and body is null and valid_to is null",
	    "1");
	assert_sql("select count(*) from callboard.relation r where not exists "
	           "(select 1 from callboard.node n where n.id = r.origin)",
	           "0");
	assert_sql("select count(*) from callboard.edge e where not exists "
	           "(select 1 from callboard.node n where n.id = e.child)",
	           "0");
	/* A target that is not named any more. */
	yard_file(&yard, "all.yaml", LOCATION("l", "./a.yaml"));
	yard_settle(&yard);
	assert_served("component:default/a component:default/b "
	              "location:default/l");
	/* And the location with all it brought in. */
	yard_file(&yard, "all.yaml", COMPONENT("z", ""));
	yard_settle(&yard);
	assert_served("component:default/z");
	/* Back again: another life, another uid. */
	assert_sql("select count(distinct uid) from callboard.entity_history "
	           "where ref = 'component:default/a'",
	           "1");
	yard_file(&yard, "all.yaml", LOCATION("l", "./a.yaml"));
	yard_settle(&yard);
	assert_sql("select count(distinct uid) from callboard.entity_history "
	           "where ref = 'component:default/a'",
	           "2");
}

static void a_bad_document_hides_no_other(void **state)
{
	(void)state;
	yard_file(&yard, "all.yaml",
	          COMPONENT("a", "") COMPONENT("b", "") COMPONENT("c", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	yard_file(&yard, "all.yaml",
	          COMPONENT("a", ", n: 1")
	          /* b broke a rule, c cannot be parsed, d is new */
	          "---\napiVersion: backstage.io/v1alpha1\nkind: Component\n"
	          "metadata: {name: b}\nspec: {type: service}\n"
	          "---\nkind: [\n" COMPONENT("d", "") "---\njust text\n");
	yard_settle(&yard);
	assert_served("component:default/a component:default/b "
	              "component:default/c component:default/d");
	assert_text("component:default/a", "spec.n", "1");
	assert_text("component:default/b", "spec.owner", "team");
	assert_text("component:default/b", "status.items.0.type",
	            "backstage.io/catalog-processing");
	assert_trouble("component:default/b",
	               "all.yaml:10:1: spec.lifecycle: missing, expected");
	assert_trouble("location:default/generated-%", "all.yaml: line 1");
	assert_trouble("location:default/generated-%", "expected a map");
	/* All is well again. */
	yard_file(&yard, "all.yaml",
	          COMPONENT("a", ", n: 1") COMPONENT("b", "") COMPONENT("c", "")
	              COMPONENT("d", ""));
	yard_settle(&yard);
	assert_no_trouble();
	assert_text("component:default/b", "status.items.0.type", "-");
}

static void blocking_keeps_all_as_it_was(void **state)
{
	(void)state;
	yard.in.isolate = false;
	yard_file(&yard, "all.yaml", LOCATION("l", "./a.yaml, ./b.yaml"));
	yard_file(&yard, "a.yaml", COMPONENT("a", ""));
	yard_file(&yard, "b.yaml", COMPONENT("b", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	yard_file(&yard, "a.yaml", COMPONENT("a", ", n: 1") COMPONENT("c", ""));
	yard_file(&yard, "b.yaml", "a: [");
	yard_settle(&yard);
	assert_served("component:default/a component:default/b "
	              "location:default/l");
	assert_text("component:default/a", "spec.n", "-");
	assert_trouble("location:default/l", "b.yaml: line 2");
	yard_file(&yard, "b.yaml", COMPONENT("b", ", n: 2"));
	yard_settle(&yard);
	assert_served("component:default/a component:default/b "
	              "component:default/c location:default/l");
	assert_text("component:default/a", "spec.n", "1");
	assert_no_trouble();
}

static void roots_that_go_take_theirs_along(void **state)
{
	struct cbi_ingest_root roots[2];
	char other[200];

	(void)state;
	snprintf(other, sizeof(other), "%s/other.yaml", yard.dir);
	roots[0] = yard.root;
	roots[1] = (struct cbi_ingest_root){ "file", other, NULL };
	yard_file(&yard, "all.yaml",
	          LOCATION("l", "./shared.yaml, ./mine.yaml"));
	yard_file(&yard, "other.yaml", LOCATION("o", "./shared.yaml"));
	yard_file(&yard, "shared.yaml", GROUP("team"));
	yard_file(&yard, "mine.yaml", COMPONENT("a", ""));
	yard.in.roots = roots;
	yard.in.n = 2;
	yard_sync(&yard);
	yard_settle(&yard);
	assert_served("component:default/a group:default/team "
	              "location:default/l location:default/o");
	yard.in.roots = roots + 1;
	yard.in.n = 1;
	yard_sync(&yard);
	assert_served("group:default/team location:default/o");
	yard_settle(&yard);
	assert_text("group:default/team", "relations.0.targetRef", "-");
	yard.in.n = 0;
	yard_sync(&yard);
	assert_served("");
	assert_sql("select count(*) from callboard.node", "0");
	assert_sql("select count(*) from callboard.relation", "0");
	assert_sql("select count(*) from callboard.edge", "0");
}

static void registered_locations_are_read(void **state)
{
	struct cbi_location location;
	uint64_t number_of = 0;
	char target[200], ref[80];

	(void)state;
	snprintf(target, sizeof(target), "%s/reg.yaml", yard.dir);
	yard_file(&yard, "reg.yaml", COMPONENT("r", ""));
	assert_int_equal(
	    cbi_location_add(
		&yard.lane.ctx,
		&(struct cbi_location_wish){ .type = "file", .target = target },
		&location, &number_of),
	    CB_OK);
	snprintf(ref, sizeof(ref), "%s", location.entity_ref);
	yard_settle(&yard);
	assert_served("component:default/r");
	assert_text(ref, "spec.type", "file");
	assert_int_equal(
	    cbi_location_add(
		&yard.lane.ctx,
		&(struct cbi_location_wish){ .type = "file", .target = target },
		&location, &number_of),
	    CB_ECONFLICT);
	cb_failure_clear(&yard.lane.ctx);
	/* A sync leaves what is registered alone. */
	yard.in.n = 0;
	yard_sync(&yard);
	yard_settle(&yard);
	assert_served("component:default/r");
	assert_int_equal(
	    cbi_location_find(&yard.lane.ctx, "file", target, &location),
	    CB_OK);
	assert_int_equal(
	    cbi_location_delete(&yard.lane.ctx, location.id, NULL, &number_of),
	    CB_OK);
	assert_served("");
	assert_sql("select count(*) from callboard.node", "0");
}

static void orphans_may_stay(void **state)
{
	size_t removed = 0;

	(void)state;
	yard.in.keep_orphans = true;
	yard_file(&yard, "all.yaml", COMPONENT("a", "") COMPONENT("b", ""));
	yard_sync(&yard);
	yard_settle(&yard);
	yard_file(&yard, "all.yaml", COMPONENT("a", ""));
	yard_settle(&yard);
	assert_text("component:default/b",
	            "metadata.annotations.backstage.io/orphan", "-");
	assert_sql("select body::jsonb #>> array['metadata', 'annotations', "
	           "'backstage.io/orphan'] from callboard.entity where ref = "
	           "'component:default/b'",
	           "true");
	/* Until somebody says otherwise. */
	yard.in.keep_orphans = false;
	assert_int_equal(cbi_ingest_sweep(&yard.lane.ctx, &yard.in, &removed),
	                 CB_OK);
	assert_int_equal(removed, 1);
	assert_served("component:default/a");
}

static void troubles_are_listed(void **state)
{
	struct cbi_ingest_trouble *list;
	size_t n;

	(void)state;
	yard_file(&yard, "all.yaml",
	          COMPONENT("good", "") "---\napiVersion: x/v1\nkind: Odd\n"
	                                "metadata: {name: never}\n");
	yard_sync(&yard);
	yard_settle(&yard);
	assert_served("component:default/good");
	assert_int_equal(cbi_ingest_troubles(&yard.lane.ctx, 10, &list, &n),
	                 CB_OK);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].ref, "odd:default/never");
	assert_non_null(strstr(list[0].source, "all.yaml:7"));
	assert_false(list[0].visible);
	assert_int_equal(json_array_size(list[0].errors), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(files_become_entities),
		T(nothing_new_writes_nothing),
		T(a_change_stitches_only_what_it_touches),
		T(what_leaves_its_file_leaves_the_catalog),
		T(a_bad_document_hides_no_other),
		T(blocking_keeps_all_as_it_was),
		T(roots_that_go_take_theirs_along),
		T(registered_locations_are_read),
		T(orphans_may_stay),
		T(troubles_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
