/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_flatten.c - search rows, and placeholders.
 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "catalog/flatten.h"
#include "catalog/placeholder.h"
#include "json/json.h"
#include "yaml/yaml.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;

static const struct cbi_model_place place = {
	.location = "url:https://git.example.org/a/catalog-info.yaml",
	.origin = "url:https://git.example.org/all.yaml",
};

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

static json_t *entity_of(const char *yaml)
{
	struct cbi_yaml_doc *doc = NULL;
	json_t *json;

	assert_int_equal(cbi_yaml_parse(&ctx, yaml, strlen(yaml), &doc), CB_OK);
	assert_non_null(doc);
	if (doc->error)
		fail_msg("%s", doc->error);
	json = cbi_yaml_json(doc->root);
	assert_int_equal(cbi_json_keep(&ctx, json), CB_OK);
	return json;
}

static const char *text_of(const json_t *value)
{
	struct cb_buf buf;
	const char *text;

	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(cbi_json_canonical(&buf, value), CB_OK);
	text = cb_strdup(&ctx, buf.data);
	cbi_buf_finish(&buf);
	return text;
}

/* The contract's worked example. */
static void rows_are_those_of_the_worked_example(void **state)
{
	json_t *entity = entity_of(
	    "apiVersion: backstage.io/v1alpha1\nkind: Component\n"
	    "metadata: {name: Qk, tags: [c, gRPC], uid: u1, namespace: "
	    "default}\nspec: {ports: [80, {tls: true}], note: null}\n"
	    "relations: [{type: ownedBy, targetRef: 'group:default/money'}]\n");
	static const char *const expected[] = {
		"apiversion|backstage.io/v1alpha1|backstage.io/v1alpha1",
		"kind|component|Component",
		"metadata.tags|c|c",
		"metadata.tags.c|true|true",
		"metadata.tags|grpc|gRPC",
		"metadata.tags.grpc|true|true",
		"spec.ports|80|80",
		"spec.ports.tls|true|true",
		"spec.note|-|-",
		"metadata.name|qk|Qk",
		"metadata.namespace|default|default",
		"metadata.uid|u1|u1",
		"relations.ownedby|group:default/money|group:default/money",
	};
	struct cbi_tokens tokens;
	struct cbi_row *rows;
	size_t n, keys = 0;

	(void)state;
	assert_int_equal(cbi_flatten(&ctx, entity, &rows, &n), CB_OK);
	assert_int_equal(n, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < n; i++) {
		const char *v = rows[i].value, *o = rows[i].original;

		assert_string_equal(cb_printf(&ctx, "%s|%s|%s", rows[i].key,
		                              v ? v : "-", o ? o : "-"),
		                    expected[i]);
	}
	assert_int_equal(cbi_flatten_tokens(&ctx, rows, n, &tokens), CB_OK);
	assert_int_equal(tokens.n, 12 + 12);
	for (size_t i = 0; i < tokens.n; i++) {
		keys += strchr(tokens.tokens[i], '=') == NULL;
		if (strcmp(tokens.tokens[i], "metadata.tags=grpc") == 0)
			assert_string_equal(tokens.originals[i], "gRPC");
	}
	assert_int_equal(keys, 12);
	assert_string_equal(cbi_flatten_value(rows, n, "spec.ports"), "80");
	assert_null(cbi_flatten_value(rows, n, "spec.note"));
}

static void long_keys_and_values_are_cut_out(void **state)
{
	char text[500];
	struct cbi_row *rows;
	size_t n;
	json_t *entity = json_object(), *spec = json_object();

	(void)state;
	assert_int_equal(cbi_json_keep(&ctx, entity), CB_OK);
	json_object_set_new(entity, "spec", spec);
	memset(text, 'x', sizeof(text));
	text[200] = '\0';
	json_object_set_new(spec, "ok", json_string(text));
	text[200] = 'x';
	text[201] = '\0';
	json_object_set_new(spec, "long", json_string(text));
	json_object_set_new(spec, text, json_string("v"));
	/* 101 characters of two units each */
	for (size_t i = 0; i < 101; i++)
		memcpy(text + 4 * i, "\xf0\x9f\x98\x80", 4);
	text[404] = '\0';
	json_object_set_new(spec, "wide", json_string(text));
	text[400] = '\0';
	json_object_set_new(spec, "fits", json_string(text));
	json_object_set_new(spec, "soh", json_string("\x01"));
	assert_int_equal(cbi_flatten(&ctx, entity, &rows, &n), CB_OK);
	assert_int_equal(n, 4 + 2); /* and name and namespace */
	assert_non_null(cbi_flatten_value(rows, n, "spec.ok"));
	assert_null(cbi_flatten_value(rows, n, "spec.long"));
	assert_null(cbi_flatten_value(rows, n, "spec.wide"));
	assert_non_null(cbi_flatten_value(rows, n, "spec.fits"));
	assert_string_equal(rows[1].key, "spec.long");
}

static int read_local(struct cb_ctx *c, void *arg, const char *base,
                      const char *target, const char **text, size_t *len)
{
	(void)arg;
	assert_string_equal(base, place.location);
	if (strcmp(target, "./no") == 0)
		return cb_fail(c, CB_ENOENT, "no such file");
	*text = strcmp(target, "./y") == 0 ? "a: [1]\n" : "{\"b\": 2}";
	*len = strlen(*text);
	return CB_OK;
}

static void placeholders_are_replaced_once(void **state)
{
	static const struct cbi_placeholder_reader reader = { .read =
		                                                  read_local };
	struct cbi_problem problem;
	json_t *entity = entity_of(
	    "a: {$text: ./x}\nb: [{$json: ./x}, {$yaml: ./y}]\n"
	    "c: {$nope: {d: {$text: ./x}}}\n"
	    "e: {$text: ./x, f: {$text: ./x}}\ng: {h: {$text: ./y}}\n");

	(void)state;
	assert_int_equal(cbi_placeholder_apply(&ctx, entity, place.location,
	                                       &reader, &problem),
	                 CB_OK);
	assert_string_equal(
	    text_of(entity),
	    "{\"a\":\"{\\\"b\\\": 2}\",\"b\":[{\"b\":2},{\"a\":[1]}],"
	    "\"c\":{\"$nope\":{\"d\":{\"$text\":\"./x\"}}},"
	    "\"e\":{\"$text\":\"./x\",\"f\":{\"$text\":\"./x\"}},"
	    "\"g\":{\"h\":\"a: [1]\\n\"}}");
}

static void placeholders_that_fail_name_their_field(void **state)
{
	static const struct cbi_placeholder_reader reader = { .read =
		                                                  read_local };
	static const struct {
		const char *yaml, *base, *path;
	} cases[] = {
		{ "s: {d: {$text: ./no}}", NULL, "s.d" },
		{ "s: {d: {$text: [1]}}", NULL, "s.d" },
		{ "s: [{$json: ./y}]", NULL, "s.0" },
		{ "s: {$text: ../../secret}", "file:/etc/x.yaml", "s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cbi_problem problem;
		const char *base =
		    cases[i].base ? cases[i].base : place.location;

		assert_int_equal(cbi_placeholder_apply(&ctx,
		                                       entity_of(cases[i].yaml),
		                                       base, &reader, &problem),
		                 CB_EINVAL);
		assert_string_equal(problem.path, cases[i].path);
		assert_int_equal(cb_failure_code(&ctx), CB_OK);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(rows_are_those_of_the_worked_example),
		T(long_keys_and_values_are_cut_out),
		T(placeholders_are_replaced_once),
		T(placeholders_that_fail_name_their_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
