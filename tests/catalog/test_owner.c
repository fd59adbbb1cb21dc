/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_owner.c - what names no owner has the one that its repository names.
 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "base/ctx.h"
#include "catalog/owner.h"
#include "json/json.h"

#define ROOT "https://git.example/o/r/blob/main"
#define HERE "url:" ROOT "/deep/catalog-info.yaml"

static struct cbi_lane lane;
static struct cb_ctx ctx;
static int reads;
/* Where CODEOWNERS is, NULL for nowhere; what it says; how others fail. */
static const char *there, *says;
static int otherwise;

static int begin(void **state)
{
	(void)state;
	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	reads = 0;
	there = "/docs/CODEOWNERS";
	says = "*.md @x\n* @acme/crew @y\n";
	otherwise = CB_ENOENT;
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
	(void)arg;
	return cb_printf(c, "%s%s",
	                 strstr(base, "/blob/") ? ROOT : "https://web.example",
	                 target);
}

static int read_file(struct cb_ctx *c, void *arg, const char *base,
                     const char *target, const char **text, size_t *len)
{
	(void)arg;
	(void)base;
	reads++;
	if (!there || strcmp(target, there) != 0)
		return cb_fail(c, otherwise, "the host says no");
	*text = says;
	*len = strlen(says);
	return CB_OK;
}

static const struct cbi_placeholder_reader reader = { read_file, NULL,
	                                              resolve };

static int fill(const char *entity, const char *base, struct cbi_owner *owner,
                const char **got)
{
	struct cbi_problem problem = { 0 };
	json_t *json;
	int rc;

	assert_int_equal(cb_json_parse(&ctx, entity, strlen(entity), &json),
	                 CB_OK);
	rc = cbi_owner_fill(&ctx, json, base, &reader, owner, &problem);
	*got = rc == CB_OK ? cb_json_text(json, "spec.owner", "none")
	                   : cb_strdup(&ctx, problem.text);
	return rc;
}

static void whoever_names_none_has_the_repositorys(void **state)
{
	static const struct {
		const char *entity, *base, *owner;
		int reads;
	} rows[] = {
		{ "{\"kind\": \"Component\", \"spec\": {}}", HERE, "crew", 5 },
		{ "{\"kind\": \"API\", \"spec\": {\"owner\": \"\"}}", HERE,
		  "crew", 5 },
		{ "{\"kind\": \"System\", \"spec\": {\"owner\": null}}", HERE,
		  "crew", 5 },
		{ "{\"kind\": \"Component\", \"spec\": {\"owner\": "
		  "\"me\"}}",
		  HERE, "me", 0 },
		{ "{\"kind\": \"Group\", \"spec\": {}}", HERE, "none", 0 },
		{ "{\"kind\": \"component\", \"spec\": {}}", HERE, "none", 0 },
		{ "{\"kind\": \"Component\", \"spec\": 1}", HERE, "none", 0 },
		{ "{\"kind\": \"Component\", \"spec\": {}}", "file:/srv/a.yaml",
		  "none", 0 },
		/* No code host: nobody's root is asked for such files. */
		{ "{\"kind\": \"Component\", \"spec\": {}}",
		  "url:https://web.example/x/a.yaml", "none", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbi_owner owner = { 0 };
		const char *got;

		reads = 0;
		assert_int_equal(
		    fill(rows[i].entity, rows[i].base, &owner, &got), CB_OK);
		assert_string_equal(got, rows[i].owner);
		assert_int_equal(reads, rows[i].reads);
		assert_int_equal(cb_failure_code(&ctx), CB_OK);
	}
}

static void a_file_is_asked_for_once(void **state)
{
	static const char entity[] = "{\"kind\": \"API\", \"spec\": {}}";
	struct cbi_owner owner = { 0 };
	const char *got;

	(void)state;
	there = NULL;
	assert_int_equal(fill(entity, HERE, &owner, &got), CB_OK);
	assert_int_equal(fill(entity, HERE, &owner, &got), CB_OK);
	assert_string_equal(got, "none");
	assert_int_equal(reads, 5);
}

static void what_cannot_be_read_is_told(void **state)
{
	static const char entity[] = "{\"kind\": \"API\", \"spec\": {}}";
	struct cbi_owner owner = { 0 };
	const char *got;

	(void)state;
	otherwise = CB_EAWAY;
	assert_int_equal(fill(entity, HERE, &owner, &got), CB_EINVAL);
	assert_string_equal(
	    got, "spec.owner: is missing, and CODEOWNERS: the host says no");
	assert_int_equal(cb_failure_code(&ctx), CB_OK);
	/* And is asked for again. */
	otherwise = CB_ENOENT;
	assert_int_equal(fill(entity, HERE, &owner, &got), CB_OK);
	assert_string_equal(got, "crew");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(whoever_names_none_has_the_repositorys),
		T(a_file_is_asked_for_once),
		T(what_cannot_be_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
