/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_excerpt.c - lines around what is wrong in a file that was read.
 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "base/ctx.h"
#include "base/limits.h"
#include "catalog/excerpt.h"
#include "json/json.h"

#define TARGET "https://host.test/a.yaml"

static struct cbi_lane lane;
static struct cb_ctx ctx;

static int begin(void **state)
{
	(void)state;
	cbi_lane_init(&lane, CB_MIB);
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

static const char *file_text, *taken;

static int read_one(struct cb_ctx *c, void *arg,
                    const struct cbi_provider_ask *ask,
                    int (*each)(void *arg, struct cb_ctx *ctx,
                                const struct cbi_provider_file *file),
                    void *each_arg, json_t **after)
{
	const struct cbi_provider_file file = { .target = ask->target,
		                                .text = file_text,
		                                .len = strlen(file_text) };

	assert_ptr_equal(arg, &file_text);
	*after = NULL;
	return each(each_arg, c, &file);
}

static int take(void *arg, struct cb_ctx *c,
                const struct cbi_provider_file *file)
{
	(void)c;
	assert_ptr_equal(arg, &taken);
	taken = file->text;
	return CB_OK;
}

/* The excerpt of the message, when text stands at TARGET; NULL for none. */
static json_t *excerpt(const char *text, const char *message)
{
	const struct cbi_feed feed = { .arg = &file_text, .read = read_one };
	const struct cbi_provider_ask ask = { .type = "url", .target = TARGET };
	struct cbi_excerpt kept;
	struct cbi_feed noting;
	json_t *after, *errors = json_pack("[{s:s}]", "message", message);

	assert_int_equal(cbi_json_keep(&ctx, errors), CB_OK);
	assert_int_equal(cbi_excerpt_open(&ctx, &feed, &kept, &noting), CB_OK);
	file_text = text;
	taken = NULL;
	assert_int_equal(
	    noting.read(&ctx, noting.arg, &ask, take, &taken, &after), CB_OK);
	assert_ptr_equal(taken, text);
	assert_int_equal(cbi_excerpt_add(&ctx, &kept, errors), CB_OK);
	return json_object_get(json_array_get(errors, 0), "excerpt");
}

static void check(json_t *found, int line, int from, size_t n,
                  const char *first)
{
	json_t *lines = json_object_get(found, "lines");

	assert_non_null(found);
	assert_int_equal(json_integer_value(json_object_get(found, "line")),
	                 line);
	assert_int_equal(json_integer_value(json_object_get(found, "from")),
	                 from);
	assert_int_equal(json_array_size(lines), n);
	assert_string_equal(json_string_value(json_array_get(lines, 0)), first);
	assert_string_equal(json_string_value(json_object_get(found, "target")),
	                    TARGET);
}

static const char ten[] = "1\n2\n3\n4\n5\r\n6\n7\n8\n9\n10";

static void around_the_line(void **state)
{
	(void)state;
	check(excerpt(ten, "InputError: " TARGET ":5:3: spec is missing"), 5, 2,
	      7, "2");
	check(excerpt(ten, TARGET ":1:1: no kind"), 1, 1, 4, "1");
	check(excerpt(ten, TARGET ":10:1: end"), 10, 7, 4, "7");
	check(excerpt(ten, TARGET ": line 2, column 7: bad indent"), 2, 1, 5,
	      "1");
	assert_string_equal(
	    json_string_value(json_array_get(
		json_object_get(excerpt(ten, TARGET ":5:1: x"), "lines"), 3)),
	    "5");
}

static void none_where_no_line_is_named(void **state)
{
	static const char *const messages[] = {
		"",
		TARGET,
		TARGET ": is no YAML",
		TARGET ":x: spec",
		TARGET ":: spec",
		TARGET ":-3: spec",
		TARGET ":3",
		TARGET ":99999999999999999999999 spec",
		"a b: " TARGET ":5:3: spec",
		": " TARGET ":5:3: spec",
		"https://host.test/b.yaml:5:3: spec is missing",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		assert_null(excerpt(ten, messages[i]));
	/* Not UTF-8: the trial says so, and there is nothing to show. */
	assert_null(excerpt("\xff\n", TARGET ":1:1: x"));
}

static void a_long_line_is_cut_between_letters(void **state)
{
	char text[2 * CBI_EXCERPT_LINE + 4];
	const char *line;

	(void)state;
	text[0] = 'x';
	for (size_t i = 1; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[sizeof(text) - 1] = '\0';
	line = json_string_value(json_array_get(
	    json_object_get(excerpt(text, TARGET ":1:1: x"), "lines"), 0));
	assert_int_equal(strlen(line), CBI_EXCERPT_LINE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(around_the_line, begin, end),
		cmocka_unit_test_setup_teardown(none_where_no_line_is_named,
		                                begin, end),
		cmocka_unit_test_setup_teardown(
		    a_long_line_is_cut_between_letters, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
