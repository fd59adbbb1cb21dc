/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.c - the first step: method, path, parameters, body.
 *
 * Everything is decoded once, here.  What does not decode is refused; what a
 * client says about itself (X-Forwarded-*, X-HTTP-Method-Override, Host) is
 * not looked at.
 */
#include "web/steps.h"

#include <string.h>

#include "base/str.h"
#include "config/config.h"

static const char *param(const struct cb_req *req, const char *name)
{
	const char *value = req->port->param(req->port->carrier, name);

	return value ? value : "";
}

static int read_method(struct cb_req *req)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT",
		                             "DELETE" };
	const char *method = param(req, "REQUEST_METHOD");

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(method, known[i]) == 0)
			req->method = known[i];
	if (req->method) {
		req->head = strcmp(method, "HEAD") == 0;
		return CB_OK;
	}
	/* Shown in errors, so that it must be a word at most. */
	req->method = "?";
	req->answer.status = 405;
	(void)!cbi_req_add_header(req, "Allow", "GET, HEAD, POST, PUT, DELETE");
	return cb_fail(req->ctx, CB_ENOTSUP, "unknown method");
}

/* Below the base path, as sent; "" is its root. */
static int strip_base(struct cb_req *req, const char *uri)
{
	const char *base =
	    req->web->settings ? req->web->settings->base_path : "";
	size_t len = strlen(base);

	req->raw = uri;
	if (strncmp(uri, base, len) != 0 ||
	    (uri[len] != '/' && uri[len] != '\0' && uri[len] != '?'))
		return cb_fail(req->ctx, CB_ENOENT, "nothing is served here");
	req->raw =
	    uri[len] == '/' ? uri + len : cb_printf(req->ctx, "/%s", uri + len);
	return req->raw ? CB_OK : CB_ENOMEM;
}

static int read_path(struct cb_req *req)
{
	const char *uri = param(req, "REQUEST_URI");
	size_t len = strlen(uri), out_len;
	char *path;
	int rc;

	req->raw = "/";
	if (len > CB_URL_MAX) {
		req->answer.status = 414;
		return cb_fail(req->ctx, CB_EINVAL,
		               "the address has %zu bytes, at most %d are read",
		               len, CB_URL_MAX);
	}
	if (uri[0] != '/')
		return cb_fail(req->ctx, CB_EINVAL,
		               "the address does not begin with a slash");
	rc = strip_base(req, uri);
	if (rc != CB_OK)
		return rc;
	len = strcspn(req->raw, "?#");
	path = cb_alloc(req->ctx, len + 1);
	if (!path)
		return CB_ENOMEM;
	if (cbi_str_url_decode(req->raw, len, false, path, &out_len) < 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "the path is not valid: expected UTF-8 with "
		               "%%XX escapes");
	req->path = path;
	return CB_OK;
}

static int parse_params(struct cb_ctx *ctx, const char *text, size_t len,
                        const struct cbi_param **out, size_t *count)
{
	const char *end = text + len;
	const struct cbi_param **tail = out;
	size_t n = 0;

	while (text < end) {
		size_t piece = strcspn(text, "&");
		const char *equals = memchr(text, '=', piece);
		size_t name_len = equals ? (size_t)(equals - text) : piece;
		size_t value_len = equals ? piece - name_len - 1 : 0;
		struct cbi_param *one;
		char *name, *value;
		size_t got;

		if (piece == 0) {
			text++;
			continue;
		}
		if (++n > CB_PARAMS_MAX)
			return cb_fail(ctx, CB_EINVAL,
			               "more than %d parameters",
			               CB_PARAMS_MAX);
		one = cb_alloc(ctx, sizeof(*one));
		name = cb_alloc(ctx, name_len + 1);
		value = cb_alloc(ctx, value_len + 1);
		if (!one || !name || !value)
			return CB_ENOMEM;
		if (cbi_str_url_decode(text, name_len, true, name, &got) < 0 ||
		    (value_len && cbi_str_url_decode(equals + 1, value_len,
		                                     true, value, &got) < 0))
			return cb_fail(ctx, CB_EINVAL,
			               "parameter %zu is not valid: expected "
			               "UTF-8 with %%XX escapes",
			               n);
		one->name = name;
		one->value = value;
		*tail = one;
		tail = &one->next;
		text += piece + (text + piece < end);
	}
	*count = n;
	return CB_OK;
}

static int read_query(struct cb_req *req)
{
	const char *query = strchr(req->raw, '?');

	if (!query)
		return CB_OK;
	query++;
	return parse_params(req->ctx, query, strlen(query), &req->query,
	                    &req->query_count);
}

/* "Application/JSON; charset=x" > "application/json". */
static const char *media_type(struct cb_ctx *ctx, const char *text)
{
	char *type = cb_strndup(ctx, text, strcspn(text, "; \t,"));

	if (type)
		cbi_str_lower(type);
	return type;
}

static int too_big(struct cb_req *req)
{
	return cb_fail(req->ctx, CB_ETOOBIG, "the body is larger than %d bytes",
	               CB_BODY_MAX);
}

static int read_bytes(struct cb_req *req, int64_t expected)
{
	size_t cap = expected >= 0 ? (size_t)expected + 1 : CB_BODY_MAX + 1;
	char *body = cb_alloc(req->ctx, cap + 1);
	size_t len = 0;
	ssize_t n;

	if (!body)
		return CB_ENOMEM;
	while (len < cap) {
		n = req->port->read(req->port->carrier, body + len, cap - len);
		if (n < 0) {
			req->answer.partial = true;
			return cb_fail(req->ctx, CB_EINVAL,
			               "the body broke off");
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	body[len] = '\0';
	if (expected >= 0 && len != (size_t)expected)
		return cb_fail(req->ctx, CB_EINVAL,
		               "the body is not as long as it says");
	if (len > CB_BODY_MAX)
		return too_big(req);
	req->body = body;
	req->body_len = len;
	return CB_OK;
}

static int read_body(struct cb_req *req)
{
	const char *length = param(req, "CONTENT_LENGTH");
	const char *coding = param(req, "HTTP_CONTENT_ENCODING");
	int64_t expected = -1;
	int rc;

	req->body = "";
	req->body_type = "";
	if (strcmp(req->method, "GET") == 0 || req->head)
		return CB_OK;
	req->body_type = media_type(req->ctx, param(req, "CONTENT_TYPE"));
	if (!req->body_type)
		return CB_ENOMEM;
	if (length[0] && cbi_str_int(length, 0, INT64_MAX, &expected) < 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "the content length is not a number");
	if (expected > CB_BODY_MAX)
		return too_big(req);
	if (coding[0] && strcmp(coding, "identity") != 0) {
		req->answer.status = 415;
		return cb_fail(req->ctx, CB_EINVAL,
		               "bodies with a content encoding are not read");
	}
	rc = read_bytes(req, expected);
	if (rc != CB_OK ||
	    strcmp(req->body_type, "application/x-www-form-urlencoded") != 0)
		return rc;
	if (strlen(req->body) != req->body_len)
		return cb_fail(req->ctx, CB_EINVAL, "the form holds a NUL");
	return parse_params(req->ctx, req->body, req->body_len, &req->form,
	                    &(size_t){ 0 });
}

int cbi_step_read(struct cb_req *req)
{
	int rc;

	req->address = param(req, "REMOTE_ADDR");
	req->fragment = strcmp(param(req, "CB_CARD"), "1") == 0;
	/* Before the method, so that a failure of that knows its face. */
	rc = read_path(req);
	if (rc != CB_OK) {
		if (!req->method)
			req->method = "?";
		return rc;
	}
	rc = read_method(req);
	if (rc == CB_OK)
		rc = read_query(req);
	if (rc == CB_OK)
		rc = read_body(req);
	return rc;
}
