/* SPDX-License-Identifier: Apache-2.0 */
/*
 * house.c - what every pool answers: health, metrics, and the APIs that do
 * not exist.
 */
#include "web/steps.h"

#include "web/metrics.h"

static int say_health(struct cb_req *req, int status, const char *message)
{
	json_t *body = message ? json_pack("{s:s, s:s}", "message", message,
	                                   "status", "error")
	                       : json_pack("{s:s}", "status", "ok");
	int rc;

	if (!body)
		return cb_fail(req->ctx, CB_ENOMEM, "no memory for a body");
	rc = cb_req_json(req, status, body);
	json_decref(body);
	return rc;
}

static int liveness(struct cb_req *req)
{
	return say_health(req, 200, NULL);
}

static int readiness(struct cb_req *req)
{
	const struct cbi_web *web = req->web;
	int rc = web->ready ? web->ready(req->ctx, web) : CB_OK;

	if (rc == CB_OK)
		return say_health(req, 200, NULL);
	rc = say_health(req, 503, "Backend has not started yet");
	cb_failure_clear(req->ctx);
	return rc;
}

static int metrics(struct cb_req *req)
{
	req->answer.type = "text/plain; version=0.0.4; charset=utf-8";
	return cbi_metrics_write(req->answer.body);
}

#define ROW(p, a, f, n, h)                                                     \
	{                                                                      \
		.path = p, .method = "GET", .access = a, .face = f, .name = n, \
		.handle = h,                                                   \
	}

const struct cbi_endpoint cbi_house_endpoints[] = {
	ROW("/.backstage/health/v1/liveness", CBI_ACCESS_OPEN, CBI_FACE_API,
	    "health-liveness", liveness),
	ROW("/.backstage/health/v1/readiness", CBI_ACCESS_OPEN, CBI_FACE_API,
	    "health-readiness", readiness),
	ROW("/metrics", CBI_ACCESS_LOCAL, CBI_FACE_TEXT, "metrics", metrics),
	{ .path = NULL },
};
