/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c - /api/events/http: what webhooks send.
 *
 * Open to everybody: the sender's proof says whose word it is, and nothing is
 * told to who has none.  What is kept waits in PostgreSQL for an engine.
 */
#include <string.h>

#include "callboard/json.h"
#include "events/events.h"
#include "web/api/answer.h"
#include "web/api/api.h"
#include "web/web.h"

static const char *first_header(const struct cb_req *req,
                                const char *const *names)
{
	for (; *names; names++) {
		const char *value = cbi_req_header(req, *names);

		if (value && *value)
			return value;
	}
	return NULL;
}

/* The sender's id of this delivery; Azure DevOps has it in the body. */
static const char *delivery_of(const struct cb_req *req, json_t *body)
{
	static const char *const ids[] = {
		"X-GitHub-Delivery", "X-Gitea-Delivery", "X-Gitlab-Event-UUID",
		"X-Request-UUID",    "X-Request-Id",     NULL
	};
	const char *id = first_header(req, ids);

	if (!id && cb_json_at(body, "resource"))
		id = cb_json_text(body, "id", NULL);
	return id && strlen(id) <= 200 ? id : NULL;
}

static int keep(struct cb_req *req, const struct cbi_event_topic *topic)
{
	static const char *const kinds[] = { "X-GitHub-Event", "X-Gitea-Event",
		                             "X-Gitlab-Event", "X-Event-Key",
		                             NULL };
	json_t *body, *telling;
	int rc = cb_json_parse(req->ctx, req->body, req->body_len, &body);

	if (rc < 0)
		return rc;
	telling = cbi_event_telling(req->ctx, first_header(req, kinds),
	                            topic->host, body);
	if (!telling)
		return CB_OK; /* a ping, or what concerns no catalog */
	rc = cbi_event_keep(req->ctx, topic->name, delivery_of(req, body),
	                    telling);
	json_decref(telling);
	return rc;
}

static int receive(struct cb_req *req)
{
	struct cbi_event_topic topic;
	int rc =
	    cbi_event_topic(req->ctx, req->web->config, req->args[0], &topic);

	if (rc == CB_ENOENT) {
		cb_failure_clear(req->ctx);
		req->answer.status = 404;
		return CB_OK;
	}
	/* Whose fault it is stands in the log and the audit log. */
	if (rc == CB_EINVAL) {
		const char *why = cb_strdup(req->ctx, cb_failure(req->ctx));

		cb_failure_clear(req->ctx);
		return cb_fail(req->ctx, CB_EDENIED, "%s", why ? why : "");
	}
	if (rc < 0)
		return rc;
	if (strcmp(req->body_type, "application/json") != 0) {
		req->answer.status = 415;
		return cb_fail(req->ctx, CB_EINVAL,
		               "expected a body of type application/json");
	}
	if (!cbi_event_proven(
		&topic, topic.header ? cbi_req_header(req, topic.header) : NULL,
		req->body, req->body_len))
		return cb_fail(req->ctx, CB_EDENIED,
		               "the signature is not valid");
	rc = keep(req, &topic);
	if (rc < 0)
		return rc;
	req->answer.status = 202;
	req->answer.type = CBI_API_JSON;
	return cb_buf_text(req->answer.body, "{\"status\":\"accepted\"}");
}

const struct cbi_endpoint cbi_api_events[] = {
	{
	    .path = "/api/events/http/{topic}",
	    .method = "POST",
	    .access = CBI_ACCESS_OPEN,
	    .face = CBI_FACE_API,
	    .name = "events-http",
	    .handle = receive,
	},
	{ .path = NULL },
};
