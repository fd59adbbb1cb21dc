/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authorize.c - /api/permission: what somebody may, for clients and plugins
 * that ask before they offer or do it.
 *
 * Whoever is asked about is who asks: the answer is his own.  A condition is
 * told only to a plugin that acts for somebody, as upstream has it; for
 * everybody else it is looked at here.
 */
#include <string.h>

#include "base/limits.h"
#include "catalog/view.h"
#include "json/json.h"
#include "web/api/answer.h"
#include "web/api/api.h"
#include "web/may.h"
#include "web/web.h"

/* Entities are read one by one; upstream's client sends a page's worth. */
#define ITEMS_MAX 1000

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- Reading ------------------------------------------------------------- */

struct item {
	const char *id;
	const json_t *refs; /* a text, an array of them, or NULL */
	struct cbi_permission permission;
};

static bool refs_ok(const json_t *refs)
{
	bool good = json_is_string(refs) || json_array_size(refs) > 0;

	for (size_t i = 0; i < json_array_size(refs); i++)
		good = good && json_is_string(json_array_get(refs, i));
	return good;
}

static int read_permission(struct cb_req *req, const json_t *value,
                           struct cbi_permission *out)
{
	const char *type = text_at(value, "type");
	const json_t *attributes = json_object_get(value, "attributes");
	const json_t *action = json_object_get(attributes, "action");
	bool resource = type && strcmp(type, "resource") == 0;

	out->name = text_at(value, "name");
	out->resource = text_at(value, "resourceType");
	out->action = json_string_value(action);
	if (!out->name || !*out->name || !json_is_object(attributes) ||
	    (action && !json_is_string(action)) || !type ||
	    (!resource && strcmp(type, "basic") != 0) ||
	    resource != (out->resource != NULL))
		return cb_fail(req->ctx, CB_EINVAL,
		               "permission: expected type (basic, or resource "
		               "with a resourceType), name and attributes");
	return CB_OK;
}

static int read_item(struct cb_req *req, const json_t *value, struct item *out)
{
	bool direct = !req->who.plugin;
	int rc;

	out->id = text_at(value, "id");
	out->refs = json_object_get(value, "resourceRef");
	if (!out->id)
		return cb_fail(req->ctx, CB_EINVAL,
		               "an item needs an id and a permission");
	rc = read_permission(req, json_object_get(value, "permission"),
	                     &out->permission);
	if (rc < 0)
		return rc;
	if (out->refs && (!refs_ok(out->refs) || !out->permission.resource))
		return cb_fail(req->ctx, CB_EINVAL,
		               "resourceRef of '%.80s': expected a text or an "
		               "array of texts, for a resource permission",
		               out->id);
	if (direct && out->permission.resource && !out->refs)
		return cb_fail(req->ctx, CB_EINVAL,
		               "resourceRef is needed for '%.80s': only "
		               "plugins are told conditions",
		               out->permission.name);
	return CB_OK;
}

/* ---- Deciding -------------------------------------------------------------
 */

/* Whatever who asks sees: upstream asks the plugin that has the resource. */
static int judge_ref(struct cb_req *req, const char *where, const char *ref,
                     const char **out)
{
	struct cbi_scope was = req->ctx->scope;
	struct cbi_ctx_mark mark;
	struct cbi_served served;
	struct cbi_fresh fresh;
	bool fits = false;
	int rc;

	cbi_ctx_mark(req->ctx, &mark);
	req->ctx->scope.all = true;
	rc = cbi_view_by_refs(req->ctx, req->web->catalog, &ref, 1, &served,
	                      &fresh);
	req->ctx->scope = was;
	if (rc == CB_OK && served.body)
		rc = cbi_view_fits(req->ctx, where, &served, &fits);
	cbi_ctx_rewind(req->ctx, &mark);
	*out = fits ? "ALLOW" : "DENY";
	return rc;
}

static int judge_refs(struct cb_req *req, const struct item *item,
                      const struct cbi_policy_decision *d, json_t **out)
{
	const char *said = d->result == CBI_POLICY_ALLOW ? "ALLOW" : "DENY";
	bool some = d->result == CBI_POLICY_SOME;
	json_t *list;
	int rc = CB_OK;

	if (!json_is_array(item->refs)) {
		if (some)
			rc = judge_ref(req, d->where,
			               json_string_value(item->refs), &said);
		*out = json_string(said);
		return rc;
	}
	list = json_array();
	for (size_t i = 0; i < json_array_size(item->refs) && rc == CB_OK;
	     i++) {
		if (some)
			rc = judge_ref(
			    req, d->where,
			    json_string_value(json_array_get(item->refs, i)),
			    &said);
		json_array_append_new(list, json_string(said));
	}
	*out = list;
	return rc;
}

/* About whom a plugin asks: the user, as far as he goes.  That its token is
 * for this API alone says where it may be shown, not what he may. */
static struct cbi_who asked(const struct cb_req *req)
{
	struct cbi_who who = req->who;

	if (who.plugin) {
		who.limits = NULL;
		who.limits_count = 0;
	}
	return who;
}

static int conditional(struct cb_req *req, const struct item *item,
                       json_t *answer)
{
	struct cbi_policy_standing standing;
	struct cbi_who who = asked(req);
	json_t *criteria;
	int rc = cbi_policy_stand(req->ctx, req->web->policy, &who, &standing);

	if (rc == CB_OK)
		rc = cbi_policy_criteria(req->ctx, &standing, &item->permission,
		                         &criteria);
	if (rc < 0)
		return rc;
	json_object_set_new(answer, "result", json_string("CONDITIONAL"));
	json_object_set_new(answer, "pluginId", json_string("catalog"));
	json_object_set_new(answer, "resourceType",
	                    json_string(item->permission.resource));
	json_object_set_new(answer, "conditions", criteria);
	return CB_OK;
}

static int decide(struct cb_req *req, const struct item *item, json_t *answers)
{
	struct cbi_policy_decision decision;
	struct cbi_who who = asked(req);
	json_t *answer = json_pack("{s:s}", "id", item->id), *result = NULL;
	int rc;

	if (json_array_append_new(answers, answer))
		return cb_fail(req->ctx, CB_ENOMEM, "no memory for an answer");
	rc = cbi_policy_decide(req->ctx, req->web->policy, &who,
	                       &item->permission, &decision);
	if (rc < 0)
		return rc;
	if (decision.result == CBI_POLICY_SOME && !item->refs)
		return conditional(req, item, answer);
	rc = judge_refs(req, item, &decision, &result);
	if (json_object_set_new(answer, "result", result))
		rc = cb_fail(req->ctx, CB_ENOMEM, "no memory for an answer");
	return rc;
}

static int read_items(struct cb_req *req, struct item **out, size_t *n)
{
	json_t *body, *items;
	struct item *list;
	int rc = cbi_api_body(req, &body);

	if (rc < 0)
		return rc;
	items = json_object_get(body, "items");
	*n = json_array_size(items);
	if (!json_is_array(items))
		return cb_fail(req->ctx, CB_EINVAL, "'items' must be an array");
	if (cbi_api_count_refs(items) > ITEMS_MAX)
		return cb_fail(req->ctx, CB_EINVAL, "more than %d resources",
		               ITEMS_MAX);
	list = cb_alloc(req->ctx, (*n + 1) * sizeof(*list));
	if (!list)
		return CB_ENOMEM;
	for (size_t i = 0; i < *n && rc == CB_OK; i++)
		rc = read_item(req, json_array_get(items, i), &list[i]);
	*out = list;
	return rc;
}

static int authorize(struct cb_req *req)
{
	json_t *answers = json_array(), *body;
	struct item *items = NULL;
	size_t n = 0;
	int rc = cbi_json_keep(req->ctx, answers);

	if (rc == CB_OK && req->who.kind == CBI_WHO_SERVICE)
		rc = cb_fail(req->ctx, CB_EDENIED,
		             "services are not asked about: they may");
	if (rc == CB_OK)
		rc = read_items(req, &items, &n);
	for (size_t i = 0; i < n && rc == CB_OK; i++)
		rc = decide(req, &items[i], answers);
	if (rc < 0)
		return rc;
	body = json_pack("{s:O}", "items", answers);
	rc = cbi_json_keep(req->ctx, body);
	return rc < 0 ? rc : cb_req_json(req, 200, body);
}

static int health(struct cb_req *req)
{
	json_t *body = json_pack("{s:s}", "status", "ok");
	int rc = cbi_json_keep(req->ctx, body);

	return rc < 0 ? rc : cb_req_json(req, 200, body);
}

const struct cbi_endpoint cbi_api_authorize[] = {
	{
	    .path = "/api/permission/authorize",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "permission-authorize",
	    .handle = authorize,
	    .viewing = true,
	},
	{
	    .path = "/api/permission/health",
	    .method = "GET",
	    .access = CBI_ACCESS_OPEN,
	    .face = CBI_FACE_API,
	    .name = "permission-health",
	    .handle = health,
	},
	{ .path = NULL },
};
