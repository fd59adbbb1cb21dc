/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign.c - asks a program, whichever way it speaks; see foreign.h.
 */
#include "foreign/foreign.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ctx.h"
#include "base/str.h"
#include "http/http.h"

/* What a program may say in its head. */
#define HEAD_MAX (16 * CB_KIB)

/* "text/html; charset=utf-8" > "text/html". */
static const char *plain_type(struct cb_ctx *ctx, const char *type)
{
	char *out = cb_strndup(ctx, type, strcspn(type, "; \t\r\n"));

	if (!out)
		return "";
	cbi_str_lower(out);
	return out;
}

/* ---- FastCGI
 * ------------------------------------------------------------------ */

/* One line of a CGI head; false for what is no header. */
static bool take_line(struct cb_ctx *ctx, const char *line, size_t len,
                      struct cbi_foreign_reply *out)
{
	const char *colon = memchr(line, ':', len);
	size_t name = colon ? (size_t)(colon - line) : 0;
	const char *value;

	if (!name)
		return false;
	value = cb_strndup(ctx, colon + 1, len - name - 1);
	if (!value)
		return true; /* ctx holds it */
	value += strspn(value, " \t");
	if (name == strlen("Status") &&
	    strncasecmp(line, "Status", name) == 0) {
		char code[4] = "";
		int64_t n;

		snprintf(code, sizeof(code), "%.3s", value);
		if (cbi_str_int(code, 100, 599, &n) < 0)
			return false;
		out->status = (int)n;
	} else if (name == strlen("Content-Type") &&
	           strncasecmp(line, "Content-Type", name) == 0) {
		out->type = plain_type(ctx, value);
	}
	return true;
}

/* The head, up to an empty line, and what follows it. */
static int split(struct cb_ctx *ctx, const char *text, size_t len,
                 struct cbi_foreign_reply *out)
{
	const char *at = text, *end = text + len;

	while (at < end && at - text < HEAD_MAX) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t line;

		if (!nl)
			break;
		line = (size_t)(nl - at);
		if (line && at[line - 1] == '\r')
			line--;
		if (line == 0) {
			out->body = nl + 1;
			out->body_len = (size_t)(end - out->body);
			return CB_OK;
		}
		if (!take_line(ctx, at, line, out))
			break;
		at = nl + 1;
	}
	return cb_fail(ctx, CB_EUPSTREAM,
	               "the program's answer has no head: it begins with "
	               "Content-Type: and an empty line");
}

static int ask_fastcgi(struct cb_ctx *ctx,
                       const struct cbi_foreign_serve *serve,
                       const struct cbi_foreign_ask *ask,
                       struct cbi_foreign_reply *out)
{
	const char *uri = cb_printf(ctx, "%s%s%s", ask->path,
	                            *ask->query ? "?" : "", ask->query);
	const struct cbi_foreign_param params[] = {
		{ "GATEWAY_INTERFACE", "CGI/1.1" },
		{ "SERVER_PROTOCOL", "HTTP/1.1" },
		{ "SERVER_SOFTWARE", "callboard" },
		{ "REQUEST_METHOD", "GET" },
		{ "SCRIPT_NAME", "" },
		{ "PATH_INFO", ask->path },
		{ "DOCUMENT_URI", ask->path },
		{ "REQUEST_URI", uri ? uri : "" },
		{ "QUERY_STRING", ask->query },
		{ "CONTENT_LENGTH", "" },
		{ "CONTENT_TYPE", "" },
		{ "HTTP_ACCEPT", ask->accept },
		{ "HTTP_X_REQUEST_ID", ctx->request_id },
		{ "HTTP_TRACEPARENT", ctx->traceparent },
		{ "HTTP_X_CALLBOARD_IDENTITY",
		  ask->identity ? ask->identity : "" },
		{ NULL, NULL },
	};
	const char *text;
	size_t len;
	int fd, rc = uri ? cbi_foreign_connect(ctx, serve, &fd) : CB_ENOMEM;

	if (rc < 0)
		return rc;
	rc = cbi_fastcgi_ask(ctx, fd, params, ask->body_max + HEAD_MAX, &text,
	                     &len, &out->complaint);
	close(fd);
	return rc < 0 ? rc : split(ctx, text, len, out);
}

/* ---- HTTP
 * ----------------------------------------------------------------------- */

static int ask_http(struct cb_ctx *ctx, struct cbi_http *http,
                    const struct cbi_foreign_serve *serve,
                    const struct cbi_foreign_ask *ask,
                    struct cbi_foreign_reply *out)
{
	static const char *const allow[] = { "loopback", "private", NULL };
	const char *hosts[] = { serve->place, NULL };
	const char *headers[] = {
		cb_printf(ctx, "Accept: %s", ask->accept),
		cb_printf(ctx, "X-Request-Id: %s", ctx->request_id),
		ask->identity
		    ? cb_printf(ctx, CBI_FOREIGN_IDENTITY ": %s", ask->identity)
		    : NULL,
		NULL,
	};
	const struct cbi_http_ask question = {
		.url = cb_printf(ctx, "http://%s%s%s%s", serve->place,
		                 ask->path, *ask->query ? "?" : "", ask->query),
		.headers = headers,
		.body_max = ask->body_max,
		.any_status = true,
		.policy = { .hosts = hosts, .allow = allow },
	};
	struct cbi_http_reply reply;
	int rc;

	if (!headers[0] || !headers[1] || !question.url)
		return CB_ENOMEM;
	rc = cbi_http_request(ctx, http, &question, &reply);
	if (rc < 0)
		return rc;
	out->status = reply.status;
	out->type = plain_type(ctx, reply.type);
	out->body = reply.body;
	out->body_len = reply.body_len;
	return CB_OK;
}

int cbi_foreign_get(struct cb_ctx *ctx, struct cbi_http *http,
                    const struct cbi_foreign_serve *serve,
                    const struct cbi_foreign_ask *ask,
                    struct cbi_foreign_reply *out)
{
	struct cbi_foreign_reply reply = {
		.status = 200, .type = "", .body = "", .complaint = ""
	};
	int rc = serve->kind == CBI_FOREIGN_HTTP
	             ? ask_http(ctx, http, serve, ask, &reply)
	             : ask_fastcgi(ctx, serve, ask, &reply);

	if (rc == CB_OK)
		*out = reply;
	return rc;
}
