/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients send, and what the first step makes of it.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "config/config.h"
#include "tests/web/port_memory.h"
#include "web/steps.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cb_req req;
static struct cb_buf body, head;
static struct memory_port memory;
static struct cbi_settings settings = { .base_path = "" };
static const struct cbi_web web = { .settings = &settings };
static char big[6 << 20];

static int read_it(void)
{
	cbi_ctx_finish(&ctx);
	cbi_ctx_init(&ctx, &lane);
	memset(&req, 0, sizeof(req));
	cbi_buf_clear(&body);
	req.ctx = &ctx;
	req.web = &web;
	req.port = &memory.port;
	req.answer.body = &body;
	req.answer.head = &head;
	return cbi_step_read(&req);
}

static int get(const char *uri)
{
	memory_request(&memory, "GET", uri);
	return read_it();
}

static void path_and_query_are_decoded_once(void **s)
{
	(void)s;
	assert_int_equal(get("/catalog/a%20b%252e?x=1+2%263&y&x=%C3%A4"),
	                 CB_NEXT);
	assert_string_equal(req.path, "/catalog/a b%2e");
	assert_string_equal(req.raw,
	                    "/catalog/a%20b%252e?x=1+2%263&y&x=%C3%A4");
	assert_int_equal(req.query_count, 3);
	assert_string_equal(cbi_req_query(&req, "x"), "1 2&3");
	assert_string_equal(cbi_req_query(&req, "y"), "");
	assert_string_equal(req.query->next->next->value, "\xc3\xa4");
	assert_null(cbi_req_query(&req, "z"));
}

static void what_does_not_decode_is_refused(void **s)
{
	static const char *const bad[] = {
		"/a%00b",
		"/%zz",
		"/%",
		"/%2",
		"/%c0%af",
		"/%ed%a0%80",
		"/\xff",
		"/x?a=%00",
		"/x?a=%zz",
		"/x?%ff=1",
		"/x?a=%ed%a0%80",
		"catalog",
		"",
		"http://evil.example/",
		"*",
	};

	(void)s;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(get(bad[i]), CB_EINVAL);
		assert_string_not_equal(cb_failure(&ctx), "");
	}
}

static void a_long_address_is_414(void **s)
{
	(void)s;
	memset(big, 'a', CB_URL_MAX + 1);
	big[0] = '/';
	big[CB_URL_MAX + 1] = '\0';
	assert_int_equal(get(big), CB_EINVAL);
	assert_int_equal(req.answer.status, 414);
	big[CB_URL_MAX] = '\0';
	assert_int_equal(get(big), CB_NEXT);
}

static void too_many_parameters_are_refused(void **s)
{
	char *at = big;

	(void)s;
	at += sprintf(at, "/x?");
	for (int i = 0; i < CB_PARAMS_MAX; i++)
		at += sprintf(at, "a&");
	assert_int_equal(get(big), CB_NEXT);
	assert_int_equal(req.query_count, CB_PARAMS_MAX);
	sprintf(at, "a");
	assert_int_equal(get(big), CB_EINVAL);
}

static void other_methods_are_405(void **s)
{
	static const char *const odd[] = { "FOO",     "TRACE", "CONNECT",
		                           "OPTIONS", "PATCH", "get",
		                           "",        "GET " };

	(void)s;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		memory_request(&memory, odd[i], "/x");
		assert_int_equal(read_it(), CB_ENOTSUP);
		assert_int_equal(req.answer.status, 405);
		assert_string_equal(req.answer.headers->name, "Allow");
	}
}

static void an_override_of_the_method_is_ignored(void **s)
{
	(void)s;
	memory_request(&memory, "POST", "/x");
	memory_param(&memory, "HTTP_X_HTTP_METHOD_OVERRIDE", "DELETE");
	assert_int_equal(read_it(), CB_NEXT);
	assert_string_equal(req.method, "POST");
}

static void a_body_is_read_up_to_its_limit(void **s)
{
	(void)s;
	memset(big, 'b', CB_BODY_MAX + 1);
	memory_request(&memory, "POST", "/x");
	memory_body(&memory, "Application/JSON; charset=utf-8", big,
	            CB_BODY_MAX);
	memory_param(&memory, "CONTENT_LENGTH", "1048576");
	assert_int_equal(read_it(), CB_NEXT);
	assert_int_equal(req.body_len, CB_BODY_MAX);
	assert_string_equal(req.body_type, "application/json");
	memory_request(&memory, "POST", "/x"); /* chunked: no length is told */
	memory_body(&memory, "application/json", big, CB_BODY_MAX + 1);
	assert_int_equal(read_it(), CB_ETOOBIG);
	memory_request(&memory, "POST", "/x");
	memory_body(&memory, "application/json", big, 10);
	memory_param(&memory, "CONTENT_LENGTH", "10737418240");
	assert_int_equal(read_it(), CB_ETOOBIG);
}

static void a_body_that_is_not_what_it_says_is_refused(void **s)
{
	static const char *const lengths[] = { "9",   "11",
		                               "-1",  "0x10",
		                               "1e9", "99999999999999999999" };

	(void)s;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memory_request(&memory, "PUT", "/x");
		memory_body(&memory, "text/plain", "0123456789", 10);
		memory_param(&memory, "CONTENT_LENGTH", lengths[i]);
		assert_int_equal(read_it(), CB_EINVAL);
	}
	memory_request(&memory, "POST", "/x");
	memory_body(&memory, "text/plain", "0123456789", 10);
	memory.body_breaks = true;
	assert_int_equal(read_it(), CB_EINVAL);
	assert_true(req.answer.partial);
	memory_request(&memory, "POST", "/x");
	memory_body(&memory, "application/json", "{}", 2);
	memory_param(&memory, "HTTP_CONTENT_ENCODING", "gzip");
	assert_int_equal(read_it(), CB_EINVAL);
	assert_int_equal(req.answer.status, 415);
}

static void forms_are_read(void **s)
{
	(void)s;
	memory_request(&memory, "POST", "/x?a=query");
	memory_body(&memory, "application/x-www-form-urlencoded",
	            "a=1&b=two+words&c=%3Cb%3E", 25);
	assert_int_equal(read_it(), CB_NEXT);
	assert_string_equal(cbi_req_form(&req, "a"), "1");
	assert_string_equal(cbi_req_form(&req, "b"), "two words");
	assert_string_equal(cbi_req_form(&req, "c"), "<b>");
	assert_string_equal(cb_req_param(&req, "a"), "query");
	memory_request(&memory, "POST", "/x");
	memory_body(&memory, "application/x-www-form-urlencoded", "a=%0", 4);
	assert_int_equal(read_it(), CB_EINVAL);
	memory_request(&memory, "POST", "/x");
	memory_body(&memory, "application/x-www-form-urlencoded", "a\0b", 3);
	assert_int_equal(read_it(), CB_EINVAL);
}

static void the_base_path_is_taken_off(void **s)
{
	(void)s;
	settings.base_path = "/portal";
	assert_int_equal(get("/portal/catalog?x=1"), CB_NEXT);
	assert_string_equal(req.path, "/catalog");
	assert_string_equal(req.raw, "/catalog?x=1");
	assert_int_equal(get("/portal"), CB_NEXT);
	assert_string_equal(req.path, "/");
	assert_int_equal(get("/portal?x=1"), CB_NEXT);
	assert_string_equal(req.path, "/");
	assert_string_equal(cbi_req_query(&req, "x"), "1");
	assert_int_equal(get("/portalx"), CB_ENOENT);
	assert_int_equal(get("/catalog"), CB_ENOENT);
	settings.base_path = "";
}

static void cookies_and_headers_are_found_by_name(void **s)
{
	(void)s;
	memory_request(&memory, "GET", "/x");
	memory_param(&memory, "HTTP_COOKIE",
	             "xcallboard=no; callboard=yes=1;callboard2=no; empty=");
	memory_param(&memory, "HTTP_IF_NONE_MATCH", "\"a\"");
	memory_param(&memory, "HTTP_ACCEPT", "");
	assert_int_equal(read_it(), CB_NEXT);
	assert_string_equal(cbi_req_cookie(&req, "callboard"), "yes=1");
	assert_string_equal(cbi_req_cookie(&req, "empty"), "");
	assert_null(cbi_req_cookie(&req, "board"));
	assert_string_equal(cbi_req_header(&req, "If-None-Match"), "\"a\"");
	assert_null(cbi_req_header(&req, "Accept"));
	assert_null(cbi_req_header(&req, "Proxy"));
}

static void a_header_that_would_be_two_is_refused(void **s)
{
	(void)s;
	assert_int_equal(get("/x"), CB_NEXT);
	assert_int_equal(cbi_req_add_header(&req, "Location", "/a\r\nX: y"),
	                 CB_EINVAL);
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_req_add_header(&req, "X\n", "y"), CB_EINVAL);
	assert_null(req.answer.headers);
}

static void the_trace_is_taken_up_or_begun(void **s)
{
	static const char *const bad[] = {
		"",
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01",
		"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
		"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	};

	(void)s;
	memory_request(&memory, "GET", "/x");
	memory_param(&memory, "HTTP_TRACEPARENT",
	             "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	read_it();
	cbi_trace_take(&req);
	assert_string_equal(ctx.request_id, "0123456789abcdef0123456789abcdef");
	assert_memory_equal(ctx.traceparent,
	                    "00-0af7651916cd43dd8448eb211c80319c-", 36);
	assert_string_equal(ctx.traceparent + 52, "-01");
	assert_memory_not_equal(ctx.traceparent + 36, "b7ad6b7169203331", 16);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memory_request(&memory, "GET", "/x");
		memory_param(&memory, "HTTP_TRACEPARENT", bad[i]);
		read_it();
		cbi_trace_take(&req);
		assert_memory_equal(ctx.traceparent,
		                    "00-0123456789abcdef0123456789abcdef-", 36);
	}
	memory_param(&memory, "REQUEST_ID", "with \"quotes\"\n");
	read_it();
	cbi_trace_take(&req);
	assert_int_equal(strlen(ctx.request_id), 32);
	assert_null(strchr(ctx.request_id, '"'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_and_query_are_decoded_once),
		cmocka_unit_test(what_does_not_decode_is_refused),
		cmocka_unit_test(a_long_address_is_414),
		cmocka_unit_test(too_many_parameters_are_refused),
		cmocka_unit_test(other_methods_are_405),
		cmocka_unit_test(an_override_of_the_method_is_ignored),
		cmocka_unit_test(a_body_is_read_up_to_its_limit),
		cmocka_unit_test(a_body_that_is_not_what_it_says_is_refused),
		cmocka_unit_test(forms_are_read),
		cmocka_unit_test(the_base_path_is_taken_off),
		cmocka_unit_test(cookies_and_headers_are_found_by_name),
		cmocka_unit_test(a_header_that_would_be_two_is_refused),
		cmocka_unit_test(the_trace_is_taken_up_or_begun),
	};

	cbi_lane_init(&lane, 16 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	cbi_buf_init(&body, CB_MIB);
	cbi_buf_init(&head, CB_MIB);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
