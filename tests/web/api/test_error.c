/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "web/api/error.h"

struct fixture {
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cb_buf body;
	struct cb_req req;
};

static void begin(struct fixture *f, const char *raw)
{
	memset(f, 0, sizeof(*f));
	cbi_lane_init(&f->lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&f->ctx, &f->lane);
	cbi_buf_init(&f->body, CB_MIB);
	f->req.ctx = &f->ctx;
	f->req.method = "GET";
	f->req.raw = raw;
	f->req.answer.body = &f->body;
	/* Any pointer will do: it only says that a path fitted. */
	f->req.endpoint = (const struct cbi_endpoint *)&f->lane;
}

static void end(struct fixture *f)
{
	cbi_buf_finish(&f->body);
	cbi_ctx_finish(&f->ctx);
	cbi_lane_finish(&f->lane);
}

static void errors_have_the_contracts_shape(void **state)
{
	struct fixture f;
	json_t *root;
	const char *name, *message, *method, *url;
	int status;

	(void)state;
	begin(&f, "/api/catalog/entities/by-uid/a\"b\x01?x=1");
	cb_fail(&f.ctx, CB_ENOENT, "no entity '%s'", "a\"b\xff");
	cbi_api_error(&f.req);
	assert_int_equal(f.req.answer.status, 404);
	root =
	    json_loads(cbi_buf_string(&f.body), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_unpack(root, "{s:{s:s,s:s},s:{s:s,s:s},s:{s:i}}",
	                             "error", "name", &name, "message",
	                             &message, "request", "method", &method,
	                             "url", &url, "response", "statusCode",
	                             &status),
	                 0);
	assert_string_equal(name, "NotFoundError");
	assert_string_equal(message, "no entity 'a\"b\xef\xbf\xbd'");
	assert_string_equal(method, "GET");
	assert_string_equal(url, "/entities/by-uid/a\"b\x01?x=1");
	assert_int_equal(status, 404);
	json_decref(root);
	end(&f);
}

static void every_code_has_its_status(void **state)
{
	static const struct {
		int code, status;
		const char *raw;
	} rows[] = {
		{ CB_EINVAL, 400, "/api/catalog/x" },
		{ CB_EAUTH, 401, "/api/catalog/x" },
		{ CB_EDENIED, 403, "/api/catalog/x" },
		{ CB_ECONFLICT, 409, "/api/catalog/x" },
		{ CB_ETOOBIG, 400, "/api/catalog/x" },
		{ CB_ETOOBIG, 413, "/admin/plugins" },
		{ CB_ENOTSUP, 501, "/api/catalog/x" },
		{ CB_EAWAY, 503, "/api/catalog/x" },
		{ CB_EBUSY, 503, "/api/catalog/x" },
		{ CB_EBUG, 500, "/api/catalog/x" },
		{ CB_ENOMEM, 500, "/api/catalog/x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;

		begin(&f, rows[i].raw);
		cb_fail(&f.ctx, rows[i].code, "said so");
		cbi_api_error(&f.req);
		assert_int_equal(f.req.answer.status, rows[i].status);
		assert_int_equal(!!f.req.answer.headers, rows[i].status == 503);
		end(&f);
	}
}

static void our_own_faults_are_not_told(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "/api/catalog/entities");
	snprintf(f.ctx.request_id, sizeof(f.ctx.request_id), "0a1b");
	cb_fail(&f.ctx, CB_EBUG, "relation \"secret\" does not exist");
	cbi_api_error(&f.req);
	assert_null(strstr(cbi_buf_string(&f.body), "secret"));
	assert_non_null(strstr(cbi_buf_string(&f.body), "0a1b"));
	end(&f);
}

static void an_unknown_path_has_an_empty_body(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "/api/catalog/nowhere");
	f.req.endpoint = NULL;
	cb_fail(&f.ctx, CB_ENOENT, "no such path");
	cbi_api_error(&f.req);
	assert_int_equal(f.req.answer.status, 404);
	assert_int_equal(f.body.len, 0);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_the_contracts_shape),
		cmocka_unit_test(every_code_has_its_status),
		cmocka_unit_test(our_own_faults_are_not_told),
		cmocka_unit_test(an_unknown_path_has_an_empty_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
