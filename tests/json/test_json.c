/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_json.c - numbers the JavaScript way, canonical text, and what is
 * refused.
 */
#include "tests/lib/cmock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
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

static void numbers_are_written_as_javascript_does(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ -0.0, "0" },
		{ 1, "1" },
		{ -17, "-17" },
		{ 1.5, "1.5" },
		{ 0.1, "0.1" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1e3, "1000" },
		{ 123456789012345680.0, "123456789012345680" },
		{ 12345678901234567890.0, "12345678901234567000" },
		{ 1e20, "100000000000000000000" },
		{ 1e21, "1e+21" },
		{ 1.5e300, "1.5e+300" },
		{ -1.25e-7, "-1.25e-7" },
		{ 1e-6, "0.000001" },
		{ 1.5e-6, "0.0000015" },
		{ 1e-7, "1e-7" },
		{ 5e-324, "5e-324" },
		{ 1.7976931348623157e308, "1.7976931348623157e+308" },
		{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
		{ 9007199254740991.0, "9007199254740991" },
		{ 4.35, "4.35" },
		{ 100.25, "100.25" },
		{ INFINITY, "null" },
		{ NAN, "null" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[CBI_JSON_NUMBER_LEN];

		assert_int_equal(cbi_json_number(cases[i].value, text),
		                 strlen(cases[i].text));
		assert_string_equal(text, cases[i].text);
	}
}

static void numbers_read_back_the_same(void **state)
{
	uint64_t bits = 0x9e3779b97f4a7c15;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[CBI_JSON_NUMBER_LEN];
		double value;

		bits = bits * 6364136223846793005u + 1442695040888963407u;
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value))
			continue;
		assert_in_range(cbi_json_number(value, text), 1, 25);
		assert_true(strtod(text, NULL) == value);
	}
}

static json_t *parse(const char *text)
{
	json_t *value = NULL;

	assert_int_equal(cb_json_parse(&ctx, text, strlen(text), &value),
	                 CB_OK);
	return value;
}

static void text_is_compact_and_canonical(void **state)
{
	struct cb_buf buf;
	json_t *value = parse("{\"b\": [1, 2.50, 1e3, -0, true, null],"
	                      " \"a\\u0001\": \"x\\n\\\"\\\\\\u00e9/\","
	                      " \"B\": {}, \"big\": 12345678901234567890}");

	(void)state;
	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(cb_json_write(&buf, value), CB_OK);
	assert_string_equal(buf.data,
	                    "{\"b\":[1,2.5,1000,0,true,null],\"a\\u0001\":"
	                    "\"x\\n\\\"\\\\\xc3\xa9/\",\"B\":{},"
	                    "\"big\":12345678901234567000}");
	cbi_buf_clear(&buf);
	assert_int_equal(cbi_json_canonical(&buf, value), CB_OK);
	assert_string_equal(buf.data,
	                    "{\"B\":{},\"a\\u0001\":\"x\\n\\\"\\\\\xc3\xa9/\","
	                    "\"b\":[1,2.5,1000,0,true,null],"
	                    "\"big\":12345678901234567000}");
	cbi_buf_finish(&buf);
}

static void wide_objects_are_sorted_too(void **state)
{
	struct cb_buf text, out;
	const char *p;
	char last[16] = "";

	(void)state;
	cbi_buf_init(&text, CB_MIB);
	cbi_buf_init(&out, CB_MIB);
	cb_buf_text(&text, "{");
	for (int i = 0; i < 500; i++)
		cb_buf_printf(&text, "%s\"k%d\":0", i ? "," : "",
		              (i * 7919) % 500);
	cb_buf_text(&text, "}");
	assert_int_equal(cbi_json_canonical(&out, parse(text.data)), CB_OK);
	assert_int_equal(out.len, text.len);
	for (p = strchr(out.data, 'k'); p; p = strchr(p + 1, 'k')) {
		char key[16];

		snprintf(key, sizeof(key), "%.*s", (int)strcspn(p, "\""), p);
		assert_true(strcmp(last, key) < 0);
		memcpy(last, key, sizeof(key));
	}
	cbi_buf_finish(&text);
	cbi_buf_finish(&out);
}

static void a_cycle_ends(void **state)
{
	json_t *a = json_array(), *b = json_array();
	struct cb_buf buf;

	(void)state;
	json_array_append(a, b);
	json_array_append(b, a);
	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(cb_json_write(&buf, a), CB_ETOOBIG);
	cbi_buf_finish(&buf);
	json_array_clear(a);
	json_decref(a);
	json_decref(b);
}

static void wrong_json_is_refused(void **state)
{
	static const char *const wrongs[] = {
		"",
		"nul",
		"{\"a\":1} x",
		"{\"a\":1,\"a\":2}",
		"[1,]",
		"\"\\u0000\"",
		"\"\\ud800\"",
		"1e400",
		"NaN",
		"Infinity",
		"[1",
		"{\"a\" 1}",
		"\xff\xfe[",
		"\xef\xbb\xbf[]",
		"'a'",
		"01",
	};
	char deep[CB_JSON_DEPTH_MAX + 2];
	json_t *value;

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		if (cb_json_parse(&ctx, wrongs[i], strlen(wrongs[i]), &value) !=
		    CB_EINVAL)
			fail_msg("accepted: %s", wrongs[i]);
		assert_string_not_equal(cb_failure(&ctx), "");
		cb_failure_clear(&ctx);
	}
	memset(deep, '[', sizeof(deep));
	assert_int_equal(cb_json_parse(&ctx, deep, sizeof(deep), &value),
	                 CB_EINVAL);
	assert_non_null(strstr(cb_failure(&ctx), "deeper than 64"));
}

static void paths_reach_into_lists_and_dotted_keys(void **state)
{
	json_t *value = parse("{\"a\":{\"b.c/d\":[{\"x\":\"y\"},2.5,\"7\"]},"
	                      "\"n\":null}");

	(void)state;
	assert_string_equal(cb_json_text(value, "a.b.c/d.0.x", "-"), "y");
	assert_string_equal(cb_json_text(value, "a.b.c/d.1", "-"), "-");
	assert_string_equal(cb_json_text(value, "a.nope", "-"), "-");
	assert_true(cb_json_number(value, "a.b.c/d.1", 0) == 2.5);
	assert_true(cb_json_number(value, "a.b.c/d.2", 0) == 7);
	assert_true(cb_json_number(value, "a.b.c/d.0.x", -1) == -1);
	assert_true(json_is_null(cb_json_at(value, "n")));
	assert_null(cb_json_at(value, "a.b.c/d.-1"));
	assert_null(cb_json_at(value, "a.b.c/d.9"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(numbers_are_written_as_javascript_does),
		T(numbers_read_back_the_same),
		T(text_is_compact_and_canonical),
		T(wide_objects_are_sorted_too),
		T(a_cycle_ends),
		T(wrong_json_is_refused),
		T(paths_reach_into_lists_and_dotted_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
