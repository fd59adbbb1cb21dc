/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_model.c - rules, kinds, relations and the served form of entities.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/str.h"
#include "catalog/model.h"
#include "catalog/ref.h"
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

static void refs_are_parsed_as_the_contract_says(void **state)
{
	static const struct {
		const char *text, *kind, *space, *ref;
	} cases[] = {
		{ "a:b/c/d", NULL, NULL, "a:b/c/d" },
		{ "Component:Default/Foo", NULL, NULL,
		  "component:default/foo" },
		{ "component:foo", NULL, NULL, "component:default/foo" },
		{ "ns/foo", "Group", "x", "group:ns/foo" },
		{ "foo", "Group", "Billing", "group:billing/foo" },
		{ "a/b:c", "Group", NULL, "group:a/b:c" },
		{ "c/d/e:f", "Group", NULL, "group:c/d/e:f" },
		{ "k:\xc3\x84x", NULL, NULL, "k:default/\xc3\xa4x" },
		{ "foo", NULL, NULL, NULL },
		{ "", "Group", NULL, NULL },
		{ ":foo", "Group", NULL, NULL },
		{ "a:/foo", NULL, NULL, NULL },
		{ "a:b/", NULL, NULL, NULL },
		{ "/foo", "Group", NULL, NULL },
		{ "a:", NULL, NULL, NULL },
		{ ":/x", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *ref = NULL, *why = NULL;
		int rc = cbi_ref_canonical(&ctx, cases[i].text, cases[i].kind,
		                           cases[i].space, &ref, &why);

		if (cases[i].ref) {
			assert_int_equal(rc, CB_OK);
			assert_string_equal(ref, cases[i].ref);
		} else {
			if (rc != CB_EINVAL)
				fail_msg("accepted '%s'", cases[i].text);
			assert_non_null(why);
		}
	}
	assert_int_equal(cb_failure_code(&ctx), CB_OK);
}

static void location_refs_need_a_type(void **state)
{
	const char *type, *target, *why;

	(void)state;
	assert_int_equal(cbi_location_ref_parse(&ctx, " url : https://x/y ",
	                                        &type, &target, &why),
	                 CB_OK);
	assert_string_equal(type, "url");
	assert_string_equal(target, "https://x/y");
	assert_int_equal(
	    cbi_location_ref_parse(&ctx, "https://x/y", &type, &target, &why),
	    CB_EINVAL);
	assert_int_equal(
	    cbi_location_ref_parse(&ctx, "url:", &type, &target, &why),
	    CB_EINVAL);
	assert_int_equal(
	    cbi_location_ref_parse(&ctx, "x", &type, &target, &why), CB_EINVAL);
	assert_int_equal(cbi_location_ref_parse(&ctx,
	                                        "url:\tJava\nScript:alert(1)",
	                                        &type, &target, &why),
	                 CB_EINVAL);
}

static void scripts_are_known_as_browsers_know_them(void **state)
{
	(void)state;
	assert_true(cbi_ref_is_script("javascript:x"));
	assert_true(cbi_ref_is_script(" \x01\tJAVA\r\nscript\t:x"));
	assert_false(cbi_ref_is_script("javascripts:x"));
	assert_false(cbi_ref_is_script("https://javascript:x"));
	assert_false(cbi_ref_is_script(""));
}

#define HEAD "apiVersion: backstage.io/v1alpha1\nkind: Component\n"
#define SPEC "spec: {type: service, lifecycle: x, owner: me}\n"
#define GOOD HEAD "metadata: {name: a}\n" SPEC

/* What is refused, and which field is named; the first one in order. */
static const struct {
	const char *yaml, *path;
} wrongs[] = {
	{ "[1]", "" },
	{ "just text", "" },
	{ "kind: Component\nmetadata: {name: a}\n" SPEC, "apiVersion" },
	{ "apiVersion: 1\nkind: Component\nmetadata: {name: a}\n" SPEC,
	  "apiVersion" },
	{ "apiVersion: x\nmetadata: {name: a}\n" SPEC, "kind" },
	{ HEAD SPEC, "metadata" },
	{ HEAD "metadata: {}\n" SPEC, "metadata.name" },
	{ HEAD "metadata: {name: ''}\n" SPEC, "metadata.name" },
	{ HEAD "metadata: {name: 5}\n" SPEC, "metadata.name" },
	{ HEAD "metadata: {name: a, namespace: }\n" SPEC,
	  "metadata.namespace" },
	{ HEAD "metadata: {name: a, namespace: ''}\n" SPEC,
	  "metadata.namespace" },
	{ HEAD "metadata: {name: a, namespace: Ab}\n" SPEC,
	  "metadata.namespace" },
	{ HEAD "metadata: {name: a, namespace: ../../x}\n" SPEC,
	  "metadata.namespace" },
	{ HEAD "metadata: {name: a, namespace: a_b}\n" SPEC,
	  "metadata.namespace" },
	{ HEAD "metadata: {name: a, title: ''}\n" SPEC, "metadata.title" },
	{ HEAD "metadata: {name: a, description: }\n" SPEC,
	  "metadata.description" },
	{ HEAD "metadata: {name: a, labels: }\n" SPEC, "metadata.labels" },
	{ HEAD "metadata: {name: a, labels: {a: 5}}\n" SPEC,
	  "metadata.labels.a" },
	{ HEAD "metadata: {name: a, labels: {a: '<script>'}}\n" SPEC,
	  "metadata.labels.a" },
	{ HEAD "metadata: {name: a, labels: {Ex.com/z: b}}\n" SPEC,
	  "metadata.labels" },
	{ HEAD "metadata: {name: a, annotations: }\n" SPEC,
	  "metadata.annotations" },
	{ HEAD "metadata: {name: a, annotations: {a: true}}\n" SPEC,
	  "metadata.annotations.a" },
	{ HEAD "metadata: {name: a, annotations: {a/b/c: x}}\n" SPEC,
	  "metadata.annotations" },
	{ HEAD "metadata: {name: a, tags: x}\n" SPEC, "metadata.tags" },
	{ HEAD "metadata: {name: a, tags: [a, 5]}\n" SPEC, "metadata.tags.1" },
	{ HEAD "metadata: {name: a, tags: [a, A]}\n" SPEC, "metadata.tags.1" },
	{ HEAD "metadata: {name: a, tags: [a--b]}\n" SPEC, "metadata.tags.0" },
	{ HEAD "metadata: {name: a, tags: [a_b]}\n" SPEC, "metadata.tags.0" },
	{ HEAD "metadata: {name: a, links: [{}]}\n" SPEC,
	  "metadata.links.0.url" },
	{ HEAD "metadata: {name: a, links: [{url: /x}]}\n" SPEC,
	  "metadata.links.0.url" },
	{ HEAD "metadata: {name: a, links: [{url: 'http:'}]}\n" SPEC,
	  "metadata.links.0.url" },
	{ HEAD "metadata: {name: a, links: [{url: 'a:b', title: ' '}]}"
	       "\n" SPEC,
	  "metadata.links.0.title" },
	{ HEAD "metadata: {name: a, links: [5]}\n" SPEC, "metadata.links.0" },
	{ GOOD "relations: []\n", "relations" },
	{ GOOD "status: {}\n", "status" },
	{ GOOD "meta: {}\n", "meta" },
	{ HEAD "metadata: {name: -a}\n" SPEC, "metadata.name" },
	{ HEAD "metadata: {name: a-}\n" SPEC, "metadata.name" },
	{ HEAD "metadata: {name: 'a b'}\n" SPEC, "metadata.name" },
	{ HEAD "metadata: {name: a\xf0\x9f\x98\x80}\n" SPEC, "metadata.name" },
	{ HEAD "metadata: {name: \"a\\u202eb\"}\n" SPEC, "metadata.name" },
	{ HEAD "metadata: {name: a1234567890123456789012345678901234567"
	       "89012345678901234567890123}\n" SPEC,
	  "metadata.name" },
	{ HEAD "metadata: {name: a}\nspec: 5\n", "spec" },
	{ HEAD "metadata: {name: a}\n", "spec" },
	{ HEAD "metadata: {name: a}\nspec: {}\n", "spec.type" },
	{ HEAD "metadata: {name: a}\nspec: {type: a, lifecycle: x}\n",
	  "spec.owner" },
	{ HEAD "metadata: {name: a}\nspec: {type: a, lifecycle: x, "
	       "owner: [a]}\n",
	  "spec.owner" },
	{ HEAD "metadata: {name: a}\nspec: {type: a, lifecycle: x, "
	       "owner: a, providesApis: [a, '']}\n",
	  "spec.providesApis.1" },
	{ HEAD "metadata: {name: a}\nspec: {type: a, lifecycle: x, "
	       "owner: a, dependsOn: [db1]}\n",
	  "spec.dependsOn.0" },
	{ HEAD "metadata: {name: a}\nspec: {type: a, lifecycle: x, "
	       "owner: 'a:'}\n",
	  "spec.owner" },
	{ "apiVersion: backstage.io/v1alpha1\nkind: component\n"
	  "metadata: {name: a}\n" SPEC,
	  "kind" },
	{ "apiVersion: backstage.io/v2\nkind: Component\n"
	  "metadata: {name: a}\n" SPEC,
	  "apiVersion" },
	{ "apiVersion: a/b/c\nkind: Component\nmetadata: {name: a}\n",
	  "apiVersion" },
	{ "apiVersion: v1\nkind: 9x\nmetadata: {name: a}\n", "kind" },
	{ "apiVersion: backstage.io/v1alpha1\nkind: Group\n"
	  "metadata: {name: a}\nspec: {type: team}\n",
	  "spec.children" },
	{ "apiVersion: backstage.io/v1alpha1\nkind: User\n"
	  "metadata: {name: a}\nspec: {memberOf: [], profile: "
	  "{email: ''}}\n",
	  "spec.profile.email" },
	{ "apiVersion: backstage.io/v1alpha1\nkind: API\n"
	  "metadata: {name: a}\nspec: {type: a, lifecycle: x, owner: "
	  "a, definition: {a: 1}}\n",
	  "spec.definition" },
	{ "apiVersion: backstage.io/v1alpha1\nkind: Location\n"
	  "metadata: {name: a}\nspec: {presence: maybe}\n",
	  "spec.presence" },
	{ "apiVersion: scaffolder.backstage.io/v1beta3\nkind: "
	  "Template\n"
	  "metadata: {name: a}\nspec: {type: x, steps: [{id: a}]}\n",
	  "spec.steps.0.action" },
	{ "apiVersion: backstage.io/v1alpha1\nkind: Template\n"
	  "metadata: {name: a}\nspec: {type: x, steps: []}\n",
	  "apiVersion" },
};

static void wrong_fields_are_named(void **state)
{

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct cbi_problem problem;
		struct cbi_model model;
		json_t *entity = entity_of(wrongs[i].yaml);

		if (cbi_model_process(&ctx, entity, &place, &model, &problem) !=
		    CB_EINVAL)
			fail_msg("case %zu accepted: %s", i, wrongs[i].yaml);
		assert_string_equal(problem.path, wrongs[i].path);
		assert_string_equal(problem.name, "InputError");
		assert_non_null(strstr(problem.text, "expected"));
		assert_int_equal(cb_failure_code(&ctx), CB_OK);
	}
}

static void good_entities_of_every_kind_pass(void **state)
{
	static const char *const cases[] = {
		GOOD,
		"apiVersion: backstage.io/v1beta1\nkind: API\nmetadata: {name: "
		"a, labels: {example.com/Zone: '', b: C_d.e}}\nspec: {type: a, "
		"lifecycle: x, owner: a, definition: x}\n",
		"apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: "
		"{name: A.b_c-D, namespace: a--b, description: ''}\n"
		"spec: {type: a, owner: a, extra: {x: 1}}\n",
		"apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: "
		"{name: a, tags: ['c++', 'a-b:c#1']}\nspec: {owner: a}\n",
		"apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata: "
		"{name: a, links: [{url: 'mailto:x', x: 1}, {url: "
		"'https://a.b/c d'}]}\nspec: {owner: a}"
		"\n",
		"apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: "
		"{name: a, anything: [1]}\nspec: {type: t, children: []}\n",
		"apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: "
		"{name: a}\nspec: {memberOf: []}\n",
		"apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: "
		"{name: a}\nspec: {}\n",
		"apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\n"
		"metadata: {name: a, 'ui:options': {}}\nspec: {type: x, steps: "
		"[{action: 'a:b', if: true}], parameters: [{}]}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cbi_problem problem;
		struct cbi_model model;

		if (cbi_model_process(&ctx, entity_of(cases[i]), &place, &model,
		                      &problem) != CB_OK)
			fail_msg("case %zu: %s", i, problem.text);
		assert_int_equal(model.location, i == 7);
	}
}

/* 26 letters. */
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

static void hints_name_what_was_meant(void **state)
{
	struct cbi_problem problem;
	struct cbi_model model;

	(void)state;
	assert_int_equal(cbi_model_process(
			     &ctx,
			     entity_of("apiVersion: backstage.io/v1alpha1\n"
	                               "kind: Componnt\nmetadata: {name: a}\n"),
			     &place, &model, &problem),
	                 CB_EINVAL);
	assert_non_null(strstr(problem.text, "did you mean Component?"));
	/* The quoted part ends within a character. */
	assert_int_equal(
	    cbi_model_process(&ctx,
	                      entity_of("apiVersion: backstage.io/v1alpha1\n"
	                                "kind: A" LETTERS LETTERS LETTERS
	                                "\xc3\xa9\n"
	                                "metadata: {name: a}\n"),
	                      &place, &model, &problem),
	    CB_EINVAL);
	assert_true(cbi_str_utf8(problem.text, strlen(problem.text)));
	assert_int_equal(cbi_model_process(&ctx,
	                                   entity_of(GOOD "metdata: {}\n"),
	                                   &place, &model, &problem),
	                 CB_EINVAL);
	assert_non_null(strstr(problem.text, "did you mean metadata?"));
}

static void relations_come_in_the_entitys_namespace(void **state)
{
	json_t *entity = entity_of(
	    HEAD "metadata: {name: Qk, namespace: billing}\n"
		 "spec: {type: s, lifecycle: x, owner: User:default/Ada,\n"
		 "  system: ledger, subcomponentOf: core,\n"
		 "  providesApis: [zz, quota, zz], consumesApis: [x/other],\n"
		 "  dependsOn: ['resource:db', 'Component:default/Y'],\n"
		 "  dependencyOf: 'component:z'}\n");
	static const char *const expected[] = {
		"consumesApi api:x/other apiConsumedBy",
		"dependencyOf component:billing/z dependsOn",
		"dependsOn component:default/y dependencyOf",
		"dependsOn resource:billing/db dependencyOf",
		"ownedBy user:default/ada ownerOf",
		"partOf component:billing/core hasPart",
		"partOf system:billing/ledger hasPart",
		"providesApi api:billing/quota apiProvidedBy",
		"providesApi api:billing/zz apiProvidedBy",
	};
	struct cbi_problem problem;
	struct cbi_model model;

	(void)state;
	assert_int_equal(
	    cbi_model_process(&ctx, entity, &place, &model, &problem), CB_OK);
	assert_string_equal(model.ref, "component:billing/qk");
	assert_int_equal(model.n, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < model.n; i++) {
		const struct cbi_relation *r = &model.relations[i];

		assert_string_equal(r->source, model.ref);
		assert_string_equal(
		    cb_printf(&ctx, "%s %s %s", r->type, r->target, r->reverse),
		    expected[i]);
	}
	assert_string_equal(text_of(cb_json_at(entity, "spec.providesApis")),
	                    "[\"quota\",\"zz\",\"zz\"]");
}

static void a_place_cannot_be_forged(void **state)
{
	json_t *entity = entity_of(
	    HEAD "metadata:\n  name: a\n  annotations:\n"
		 "    backstage.io/managed-by-location: url:https://evil/\n"
		 "    backstage.io/managed-by-origin-location: x\n"
		 "    backstage.io/view-url: https://mine/\n" SPEC);
	struct cbi_problem problem;
	struct cbi_model model;

	(void)state;
	assert_int_equal(
	    cbi_model_process(&ctx, entity, &place, &model, &problem), CB_OK);
	assert_string_equal(
	    text_of(cb_json_at(entity, "metadata.annotations")),
	    "{\"backstage.io/managed-by-location\":"
	    "\"url:https://git.example.org/a/catalog-info.yaml\","
	    "\"backstage.io/managed-by-origin-location\":"
	    "\"url:https://git.example.org/all.yaml\","
	    "\"backstage.io/view-url\":\"https://mine/\"}");
}

static void the_served_form_is_stable(void **state)
{
	static const struct cbi_model_end ends[] = {
		{ "ownedBy", "group:default/me" },
	};
	struct cbi_model_final final = { .ends = ends, .n = 1 };
	char one[CBI_MODEL_HASH], two[CBI_MODEL_HASH];
	struct cbi_problem problem;
	struct cbi_model model;
	const char *etag, *text, *body;
	json_t *served,
	    *entity = entity_of(
		HEAD "metadata: {name: a, uid: forged, annotations: "
		     "{backstage.io/edit-url: ' java\\tscript:x',"
		     " backstage.io/view-url: \"java\\tscript:x\"}}\n" SPEC);

	(void)state;
	assert_int_equal(
	    cbi_model_process(&ctx, entity, &place, &model, &problem), CB_OK);
	assert_int_equal(cbi_model_finish(&ctx, entity, &final, one, &text),
	                 CB_OK);
	assert_int_equal(cbi_model_finish(&ctx, entity, &final, two, &text),
	                 CB_OK);
	assert_string_equal(one, two);
	assert_string_equal(cb_json_text(entity,
	                                 "metadata.annotations.backstage.io/"
	                                 "view-url",
	                                 ""),
	                    "https://unsafe-link.invalid/");
	assert_int_equal(
	    cbi_model_seal(&ctx, entity, text, "u-1", one, &body, &etag),
	    CB_OK);
	assert_string_equal(etag, one);
	assert_int_equal(cb_json_parse(&ctx, body, strlen(body), &served),
	                 CB_OK);
	assert_string_equal(cb_json_text(served, "metadata.uid", ""), "u-1");
	assert_string_equal(cb_json_text(served, "metadata.etag", ""), one);
	assert_string_equal(cb_json_text(served, "metadata.name", ""), "a");
	assert_string_equal(
	    text_of(cb_json_at(served, "relations")),
	    "[{\"targetRef\":\"group:default/me\",\"type\":\"ownedBy\"}]");
	assert_null(cb_json_at(entity, "status"));
	final.orphan = true;
	final.errors = json_pack("[o]", cbi_model_status("InputError", "x"));
	assert_int_equal(cbi_model_finish(&ctx, entity, &final, two, &text),
	                 CB_OK);
	assert_string_not_equal(one, two);
	assert_string_equal(cb_json_text(entity,
	                                 "metadata.annotations.backstage.io/"
	                                 "orphan",
	                                 ""),
	                    "true");
	assert_string_equal(cb_json_text(entity, "status.items.0.message", ""),
	                    "InputError: x");
	json_decref((json_t *)(uintptr_t) final.errors);
}

static void an_authors_etag_is_kept(void **state)
{
	struct cbi_model_final final = { 0 };
	char hash[CBI_MODEL_HASH];
	const char *etag, *text, *body;
	json_t *entity = entity_of("metadata: {name: a, etag: mine}");

	(void)state;
	assert_int_equal(cbi_model_finish(&ctx, entity, &final, hash, &text),
	                 CB_OK);
	assert_int_equal(
	    cbi_model_seal(&ctx, entity, text, "u", hash, &body, &etag), CB_OK);
	assert_string_equal(etag, "mine");
	assert_string_equal(
	    body, "{\"metadata\":{\"uid\":\"u\",\"etag\":\"mine\",\"name\":"
		  "\"a\"},\"relations\":[]}");
}

static void generated_locations_have_the_contracts_name(void **state)
{
	static const char target[] = "http://fixtures.test/ours/all.yaml";
	json_t *entity = cbi_model_generated("url", target, NULL);
	const char *ref = NULL;
	struct cbi_problem problem;

	(void)state;
	assert_int_equal(cbi_model_envelope(&ctx, entity, &ref, &problem),
	                 CB_OK);
	assert_string_equal(
	    ref, "location:default/"
		 "generated-c67c26d999d6765a8c77dce9164d3e9968978d78");
	assert_string_equal(cbi_model_generated_ref(&ctx, "url", target), ref);
	assert_string_equal(
	    text_of(cb_json_at(entity, "spec")),
	    "{\"target\":\"http://fixtures.test/ours/all.yaml\","
	    "\"type\":\"url\"}");
	json_decref(entity);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(refs_are_parsed_as_the_contract_says),
		T(location_refs_need_a_type),
		T(scripts_are_known_as_browsers_know_them),
		T(wrong_fields_are_named),
		T(good_entities_of_every_kind_pass),
		T(hints_name_what_was_meant),
		T(relations_come_in_the_entitys_namespace),
		T(a_place_cannot_be_forged),
		T(the_served_form_is_stable),
		T(an_authors_etag_is_kept),
		T(generated_locations_have_the_contracts_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
