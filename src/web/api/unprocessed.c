/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unprocessed.c - /api/catalog/entities/unprocessed: what upstream's module of
 * that name answers, with its names of columns.
 *
 * When a source last declared it is not kept here: last_discovery_at is null.
 */
#include <string.h>

#include "catalog/unprocessed.h"
#include "web/api/answer.h"
#include "web/api/api.h"

struct listing {
	struct cb_req *req;
	size_t n;
};

static void add_text(struct cb_buf *buf, const char *name, const char *value)
{
	cb_buf_printf(buf, ",\"%s\":", name);
	if (value)
		cbi_str_json(buf, value, strlen(value));
	else
		cb_buf_text(buf, "null");
}

static int add(void *arg, const struct cbi_unprocessed *one)
{
	struct listing *l = arg;
	struct cb_buf *buf = l->req->answer.body;
	int rc;

	cb_buf_printf(buf, "%s{\"entity_id\":\"%s\"", l->n++ ? "," : "",
	              one->uid);
	add_text(buf, "entity_ref", one->ref);
	add_text(buf, "unprocessed_hash", one->hash);
	add_text(buf, "next_update_at", one->due);
	add_text(buf, "last_discovery_at", NULL);
	add_text(buf, "location_key", one->location_key);
	rc = cbi_api_printf(l->req, ",\"unprocessed_entity\":");
	if (rc == CB_OK)
		rc = cbi_api_write(l->req, one->entity.ptr, one->entity.len);
	if (rc == CB_OK)
		rc = cbi_api_printf(l->req, ",\"errors\":");
	if (rc == CB_OK)
		rc = cbi_api_write(l->req, one->errors.ptr, one->errors.len);
	return rc == CB_OK ? cbi_api_write(l->req, "}", 1) : rc;
}

static int list(struct cb_req *req, bool failed)
{
	struct listing l = { req, 0 };
	const char *owner;
	int rc = cbi_api_value(req, "owner", &owner);

	if (rc < 0)
		return rc;
	rc = cbi_api_printf(req, "{\"type\":\"%s\",\"entities\":[",
	                    failed ? "failed" : "pending");
	if (rc == CB_OK)
		rc = cbi_unprocessed(req->ctx, failed, owner, add, &l);
	if (rc == CB_OK)
		rc = cbi_api_write(req, "]}", 2);
	return cbi_api_end(req, rc);
}

static int failed(struct cb_req *req)
{
	return list(req, true);
}

static int pending(struct cb_req *req)
{
	return list(req, false);
}

#define ROW(m, p, a, n, h, q, r)                                             \
	{                                                                    \
		.path = "/api/catalog/entities/unprocessed/" p, .method = m, \
		.access = a, .face = CBI_FACE_API, .name = n, .handle = h,   \
		.params = q, .permission = r,                                \
	}

const struct cbi_endpoint cbi_api_unprocessed[] = {
	ROW("GET", "failed", CBI_ACCESS_READ, "catalog-failed", failed, "owner",
	    NULL),
	ROW("GET", "pending", CBI_ACCESS_READ, "catalog-pending", pending,
	    "owner", NULL),
	ROW("DELETE", "delete/{entity_id}", CBI_ACCESS_WRITE,
	    "catalog-unprocessed-delete", cbi_api_uproot, "",
	    "catalog.entity.unprocessed.delete"),
	{ .path = NULL },
};
