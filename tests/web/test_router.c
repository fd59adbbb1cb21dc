/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "web/router.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cb_req req;
static char path[256];

static int handle(struct cb_req *r)
{
	(void)r;
	return CB_OK;
}

#define ROW(p, m, n)                                                          \
	{                                                                     \
		.path = p, .method = m, .access = CBI_ACCESS_READ, .name = n, \
		.handle = handle                                              \
	}
#define LAST                 \
	{                    \
		.path = NULL \
	}

static const struct cbi_endpoint pages[] = {
	ROW("/", "GET", "home"),
	ROW("/catalog", "GET", "table"),
	ROW("/catalog/{ns}/{kind}/{name}", "GET", "entity"),
	ROW("/catalog/{ns}/{kind}/{name}/{tab}", "GET", "tab"),
	ROW("/p/{plugin}/*", "GET", "plugin"),
	{ .path = "/metrics",
	  .method = "GET",
	  .access = CBI_ACCESS_LOCAL,
	  .name = "metrics",
	  .handle = handle },
	LAST,
};

static const struct cbi_endpoint apis[] = {
	ROW("/api/catalog/entities", "GET", "entities"),
	ROW("/api/catalog/entities/by-query", "GET", "by-query"),
	ROW("/api/catalog/entities/by-query", "POST", "by-query-post"),
	ROW("/api/catalog/entities/{x}", "DELETE", "one"),
	ROW("/api/catalog/locations", "GET", "locations"),
	ROW("/api/catalog/locations", "POST", "add"),
	ROW("/api/*", "GET", "rest"),
	LAST,
};

static const struct cbi_endpoint *const tables[] = { pages, apis };

static int find(const char *method, const char *raw, const char **allow)
{
	static struct cbi_router *router;
	size_t len;

	if (!router)
		assert_int_equal(cbi_router_create(tables, 2, &router), CB_OK);
	memset(&req, 0, sizeof(req));
	req.ctx = &ctx;
	req.method = method;
	req.raw = raw;
	assert_int_equal(
	    cbi_str_url_decode(raw, strcspn(raw, "?"), false, path, &len), 0);
	req.path = path;
	return cbi_router_find(router, &req, allow);
}

static void expect(const char *method, const char *raw, const char *name)
{
	const char *allow;

	assert_int_equal(find(method, raw, &allow), CB_OK);
	assert_string_equal(req.endpoint->name, name);
}

static void literals_fit_better_than_holes_and_those_than_the_rest(void **s)
{
	(void)s;
	expect("GET", "/", "home");
	expect("GET", "/?x=1", "home");
	expect("GET", "/catalog", "table");
	expect("GET", "/catalog?filter=kind=api", "table");
	expect("GET", "/catalog/default/component/desk", "entity");
	expect("GET", "/catalog/default/component/desk/docs", "tab");
	expect("GET", "/api/catalog/entities/by-query", "by-query");
	expect("POST", "/api/catalog/entities/by-query", "by-query-post");
	expect("DELETE", "/api/catalog/entities/other", "one");
	expect("GET", "/api/what/ever", "rest");
	expect("GET", "/api", "rest");
}

static void holes_are_decoded_and_keep_escaped_slashes(void **s)
{
	(void)s;
	expect("GET", "/catalog/default/component/a%2Fb%20c", "entity");
	assert_string_equal(req.args[0], "default");
	assert_string_equal(req.args[1], "component");
	assert_string_equal(req.args[2], "a/b c");
	expect("GET", "/p/jenkins/job/a%2Fb", "plugin");
	assert_string_equal(req.args[0], "jenkins");
	assert_string_equal(req.rest, "job/a/b");
	expect("GET", "/p/jenkins", "plugin");
	assert_string_equal(req.rest, "");
	expect("GET", "/p/jenkins/", "plugin");
	assert_string_equal(req.rest, "");
}

static void what_fits_nothing_is_not_found(void **s)
{
	static const char *const none[] = {
		"/nothing",
		"/catalog/default",
		"/catalog//component/x",
		"//catalog",
		"/catalog/../metrics",
		"/metrics/",
		"/metrics/x",
		"/p",
	};
	const char *allow;

	(void)s;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(find("GET", none[i], &allow), CB_ENOENT);
	expect("GET", "/metrics", "metrics");
	expect("GET", "/catalog/", "table");
}

static void double_escapes_are_decoded_once(void **s)
{
	(void)s;
	expect("GET", "/catalog/default/component/%252e%252e", "entity");
	assert_string_equal(req.args[2], "%2e%2e");
}

static void a_wrong_method_names_the_right_ones(void **s)
{
	const char *allow = NULL;

	(void)s;
	assert_int_equal(find("DELETE", "/api/catalog/locations", &allow),
	                 CB_ENOTSUP);
	assert_string_equal(allow, "GET, HEAD, POST");
	assert_int_equal(find("POST", "/catalog", &allow), CB_ENOTSUP);
	assert_string_equal(allow, "GET, HEAD");
	/* A path that fits better does not give way to the rest. */
	assert_int_equal(find("PUT", "/api/catalog/entities/by-query", &allow),
	                 CB_ENOTSUP);
	assert_string_equal(allow, "GET, HEAD, POST");
}

static void head_goes_with_get(void **s)
{
	(void)s;
	expect("HEAD", "/catalog", "table");
}

static void very_long_paths_only_fit_a_rest(void **s)
{
	const char *allow;

	(void)s;
	expect("GET", "/api/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", "rest");
	assert_string_equal(req.rest, "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16");
	assert_int_equal(
	    find("GET", "/x/1/2/3/4/5/6/7/8/9/10/11/12/13/14", &allow),
	    CB_ENOENT);
}

static void overlapping_tables_are_refused(void **s)
{
	static const struct cbi_endpoint other[] = {
		ROW("/catalog/{a}/{b}/{c}", "GET", "again"),
		LAST,
	};
	static const struct cbi_endpoint open[] = {
		{ .path = "/x", .method = "GET", .handle = handle },
		LAST,
	};
	const struct cbi_endpoint *const both[] = { pages, other };
	const struct cbi_endpoint *const without[] = { open };
	struct cbi_router *router = NULL;

	(void)s;
	assert_int_equal(cbi_router_create(both, 2, &router), CB_EINVAL);
	assert_int_equal(cbi_router_create(without, 1, &router), CB_EINVAL);
	assert_null(router);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    literals_fit_better_than_holes_and_those_than_the_rest),
		cmocka_unit_test(holes_are_decoded_and_keep_escaped_slashes),
		cmocka_unit_test(what_fits_nothing_is_not_found),
		cmocka_unit_test(double_escapes_are_decoded_once),
		cmocka_unit_test(a_wrong_method_names_the_right_ones),
		cmocka_unit_test(head_goes_with_get),
		cmocka_unit_test(very_long_paths_only_fit_a_rest),
		cmocka_unit_test(overlapping_tables_are_refused),
	};

	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
