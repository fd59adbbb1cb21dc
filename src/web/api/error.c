/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.c - see error.h.
 */
#include "web/api/error.h"

#include <string.h>

#include "base/str.h"

int cbi_api_status(int code, int unknown_too_big)
{
	switch (code) {
	case CB_EINVAL:
		return 400;
	case CB_EAUTH:
		return 401;
	case CB_EDENIED:
		return 403;
	case CB_ENOENT:
		return 404;
	case CB_ECONFLICT:
	case CB_ECHANGED:
		return 409;
	case CB_ETOOBIG:
		return unknown_too_big;
	case CB_ENOTSUP:
		return 501;
	case CB_EUPSTREAM:
		return 502;
	case CB_EAWAY:
	case CB_EBUSY:
		return 503;
	case CB_ETIME:
		return 504;
	default:
		return 500;
	}
}

const char *cbi_api_error_name(int status)
{
	static const struct {
		int status;
		const char *name;
	} names[] = {
		{ 304, "NotModifiedError" },
		{ 400, "InputError" },
		{ 401, "AuthenticationError" },
		{ 403, "NotAllowedError" },
		{ 404, "NotFoundError" },
		{ 409, "ConflictError" },
		{ 415, "UnsupportedMediaTypeError" },
		{ 429, "TooManyRequestsError" },
		{ 501, "NotImplementedError" },
		{ 503, "ServiceUnavailableError" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].status == status)
			return names[i].name;
	return "Error";
}

/* "/api/catalog/entities?x" > "/entities?x": what the plugin's own router
 * would have seen. */
static const char *plugin_url(const char *raw)
{
	const char *p;

	if (!cbi_str_starts(raw, "/api/"))
		return raw;
	p = raw + strlen("/api/");
	p += strcspn(p, "/?");
	return *p == '/' ? p : raw;
}

static void write_body(struct cb_req *req, int status, const char *text)
{
	const char *name = cbi_api_error_name(status);
	const char *method = req->method ? req->method : "";
	const char *url = req->raw ? plugin_url(req->raw) : "";
	struct cb_buf *body = req->answer.body;

	cb_buf_text(body, "{\"error\":{\"name\":");
	cbi_str_json(body, name, strlen(name));
	cb_buf_text(body, ",\"message\":");
	cbi_str_json(body, text, strlen(text));
	cb_buf_text(body, "},\"request\":{\"method\":");
	cbi_str_json(body, method, strlen(method));
	cb_buf_text(body, ",\"url\":");
	cbi_str_json(body, url, strlen(url));
	cb_buf_printf(body, "},\"response\":{\"statusCode\":%d}}", status);
	if (body->failed)
		cbi_buf_clear(body);
}

/* A courtesy: without memory for it the answer still says 503. */
static void add_retry(struct cb_req *req)
{
	struct cbi_header *retry = cb_alloc(req->ctx, sizeof(*retry));

	if (!retry)
		return;
	retry->name = "Retry-After";
	retry->value = "2";
	retry->next = req->answer.headers;
	req->answer.headers = retry;
}

void cbi_api_error_as(struct cb_req *req, int status, const char *text)
{
	struct cbi_answer *answer = &req->answer;

	answer->status = status;
	answer->type = "application/json; charset=utf-8";
	answer->kept = NULL;
	answer->kept_len = 0;
	answer->etag = NULL;
	cbi_buf_clear(answer->body);
	if (status == 503)
		add_retry(req);
	write_body(req, status, text);
}

void cbi_api_error(struct cb_req *req)
{
	int code = cb_failure_code(req->ctx);
	bool theirs = req->raw && cbi_str_starts(req->raw, "/api/");
	int status = cbi_api_status(code, theirs ? 400 : 413);
	const char *text = cb_failure(req->ctx);
	char hidden[CB_REQUEST_ID_MAX + 64];

	if (code == CB_ENOENT && !req->endpoint) {
		req->answer.status = 404;
		req->answer.kept = NULL;
		cbi_buf_clear(req->answer.body);
		return;
	}
	if (status == 500) {
		static const char said[] = "internal error, logged as request ";

		cbi_str_copy(hidden, sizeof(hidden), said);
		cbi_str_copy(hidden + strlen(said),
		             sizeof(hidden) - strlen(said),
		             req->ctx->request_id);
		text = hidden;
	}
	if (status == 503) {
		/* What is away, but not what its library said about it. */
		cbi_str_copy(hidden, sizeof(hidden), text);
		hidden[strcspn(hidden, ":")] = '\0';
		text = hidden;
	}
	cbi_api_error_as(req, status, text);
}
