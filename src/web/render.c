/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render.c - the step that makes an answer of a failure, in the face that
 * whoever asked can read.
 */
#include "web/steps.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "html/html.h"
#include "web/api/error.h"

enum cbi_face cbi_face_of(const struct cb_req *req)
{
	const char *raw = req->raw ? req->raw : "";

	if (req->endpoint)
		return req->endpoint->face;
	if (cbi_str_starts(raw, "/api/") || cbi_str_starts(raw, "/.backstage/"))
		return CBI_FACE_API;
	if (cbi_str_starts(raw, "/fragments/") ||
	    cbi_str_starts(raw, "/_cards/"))
		return CBI_FACE_FRAGMENT;
	if (cbi_str_starts(raw, "/metrics"))
		return CBI_FACE_TEXT;
	return CBI_FACE_PAGE;
}

/* People are told what they can use; what the house did wrong is in the log,
 * under the request's id. */
static const char *message_for(struct cb_req *req, int status)
{
	if (status == 500)
		return cb_printf(req->ctx,
		                 "Something went wrong here. The log "
		                 "knows it as request %s.",
		                 req->ctx->request_id);
	/* A copy: faces may forget the failure before they tell it. */
	return cb_strdup(req->ctx, cb_failure(req->ctx));
}

static int plain_page(struct cb_req *req, int status, const char *message)
{
	struct cb_html html;

	cbi_html_init(&html, req->ctx, req->answer.body, "error", 2);
	cbi_html_lit(&html, "<!doctype html>\n<html lang=\"en\"><head>"
	                    "<meta charset=\"utf-8\"><title>");
	cbi_html_esc(&html, cb_printf(req->ctx, "%d", status));
	cbi_html_lit(&html, "</title></head><body><p>");
	cbi_html_esc(&html, message);
	cbi_html_lit(&html, "</p></body></html>\n");
	return cbi_html_end(&html);
}

static int plain_fragment(struct cb_req *req, const char *message)
{
	struct cb_html html;

	cbi_html_init(&html, req->ctx, req->answer.body, "error", 3);
	cbi_html_lit(&html, "<p class=\"card-off\">");
	cbi_html_esc(&html, message);
	cbi_html_lit(&html, "</p>\n");
	return cbi_html_end(&html);
}

static void page(struct cb_req *req, int status, const char *message)
{
	const struct cbi_faces *faces = req->web->faces;
	int rc = CB_EBUG;

	req->answer.type = "text/html; charset=utf-8";
	if (faces && faces->error_page)
		rc = faces->error_page(req, status, message);
	if (rc == CB_OK)
		return;
	cbi_buf_clear(req->answer.body);
	cb_failure_clear(req->ctx);
	if (plain_page(req, status, message) != CB_OK)
		cbi_buf_clear(req->answer.body);
}

static void fragment(struct cb_req *req, const char *message)
{
	const struct cbi_faces *faces = req->web->faces;
	int rc = CB_EBUG;

	/* An included part has no status of its own. */
	req->answer.status = 200;
	req->answer.type = "text/html; charset=utf-8";
	if (faces && faces->error_fragment)
		rc = faces->error_fragment(req, message);
	if (rc == CB_OK)
		return;
	cbi_buf_clear(req->answer.body);
	cb_failure_clear(req->ctx);
	if (plain_fragment(req, message) != CB_OK)
		cbi_buf_clear(req->answer.body);
}

/* Each failure once: ours as an error, away stores and slow ones as a
 * warning, the client's not at all. */
static void say(const struct cb_req *req, int status)
{
	if (status == 500)
		cb_log(req->ctx, CB_LOG_ERROR, "%s: %s",
		       req->endpoint ? req->endpoint->name : "no endpoint",
		       cb_failure(req->ctx));
	else if (status > 500 && status != 501)
		cb_log(req->ctx, CB_LOG_WARN, "%s: %s",
		       req->endpoint ? req->endpoint->name : "no endpoint",
		       cb_failure(req->ctx));
}

static int status_of(const struct cb_req *req, enum cbi_face face)
{
	if (req->answer.status >= 400)
		return req->answer.status;
	return cbi_api_status(
	    req->code, face == CBI_FACE_API && cbi_str_starts(req->raw, "/api/")
			   ? 400
			   : 413);
}

int cbi_step_render(struct cb_req *req)
{
	struct cbi_answer *answer = &req->answer;
	enum cbi_face face = cbi_face_of(req);
	const char *message;
	int status;

	if (req->code == CB_OK)
		return CB_NEXT;
	status = status_of(req, face);
	say(req, status);
	if (status == 401 || status == 403)
		req->refused = cb_strdup(req->ctx, cb_failure(req->ctx));
	if (answer->streamed) {
		/* Too late for another answer: let it be seen as cut. */
		answer->partial = true;
		return CB_NEXT;
	}
	message = message_for(req, status);
	if (!message)
		message = "";
	answer->kept = NULL;
	answer->kept_len = 0;
	answer->etag = NULL;
	cbi_buf_clear(answer->body);
	if (face == CBI_FACE_API && answer->status >= 400) {
		cbi_api_error_as(req, status, message);
		return CB_NEXT;
	}
	if (face == CBI_FACE_API) {
		cbi_api_error(req);
		return CB_NEXT;
	}
	answer->status = status;
	if (status == 503)
		(void)!cbi_req_add_header(req, "Retry-After", "2");
	if (face == CBI_FACE_FRAGMENT) {
		fragment(req, message);
	} else if (face == CBI_FACE_TEXT) {
		answer->type = "text/plain; charset=utf-8";
		cb_buf_text(answer->body, message);
		cb_buf_text(answer->body, "\n");
	} else {
		page(req, status, message);
	}
	return CB_NEXT;
}
