/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

static void whole_numbers_only(void **state)
{
	int64_t n = 7;

	(void)state;
	assert_int_equal(cbi_str_int("42", 0, 100, &n), 0);
	assert_int_equal(n, 42);
	assert_int_equal(cbi_str_int("-3", -5, 5, &n), 0);
	assert_int_equal(n, -3);
	n = 7;
	const char *const bad[] = { "",    "-",  "0x10", "1e9",
		                    "2.5", " 1", "1 ",   "9223372036854775808",
		                    "101", "--1" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cbi_str_int(bad[i], 0, 100, &n), -1);
	assert_int_equal(n, 7);
}

static void durations_have_units(void **state)
{
	int64_t ms;

	(void)state;
	assert_int_equal(cbi_str_duration("90", &ms), 0);
	assert_int_equal(ms, 90000);
	assert_int_equal(cbi_str_duration("250ms", &ms), 0);
	assert_int_equal(ms, 250);
	assert_int_equal(cbi_str_duration("PT5M", &ms), 0);
	assert_int_equal(ms, 300000);
	assert_int_equal(cbi_str_duration("2h", &ms), 0);
	assert_int_equal(ms, 7200000);
	assert_int_equal(cbi_str_duration("5 m", &ms), -1);
	assert_int_equal(cbi_str_duration("m", &ms), -1);
	assert_int_equal(cbi_str_duration("-5m", &ms), -1);
	assert_int_equal(cbi_str_duration("9999999999999999d", &ms), -1);
}

static void escapes_are_decoded_once(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} rows[] = {
		{ "a%20b", "a b" },
		{ "a+b", "a b" },
		{ "%252e", "%2e" },
		{ "%C3%A9", "\xc3\xa9" },
		{ "%00", NULL },
		{ "%zz", NULL },
		{ "%", NULL },
		{ "%4", NULL },
		{ "%c0%af", NULL },
		{ "%ed%a0%80", NULL },
		{ "%f5%80%80%80", NULL },
	};
	char out[64];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = cbi_str_url_decode(rows[i].in, strlen(rows[i].in),
		                            true, out, &len);

		assert_int_equal(rc, rows[i].out ? 0 : -1);
		if (rows[i].out)
			assert_string_equal(out, rows[i].out);
	}
}

static void encoding_keeps_what_is_asked(void **state)
{
	struct cb_buf buf;

	(void)state;
	cbi_buf_init(&buf, 1000);
	assert_int_equal(cbi_str_url_encode(&buf, "a b/c\xc3\xa9~", ""), 0);
	assert_string_equal(buf.data, "a%20b%2Fc%C3%A9~");
	cbi_buf_clear(&buf);
	assert_int_equal(cbi_str_url_encode(&buf, "a/b:c", "/:"), 0);
	assert_string_equal(buf.data, "a/b:c");
	cbi_buf_finish(&buf);
}

static void the_nearest_name_is_found(void **state)
{
	static const char *const names[] = { "baseUrl", "listen", "database" };

	(void)state;
	assert_string_equal(cbi_str_nearest("baseURL", names, 3), "baseUrl");
	assert_string_equal(cbi_str_nearest("datbase", names, 3), "database");
	assert_null(cbi_str_nearest("quite-another", names, 3));
	assert_int_equal(cbi_str_distance("", "abc"), 3);
}

static void secrets_compare_whole(void **state)
{
	(void)state;
	assert_true(cbi_str_equal_secret("abc", "abc"));
	assert_false(cbi_str_equal_secret("abc", "abd"));
	assert_false(cbi_str_equal_secret("abc", "abcabc"));
	assert_false(cbi_str_equal_secret("", "a"));
	assert_true(cbi_str_equal_secret("", ""));
}

static void log_values_stay_on_one_line(void **state)
{
	struct cb_buf buf;

	(void)state;
	cbi_buf_init(&buf, 1000);
	cbi_log_escape(&buf, "a\n\"b\"\\ \033[1m%s");
	assert_string_equal(buf.data, "a\\n\\\"b\\\"\\\\ \\x1b[1m%s");
	cbi_buf_finish(&buf);
}

static void what_was_cut_in_a_character_is_mended(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "\xc3\xa9", "\xc3\xa9" },
		{ "'a\xc3' is", "'a?' is" },
		{ "'\xe2\x82' is", "'?"
		                   "?' is" },
		{ "\xf0\x9f\x98\x80\xf0\x9f", "\xf0\x9f\x98\x80?"
		                              "?" },
		{ "\x80\xff", "?"
		              "?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%s", rows[i].text);
		cbi_str_mend(text);
		assert_string_equal(text, rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_cut_in_a_character_is_mended),
		cmocka_unit_test(whole_numbers_only),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(escapes_are_decoded_once),
		cmocka_unit_test(encoding_keeps_what_is_asked),
		cmocka_unit_test(the_nearest_name_is_found),
		cmocka_unit_test(secrets_compare_whole),
		cmocka_unit_test(log_values_stay_on_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
