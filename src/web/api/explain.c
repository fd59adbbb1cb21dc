/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.c - /api/catalog/explain and /confirm: paths of our own, for what
 * Backstage has no endpoint.
 */
#include "catalog/explain.h"

#include "catalog/ingest.h"
#include "catalog/ref.h"
#include "catalog/view.h"
#include "json/json.h"
#include "web/api/answer.h"
#include "web/api/api.h"
#include "web/web.h"

static int explain(struct cb_req *req)
{
	const char *ref;
	json_t *all;
	int rc = cbi_view_ref(req->ctx, req->args[0], req->args[1],
	                      req->args[2], &ref);

	if (rc == CB_OK)
		rc = cbi_explain(req->ctx, ref, &all);
	if (rc == CB_OK)
		rc = cb_json_write(req->answer.body, all);
	return cbi_api_end(req, rc);
}

static int confirm(struct cb_req *req)
{
	const char *text, *ref, *why;
	json_t *body;
	int rc = cbi_api_body(req, &body);

	if (rc == CB_OK)
		rc = cbi_api_text(req, body, "entityRef", &text);
	if (rc == CB_OK && !text)
		rc = cb_fail(req->ctx, CB_EINVAL, "'entityRef' is missing");
	if (rc < 0)
		return rc;
	if (cbi_ref_canonical(req->ctx, text, NULL, NULL, &ref, &why) < 0)
		return cb_fail(req->ctx, CB_EINVAL, "entityRef '%.200s' %s",
		               text, why);
	rc = cbi_ingest_confirm(req->ctx, ref, req->address);
	if (rc == CB_OK)
		req->answer.status = 204;
	return rc;
}

const struct cbi_endpoint cbi_api_explain[] = {
	{
	    .path = "/api/catalog/explain/{kind}/{namespace}/{name}",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-explain",
	    .handle = explain,
	    .params = "",
	},
	{
	    .path = "/api/catalog/confirm",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_API,
	    .name = "catalog-confirm",
	    .permission = "admin.catalog.update",
	    .handle = confirm,
	    .params = "",
	},
	{ .path = NULL },
};
