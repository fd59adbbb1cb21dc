/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_rules.c - which kinds come in from where.
 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "base/ctx.h"
#include "catalog/rules.h"
#include "json/json.h"

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

static json_t *json_of(const char *text)
{
	json_t *value = NULL;

	if (!text)
		return NULL;
	assert_int_equal(cb_json_parse(&ctx, text, strlen(text), &value),
	                 CB_OK);
	return value;
}

static void patterns_fit_as_minimatch_has_it(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} cases[] = {
		{ "https://x/*.yaml", "https://x/a.yaml", true },
		{ "https://x/*.yaml", "https://x/a/b.yaml", false },
		{ "https://x/**/*.yaml", "https://x/a/b/c.yaml", true },
		{ "https://x/**/*.yaml", "https://x/c.yaml", true },
		{ "https://X/A.yaml", "https://x/a.YAML", true },
		{ "https://x/?.yaml", "https://x/a.yaml", true },
		{ "https://x/?.yaml", "https://x//.yaml", false },
		{ "https://x/[a-c].yaml", "https://x/b.yaml", true },
		{ "https://x/[!a-c].yaml", "https://x/b.yaml", false },
		{ "https://x/{a,b{c,d}}.yaml", "https://x/bd.yaml", true },
		{ "https://x/{a,b{c,d}}.yaml", "https://x/b.yaml", false },
		{ "https://x/{a", "https://x/{a", true },
		{ "https://x/[a", "https://x/[a", false },
		{ "**", "anything/at/all", true },
		{ "*", "a/b", false },
		{ "*", ".hidden", true },
		{ "", "", true },
		{ "a", "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (cbi_rules_fits(cases[i].pattern, cases[i].text) !=
		    cases[i].fits)
			fail_msg("%s and %s", cases[i].pattern, cases[i].text);
}

static bool allow(const char *rules, const char *locations, const char *entity,
                  const char *origin)
{
	static const char *const targets[] = { "https://one/", NULL };
	const struct cbi_rules *read;

	assert_int_equal(cbi_rules_read(&ctx, json_of(rules),
	                                json_of(locations), targets, &read),
	                 CB_OK);
	return cbi_rules_allow(read, json_of(entity), origin);
}

static void kinds_and_places_decide(void **state)
{
	static const char user[] = "{\"kind\": \"User\"}";
	static const char service[] =
	    "{\"kind\": \"component\", \"spec\": {\"type\": \"Service\"}}";

	(void)state;
	assert_false(allow(NULL, NULL, user, "url:x"));
	assert_true(allow(NULL, NULL, service, "url:x"));
	assert_true(allow(NULL, NULL, "{\"kind\": \"Location\"}", "url:x"));
	/* A list of one's own replaces the default. */
	assert_true(allow("[{\"allow\": [\"user\"]}]", NULL, user, "url:x"));
	assert_false(
	    allow("[{\"allow\": [\"user\"]}]", NULL, service, "url:x"));
	assert_true(allow("[{\"allow\": [{\"kind\": \"Component\","
	                  "\"spec.type\": \"service\"}]}]",
	                  NULL, service, "url:x"));
	assert_false(allow("[{\"allow\": [{\"kind\": \"Component\","
	                   "\"spec.type\": \"website\"}]}]",
	                   NULL, service, "url:x"));
	assert_false(allow("[]", NULL, service, "url:x"));
	assert_true(allow("[{\"allow\": [\"User\"], \"locations\": [{\"type\":"
	                  "\"url\", \"pattern\": \"https://a/**\"}]}]",
	                  NULL, user, "url:https://A/b/c"));
	assert_false(allow("[{\"allow\": [\"User\"], \"locations\": [{\"type\":"
	                   "\"url\", \"pattern\": \"https://a/**\"}]}]",
	                   NULL, user, "file:https://A/b/c"));
	assert_true(allow("[{\"allow\": [\"User\"], \"locations\": [{\"type\":"
	                  "\"file\", \"exact\": \"/a\"}]}]",
	                  NULL, user, "file:/a"));
	assert_false(allow("[{\"allow\": [\"User\"], \"locations\": [{\"type\":"
	                   "\"file\", \"exact\": \"/a\"}]}]",
	                   NULL, user, "file:/ab"));
	/* A location's own rules hold for it, beside the global ones. */
	assert_true(allow(NULL,
	                  "[{\"type\": \"url\", \"target\": \"https://one/\","
	                  "\"rules\": [{\"allow\": [\"User\"]}]}]",
	                  user, "url:https://one/"));
	assert_false(allow(NULL,
	                   "[{\"type\": \"url\", \"target\": \"https://one/\","
	                   "\"rules\": [{\"allow\": [\"User\"]}]}]",
	                   user, "url:https://two/"));
}

static void wrong_rules_are_named(void **state)
{
	static const char *const wrongs[] = {
		"{}",
		"[{}]",
		"[{\"allow\": []}]",
		"[{\"allow\": [1]}]",
		"[{\"allow\": [\"A\"], \"locations\": {}}]",
		"[{\"allow\": [\"A\"], \"locations\": [{}]}]",
		("[{\"allow\": [\"A\"], \"locations\": [{\"type\": \"url\","
		 "\"exact\": \"a\", \"pattern\": \"b\"}]}]"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct cbi_rules *read;
		static const char *const none[] = { NULL };

		assert_int_equal(
		    cbi_rules_read(&ctx, json_of(wrongs[i]), NULL, none, &read),
		    CB_EINVAL);
		assert_non_null(strstr(cb_failure(&ctx), "catalog.rules"));
		cb_failure_clear(&ctx);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(patterns_fit_as_minimatch_has_it),
		T(kinds_and_places_decide),
		T(wrong_rules_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
