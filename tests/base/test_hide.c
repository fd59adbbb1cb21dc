/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hide.h"
#include "base/log.h"

static const char *hidden(const char *text)
{
	static char line[200];

	snprintf(line, sizeof(line), "%s", text);
	line[cbi_hide(line, strlen(line))] = '\0';
	return line;
}

static void what_was_added_is_not_shown(void **state)
{
	(void)state;
	cbi_hide_clear();
	assert_true(cbi_hide_add("hush-hush"));
	assert_true(cbi_hide_add("hush-hush"));
	assert_string_equal(hidden("a hush-hush b"), "a *** b");
	assert_string_equal(hidden("hush-hush"), "***");
	assert_string_equal(hidden("hush-hushhush-hush"), "******");
	assert_string_equal(hidden("hush-hus"), "hush-hus");
	assert_true(cbi_hide_found("x hush-hush", 11));
	assert_false(cbi_hide_found("x hush-hush", 10));
}

static void short_ones_would_hide_words(void **state)
{
	(void)state;
	cbi_hide_clear();
	assert_true(cbi_hide_add("abc"));
	assert_true(cbi_hide_add(""));
	assert_string_equal(hidden("abc"), "abc");
}

static void there_is_room_for_so_many(void **state)
{
	char secret[32];

	(void)state;
	cbi_hide_clear();
	for (int i = 0; i < CBI_HIDE_MAX; i++) {
		snprintf(secret, sizeof(secret), "secret-%d-", i);
		assert_true(cbi_hide_add(secret));
	}
	assert_false(cbi_hide_add("one-too-many"));
	assert_string_equal(hidden("secret-1023-"), "***");
	cbi_hide_clear();
	assert_string_equal(hidden("secret-1023-"), "secret-1023-");
}

/* What the log writes to standard error, by whichever way. */
static void no_line_shows_one(void **state)
{
	static const char record[] = "access=1 path=\"/x?hush-hush\"\n";
	int ends[2], was = dup(STDERR_FILENO);
	char text[2000];
	ssize_t n;

	(void)state;
	cbi_hide_clear();
	cbi_hide_add("hush-hush");
	cbi_hide_add("two\"words\"");
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	cb_log(NULL, CB_LOG_ERROR, "asked with %s and %s", "hush-hush",
	       "two\"words\"");
	cbi_log_line(record, sizeof(record) - 1);
	dup2(was, STDERR_FILENO);
	close(ends[1]);
	n = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	close(was);
	assert_true(n > 0);
	text[n] = '\0';
	assert_null(strstr(text, "hush"));
	assert_null(strstr(text, "words"));
	assert_non_null(strstr(text, "asked with *** and ***"));
	assert_non_null(strstr(text, "path=\"/x?***\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_not_shown),
		cmocka_unit_test(short_ones_would_hide_words),
		cmocka_unit_test(there_is_room_for_so_many),
		cmocka_unit_test(no_line_shows_one),
	};

	return cmocka_run_group_tests_name("base/hide", tests, NULL, NULL);
}
