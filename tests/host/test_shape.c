/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shape.c - jq in its helper: what it gives, what it may not see, and
 * what becomes of one that never ends; and the example plugins' own tests.
 */
#include "tests/lib/cmock.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "catalog/entity.h"
#include "declare/declare.h"
#include "host/host.h"
#include "spawn/helpers.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cbi_helpers *helpers;
static struct cb_buf out;

static int set_up(void **state)
{
	(void)state;
	cbi_lane_init(&lane, 64 << 20);
	cbi_ctx_init(&ctx, &lane);
	cbi_buf_init(&out, 2 * CB_MIB);
	return cbi_host_shapers(&ctx, &helpers);
}

static int tear_down(void **state)
{
	(void)state;
	cbi_helpers_destroy(helpers);
	cbi_buf_finish(&out);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

static int run(const char *program, const char *input, int ms)
{
	cb_failure_clear(&ctx);
	cbi_buf_clear(&out);
	return cbi_shape_run(&ctx, helpers, 'r', program,
	                     "{\"key\":\"k\",\"config\":{\"a\":\"b\"}}", input,
	                     strlen(input), ms, &out);
}

static const struct {
	const char *program, *input;
	int code;
	const char *said; /* the value, or the failure */
} rows[] = {
	{ ".a + 1", "{\"a\": 2}", CB_OK, "3" },
	{ "[.[] | {n: .name}]", "[{\"name\": \"x\"}]", CB_OK,
	  "[{\"n\":\"x\"}]" },
	{ "$key + $config.a", "null", CB_OK, "\"kb\"" },
	{ "def f: . * 2; f # twice", "4", CB_OK, "8" },
	{ "empty", "null", CB_ENOENT, "the shape gives no value" },
	{ "1, 2", "null", CB_EUPSTREAM, "shape: gives more than one value" },
	{ ".a", "[1]", CB_EUPSTREAM,
	  "shape: Cannot index array with string \"a\"" },
	{ "error(\"no such thing\")", "null", CB_EUPSTREAM,
	  "shape: no such thing" },
	{ "foo", "null", CB_EUPSTREAM, "shape: foo/0 is not defined" },
	{ ".[", "null", CB_EUPSTREAM, "shape: syntax error" },
	{ "halt", "null", CB_EUPSTREAM, "shape: halt" },
	{ ".", "{not json", CB_EUPSTREAM, "shape: its input is not JSON" },
	/* What is not there for it. */
	{ "env", "null", CB_OK, "{}" },
	{ "$ENV", "null", CB_OK, "{}" },
	{ "[inputs]", "null", CB_OK, "[]" },
	{ "input", "null", CB_EUPSTREAM, "shape: " },
	{ "include \"x\"; 1", "null", CB_EUPSTREAM, "shape: syntax error" },
	{ "import \"x\" as x; 1", "null", CB_EUPSTREAM, "shape: syntax error" },
	{ "\"/etc/passwd\" | modulemeta", "null", CB_EUPSTREAM, "shape: " },
	{ "get_search_list", "null", CB_OK, "[]" },
	{ "input_filename", "null", CB_OK, "null" },
};

static void a_shape_gives_one_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = run(rows[i].program, rows[i].input, 5000);

		if (rc != rows[i].code)
			fail_msg("%s: %s: %s", rows[i].program,
			         cb_code_name(rc), cb_failure(&ctx));
		if (rc == CB_OK)
			assert_string_equal(cbi_buf_string(&out), rows[i].said);
		else if (!strstr(cb_failure(&ctx), rows[i].said))
			fail_msg("%s: %s", rows[i].program, cb_failure(&ctx));
	}
}

static void a_program_is_compiled_once(void **state)
{
	int64_t first = cbi_clock_us(), again;

	(void)state;
	assert_int_equal(run(".a.b.c", "{}", 5000), CB_OK);
	first = cbi_clock_us() - first;
	again = cbi_clock_us();
	assert_int_equal(run(".a.b.c", "{}", 5000), CB_OK);
	again = cbi_clock_us() - again;
	/* Starting and compiling take tens of milliseconds. */
	assert_true(again < first);
}

/* Ends in time, and the next question is answered. */
static void ends(const char *program, int code)
{
	int64_t began = cbi_clock_ms();
	int rc = run(program, "null", 500);

	if (rc != code && rc != CB_ETIME)
		fail_msg("%s: %s: %s", program, cb_code_name(rc),
		         cb_failure(&ctx));
	assert_true(cbi_clock_ms() - began < 5000);
	assert_int_equal(run(".", "1", 5000), CB_OK);
}

static void what_never_ends_is_ended(void **state)
{
	(void)state;
	ends("[limit(1e9; repeat(1))]", CB_EBUG);
	ends("def f: f; f", CB_EBUG);
	ends("def f: 1 + f; f", CB_EBUG);
	ends("[range(1e12)]", CB_EBUG);
	ends("\"x\" * 1e9", CB_EBUG);
	ends("last(range(1e12))", CB_EBUG);
}

static void what_is_too_large_is_said(void **state)
{
	(void)state;
	assert_int_equal(run("[range(200000)]", "null", 10000), CB_EUPSTREAM);
	assert_non_null(strstr(cb_failure(&ctx), "at most 1048576 are kept"));
	assert_int_equal(run("[range(50000)]", "null", 10000), CB_OK);
	assert_true(out.len > 200000);
}

static int shape(struct cb_ctx *c, void *arg, const char *program,
                 const char *vars, const char *input, size_t len,
                 struct cb_buf *to)
{
	return cbi_shape_run(c, arg, 'r', program, vars, input, len, 10000, to);
}

static int test_file(const char *path)
{
	const struct cbi_declare_tester tester = { cbi_entity_create, helpers,
		                                   shape };
	const char *base = strrchr(path, '/') + 1;
	struct cbi_declare_file file = {
		.path = path,
		.name = cb_strndup(&ctx, base, strcspn(base, ".")),
		.compile = cbi_host_compile,
		.arg = helpers,
	};
	json_t *manifest, *tests, *test;
	size_t i;

	cbi_buf_clear(&out);
	if (cbi_declare_open(&ctx, &file, &out, &manifest, &tests) < 0)
		fail_msg("%s", cbi_buf_string(&out));
	assert_true(json_array_size(tests) > 0);
	json_array_foreach(tests, i, test)
	{
		if (cbi_declare_test(&ctx, manifest, test, &tester) < 0)
			fail_msg("%s: %s", path, cb_failure(&ctx));
		/* A test can fail. */
		json_object_set_new(test, "expect",
		                    json_pack("{s:s}", "text", "not there"));
		assert_int_equal(
		    cbi_declare_test(&ctx, manifest, test, &tester), CB_EINVAL);
		cb_failure_clear(&ctx);
	}
	json_decref(manifest);
	json_decref(tests);
	return 0;
}

static void the_examples_pass_their_own_tests(void **state)
{
	const char *srcdir = getenv("srcdir");
	char pattern[512];
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/examples/plugins/*.yaml",
	         srcdir ? srcdir : "..");
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 3);
	for (size_t i = 0; i < found.gl_pathc; i++)
		test_file(found.gl_pathv[i]);
	globfree(&found);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_shape_gives_one_value),
		TEST(a_program_is_compiled_once),
		TEST(what_never_ends_is_ended),
		TEST(what_is_too_large_is_said),
		TEST(the_examples_pass_their_own_tests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
