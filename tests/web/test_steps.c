/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole requests through all steps, without a socket.
 */
#include "tests/lib/cmock.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "html/addr.h"
#include "tests/web/port_memory.h"
#include "web/steps.h"

static struct memory_port memory;
static struct cbi_web_lane lane;
static struct cbi_settings settings = {
	.base_path = "",
	.base_url = "https://portal.example",
	.request_ms = 5000,
};
static struct cbi_web web = { .settings = &settings, .pool = "core" };
static char large[100000];
static int ready_code;

static int hello(struct cb_req *req)
{
	cb_buf_text(req->answer.body, "<p>hello</p>");
	return CB_OK;
}

static int tagged(struct cb_req *req)
{
	req->answer.type = "application/json";
	req->answer.kept = "{\"kept\":true}";
	req->answer.kept_len = 13;
	req->answer.etag = "\"v1\"";
	return CB_OK;
}

static int broken(struct cb_req *req)
{
	cb_buf_text(req->answer.body, "half of it");
	return cb_fail(req->ctx, CB_EBUG, "the secret of <b>this</b> house");
}

static int missing(struct cb_req *req)
{
	return cb_fail(req->ctx, CB_ENOENT, "no <script> '%s'",
	               cbi_req_query(req, "x"));
}

static int away(struct cb_req *req)
{
	return cb_fail(req->ctx, CB_EAWAY, "PostgreSQL is away");
}

static int streamed(struct cb_req *req)
{
	int rc = cbi_req_stream(req, "application/json");

	for (int i = 0; i < 3 && rc == CB_OK; i++)
		rc = cbi_req_stream_write(req, "[1]", 3);
	if (rc == CB_OK && cbi_req_query(req, "fail"))
		rc = cb_fail(req->ctx, CB_EAWAY, "lost midway");
	return rc;
}

static int sized(struct cb_req *req)
{
	return cb_buf_add(req->answer.body, large, sizeof(large));
}

static int moved(struct cb_req *req)
{
	return cbi_req_redirect(req, "/catalog");
}

#define ROW(p, m, a, f, h, known)                                              \
	{                                                                      \
		.path = p, .method = m, .access = CBI_ACCESS_##a,              \
		.face = CBI_FACE_##f, .name = p, .handle = h, .params = known, \
	}
#define GET(p, f, h) ROW(p, "GET", OPEN, f, h, NULL)

static const struct cbi_endpoint endpoints[] = {
	GET("/hello", PAGE, hello),
	GET("/broken", PAGE, broken),
	GET("/missing", PAGE, missing),
	GET("/sized", PAGE, sized),
	GET("/moved", PAGE, moved),
	GET("/streamed", API, streamed),
	GET("/api/tagged", API, tagged),
	GET("/api/missing", API, missing),
	GET("/api/away", API, away),
	GET("/fragments/x/broken", FRAGMENT, broken),
	GET("/_cards/x/y", FRAGMENT, hello),
	ROW("/private", "GET", READ, PAGE, hello, "x,yy"),
	ROW("/api/private", "GET", READ, API, hello, "x"),
	ROW("/api/open", "GET", OPEN, API, hello, "x,yy"),
	ROW("/api/change", "POST", WRITE, API, hello, NULL),
	ROW("/enter", "POST", OPEN, PAGE, hello, NULL),
	{ .path = NULL },
};

static int ask(const char *method, const char *uri)
{
	if (uri)
		memory_request(&memory, method, uri);
	assert_true(cbi_web_serve(&web, &lane, &memory.port));
	return memory_status(&memory);
}

static void an_answer_has_head_and_body(void **s)
{
	(void)s;
	assert_int_equal(ask("GET", "/hello"), 200);
	assert_string_equal(memory_answer(&memory), "<p>hello</p>");
	assert_string_equal(memory_header(&memory, "Content-Type"),
	                    "text/html; charset=utf-8");
	assert_string_equal(memory_header(&memory, "Content-Length"), "12");
	assert_string_equal(memory_header(&memory, "Cache-Control"),
	                    "private, no-store");
	assert_string_equal(memory_header(&memory, "X-Request-Id"),
	                    "0123456789abcdef0123456789abcdef");
	assert_non_null(
	    strstr(memory_header(&memory, "Server-Timing"), "total;dur="));
}

static void head_is_a_get_without_its_body(void **s)
{
	(void)s;
	assert_int_equal(ask("HEAD", "/hello"), 200);
	assert_string_equal(memory_answer(&memory), "");
	assert_string_equal(memory_header(&memory, "Content-Length"), "12");
	assert_int_equal(ask("HEAD", "/streamed"), 200);
	assert_string_equal(memory_answer(&memory), "");
}

static void a_tag_that_is_known_already_is_304(void **s)
{
	static const char *const same[] = { "\"v1\"", "W/\"v1\"", "*",
		                            "\"x\", \"v1\"", "\"v1\" , \"y\"" };
	static const char *const other[] = { "\"v2\"", "v1", "\"v1",
		                             "\"v1\"x" };

	(void)s;
	assert_int_equal(ask("GET", "/api/tagged"), 200);
	assert_string_equal(memory_answer(&memory), "{\"kept\":true}");
	assert_string_equal(memory_header(&memory, "ETag"), "\"v1\"");
	assert_string_equal(memory_header(&memory, "Cache-Control"),
	                    "private, no-cache");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		memory_request(&memory, "GET", "/api/tagged");
		memory_param(&memory, "HTTP_IF_NONE_MATCH", same[i]);
		assert_int_equal(ask(NULL, NULL), 304);
		assert_string_equal(memory_answer(&memory), "");
		assert_string_equal(memory_header(&memory, "ETag"), "\"v1\"");
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		memory_request(&memory, "GET", "/api/tagged");
		memory_param(&memory, "HTTP_IF_NONE_MATCH", other[i]);
		assert_int_equal(ask(NULL, NULL), 200);
	}
}

static void a_page_that_fails_tells_no_secret(void **s)
{
	(void)s;
	assert_int_equal(ask("GET", "/broken"), 500);
	assert_null(strstr(memory.out, "secret"));
	assert_null(strstr(memory.out, "half of it"));
	assert_non_null(
	    strstr(memory_answer(&memory), "0123456789abcdef0123456789abcdef"));
}

static void what_users_sent_is_escaped_in_errors(void **s)
{
	(void)s;
	assert_int_equal(ask("GET", "/missing?x=%3Cimg%3E"), 404);
	assert_non_null(strstr(memory_answer(&memory), "&lt;script"));
	assert_null(strstr(memory_answer(&memory), "<img"));
}

static void an_api_that_fails_speaks_json(void **s)
{
	json_t *body;

	(void)s;
	assert_int_equal(ask("GET", "/api/missing?x=1"), 404);
	assert_string_equal(memory_header(&memory, "Content-Type"),
	                    "application/json; charset=utf-8");
	body = json_loads(memory_answer(&memory), 0, NULL);
	assert_non_null(body);
	assert_string_equal(json_string_value(json_object_get(
				json_object_get(body, "error"), "name")),
	                    "NotFoundError");
	json_decref(body);
	assert_int_equal(ask("GET", "/api/away"), 503);
	assert_string_not_equal(memory_header(&memory, "Retry-After"), "");
	/* Who is not known is not told which paths there are. */
	assert_int_equal(ask("GET", "/api/nothing/here"), 401);
	assert_int_equal(ask("POST", "/api/tagged"), 405);
	assert_string_equal(memory_header(&memory, "Allow"), "GET, HEAD");
}

static void a_fragment_that_fails_is_a_grey_200(void **s)
{
	(void)s;
	assert_int_equal(ask("GET", "/fragments/x/broken"), 200);
	assert_non_null(strstr(memory_answer(&memory), "card-off"));
	assert_null(strstr(memory_answer(&memory), "secret"));
	assert_int_equal(ask("GET", "/fragments/none/none"), 200);
}

static void only_nginx_may_ask_for_the_internal_twin(void **s)
{
	(void)s;
	assert_int_equal(ask("GET", "/_cards/x/y"), 200);
	assert_null(strstr(memory_answer(&memory), "hello"));
	memory_request(&memory, "GET", "/_cards/x/y");
	memory_param(&memory, "CB_CARD", "1");
	assert_int_equal(ask(NULL, NULL), 200);
	assert_non_null(strstr(memory_answer(&memory), "hello"));
}

static void a_stream_that_fails_is_seen_as_cut(void **s)
{
	(void)s;
	assert_int_equal(ask("GET", "/streamed"), 200);
	assert_string_equal(memory_answer(&memory), "[1][1][1]");
	assert_string_equal(memory_header(&memory, "Content-Length"), "");
	memory_request(&memory, "GET", "/streamed?fail=1");
	assert_false(cbi_web_serve(&web, &lane, &memory.port));
	assert_string_equal(memory_answer(&memory), "[1][1][1]");
}

static void a_reader_who_left_is_seen(void **s)
{
	(void)s;
	memory_request(&memory, "GET", "/sized");
	memory.out_max = 5000;
	assert_false(cbi_web_serve(&web, &lane, &memory.port));
	memory_request(&memory, "GET", "/streamed");
	memory.out_max = 10;
	assert_false(cbi_web_serve(&web, &lane, &memory.port));
	assert_int_equal(ask("GET", "/sized"), 200);
	assert_int_equal(strlen(memory_answer(&memory)), sizeof(large));
}

static void pages_without_a_session_lead_to_the_sign_in(void **s)
{
	(void)s;
	assert_int_equal(ask("GET", "/private?x=a%26b&yy=%2F%2Fevil"), 302);
	assert_string_equal(
	    memory_header(&memory, "Location"),
	    "/sign-in?return=/private%3Fx%3Da%2526b%26yy%3D%252F%252Fevil");
	memory_request(&memory, "GET", "/private");
	memory_param(&memory, "HTTP_HX_REQUEST", "true");
	assert_int_equal(ask(NULL, NULL), 401);
	assert_string_equal(memory_header(&memory, "HX-Redirect"),
	                    "/sign-in?return=/private");
}

static void apis_without_a_credential_are_401(void **s)
{
	(void)s;
	assert_int_equal(ask("GET", "/api/private"), 401);
	assert_non_null(strstr(memory_answer(&memory), "AuthenticationError"));
	assert_int_equal(ask("POST", "/api/change"), 401);
	assert_int_equal(ask("GET", "/api/open?x=1&yy=2"), 200);
}

static void unknown_parameters_are_400_where_they_are_listed(void **s)
{
	(void)s;
	assert_int_equal(ask("GET", "/api/open?z=1"), 400);
	assert_non_null(strstr(memory_answer(&memory), "'z'"));
	assert_int_equal(ask("GET", "/api/open?y=1"), 400);
	assert_int_equal(ask("GET", "/api/open?x"), 200);
	assert_int_equal(ask("GET", "/hello?anything=1"), 200);
}

static void changes_from_other_sites_are_refused(void **s)
{
	static const struct {
		const char *name, *value;
		int status;
	} rows[] = {
		{ "HTTP_SEC_FETCH_SITE", "same-origin", 200 },
		{ "HTTP_SEC_FETCH_SITE", "none", 200 },
		{ "HTTP_SEC_FETCH_SITE", "cross-site", 403 },
		{ "HTTP_SEC_FETCH_SITE", "same-site", 403 },
		{ "HTTP_ORIGIN", "https://portal.example", 200 },
		{ "HTTP_ORIGIN", "https://portal.example.evil", 403 },
		{ "HTTP_ORIGIN", "https://evil.example", 403 },
		{ "HTTP_ORIGIN", "null", 403 },
		{ "HTTP_ACCEPT", "*/*;q=x", 200 },
	};

	(void)s;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memory_request(&memory, "POST", "/enter");
		memory_param(&memory, rows[i].name, rows[i].value);
		assert_int_equal(ask(NULL, NULL), rows[i].status);
	}
}

static void a_redirect_stays_in_the_house(void **s)
{
	(void)s;
	assert_int_equal(cbi_addr_set("/portal", "abc"), CB_OK);
	settings.base_path = "/portal";
	assert_int_equal(ask("GET", "/portal/moved"), 303);
	assert_string_equal(memory_header(&memory, "Location"),
	                    "/portal/catalog");
	assert_int_equal(ask("GET", "/portal/private"), 302);
	assert_string_equal(memory_header(&memory, "Location"),
	                    "/portal/sign-in?return=/private");
	assert_int_equal(ask("GET", "/moved"), 404);
	settings.base_path = "";
	assert_int_equal(cbi_addr_set("", "abc"), CB_OK);
}

static int is_ready(struct cb_ctx *ctx, const struct cbi_web *w)
{
	(void)w;
	return ready_code ? cb_fail(ctx, ready_code, "no copy yet") : CB_OK;
}

static void health_and_metrics_are_told(void **s)
{
	(void)s;
	web.ready = is_ready;
	ready_code = CB_OK;
	assert_int_equal(ask("GET", "/.backstage/health/v1/liveness"), 200);
	assert_string_equal(memory_answer(&memory), "{\"status\":\"ok\"}");
	assert_int_equal(ask("GET", "/.backstage/health/v1/readiness"), 200);
	assert_string_equal(memory_answer(&memory), "{\"status\":\"ok\"}");
	ready_code = CB_EAWAY;
	assert_int_equal(ask("GET", "/.backstage/health/v1/readiness"), 503);
	assert_non_null(strstr(memory_answer(&memory), "\"status\":\"error\""));
	assert_int_equal(ask("GET", "/metrics"), 200);
	assert_non_null(strstr(memory_answer(&memory),
	                       "# TYPE callboard_requests_total counter\n"));
	assert_non_null(
	    strstr(memory_answer(&memory),
	           "callboard_request_seconds_bucket{le=\"+Inf\"}"));
	memory_request(&memory, "GET", "/metrics");
	memory_param(&memory, "REMOTE_ADDR", "192.0.2.7");
	assert_int_equal(ask(NULL, NULL), 403);
}

static void a_body_that_is_too_large_is_413_or_the_contracts_400(void **s)
{
	(void)s;
	memory_request(&memory, "POST", "/enter");
	memory_param(&memory, "CONTENT_LENGTH", "99999999");
	assert_int_equal(ask(NULL, NULL), 413);
	memory_request(&memory, "POST", "/api/change");
	memory_param(&memory, "CONTENT_LENGTH", "99999999");
	assert_int_equal(ask(NULL, NULL), 400);
}

int main(void)
{
	static const struct cbi_endpoint *const tables[] = {
		endpoints,
		cbi_house_endpoints,
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_has_head_and_body),
		cmocka_unit_test(head_is_a_get_without_its_body),
		cmocka_unit_test(a_tag_that_is_known_already_is_304),
		cmocka_unit_test(a_page_that_fails_tells_no_secret),
		cmocka_unit_test(what_users_sent_is_escaped_in_errors),
		cmocka_unit_test(an_api_that_fails_speaks_json),
		cmocka_unit_test(a_fragment_that_fails_is_a_grey_200),
		cmocka_unit_test(only_nginx_may_ask_for_the_internal_twin),
		cmocka_unit_test(a_stream_that_fails_is_seen_as_cut),
		cmocka_unit_test(a_reader_who_left_is_seen),
		cmocka_unit_test(pages_without_a_session_lead_to_the_sign_in),
		cmocka_unit_test(apis_without_a_credential_are_401),
		cmocka_unit_test(
		    unknown_parameters_are_400_where_they_are_listed),
		cmocka_unit_test(changes_from_other_sites_are_refused),
		cmocka_unit_test(a_redirect_stays_in_the_house),
		cmocka_unit_test(health_and_metrics_are_told),
		cmocka_unit_test(
		    a_body_that_is_too_large_is_413_or_the_contracts_400),
	};
	struct cbi_router *router = NULL;

	if (cbi_router_create(tables, 2, &router) != CB_OK)
		abort();
	web.router = router;
	memset(large, 'x', sizeof(large));
	cbi_web_lane_init(&lane, -1, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
