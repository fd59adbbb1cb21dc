/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "catalog/entity.h"
#include "catalog/filter.h"
#include "catalog/scan.h"

struct fixture {
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cb_buf buf;
};

static int set_up(void **state)
{
	static struct fixture f;

	cbi_lane_init(&f.lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&f.ctx, &f.lane);
	cbi_buf_init(&f.buf, CB_MIB);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	cbi_buf_finish(&f->buf);
	cbi_ctx_finish(&f->ctx);
	cbi_lane_finish(&f->lane);
	return 0;
}

/* The tree as text; "-" for no filter, "!" for a refusal. */
static const char *parsed(struct fixture *f, const char *const *params,
                          size_t n)
{
	const struct cbi_filter *filter;

	cb_failure_clear(&f->ctx);
	cbi_buf_clear(&f->buf);
	if (cbi_filter_parse(&f->ctx, params, n, &filter) < 0) {
		assert_int_equal(cb_failure_code(&f->ctx), CB_EINVAL);
		return "!";
	}
	if (!filter)
		return "-";
	assert_int_equal(cbi_filter_write(&f->buf, filter), CB_OK);
	return cbi_buf_string(&f->buf);
}

static void parameters_follow_the_grammar(void **state)
{
	static const struct {
		const char *params[3];
		const char *tree;
	} rows[] = {
		{ { "" }, "-" },
		{ { "," }, "-" },
		{ { " , ,", "" }, "-" },
		{ { "kind" }, "{\"kind\":{\"$exists\":true}}" },
		{ { " Kind = Component " },
		  "{\"kind\":{\"$in\":[\"component\"]}}" },
		{ { "kind=component,kind=API" },
		  "{\"kind\":{\"$in\":[\"component\",\"api\"]}}" },
		{ { "kind=user,kind" }, "{\"kind\":{\"$in\":[\"user\"]}}" },
		{ { "kind,kind=user" }, "{\"kind\":{\"$in\":[\"user\"]}}" },
		{ { "Kind=a,kind=b" },
		  "{\"$all\":[{\"kind\":{\"$in\":[\"a\"]}},"
		  "{\"kind\":{\"$in\":[\"b\"]}}]}" },
		{ { "kind=a", "kind=b", "," },
		  "{\"$any\":[{\"kind\":{\"$in\":[\"a\"]}},"
		  "{\"kind\":{\"$in\":[\"b\"]}}]}" },
		{ { "a=b=c" }, "{\"a\":{\"$in\":[\"b=c\"]}}" },
		{ { "key=" }, "{\"key\":{\"$in\":[\"\"]}}" },
		{ { "metadata.annotations.a/b.c=X" },
		  "{\"metadata.annotations.a/b.c\":{\"$in\":[\"x\"]}}" },
		{ { "kind=' OR 1=1--" },
		  "{\"kind\":{\"$in\":[\"' or 1=1--\"]}}" },
		{ { "metadata.title=\xc3\x89t\xc3\xa9" },
		  "{\"metadata.title\":{\"$in\":[\"\xc3\xa9t\xc3\xa9\"]}}" },
		{ { "$x=1" }, "{\"$any\":[]}" },
		{ { "$in=1,$in,kind=a" },
		  "{\"$all\":[{\"$any\":[]},{\"$any\":[]},"
		  "{\"kind\":{\"$in\":[\"a\"]}}]}" },
		{ { "=x" }, "!" },
		{ { "kind=a, =x" }, "!" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = 0;

		while (n < 3 && rows[i].params[n])
			n++;
		assert_string_equal(parsed(*state, rows[i].params, n),
		                    rows[i].tree);
	}
	assert_string_equal(parsed(*state, NULL, 0), "-");
}

static void too_many_terms_are_refused(void **state)
{
	const char *params[300];
	char text[600];
	size_t n = 0;

	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "k%d,", i);
	for (int i = 0; i < 300; i++)
		params[i] = text;
	assert_string_equal(parsed(*state, params, 300), "!");
	assert_string_not_equal(parsed(*state, params, 10), "!");
}

static const char *predicate(struct fixture *f, const char *text)
{
	const struct cbi_filter *filter;
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
	int rc;

	assert_non_null(json);
	cb_failure_clear(&f->ctx);
	cbi_buf_clear(&f->buf);
	rc = cbi_filter_predicate(&f->ctx, json, &filter);
	if (rc == CB_OK)
		cbi_filter_write(&f->buf, filter);
	json_decref(json);
	if (rc < 0) {
		assert_int_equal(rc, CB_EINVAL);
		assert_string_not_equal(cb_failure(&f->ctx), "");
		return "!";
	}
	return cbi_buf_string(&f->buf);
}

static void predicates_become_the_same_tree(void **state)
{
	static const struct {
		const char *in, *tree;
	} rows[] = {
		{ "{}", "{\"$all\":[]}" },
		{ "{\"Kind\":\"API\"}", "{\"kind\":{\"$in\":[\"api\"]}}" },
		{ "{\"a\":1,\"b\":true}",
		  "{\"$all\":[{\"a\":{\"$in\":[\"1\"]}},"
		  "{\"b\":{\"$in\":[\"true\"]}}]}" },
		{ "{\"a\":2.5}", "{\"a\":{\"$in\":[\"2.5\"]}}" },
		{ "{\"$any\":[]}", "{\"$any\":[]}" },
		{ "{\"$all\":[]}", "{\"$all\":[]}" },
		{ "{\"$not\":{\"a\":\"b\"}}",
		  "{\"$not\":{\"a\":{\"$in\":[\"b\"]}}}" },
		{ "{\"a\":{\"$exists\":false}}",
		  "{\"$not\":{\"a\":{\"$exists\":true}}}" },
		{ "{\"a\":{\"$in\":[]}}", "{\"a\":{\"$in\":[]}}" },
		{ "{\"a\":{\"$in\":[\"X\",2,false]}}",
		  "{\"a\":{\"$in\":[\"x\",\"2\",\"false\"]}}" },
		{ "{\"a\":{\"$hasPrefix\":\"W%\"}}",
		  "{\"a\":{\"$hasPrefix\":\"w%\"}}" },
		{ "{\"a\":{\"$contains\":\"T\"}}",
		  "{\"a\":{\"$in\":[\"t\"]}}" },
		{ "{\"relations\":{\"$contains\":{\"type\":\"ownedBy\"}}}",
		  "{\"relations.ownedby\":{\"$exists\":true}}" },
		{ "{\"relations\":{\"$contains\":{\"type\":\"ownedBy\","
		  "\"targetRef\":{\"$in\":[\"Group:a/b\",\"c\"]}}}}",
		  "{\"relations.ownedby\":{\"$in\":[\"group:a/b\",\"c\"]}}" },
		{ "[]", "!" },
		{ "\"kind\"", "!" },
		{ "1", "!" },
		{ "{\"$nope\":1}", "!" },
		{ "{\"$not\":{},\"a\":1}", "!" },
		{ "{\"a\":1,\"$all\":[]}", "!" },
		{ "{\"$all\":{}}", "!" },
		{ "{\"$all\":[1]}", "!" },
		{ "{\"a\":null}", "!" },
		{ "{\"a\":[1]}", "!" },
		{ "{\"a\":{}}", "!" },
		{ "{\"a\":{\"$nope\":1}}", "!" },
		{ "{\"a\":{\"$exists\":1}}", "!" },
		{ "{\"a\":{\"$exists\":true,\"$in\":[]}}", "!" },
		{ "{\"a\":{\"$in\":\"x\"}}", "!" },
		{ "{\"a\":{\"$in\":[null]}}", "!" },
		{ "{\"a\":{\"$hasPrefix\":1}}", "!" },
		{ "{\"a\":{\"$contains\":{\"type\":\"x\"}}}", "!" },
		{ "{\"relations\":{\"$contains\":{}}}", "!" },
		{ "{\"relations\":{\"$contains\":{\"type\":\"a\","
		  "\"x\":1}}}",
		  "!" },
		{ "{\"relations\":{\"$contains\":{\"type\":\"a\","
		  "\"targetRef\":{\"$in\":[]}}}}",
		  "!" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(predicate(*state, rows[i].in),
		                    rows[i].tree);
}

static void what_is_written_reads_as_itself(void **state)
{
	static const char *const texts[] = {
		"{\"$any\":[{\"a\":{\"$in\":[\"b\",\"c\"]}},{\"$not\":"
		"{\"d\":{\"$exists\":true}}}]}",
		"{\"a\\\"b\":{\"$hasPrefix\":\"\\\\\"}}",
	};

	for (size_t i = 0; i < 2; i++)
		assert_string_equal(predicate(*state, texts[i]), texts[i]);
}

static void deep_predicates_are_refused(void **state)
{
	struct fixture *f = *state;
	json_t *json = json_object();
	const struct cbi_filter *filter;

	for (int i = 0; i < 500; i++)
		json = json_pack("{s:o}", "$not", json);
	assert_int_equal(cbi_filter_predicate(&f->ctx, json, &filter),
	                 CB_EINVAL);
	json_decref(json);
}

static const char entity_text[] =
    "{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"Component\","
    "\"metadata\":{\"name\":\"Qk\",\"title\":\"Q \\\"k\\\"\","
    "\"annotations\":{\"example.org/run\":\"https://x/QK\"},"
    "\"tags\":[\"c\",\"gRPC\"]},"
    "\"relations\":[{\"targetRef\":\"group:default/money\","
    "\"type\":\"ownedBy\"},{\"targetRef\":\"system:default/l\","
    "\"type\":\"partOf\"}],"
    "\"spec\":{\"ports\":[80,{\"tls\":true}],\"note\":null,"
    "\"type\":\"service\",\"a.b\":{\"c\":1.5}}}";

static void entities_match_as_their_rows_would(void **state)
{
	static const struct {
		const char *filter;
		bool match;
	} rows[] = {
		{ "kind=component", true },
		{ "kind=api", false },
		{ "metadata.name=QK", true },
		{ "metadata.namespace=default", true },
		{ "metadata.tags=grpc", true },
		{ "metadata.tags.grpc=true", true },
		{ "metadata.tags.grpc", true },
		{ "metadata.tags.java", false },
		{ "spec.ports=80", true },
		{ "spec.ports.tls=true", true },
		{ "spec.ports.80", false },
		{ "spec.note", true },
		{ "spec.note=null", false },
		{ "spec", false },
		{ "spec.a.b.c=1.5", true },
		{ "relations.ownedby=group:default/money", true },
		{ "relations.partof", true },
		{ "relations.dependson", false },
		{ "metadata.annotations.example.org/run", true },
		{ "kind=api,spec.note", false },
	};
	struct fixture *f = *state;
	const struct cb_entity *entity;

	assert_int_equal(cbi_entity_create(&f->ctx, entity_text,
	                                   strlen(entity_text), &entity),
	                 CB_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cbi_filter *filter;

		assert_int_equal(
		    cbi_filter_parse(&f->ctx, &rows[i].filter, 1, &filter),
		    CB_OK);
		if (cbi_entity_matches(entity, filter) != rows[i].match)
			fail_msg("%s", rows[i].filter);
	}
}

static void entities_tell_what_they_hold(void **state)
{
	struct fixture *f = *state;
	const struct cb_entity *e;

	assert_int_equal(
	    cbi_entity_create(&f->ctx, entity_text, strlen(entity_text), &e),
	    CB_OK);
	assert_string_equal(cb_entity_ref(e), "component:default/qk");
	assert_string_equal(cb_entity_kind(e), "Component");
	assert_string_equal(cb_entity_namespace(e), "default");
	assert_string_equal(cb_entity_title(e), "Q \"k\"");
	assert_string_equal(cb_entity_owner(e), "group:default/money");
	assert_string_equal(cb_entity_annotation(e, "example.org/run"),
	                    "https://x/QK");
	assert_null(cb_entity_annotation(e, "example"));
	assert_string_equal(cb_entity_text(e, "spec.type"), "service");
	assert_string_equal(cb_entity_text(e, "spec.ports.0"), "80");
	assert_string_equal(cb_entity_text(e, "spec.a.b.c"), "1.5");
	assert_null(cb_entity_text(e, "spec.ports"));
	assert_null(cb_entity_text(e, "spec.type.x"));
	assert_null(cb_entity_text(e, ""));
	assert_string_equal(cb_entity_relation(e, "partOf", 0),
	                    "system:default/l");
	assert_null(cb_entity_relation(e, "partOf", 1));
	assert_non_null(cbi_entity_json(e));
	assert_int_equal(cbi_entity_create(&f->ctx, "[]", 2, &e), CB_EBUG);
}

/* A walk over one type remembers its place, whatever is asked between. */
static void a_walk_over_relations_keeps_its_place(void **state)
{
	static const char body[] =
	    "{\"kind\":\"Group\",\"metadata\":{\"name\":\"g\"},"
	    "\"relations\":["
	    "{\"type\":\"childOf\",\"targetRef\":\"group:default/top\"},"
	    "{\"type\":\"ownerOf\",\"targetRef\":\"api:default/a\"},"
	    "{\"type\":\"ownerOf\",\"targetRef\":\"api:default/b\"},"
	    "{\"type\":\"ownerOf\",\"targetRef\":\"api:default/c\"}]}";
	static const char *const targets[] = { "api:default/a", "api:default/b",
		                               "api:default/c" };
	struct fixture *f = *state;
	const struct cb_entity *e;

	assert_int_equal(cbi_entity_create(&f->ctx, body, sizeof(body) - 1, &e),
	                 CB_OK);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(cb_entity_relation(e, "ownerOf", i),
		                    targets[i]);
	assert_null(cb_entity_relation(e, "ownerOf", 3));
	assert_string_equal(cb_entity_relation(e, "ownerOf", 2), targets[2]);
	assert_string_equal(cb_entity_relation(e, "ownerOf", 0), targets[0]);
	assert_string_equal(cb_entity_relation(e, "childOf", 0),
	                    "group:default/top");
	assert_string_equal(cb_entity_relation(e, "ownerOf", 1), targets[1]);
	assert_string_equal(cb_entity_relation(e, "ownerOf", 1), targets[1]);
	assert_string_equal(cb_entity_relation(e, "ownerOf", 2), targets[2]);
	assert_null(cb_entity_relation(e, "hasMember", 0));
}

/* Whatever the length, and wherever a quote or backslash is escaped. */
static void strings_end_where_they_end(void **state)
{
	(void)state;
	for (size_t n = 0; n < 40; n++) {
		for (size_t at = 0; at <= n; at++) {
			static const char *const escapes[] = { "", "\\\"",
				                               "\\\\" };
			for (size_t e = 0; e < 3; e++) {
				struct cbi_span list, key, value;
				char text[80];
				size_t offset = 0;
				int len =
				    snprintf(text, sizeof(text),
				             "[\"%.*s%s%.*s\",7]", (int)at,
				             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				             "aaaaaaaaaaa",
				             escapes[e], (int)(n - at),
				             "bbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
				             "bbbbbbbbbbb");

				list = (struct cbi_span){ text, (size_t)len };
				assert_true(
				    cbi_scan_next(list, &offset, &key, &value));
				assert_int_equal(value.len,
				                 n + strlen(escapes[e]) + 2);
				assert_true(
				    cbi_scan_next(list, &offset, &key, &value));
				assert_int_equal(value.len, 1);
				assert_int_equal(value.ptr[0], '7');
				/* Cut anywhere, it ends there. */
				list.len = at + 2;
				offset = 0;
				assert_true(
				    cbi_scan_next(list, &offset, &key, &value));
				assert_true(value.len <= at + 1);
			}
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(parameters_follow_the_grammar),
		TEST(too_many_terms_are_refused),
		TEST(predicates_become_the_same_tree),
		TEST(what_is_written_reads_as_itself),
		TEST(deep_predicates_are_refused),
		TEST(entities_match_as_their_rows_would),
		TEST(entities_tell_what_they_hold),
		TEST(a_walk_over_relations_keeps_its_place),
		TEST(strings_end_where_they_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
