/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_compare.c - how two catalogs describe one entity differently.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "catalog/compare.h"
#include "json/json.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;

static int begin(void **state)
{
	(void)state;
	cbi_lane_init(&lane, 64 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	return 0;
}

static int end(void **state)
{
	(void)state;
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

/* The differences as JSON. */
static const char *differ(const char *there, const char *here)
{
	json_t *one = json_loads(there, 0, NULL);
	json_t *other = json_loads(here, 0, NULL), *out = json_array();
	static char text[4096];
	struct cb_buf buf;

	assert_non_null(one);
	assert_non_null(other);
	assert_int_equal(cbi_compare(&ctx, one, other, out), CB_OK);
	cbi_buf_init(&buf, sizeof(text));
	assert_int_equal(cbi_json_canonical(&buf, out), CB_OK);
	snprintf(text, sizeof(text), "%s", cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	json_decref(one);
	json_decref(other);
	json_decref(out);
	return text;
}

static void what_every_catalog_makes_itself_is_aside(void **state)
{
	(void)state;
	assert_string_equal(
	    differ(
		"{\"metadata\":{\"name\":\"a\",\"uid\":\"1\",\"etag\":\"x\","
		"\"annotations\":{\"backstage.io/managed-by-location\":"
		"\"url:https://a\",\"backstage.io/view-url\":\"b\"}},"
		"\"status\":{\"items\":[]},\"spec\":{\"n\":1}}",
		"{\"metadata\":{\"name\":\"a\",\"uid\":\"2\"},\"spec\":{\"n\""
		":1.0}}"),
	    "[]");
}

static void differences_are_named_by_their_path(void **state)
{
	(void)state;
	assert_string_equal(
	    differ("{\"metadata\":{\"tags\":[\"a\",\"b\"]},\"spec\":{\"owner\":"
	           "\"x\",\"more\":{\"deep\":[1,2]}}}",
	           "{\"metadata\":{\"tags\":[\"a\"]},\"spec\":{\"owner\":\"y\","
	           "\"more\":{\"deep\":[1,3]}}}"),
	    "[{\"here\":[\"a\"],\"path\":\"metadata.tags\",\"there\":[\"a\","
	    "\"b\"]},{\"here\":\"y\",\"path\":\"spec.owner\",\"there\":\"x\"},"
	    "{\"here\":3,\"path\":\"spec.more.deep[1]\",\"there\":2}]");
	assert_string_equal(
	    differ("{\"spec\":{\"a\":true}}",
	           "{\"metadata\":{\"title\":\"T\"}}"),
	    "[{\"here\":null,\"path\":\"spec.a\",\"there\":true},"
	    "{\"here\":\"T\",\"path\":\"metadata.title\",\"there\":null}]");
	assert_string_equal(
	    differ("{\"spec\":{\"a\":\"1\"}}", "{\"spec\":{\"a\":1}}"),
	    "[{\"here\":1,\"path\":\"spec.a\",\"there\":\"1\"}]");
}

static void relations_are_sets(void **state)
{
	(void)state;
	assert_string_equal(
	    differ("{\"relations\":[{\"type\":\"ownedBy\",\"targetRef\":\"g:d/"
	           "a\"},{\"type\":\"partOf\",\"targetRef\":\"s:d/s\"}]}",
	           "{\"relations\":[{\"type\":\"partOf\",\"targetRef\":\"s:d/"
	           "s\"},{\"type\":\"ownedBy\",\"targetRef\":\"g:d/a\","
	           "\"target\":{}}]}"),
	    "[]");
	assert_string_equal(
	    differ("{\"relations\":[{\"type\":\"ownedBy\",\"targetRef\":\"g:d/"
	           "a\"}]}",
	           "{}"),
	    "[{\"here\":null,\"path\":\"relations\",\"there\":{\"targetRef\":"
	    "\"g:d/a\",\"type\":\"ownedBy\"}}]");
}

/* One group owns 20,000 components; at most so many rows are told. */
static void many_relations_are_quick_and_rows_are_bounded(void **state)
{
	json_t *one = json_pack("{s:[]}", "relations"), *other = json_object();
	json_t *out = json_array();
	char name[32];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "component:d/c%d", i);
		json_array_append_new(json_object_get(one, "relations"),
		                      json_pack("{s:s, s:s}", "type", "ownerOf",
		                                "targetRef", name));
	}
	assert_int_equal(cbi_compare(&ctx, one, one, out), CB_OK);
	assert_int_equal(json_array_size(out), 0);
	assert_int_equal(cbi_compare(&ctx, one, other, out), CB_OK);
	assert_int_equal(json_array_size(out), CBI_COMPARE_MAX);
	json_decref(one);
	json_decref(other);
	json_decref(out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_every_catalog_makes_itself_is_aside),
		TEST(differences_are_named_by_their_path),
		TEST(relations_are_sets),
		TEST(many_relations_are_quick_and_rows_are_bounded),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
