/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_schema.c - which values fit, where it is said that they do not, which
 * schemas are refused, and that none of it can be made to cost much.  What
 * other programs say of the same: tests/flow/24_schema.mjs.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ctx.h"
#include "json/json.h"
#include "json/schema.h"

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

/* Texts with ' for ". */
static json_t *json_of(const char *text)
{
	char *quoted = cb_strdup(&ctx, text);
	json_t *json;

	for (char *p = quoted; *p; p++)
		if (*p == '\'')
			*p = '"';
	json = json_loads(quoted, JSON_DECODE_ANY, NULL);
	if (!json)
		fail_msg("no JSON: %s", quoted);
	if (cbi_json_keep(&ctx, json) < 0)
		fail();
	return json;
}

static int check(const char *schema, const json_t *value,
                 struct cbi_schema_problem *problem)
{
	const struct cbi_schema *read;

	*problem = (struct cbi_schema_problem){ .rule = "" };
	if (cbi_schema_read(&ctx, json_of(schema), &read, problem) != CB_OK)
		fail_msg("%s: %s: %s", schema, problem->pointer, problem->text);
	return cbi_schema_check(&ctx, read, value, problem);
}

/* --- what fits --- */

static const struct {
	const char *schema, *value;
	const char *why; /* "pointer rule: text"; NULL: it fits */
} cases[] = {
	{ "true", "1", NULL },
	{ "{}", "null", NULL },
	{ "false", "1", " : nothing is expected here" },
	{ "{'type': 'string'}", "'a'", NULL },
	{ "{'type': 'string'}", "1", " type: a number, expected string" },
	{ "{'type': 'integer'}", "1.0", NULL },
	{ "{'type': 'integer'}", "1.5", " type: a number, expected integer" },
	{ "{'type': ['string', 'null']}", "null", NULL },
	{ "{'type': ['string', 'null']}", "[]",
	  " type: a list, expected string or null" },
	{ "{'type': 'boolean'}", "false", NULL },
	{ "{'enum': ['a', 1]}", "1.0", NULL },
	{ "{'enum': ['a', 'b']}", "'c'",
	  " enum: 'c', expected one of \"a\", \"b\"" },
	{ "{'enum': [{'a': 1, 'b': [2]}]}", "{'b': [2], 'a': 1}", NULL },
	{ "{'const': {'a': 1}}", "{'a': 2}",
	  " const: a map, expected {\"a\": 1}" },
	{ "{'minimum': 1}", "1", NULL },
	{ "{'minimum': 1}", "0.5", " minimum: 0.5, expected at least 1" },
	{ "{'maximum': 3}", "4", " maximum: 4, expected at most 3" },
	{ "{'exclusiveMinimum': 1}", "1",
	  " exclusiveMinimum: 1, expected more than 1" },
	{ "{'exclusiveMaximum': 1}", "1",
	  " exclusiveMaximum: 1, expected less than 1" },
	{ "{'multipleOf': 0.01}", "0.07", NULL },
	{ "{'multipleOf': 2}", "3",
	  " multipleOf: 3, expected a multiple of 2" },
	{ "{'minimum': 1}", "'a'", NULL },
	{ "{'minLength': 2}", "'ä'",
	  " minLength: 1 characters, expected at least 2" },
	{ "{'maxLength': 2}", "'äö'", NULL },
	{ "{'maxLength': 2}", "'abc'",
	  " maxLength: 3 characters, expected at most 2" },
	{ "{'pattern': '^[a-z]+$'}", "'abc'", NULL },
	{ "{'pattern': '^[a-z]+$'}", "'aBc'",
	  " pattern: 'aBc', expected what fits ^[a-z]+$" },
	{ "{'items': {'type': 'string'}}", "['a', 1]",
	  "/1 type: a number, expected string" },
	{ "{'items': [{'type': 'string'}], 'additionalItems': false}", "['a']",
	  NULL },
	{ "{'items': [{'type': 'string'}], 'additionalItems': false}",
	  "['a', 1]", "/1 : nothing is expected here" },
	{ "{'minItems': 1}", "[]", " minItems: 0 items, expected at least 1" },
	{ "{'maxItems': 1}", "[1, 2]",
	  " maxItems: 2 items, expected at most 1" },
	{ "{'uniqueItems': true}", "[1, '1', [1], {}]", NULL },
	{ "{'uniqueItems': true}", "[{'a': 1, 'b': 2}, 3, {'b': 2, 'a': 1.0}]",
	  " uniqueItems: a map stands there twice, expected each once" },
	{ "{'contains': {'const': 1}}", "[0, 1]", NULL },
	{ "{'contains': {'const': 1}}", "[0, 2]",
	  " contains: none of its 2 items is as one must be" },
	{ "{'required': ['a', 'b']}", "{'a': null}",
	  "/b required: missing, expected a value" },
	{ "{'required': ['a']}", "[]", NULL },
	{ "{'minProperties': 1}", "{}",
	  " minProperties: 0 fields, expected at least 1" },
	{ "{'maxProperties': 0}", "{'a': 1}",
	  " maxProperties: 1 fields, expected at most 0" },
	{ "{'properties': {'a': {'properties': {'b/c': {'type': 'string'}}}}}",
	  "{'a': {'b/c': 1}}", "/a/b~1c type: a number, expected string" },
	{ "{'properties': {'a': true}, 'additionalProperties': false}",
	  "{'a': 1, 'b': 2}",
	  "/b additionalProperties: not a field that the schema knows" },
	{ "{'patternProperties': {'^x-': {'type': 'string'}},"
	  " 'additionalProperties': {'type': 'number'}}",
	  "{'x-a': 'b', 'c': 1}", NULL },
	{ "{'patternProperties': {'^x-': {'type': 'string'}}}", "{'x-a': 1}",
	  "/x-a type: a number, expected string" },
	{ "{'propertyNames': {'maxLength': 1}}", "{'ab': 1}",
	  "/ab propertyNames: no name for a field here" },
	{ "{'dependencies': {'a': ['b']}}", "{'a': 1}",
	  "/b required: missing, expected a value" },
	{ "{'dependencies': {'a': {'required': ['c']}}}", "{'b': 1}", NULL },
	{ "{'allOf': [{'type': 'string'}, {'minLength': 2}]}", "'a'",
	  " minLength: 1 characters, expected at least 2" },
	{ "{'anyOf': [{'type': 'string'}, {'type': 'number'}]}", "1", NULL },
	{ "{'anyOf': [{'type': 'string'}, {'type': 'number'}]}", "[]",
	  " anyOf: fits none of the 2 ways it may look" },
	{ "{'anyOf': [{'type': 'string'},"
	  " {'properties': {'a': {'type': 'string'}}}]}",
	  "{'a': 1}", "/a type: a number, expected string" },
	{ "{'oneOf': [{'minimum': 1}, {'maximum': 3}]}", "2",
	  " oneOf: fits more than one of the 2 ways it may look, expected "
	  "one" },
	{ "{'not': {'type': 'string'}}", "'a'",
	  " not: is what it must not be" },
	{ "{'if': {'required': ['a']}, 'then': {'required': ['b']},"
	  " 'else': {'required': ['c']}}",
	  "{'a': 1}", "/b required: missing, expected a value" },
	{ "{'if': {'required': ['a']}, 'then': {'required': ['b']},"
	  " 'else': {'required': ['c']}}",
	  "{}", "/c required: missing, expected a value" },
	{ "{'$ref': '#/definitions/a~1b', 'definitions':"
	  " {'a/b': {'type': 'string'}}}",
	  "1", " type: a number, expected string" },
	{ "{'$ref': '#/definitions/a%20b', 'minLength': 2, 'definitions':"
	  " {'a b': {'type': 'string'}}}",
	  "'a'", " minLength: 1 characters, expected at least 2" },
	{ "{'properties': {'next': {'$ref': '#'}},"
	  " 'additionalProperties': false}",
	  "{'next': {'next': {'last': 1}}}",
	  "/next/next/last additionalProperties: not a field that the schema "
	  "knows" },
	{ "{'format': 'email', 'x-order': 1, 'title': 'T'}", "'nobody'", NULL },
};

static void values_fit_or_it_is_said_where_they_do_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cbi_schema_problem problem;
		char found[600] = "fits";

		if (check(cases[i].schema, json_of(cases[i].value), &problem))
			snprintf(found, sizeof(found), "%s %s: %s",
			         problem.pointer, problem.rule, problem.text);
		if (strcmp(found, cases[i].why ? cases[i].why : "fits") != 0)
			fail_msg("%s, %s: %s", cases[i].schema, cases[i].value,
			         found);
		assert_int_equal(cb_failure_code(&ctx), CB_OK);
	}
}

static void a_path_is_one_that_finds_the_line(void **state)
{
	struct cbi_schema_problem problem;

	(void)state;
	assert_int_equal(
	    check("{'properties': {'a': {'items': {'type': 'string'}}}}",
	          json_of("{'a': ['x', 1]}"), &problem),
	    CB_EINVAL);
	assert_string_equal(problem.path, "a.1");
}

/* --- patterns --- */

static void patterns_are_javascripts(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} rows[] = {
		{ "b", "abc", true },
		{ "^b", "abc", false },
		{ "^(a|b)*$", "abab", true },
		{ "^(a|b)*$", "abcb", false },
		{ "^a{2,3}$", "aa", true },
		{ "^a{2,3}$", "aaaa", false },
		{ "^a{2,}?$", "aaaa", true },
		{ "^[^/]+$", "ab/c", false },
		{ "^[\\]a-]+$", "]-a", true },
		{ "^\\d+\\.\\w$", "12.x", true },
		{ "^\\D+$", "a1", false },
		{ "^[\\W\\d]+$", "1 2", true },
		{ "\\bcat\\b", "a cat.", true },
		{ "\\bcat\\b", "concat", false },
		{ "^.$", "ä", true },
		{ "^.$", "\n", false },
		{ "^[α-ω]+$", "βγ", true },
		{ "^\\u00e4\\u{1F600}\\x41$", "ä😀A", true },
		{ "^(?:ab)+$", "abab", true },
		{ "^(?<year>[0-9]{4})$", "2026", true },
		{ "", "anything", true },
		{ "^$", "", true },
		{ "a||b", "", true },
		{ "^(a?)*$", "aa", true },
		{ "^(?:a|ab)(?:c|bcd)$", "abcd", true },
		{ "[]", "a", false },
		{ "^[^]$", "\n", true },
		{ "a$b", "a$b", false },
		{ "^(\\b)+a", "a", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *schema = json_pack("{s:s}", "pattern", rows[i].pattern);
		json_t *value = json_string(rows[i].text);
		struct cbi_schema_problem problem;
		const struct cbi_schema *read;

		assert_int_equal(cbi_json_keep(&ctx, schema), CB_OK);
		assert_int_equal(cbi_json_keep(&ctx, value), CB_OK);
		if (cbi_schema_read(&ctx, schema, &read, &problem) != CB_OK)
			fail_msg("%s: %s", rows[i].pattern, problem.text);
		if ((cbi_schema_check(&ctx, read, value, &problem) == CB_OK) !=
		    rows[i].fits)
			fail_msg("%s, %s", rows[i].pattern, rows[i].text);
	}
}

/* --- schemas that are refused --- */

static void what_is_not_understood_is_refused_and_named(void **state)
{
	static const struct {
		const char *schema, *pointer, *part;
	} rows[] = {
		{ "1", "", "expected a schema" },
		{ "{'requred': ['a']}", "/requred", "did you mean required" },
		{ "{'$id': 'x'}", "/$id", "not a keyword" },
		{ "{'unevaluatedProperties': false}", "/unevaluatedProperties",
		  "not a keyword" },
		{ "{'properties': {'a': {'type': 'text'}}}",
		  "/properties/a/type", "expected object, array" },
		{ "{'type': []}", "/type", "expected object" },
		{ "{'$ref': 'other.json'}", "/$ref", "in this file" },
		{ "{'$ref': '#/definitions/no'}", "/$ref", "in this file" },
		{ "{'$ref': '#'}", "/$ref", "leads to itself" },
		{ "{'properties': {'a': {'$ref': '#/x-y'}},"
		  " 'x-y': {'type': 5}}",
		  "/properties/a/$ref/type", "expected object" },
		{ "{'$schema': 'https://json-schema.org/draft/2020-12/schema'}",
		  "/$schema", "draft-07" },
		{ "{'pattern': '('}", "/pattern", "'(' without ')'" },
		{ "{'pattern': 'a)'}", "/pattern", "')' without '('" },
		{ "{'pattern': '(?=a)'}", "/pattern", "look-around" },
		{ "{'pattern': '(?<!a)b'}", "/pattern", "look-around" },
		{ "{'pattern': '(a)\\\\1'}", "/pattern", "backslash" },
		{ "{'pattern': '\\\\p{L}'}", "/pattern", "backslash" },
		{ "{'pattern': '*'}", "/pattern", "nothing to repeat" },
		{ "{'pattern': '[b-a]'}", "/pattern", "range" },
		{ "{'pattern': '[a'}", "/pattern", "without ']'" },
		{ "{'pattern': 'a{2,1}'}", "/pattern", "count" },
		{ "{'pattern': '((a{999}){999}){999}'}", "/pattern",
		  "too large" },
		{ "{'pattern': '(((){999}){999}){999}'}", "/pattern",
		  "too large" },
		{ "{'patternProperties': {'(': true}}", "/patternProperties",
		  "without" },
		{ "{'required': 'a'}", "/required", "a list of names" },
		{ "{'minLength': -1}", "/minLength", "whole number" },
		{ "{'multipleOf': 0}", "/multipleOf", "above 0" },
		{ "{'enum': []}", "/enum", "a list of values" },
		{ "{'allOf': []}", "/allOf", "a list of schemas" },
		{ "{'uniqueItems': 1}", "/uniqueItems", "true or false" },
		{ "{'dependencies': {'a': [1]}}", "/dependencies/a", "names" },
		{ "{'properties': []}", "/properties", "a map of schemas" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbi_schema_problem problem = { .rule = "" };
		const struct cbi_schema *read;

		if (cbi_schema_read(&ctx, json_of(rows[i].schema), &read,
		                    &problem) != CB_EINVAL)
			fail_msg("%s is read", rows[i].schema);
		if (strcmp(problem.pointer, rows[i].pointer) != 0 ||
		    !strstr(problem.text, rows[i].part))
			fail_msg("%s: %s: %s", rows[i].schema, problem.pointer,
			         problem.text);
		assert_int_equal(cb_failure_code(&ctx), CB_OK);
	}
}

/* --- what it may cost --- */

/* Milliseconds of processor time, whatever the verdict. */
static double cost(const char *schema, json_t *value)
{
	struct cbi_schema_problem problem;
	clock_t from;
	double ms;

	assert_int_equal(cbi_json_keep(&ctx, value), CB_OK);
	from = clock();
	(void)!check(schema, value, &problem);
	ms = (double)(clock() - from) * 1000 / CLOCKS_PER_SEC;
	return ms;
}

static json_t *letters(size_t n)
{
	char *text = cb_alloc(&ctx, n + 1);

	memset(text, 'a', n);
	return json_string(text);
}

static json_t *nested(int depth)
{
	json_t *value = json_integer(1);

	for (int i = 0; i < depth; i++)
		value = json_pack("{s:o}", "a", value);
	return value;
}

static json_t *numbered(size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    list, json_pack("[i, [i]]", (int)(i / 2), (int)i));
	return list;
}

static void nothing_hostile_costs_more_than_a_moment(void **state)
{
	/* Some 40 ms; sanitizers and a loaded machine take their share. */
	const double most = 600;

	(void)state;
	/* Ways that double with each level, and end in nothing. */
	assert_true(cost("{'$ref': '#/definitions/a', 'definitions': {'a':"
	                 " {'anyOf': [{'properties': {'a':"
	                 " {'$ref': '#/definitions/a'}}, 'maxProperties': 0},"
	                 " {'properties': {'a': {'$ref': '#/definitions/a'}},"
	                 " 'minProperties': 2}]}}}",
	                 nested(60)) < most);
	/* The same, hidden where what fails is what fits. */
	assert_true(cost("{'not': {'not': {'$ref': '#/definitions/a'}},"
	                 " 'definitions': {'a': {'not': {'allOf':"
	                 " [{'not': {'properties': {'a':"
	                 " {'$ref': '#/definitions/a'}}}},"
	                 " {'not': {'properties': {'a':"
	                 " {'$ref': '#/definitions/a'}}}}]}}}}",
	                 nested(60)) < most);
	/* Patterns that make others try 2^n ways. */
	assert_true(cost("{'pattern': '^(a+)+$', 'maxLength': 1}",
	                 letters(100000)) < most);
	assert_true(cost("{'pattern': '(a|aa|aaa)*b'}", letters(100000)) <
	            most);
	assert_true(
	    cost("{'pattern': '(a?){500}(a?){500}b'}", letters(100000)) < most);
	/* Every item with every other. */
	assert_true(cost("{'uniqueItems': true, 'maxItems': 1}",
	                 numbered(10000)) < most);
	/* A list of ways for each of many items. */
	assert_true(cost("{'items': {'enum': [[1, [0]], [2, [0]], [3, [0]],"
	                 " [4, [0]], [5, [0]], [6, [0]]]}}",
	                 numbered(10000)) < most);
}

static void what_is_too_dear_is_refused_as_such(void **state)
{
	struct cbi_schema_problem problem;
	json_t *value = letters(100000);

	(void)state;
	assert_int_equal(cbi_json_keep(&ctx, value), CB_OK);
	/* Behind a not, giving up must not be taken for a no. */
	assert_int_equal(
	    check("{'not': {'pattern': '(a?){900}b'}}", value, &problem),
	    CB_EINVAL);
	assert_non_null(strstr(problem.text, "takes too long"));
	assert_string_equal(problem.pointer, "");
}

static void a_message_stays_utf8_where_it_is_cut(void **state)
{
	static const char *const starts[] = { "", "a", "ab", "abc" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct cbi_schema_problem problem;
		char text[400] = "", pattern[600];
		json_t *json;

		strncat(text, starts[i], 4);
		for (int k = 0; k < 90; k++)
			strncat(text, "😀", 5);
		snprintf(pattern, sizeof(pattern),
		         "{'properties': {'%s': {'pattern': '^%s$'}}}", text,
		         "ä{80}ö{80}ü{80}");
		json = json_pack("{s:s}", text, text);
		assert_non_null(json);
		assert_int_equal(cbi_json_keep(&ctx, json), CB_OK);
		assert_int_equal(check(pattern, json, &problem), CB_EINVAL);
		json = json_pack("[s, s, s]", problem.path, problem.pointer,
		                 problem.text);
		assert_non_null(json);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_fit_or_it_is_said_where_they_do_not),
		cmocka_unit_test(a_path_is_one_that_finds_the_line),
		cmocka_unit_test(patterns_are_javascripts),
		cmocka_unit_test(what_is_not_understood_is_refused_and_named),
		cmocka_unit_test(nothing_hostile_costs_more_than_a_moment),
		cmocka_unit_test(what_is_too_dear_is_refused_as_such),
		cmocka_unit_test(a_message_stays_utf8_where_it_is_cut),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
