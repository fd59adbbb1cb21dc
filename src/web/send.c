/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send.c - the step that writes head and body.
 *
 * nginx adds the headers that are the same for all (CSP and its like); what
 * is here depends on the answer.
 */
#include "web/steps.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "web/router.h"

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Answer";
}

static bool has_header(const struct cb_req *req, const char *name)
{
	const struct cbi_header *h = req->answer.headers;

	for (; h; h = h->next)
		if (cbi_str_casecmp(h->name, name) == 0)
			return true;
	return false;
}

static bool has_body(int status)
{
	return status != 204 && status != 304;
}

/* What a page or fragment says is for whoever asked, and for now.  An API
 * answer with an ETag may be kept, if it is asked for again each time. */
static void add_cache(struct cb_req *req, struct cb_buf *head)
{
	bool api = cbi_face_of(req) == CBI_FACE_API;

	if (has_header(req, "Cache-Control"))
		return;
	cb_buf_text(head, api && req->answer.etag
	                      ? "Cache-Control: private, no-cache\r\n"
	                      : "Cache-Control: private, no-store\r\n");
}

static void add_timing(struct cb_req *req, struct cb_buf *head)
{
	int64_t all = cbi_clock_us() - req->began_us;

	cb_buf_printf(head,
	              "Server-Timing: handle;dur=%lld.%03lld, "
	              "total;dur=%lld.%03lld\r\n",
	              (long long)req->handle_us / 1000,
	              (long long)req->handle_us % 1000, (long long)all / 1000,
	              (long long)all % 1000);
}

int cbi_send_head(struct cb_req *req, int64_t body_len)
{
	struct cbi_answer *answer = &req->answer;
	const struct cbi_header *h = answer->headers;
	struct cb_buf *head = answer->head;

	if (!answer->status)
		answer->status = 200;
	cbi_buf_clear(head);
	cb_buf_printf(head, "Status: %d %s\r\n", answer->status,
	              reason(answer->status));
	if (has_body(answer->status))
		cb_buf_printf(head, "Content-Type: %s\r\n",
		              answer->type ? answer->type
		                           : "text/html; charset=utf-8");
	if (body_len >= 0 && has_body(answer->status))
		cb_buf_printf(head, "Content-Length: %lld\r\n",
		              (long long)body_len);
	if (answer->etag)
		cb_buf_printf(head, "ETag: %s\r\n", answer->etag);
	for (; h; h = h->next)
		cb_buf_printf(head, "%s: %s\r\n", h->name, h->value);
	add_cache(req, head);
	cb_buf_printf(head, "X-Request-Id: %s\r\n", req->ctx->request_id);
	add_timing(req, head);
	cb_buf_text(head, "\r\n");
	if (head->failed)
		return cb_fail(req->ctx, CB_ETOOBIG,
		               "the answer's head is too large");
	if (req->port->write(req->port->carrier, head->data, head->len) == 0)
		return CB_OK;
	answer->partial = true;
	return cb_fail(req->ctx, CB_EAWAY, "the reader went away");
}

int cbi_send_etag(struct cb_req *req, const void *data, size_t len)
{
	unsigned char hash[CB_SHA256_LEN];
	char text[CB_BASE64_LEN(sizeof(hash))];

	cbi_crypto_sha256(data, len, hash);
	/* As many bits as a SHA-1 has. */
	cbi_crypto_base64(CBI_BASE64_URL, hash, 20, text);
	req->answer.etag = cb_printf(req->ctx, "W/\"%s\"", text);
	return req->answer.etag ? CB_OK : CB_ENOMEM;
}

/* What an API says to a GET may be asked for again by its tag. */
static bool is_tagged(const struct cb_req *req)
{
	const struct cbi_answer *answer = &req->answer;

	return !answer->etag && req->code == CB_OK &&
	       (!answer->status || answer->status == 200) &&
	       (strcmp(req->method, "GET") == 0 || req->head) &&
	       req->endpoint && req->endpoint->face == CBI_FACE_API &&
	       cbi_str_starts(req->endpoint->path, "/api/") &&
	       !has_header(req, "Cache-Control");
}

/* Is etag in the list of an If-None-Match?  Weak or not makes no difference
 * for a GET. */
static bool is_named(const char *list, const char *etag)
{
	size_t len;

	if (cbi_str_starts(etag, "W/"))
		etag += 2;
	len = strlen(etag);
	while (*list) {
		list += strspn(list, " \t,");
		if (*list == '*')
			return true;
		if (cbi_str_starts(list, "W/"))
			list += 2;
		if (strncmp(list, etag, len) == 0 &&
		    strspn(list + len, " \t,") + (list[len] == '\0') > 0)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

static void answer_not_modified(struct cb_req *req)
{
	struct cbi_answer *answer = &req->answer;
	const char *list;

	if (!answer->etag || (answer->status && answer->status != 200) ||
	    (strcmp(req->method, "GET") != 0 && !req->head))
		return;
	list = cbi_req_header(req, "If-None-Match");
	if (list && is_named(list, answer->etag))
		answer->status = 304;
}

static int write_last(const struct cbi_port *port, const void *data, size_t len)
{
	return port->write_last ? port->write_last(port->carrier, data, len)
	                        : port->write(port->carrier, data, len);
}

int cbi_step_send(struct cb_req *req)
{
	struct cbi_answer *answer = &req->answer;
	const char *bytes;
	size_t len;

	if (answer->streamed)
		return CB_NEXT;
	/* A request that broke off has nobody to answer to. */
	if (answer->partial)
		return CB_NEXT;
	if (answer->body->failed && req->code == CB_OK) {
		/* The handler did not look; nothing was sent yet. */
		req->code = answer->body->failed;
		cb_fail(req->ctx, req->code, "the answer is too large");
		cbi_step_render(req);
	}
	bytes = answer->kept ? answer->kept : cbi_buf_string(answer->body);
	len = answer->kept ? answer->kept_len : answer->body->len;
	/* A courtesy: without memory for it the answer goes as it is. */
	if (is_tagged(req))
		(void)!cbi_send_etag(req, bytes, len);
	answer_not_modified(req);
	if (cbi_send_head(req, (int64_t)len) != CB_OK)
		return CB_NEXT;
	if (req->head || !has_body(answer->status) || len == 0)
		return CB_NEXT;
	if (write_last(req->port, bytes, len) < 0)
		answer->partial = true;
	return CB_NEXT;
}
