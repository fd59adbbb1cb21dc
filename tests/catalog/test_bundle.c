/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_bundle.c - a description in several files becomes one text, whatever
 * refers to what.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "catalog/bundle.h"
#include "json/json.h"
#include "yaml/yaml.h"

#define SITE "https://git.example/"
#define BASE "url:" SITE "catalog-info.yaml"

static struct cbi_lane lane;
static struct cb_ctx ctx;
static int reads;

/* Files of the case at hand: name, text, name, text... */
static const char *const *files;

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

static const char *resolve(struct cb_ctx *c, void *arg, const char *base,
                           const char *target)
{
	const char *slash = strrchr(base, '/');

	(void)arg;
	assert_int_equal(strncmp(base, "url:", 4), 0);
	base += 4;
	if (strstr(target, "://"))
		return cb_strdup(c, target);
	if (strncmp(target, "./", 2) == 0)
		target += 2;
	return cb_printf(c, "%.*s/%s", (int)(slash - base), base, target);
}

static int read_file(struct cb_ctx *c, void *arg, const char *base,
                     const char *target, const char **text, size_t *len)
{
	(void)arg;
	assert_string_equal(base, BASE);
	reads++;
	if (strncmp(target, SITE, strlen(SITE)) == 0)
		for (size_t i = 0; files[i]; i += 2)
			if (strcmp(files[i], target + strlen(SITE)) == 0) {
				*text = files[i + 1];
				*len = strlen(*text);
				return CB_OK;
			}
	return cb_fail(c, CB_ENOENT, "no such file: %s", target);
}

static const struct cbi_placeholder_reader reader = { read_file, NULL,
	                                              resolve };

static const char *bundle(const char *const *all)
{
	json_t *out = NULL;

	files = all;
	reads = 0;
	if (cbi_bundle(&ctx, &reader, BASE, "./a.yaml", &out) < 0)
		return cb_failure(&ctx);
	assert_int_equal(cbi_json_keep(&ctx, out), CB_OK);
	return json_string_value(out);
}

/* As values: how YAML quotes is not what is promised here. */
static void assert_same(const char *text, const char *expected)
{
	json_t *got = NULL, *wanted = NULL;

	if (cbi_yaml_one(&ctx, text, strlen(text), &got) < 0 ||
	    cbi_yaml_one(&ctx, expected, strlen(expected), &wanted) < 0 ||
	    !json_equal(got, wanted))
		fail_msg("%s\nexpected\n%s", text, expected);
	json_decref(got);
	json_decref(wanted);
}

static void files_become_one(void **state)
{
	static const struct {
		const char *files[8], *expected;
	} cases[] = {
		{ { "a.yaml", "{\"openapi\": \"3.0.0\", \"paths\": {\"/x\": "
		              "[1, true, null]}}" },
		  "openapi: 3.0.0\npaths:\n  /x:\n    - 1\n    - true\n    - "
		  "null\n" },
		/* What is there once, further ones refer to. */
		{ { "a.yaml",
		    "p: {$ref: ./b.yaml}\nq: {$ref: 'b.yaml#/s'}\nr: {$ref: "
		    "'b.yaml#/s'}\n",
		    "b.yaml", "s: {t: 1}\n" },
		  "p:\n  s:\n    t: 1\nq:\n  t: 1\nr:\n  $ref: '#/q'\n" },
		/* Within a file, and from another folder. */
		{ { "a.yaml", "p: {$ref: 'd/b.yaml#/s'}\n", "d/b.yaml",
		    "s: {u: {$ref: '#/t'}, v: {$ref: c.yaml}}\nt: 2\n",
		    "d/c.yaml", "3\n" },
		  "p:\n  u: 2\n  v: 3\n" },
		/* Back to the first file, whose own stay as they are. */
		{ { "a.yaml",
		    "p: {$ref: 'b.yaml'}\nq: {w: 1}\nr: {$ref: '#/q'}\n",
		    "b.yaml", "x: {$ref: 'a.yaml#/q'}\n" },
		  "p:\n  x:\n    $ref: '#/q'\nq:\n  w: 1\nr:\n  $ref: "
		  "'#/q'\n" },
		/* A tree of itself ends at itself. */
		{ { "a.yaml", "tree: {$ref: 'b.yaml#/Node'}\n", "b.yaml",
		    "Node: {left: {$ref: '#/Node'}, right: {$ref: '#/Node'}}"
		    "\n" },
		  "tree:\n  left:\n    $ref: '#/tree'\n  right:\n    $ref: "
		  "'#/tree'\n" },
		/* Keys that a pointer has to escape. */
		{ { "a.yaml",
		    "paths: {/a~b: {$ref: 'b.yaml#/x~1y/0'}, /c: {$ref: "
		    "'b.yaml#/x~1y/0'}}\n",
		    "b.yaml", "x/y: [{k: v}]\n" },
		  "paths:\n  /a~b:\n    k: v\n  /c:\n    $ref: "
		  "'#/paths/~1a~0b'\n" },
		/* Own words beside the reference win. */
		{ { "a.yaml", "p: {$ref: b.yaml, text: mine}\n", "b.yaml",
		    "{text: theirs, more: 1}\n" },
		  "p:\n  text: mine\n  more: 1\n" },
		/* A field of that name is none. */
		{ { "a.yaml", "properties: {$ref: {type: string}}\n" },
		  "properties:\n  $ref:\n    type: string\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_same(bundle(cases[i].files), cases[i].expected);
}

static void a_file_is_read_once(void **state)
{
	static const char *const all[] = {
		"a.yaml", "[{$ref: b.yaml}, {$ref: './b.yaml#/x'}]\n",
		"b.yaml", "x: {y: {$ref: '#/z'}}\nz: {$ref: './a.yaml#/0'}\n",
		NULL,
	};

	(void)state;
	bundle(all);
	assert_int_equal(reads, 2);
}

static void what_cannot_be_one_says_why(void **state)
{
	static const struct {
		const char *files[8], *expected;
	} cases[] = {
		{ { "b.yaml", "1\n" }, "no such file: " SITE "a.yaml" },
		{ { "a.yaml", "x: {$ref: gone.yaml}\n" },
		  "no such file: " SITE "gone.yaml" },
		{ { "a.yaml", "x: {$ref: 'http://169.254.169.254/'}\n" },
		  "no such file: http://169.254.169.254/" },
		{ { "a.yaml", "x: {$ref: 'b.yaml#/n/o'}\n", "b.yaml",
		    "n: {}\n" },
		  "'" SITE "b.yaml#/n/o' leads nowhere" },
		{ { "a.yaml", "x: {$ref: 'b.yaml#/a'}\n", "b.yaml",
		    "a: {$ref: '#/b'}\nb: {$ref: '#/a'}\n" },
		  "'" SITE "b.yaml#/a' leads to itself" },
		{ { "a.yaml", "just a text\n" },
		  "expected a description: a map of fields" },
		{ { "a.yaml", "a: 1\n---\nb: 2\n" },
		  "expected exactly one document" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(bundle(cases[i].files), cases[i].expected);
		assert_int_not_equal(cb_failure_code(&ctx), CB_OK);
		cb_failure_clear(&ctx);
	}
}

static void what_is_too_much_is_refused(void **state)
{
	const char *all[5] = { "a.yaml", NULL, "b.yaml", NULL, NULL };
	struct cb_buf first, second;

	(void)state;
	cbi_buf_init(&first, CB_MIB);
	cbi_buf_init(&second, 4 * CB_MIB);
	for (int i = 0; i <= CBI_BUNDLE_FILES; i++)
		cb_buf_printf(&first, "x%d: {$ref: f%d.yaml}\n", i, i);
	all[1] = cbi_buf_string(&first);
	assert_non_null(strstr(bundle(all), "no such file"));
	cb_failure_clear(&ctx);
	/* Many spellings of one place are many copies. */
	cbi_buf_clear(&first);
	for (int i = 0; i < 64; i++)
		cb_buf_printf(&first, "x%d: {$ref: 'b.yaml#/%s%s%s%s%s%s'}\n",
		              i, i & 1 ? "%61" : "a", i & 2 ? "%61" : "a",
		              i & 4 ? "%61" : "a", i & 8 ? "%61" : "a",
		              i & 16 ? "%61" : "a", i & 32 ? "%61" : "a");
	cb_buf_text(&second, "aaaaaa: \"");
	for (int i = 0; i < 100000; i++)
		cb_buf_text(&second, "0123456789");
	cb_buf_text(&second, "\"\n");
	all[1] = cbi_buf_string(&first);
	all[3] = cbi_buf_string(&second);
	assert_string_equal(bundle(all),
	                    "it comes to more than 50000 values or 4 MiB");
	cb_failure_clear(&ctx);
	cbi_buf_finish(&first);
	cbi_buf_finish(&second);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(files_become_one),
		T(a_file_is_read_once),
		T(what_cannot_be_one_says_why),
		T(what_is_too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
