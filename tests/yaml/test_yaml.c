/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_yaml.c - the core schema, positions, budgets, and what one wrong
 * document does to the others.
 */
#include "tests/lib/cmock.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "yaml/yaml.h"

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

static struct cbi_yaml_doc *parse_n(const char *text, size_t len)
{
	struct cbi_yaml_doc *doc = NULL;

	assert_int_equal(cbi_yaml_parse(&ctx, text, len, &doc), CB_OK);
	return doc;
}

static struct cbi_yaml_doc *parse(const char *text)
{
	return parse_n(text, strlen(text));
}

static void assert_json(const struct cbi_yaml_doc *doc, const char *expected)
{
	json_t *json;
	char *text;

	assert_non_null(doc);
	if (doc->error)
		fail_msg("unexpected: %s", doc->error);
	assert_non_null(doc->root);
	json = cbi_yaml_json(doc->root);
	text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
}

static void scalars_follow_the_core_schema(void **state)
{
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{ "[yes, no, on, off, y, n]",
		  "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\"]" },
		{ "[true, True, TRUE, false, False, FALSE]",
		  "[true,true,true,false,false,false]" },
		{ "[~, null, Null, NULL, nUll]",
		  "[null,null,null,null,\"nUll\"]" },
		{ "{a: , b}", "{\"a\":null,\"b\":null}" },
		{ "[2020-01-02, 12:30:45, 1:30, 1_000, 0b11]",
		  "[\"2020-01-02\",\"12:30:45\",\"1:30\",\"1_000\",\"0b11\"]" },
		{ "[0o17, 0x1f, 0x1F, 017, 08, 0o8, -0x1]",
		  "[15,31,31,17,8,\"0o8\",\"-0x1\"]" },
		{ "[+1, -5, -0, 0]", "[1,-5,0,0]" },
		{ "[1.50, .5, -.5, 25e-1]", "[1.5,0.5,-0.5,2.5]" },
		{ "[., .e1, 1e, 1e+, e1, +, 1.2.3, 0x, 0o]",
		  "[\".\",\".e1\",\"1e\",\"1e+\",\"e1\",\"+\",\"1.2.3\","
		  "\"0x\",\"0o\"]" },
		{ "[.inf, -.Inf, +.INF, .nan, .NaN, -.nan, 1e999]",
		  "[null,null,null,null,null,\"-.nan\",null]" },
		{ "['5', \"true\", !!str 5, !foo 5, ! 5, !!int 5]",
		  "[\"5\",\"true\",\"5\",\"5\",\"5\",5]" },
		{ "[!!binary aGk=, !!python/object:os.system x]",
		  "[\"aGk=\",\"x\"]" },
		{ "9007199254740993", "9007199254740992.0" },
		{ "{1: x, true: y, ~: z, 0x10: h, 1.50: r}",
		  "{\"1\":\"x\",\"true\":\"y\",\"\":\"z\",\"16\":\"h\","
		  "\"1.50\":\"r\"}" },
		{ "{<<: {a: 1}}", "{\"<<\":{\"a\":1}}" },
		{ "a: &x {k: [1]}\nb: *x\nc: [*x, *x]",
		  "{\"a\":{\"k\":[1]},\"b\":{\"k\":[1]},"
		  "\"c\":[{\"k\":[1]},{\"k\":[1]}]}" },
		{ "a: &x 1\nb: &x 2\nc: *x", "{\"a\":1,\"b\":2,\"c\":2}" },
		/* libfyaml's count of this one's bytes is too small. */
		{ "a:\n  b: >-\n  $ Plans\n    time.\n  l:\n    o: '1'\n    "
		  "p: 2\n  k:\n    - u: x\n      t: y\n",
		  "{\"a\":{\"b\":\"$ Plans\\n  time.\\nl:\\n  o: '1'\\n"
		  "  p: 2\\nk:\\n  - u: x\\n    t: y\"}}" },
		{ "a:\n  b: |\n ", "{\"a\":{\"b\":\"\"}}" },
		{ "a: |\n  x\n  y\nb: >-\n  x\n  y",
		  "{\"a\":\"x\\ny\\n\",\"b\":\"x y\"}" },
		{ "{\"a\": [1, {\"b\": null}]}", "{\"a\":[1,{\"b\":null}]}" },
		{ "a: 'x''y'\nb: \"\\u00e9\\t\"",
		  "{\"a\":\"x'y\",\"b\":\"\xc3\xa9\\t\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_json(parse(cases[i].yaml), cases[i].json);
}

static void line_ends_of_every_kind_make_the_same(void **state)
{
	static const char *const ends[] = { "\n", "\r\n", "\r", "\xc2\x85" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char text[100];

		snprintf(text, sizeof(text), "a: 1%sb:%s  - x%s", ends[i],
		         ends[i], ends[i]);
		assert_json(parse(text), "{\"a\":1,\"b\":[\"x\"]}");
	}
}

static void values_know_where_they_stood(void **state)
{
	const struct cbi_yaml_doc *doc;
	const struct cbi_yaml *node;

	(void)state;
	doc = parse("# first\n---\nmetadata:\n  annotations:\n"
	            "    example.org/a.b: x\n  links:\n    - url: u\n"
	            "  empty:\n");
	assert_int_equal(doc->line, 2);
	node = cbi_yaml_near(doc->root, "metadata.annotations.example.org/a.b");
	assert_string_equal(node->text, "x");
	assert_int_equal(node->line, 5);
	assert_int_equal(node->column, 22);
	assert_int_equal(node->key_line, 5);
	assert_int_equal(node->key_column, 5);
	node = cbi_yaml_near(doc->root, "metadata.links.0.url");
	assert_int_equal(node->line, 7);
	node = cbi_yaml_near(doc->root, "metadata.links.7.url");
	assert_string_equal(node->key, "links");
	node = cbi_yaml_near(doc->root, "metadata.empty");
	assert_int_equal(node->line, 8);
	node = cbi_yaml_near(doc->root, "spec.owner");
	assert_ptr_equal(node, doc->root);
	assert_null(cbi_yaml_get(doc->root, "spec"));
	assert_non_null(cbi_yaml_get(doc->root, "metadata"));
}

static void empty_documents_are_marked(void **state)
{
	struct cbi_yaml_doc *doc;

	(void)state;
	assert_null(parse(""));
	assert_null(parse("# nothing\n"));
	assert_null(parse("\n\n"));
	doc = parse("---\n# x\n---\na: 1\n---\n");
	assert_true(doc->empty);
	assert_json(doc->next, "{\"a\":1}");
	assert_true(doc->next->next->empty);
	assert_null(doc->next->next->next);
}

static void a_wrong_document_hides_no_other(void **state)
{
	static const char *const wrongs[] = {
		"a: [x",
		"a: {x: 1",
		"a: \"x",
		"a: 'x\n  y",
		"a: 1\n\tb: 2",
		"a: 1\na: 2",
		"a: *nobody",
		"a: &x [*x]",
		"a: b: c",
		"? {a: b}\n: x",
		"? [a]\n: x",
		"a: 1\n b: 2",
		"- a\nb: 1",
		"@x",
		"a: \"\\0\"",
		"a: !<bad 1",
		"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct cbi_yaml_doc *doc;
		char text[200];

		snprintf(text, sizeof(text),
		         "before: 1\n---\n%s\n---\nafter: 1\n---\n%s\n--- \n"
		         "last: 1\n",
		         wrongs[i], wrongs[i]);
		doc = parse(text);
		assert_json(doc, "{\"before\":1}");
		doc = doc->next;
		assert_non_null(doc);
		if (!doc->error)
			fail_msg("accepted: %s", wrongs[i]);
		assert_null(doc->root);
		assert_in_range(doc->line, 2, 6);
		assert_true(strncmp(doc->error, "line ", 5) == 0);
		doc = doc->next;
		assert_json(doc, "{\"after\":1}");
		doc = doc->next;
		assert_non_null(doc->error);
		assert_json(doc->next, "{\"last\":1}");
		assert_null(doc->next->next);
	}
}

static void errors_say_where(void **state)
{
	struct cbi_yaml_doc *doc;

	(void)state;
	doc = parse("ok: 1\n---\nkind: A\nname: x\nkind: B\n");
	assert_string_equal(doc->next->error,
	                    "line 5, column 1: duplicate key 'kind'");
	doc = parse("a: [\n---\nb: [\n---\nname: &a x\nx: *b\n");
	assert_string_equal(doc->next->next->error,
	                    "line 6, column 4: alias '*b' without an anchor");
}

static void wide_maps_find_their_duplicates(void **state)
{
	struct cb_buf buf;
	struct cbi_yaml_doc *doc;

	(void)state;
	cbi_buf_init(&buf, CB_MIB);
	for (int i = 0; i < 3000; i++)
		cb_buf_printf(&buf, "k%d: %d\n", i, i);
	doc = parse_n(buf.data, buf.len);
	assert_null(doc->error);
	assert_int_equal(doc->root->count, 3000);
	for (int i = 0; i < 3000; i += 977) {
		size_t len = buf.len;

		cb_buf_printf(&buf, "k%d: again\n", i);
		doc = parse_n(buf.data, buf.len);
		assert_non_null(doc->error);
		assert_int_equal(doc->line, 3001);
		buf.len = len;
	}
	cbi_buf_finish(&buf);
}

static void repeat(struct cb_buf *buf, const char *unit, int times)
{
	for (int i = 0; i < times; i++)
		cb_buf_text(buf, unit);
}

static void alias_bomb(struct cb_buf *buf)
{
	cb_buf_text(buf, "a: &a [x,x,x,x,x,x,x,x,x]\n");
	for (char c = 'b'; c < 'j'; c++) {
		cb_buf_printf(buf, "%c: &%c [", c, c);
		for (int i = 0; i < 9; i++)
			cb_buf_printf(buf, "%s*%c", i ? "," : "", c - 1);
		cb_buf_text(buf, "]\n");
	}
}

static void text_bomb(struct cb_buf *buf)
{
	cb_buf_text(buf, "a: &a ");
	repeat(buf, "x", 100000);
	cb_buf_text(buf, "\nb: [");
	repeat(buf, "*a,", 5000);
	cb_buf_text(buf, "]\n");
}

static void deep_chain(struct cb_buf *buf)
{
	cb_buf_text(buf, "a0: &a0 [x]\n");
	for (int i = 1; i < 100; i++)
		cb_buf_printf(buf, "a%d: &a%d [*a%d]\n", i, i, i - 1);
}

static void steps(struct cb_buf *buf)
{
	for (int i = 0; i < 3000; i++)
		cb_buf_printf(buf, "%*s-\n", i, "");
}

static void anchors(struct cb_buf *buf)
{
	for (int i = 0; i < 50000; i++)
		cb_buf_printf(buf, "- &a%d x\n", i);
}

static void brackets(struct cb_buf *buf)
{
	repeat(buf, "[", 100000);
}

static void braces(struct cb_buf *buf)
{
	repeat(buf, "{", 100000);
}

static void dashes(struct cb_buf *buf)
{
	repeat(buf, "- ", 100000);
}

static void questions(struct cb_buf *buf)
{
	repeat(buf, "? ", 100000);
}

static void long_text(struct cb_buf *buf)
{
	cb_buf_text(buf, "a: '");
	repeat(buf, "xxxxxxxxxx", 1000000);
	cb_buf_text(buf, "'\n");
}

static void many_nodes(struct cb_buf *buf)
{
	repeat(buf, "- x\n", 10001);
}

static void bombs_end_early(void **state)
{
	static const struct {
		void (*make)(struct cb_buf *buf);
		const char *says;
	} cases[] = {
		{ alias_bomb, "too many nodes (> 10000)" },
		{ text_bomb, "document too large" },
		{ deep_chain, "nested too deeply (> 64)" },
		{ steps, "nested too deeply (> 64)" },
		{ brackets, "nested too deeply (> 64)" },
		{ braces, "a key must be" },
		{ dashes, "nested too deeply (> 64)" },
		{ questions, "a key must be" },
		{ anchors, "too many anchors (> 1000)" },
		{ long_text, "text too long" },
		{ many_nodes, "too many nodes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cbi_yaml_doc *doc;
		struct cb_buf buf;
		size_t before = lane.arena.used;
		int64_t start;

		cbi_buf_init(&buf, 16 * CB_MIB);
		cases[i].make(&buf);
		cb_buf_text(&buf, "\n---\nok: 1\n");
		assert_int_equal(buf.failed, CB_OK);
		start = cbi_clock_ms();
		doc = parse_n(buf.data, buf.len);
		/* A guard against the quadratic, not a benchmark: sanitizers
		 * and a busy machine are to pass too. */
		assert_in_range(cbi_clock_ms() - start, 0, 500);
		assert_non_null(doc->error);
		if (!strstr(doc->error, cases[i].says))
			fail_msg("case %zu: %s", i, doc->error);
		assert_json(doc->next, "{\"ok\":1}");
		assert_in_range(lane.arena.used - before, 0, 10 * CB_MIB);
		cbi_buf_finish(&buf);
		cbi_ctx_finish(&ctx);
		cbi_ctx_init(&ctx, &lane);
	}
}

/* So many brackets are looked at twice: here they are text. */
static void brackets_in_a_text_are_text(void **state)
{
	static const struct {
		const char *before, *after;
		int line; /* of b */
	} forms[] = {
		{ "---\nfirst: 1\n---\na: '", "'\nb: 2\n", 5 },
		{ "---\nfirst: 1\n---\na: |\n  ", "\nb: 2\n", 6 },
		{ "---\nfirst: 1\n---\n# ", "\na: x\nb: 2\n", 6 },
		{ "first: 1\n---\na: \"", "\"\nb: 2\n", 4 },
		{ "first: 1\n--- # ", "\na: x\nb: 2\n", 4 },
	};
	char brackets[400];

	(void)state;
	memset(brackets, '[', sizeof(brackets));
	brackets[sizeof(brackets) - 1] = '\0';
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct cbi_yaml_doc *doc;
		const char *text =
		    cb_printf(&ctx, "%s%s%s---\nlast: 1\n", forms[i].before,
		              brackets, forms[i].after);

		doc = parse(text);
		assert_json(doc, "{\"first\":1}");
		assert_non_null(doc->next);
		if (doc->next->error)
			fail_msg("form %zu: %s", i, doc->next->error);
		assert_int_equal(cbi_yaml_get(doc->next->root, "b")->whole, 2);
		assert_int_equal(cbi_yaml_get(doc->next->root, "b")->line,
		                 forms[i].line);
		assert_json(doc->next->next, "{\"last\":1}");
		assert_null(doc->next->next->next);
	}
}

static void too_many_documents_end_the_stream(void **state)
{
	struct cbi_yaml_doc *doc;
	struct cb_buf buf;
	size_t n = 1;

	(void)state;
	cbi_buf_init(&buf, 8 * CB_MIB);
	repeat(&buf, "---\n", 100000);
	for (doc = parse_n(buf.data, buf.len); doc->next; doc = doc->next)
		n++;
	assert_int_equal(n, CB_YAML_DOCUMENTS_MAX + 1);
	assert_non_null(strstr(doc->error, "too many documents"));
	cbi_buf_finish(&buf);
}

static void what_is_not_utf8_is_refused_whole(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{ "a: \xff\n", 5 },
		{ "a: x\0y\n", 7 },
		{ "\xff\xfe"
		  "a\0:\0",
		  6 },
		{ "a\0:\0 \0", 6 },
		{ "\xfe\xff\0a\0:", 6 },
		{ "\xff\xfe\0\0a\0\0\0", 8 },
		{ "a: \xed\xa0\x80\n", 7 },
		{ "a: \xc0\xaf\n", 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cbi_yaml_doc *doc;

		assert_int_equal(
		    cbi_yaml_parse(&ctx, cases[i].text, cases[i].len, &doc),
		    CB_EINVAL);
		assert_non_null(strstr(cb_failure(&ctx), "UTF-8"));
		cb_failure_clear(&ctx);
	}
	assert_json(parse("\xef\xbb\xbf"
	                  "a: 1\n"),
	            "{\"a\":1}");
}

static void strange_directives_do_no_harm(void **state)
{
	struct cbi_yaml_doc *doc;
	struct cb_buf buf;

	(void)state;
	doc = parse("%YAML 9.9\n---\na: 1\n");
	assert_non_null(doc->error);
	cbi_buf_init(&buf, CB_MIB);
	for (int i = 0; i < 5000; i++)
		cb_buf_printf(&buf, "%%TAG !t%d! tag:x.org,2000:%d\n", i, i);
	cb_buf_text(&buf, "---\na: !t7!x 1\n");
	assert_json(parse_n(buf.data, buf.len), "{\"a\":\"1\"}");
	cbi_buf_finish(&buf);
}

static void every_truncation_ends_well(void **state)
{
	static const char text[] =
	    "apiVersion: v1\nkind: &k Component\nmetadata:\n  name: "
	    "\"a\\u00e9\""
	    "\n  tags: [a, {b: *k}]\n  text: |\n    x\n---\n'a': >-\n  y\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		struct cbi_yaml_doc *doc = NULL;
		char *copy = malloc(n + 1);
		int rc;

		memcpy(copy, text, n);
		rc = cbi_yaml_parse(&ctx, copy, n, &doc);
		assert_true(rc == CB_OK || rc == CB_EINVAL);
		cb_failure_clear(&ctx);
		free(copy);
	}
}

static void an_excerpt_shows_three_lines(void **state)
{
	static const char text[] = "one\r\ntwo: [\nthree\tx\nfour\n";
	struct cb_buf buf;

	(void)state;
	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(cbi_yaml_excerpt(&buf, text, sizeof(text) - 1, 2, 6),
	                 CB_OK);
	assert_string_equal(cbi_buf_string(&buf), "     1 | one\n"
	                                          "     2 | two: [\n"
	                                          "       |      ^\n"
	                                          "     3 | three x\n");
	cbi_buf_finish(&buf);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(scalars_follow_the_core_schema),
		T(line_ends_of_every_kind_make_the_same),
		T(values_know_where_they_stood),
		T(empty_documents_are_marked),
		T(a_wrong_document_hides_no_other),
		T(errors_say_where),
		T(wide_maps_find_their_duplicates),
		T(bombs_end_early),
		T(brackets_in_a_text_are_text),
		T(too_many_documents_end_the_stream),
		T(what_is_not_utf8_is_refused_whole),
		T(strange_directives_do_no_harm),
		T(every_truncation_ends_well),
		T(an_excerpt_shows_three_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
