/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entities.c - /api/catalog: single entities, and many by their refs.
 */
#include <string.h>

#include "base/limits.h"
#include "catalog/ancestry.h"
#include "catalog/entity.h"
#include "catalog/view.h"
#include "web/api/answer.h"
#include "web/api/api.h"
#include "web/at.h"
#include "web/web.h"

/* Sent from where it lies. */
static int give(struct cb_req *req, const struct cbi_served *served,
                const struct cbi_fresh *fresh)
{
	req->answer.type = CBI_API_JSON;
	req->answer.kept = served->body;
	req->answer.kept_len = served->len;
	req->answer.etag = served->etag;
	return cbi_req_fresh(req, fresh);
}

static int by_name(struct cb_req *req)
{
	struct cbi_served served;
	struct cbi_fresh fresh;
	const char *ref;
	int rc = cbi_req_at(req);

	if (rc == CB_OK)
		rc = cbi_view_ref(req->ctx, req->args[0], req->args[1],
		                  req->args[2], &ref);
	if (rc == CB_OK)
		rc = cbi_view_by_ref(req->ctx, req->web->catalog, ref, &served,
		                     &fresh);
	return rc < 0 ? rc : give(req, &served, &fresh);
}

static int by_uid(struct cb_req *req)
{
	struct cbi_served served;
	struct cbi_fresh fresh;
	int rc = cbi_req_at(req);

	if (rc == CB_OK)
		rc = cbi_view_by_uid(req->ctx, req->web->catalog, req->args[0],
		                     &served, &fresh);
	return rc < 0 ? rc : give(req, &served, &fresh);
}

/* --- ancestry --- */

static int write_ancestor(struct cb_req *req, const struct cbi_ancestor *one)
{
	struct cb_buf *body = req->answer.body;
	int rc = cbi_api_printf(req, "{\"entity\":");

	if (rc == CB_OK)
		rc = cbi_api_entity(req, NULL, one->body);
	cb_buf_text(body, ",\"parentEntityRefs\":[");
	for (size_t i = 0; i < one->parent_count; i++) {
		cb_buf_text(body, i ? "," : "");
		cbi_str_json(body, one->parents[i], strlen(one->parents[i]));
	}
	return rc == CB_OK ? cbi_api_write(req, "]}", 2) : rc;
}

static int ancestry(struct cb_req *req)
{
	const struct cbi_ancestor *list;
	const char *ref;
	size_t n;
	int rc = cbi_view_ref(req->ctx, req->args[0], req->args[1],
	                      req->args[2], &ref);

	if (rc == CB_OK)
		rc = cbi_ancestry(req->ctx, ref, &list, &n);
	if (rc < 0)
		return rc;
	rc = cbi_api_printf(req, "{\"rootEntityRef\":");
	cbi_str_json(req->answer.body, ref, strlen(ref));
	if (rc == CB_OK)
		rc = cbi_api_printf(req, ",\"items\":[");
	for (size_t i = 0; i < n && rc == CB_OK; i++) {
		rc = i ? cbi_api_write(req, ",", 1) : CB_OK;
		if (rc == CB_OK)
			rc = write_ancestor(req, &list[i]);
	}
	if (rc == CB_OK)
		rc = cbi_api_write(req, "]}", 2);
	return cbi_api_end(req, rc);
}

/* --- by refs --- */

struct refs {
	const char *const *refs;
	size_t n;
	struct cbi_fields *fields;
	const struct cbi_filter *filter;
};

static int read_refs(struct cb_req *req, struct refs *out)
{
	const struct cbi_filter *filter = NULL, *query = NULL;
	json_t *body;
	int rc = cbi_api_body(req, &body);

	if (rc == CB_OK)
		rc =
		    cbi_api_texts(req, body, "entityRefs", &out->refs, &out->n);
	if (rc == CB_OK && !out->refs)
		rc = cb_fail(req->ctx, CB_EINVAL, "'entityRefs' is missing");
	if (rc == CB_OK && out->n > CB_REFS_MAX)
		rc = cb_fail(req->ctx, CB_EINVAL, "more than %d entityRefs",
		             CB_REFS_MAX);
	if (rc == CB_OK)
		rc = cbi_api_body_fields(req, body, &out->fields);
	if (rc == CB_OK)
		rc = cbi_api_query(req, body, &query);
	if (rc == CB_OK)
		rc = cbi_api_filter(req, &filter);
	if (rc == CB_OK)
		rc = cbi_filter_and(req->ctx, filter, query, &out->filter);
	return rc;
}

/* Does the filter, if any, let it through? */
static int passes(struct cb_req *req, const struct cbi_filter *filter,
                  const struct cbi_served *served, bool *out)
{
	const struct cb_entity *entity;
	int rc;

	*out = served->body != NULL;
	if (!filter || !served->body)
		return CB_OK;
	rc = cbi_entity_create(req->ctx, served->body, served->len, &entity);
	if (rc == CB_OK)
		*out = cbi_entity_matches(entity, filter);
	return rc;
}

static int write_refs(struct cb_req *req, const struct refs *refs,
                      const struct cbi_served *served)
{
	int rc = cbi_api_printf(req, "{\"items\":[");

	for (size_t i = 0; i < refs->n && rc == CB_OK; i++) {
		struct cbi_span body = { served[i].body, served[i].len };
		bool shown;

		rc = passes(req, refs->filter, &served[i], &shown);
		if (rc == CB_OK && i > 0)
			rc = cbi_api_write(req, ",", 1);
		if (rc < 0)
			break;
		rc = shown ? cbi_api_entity(req, refs->fields, body)
		           : cbi_api_write(req, "null", 4);
	}
	return rc == CB_OK ? cbi_api_printf(req, "]}") : rc;
}

static int by_refs(struct cb_req *req)
{
	struct refs refs = { NULL, 0, NULL, NULL };
	struct cbi_served *served;
	struct cbi_fresh fresh;
	int rc = cbi_req_at(req);

	if (rc == CB_OK)
		rc = read_refs(req, &refs);
	if (rc < 0)
		return rc;
	served = cb_alloc(req->ctx, (refs.n + 1) * sizeof(*served));
	if (!served)
		return CB_ENOMEM;
	rc = cbi_view_by_refs(req->ctx, req->web->catalog, refs.refs, refs.n,
	                      served, &fresh);
	if (rc == CB_OK)
		rc = cbi_req_fresh(req, &fresh);
	if (rc == CB_OK)
		rc = write_refs(req, &refs, served);
	return cbi_api_end(req, rc);
}

const struct cbi_endpoint cbi_api_entities[] = {
	{
	    .path = "/api/catalog/entities/by-name/{kind}/{namespace}/{name}",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-by-name",
	    .handle = by_name,
	    .params = "at",
	},
	{
	    .path = "/api/catalog/entities/by-name/{kind}/{namespace}/{name}"
		    "/ancestry",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-ancestry",
	    .handle = ancestry,
	    .params = "",
	},
	{
	    .path = "/api/catalog/entities/by-uid/{uid}",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-by-uid",
	    .handle = by_uid,
	    .params = "at",
	},
	{
	    .path = "/api/catalog/entities/by-refs",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-by-refs",
	    .handle = by_refs,
	    .params = "filter,at",
	},
	{ .path = NULL },
};
