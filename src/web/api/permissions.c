/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permissions.c - /api/catalog/.well-known/backstage/permissions: which
 * permissions and rules the catalog has, and what a condition made of them
 * says about an entity.
 *
 * A permission backend asks these as a service; nobody else may have
 * conditions applied, as the answer tells of entities.
 */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "callboard/json.h"
#include "catalog/view.h"
#include "json/json.h"
#include "policy/condition.h"
#include "policy/permission.h"
#include "web/api/answer.h"
#include "web/api/api.h"
#include "web/web.h"

#define RESOURCE CBI_RESOURCE_ENTITY
/* Each is read and judged by itself: so many take some 40 ms. */
#define ITEMS_MAX 250
#define DEPTH_MAX 16

/* ---- What there is --------------------------------------------------------
 */

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool has_entry(const json_t *entity, const char *where,
                      const json_t *params, const char *key)
{
	const json_t *entries =
	    json_object_get(json_object_get(entity, "metadata"), where);
	const char *found = text_at(entries, text_at(params, key));
	const char *value = text_at(params, "value");

	return found && (!value || strcmp(found, value) == 0);
}

static bool has_annotation(const json_t *entity, const json_t *params)
{
	return has_entry(entity, "annotations", params, "annotation");
}

static bool has_label(const json_t *entity, const json_t *params)
{
	return has_entry(entity, "labels", params, "label");
}

/* A list has a value that stands in it; null, false, 0 and "" are nothing. */
static bool has_value(const json_t *object, const json_t *params)
{
	const json_t *found =
	    cb_json_at((json_t *)object, text_at(params, "key"));
	const char *value = text_at(params, "value");

	if (!json_is_array(found)) {
		const char *text = json_string_value(found);

		if (value)
			return text && strcmp(text, value) == 0;
		return found && !json_is_null(found) && !json_is_false(found) &&
		       !(text && !*text) &&
		       !(json_is_number(found) &&
		         json_number_value(found) == 0);
	}
	for (size_t i = 0; value && i < json_array_size(found); i++) {
		const char *one = json_string_value(json_array_get(found, i));

		if (one && strcmp(one, value) == 0)
			return true;
	}
	return !value && json_array_size(found) > 0;
}

static bool has_metadata(const json_t *entity, const json_t *params)
{
	return has_value(json_object_get(entity, "metadata"), params);
}

static bool has_spec(const json_t *entity, const json_t *params)
{
	return has_value(json_object_get(entity, "spec"), params);
}

static bool is_kind(const json_t *entity, const json_t *params)
{
	const json_t *kinds = json_object_get(params, "kinds");
	const char *kind = text_at(entity, "kind");

	for (size_t i = 0; kind && i < json_array_size(kinds); i++)
		if (cbi_str_casecmp(
			kind, json_string_value(json_array_get(kinds, i))) == 0)
			return true;
	return false;
}

static bool is_owner(const json_t *entity, const json_t *params)
{
	const json_t *relations = json_object_get(entity, "relations");
	const json_t *claims = json_object_get(params, "claims");

	for (size_t i = 0; i < json_array_size(relations); i++) {
		const json_t *one = json_array_get(relations, i);
		const char *type = text_at(one, "type");

		if (!type || strcmp(type, "ownedBy") != 0)
			continue;
		for (size_t k = 0; k < json_array_size(claims); k++)
			if (json_equal(json_object_get(one, "targetRef"),
			               json_array_get(claims, k)))
				return true;
	}
	return false;
}

/* In the order of cbi_condition_rules. */
typedef bool holds(const json_t *entity, const json_t *params);
static holds *const rule_holds[CBI_CONDITION_RULES] = {
	has_annotation, has_label, has_metadata, has_spec, is_kind, is_owner,
};

static json_t *schema_of(const struct cbi_condition_rule *rule)
{
	json_t *first = rule->list
	                    ? json_pack("{s:s, s:{s:s}}", "type", "array",
	                                "items", "type", "string")
	                    : json_pack("{s:s}", "type", "string");
	json_t *schema = json_pack(
	    "{s:s, s:{s:o}, s:[s], s:b, s:s}", "type", "object", "properties",
	    rule->first, first, "required", rule->first, "additionalProperties",
	    0, "$schema", "http://json-schema.org/draft-07/schema#");

	if (rule->second)
		json_object_set_new(json_object_get(schema, "properties"),
		                    rule->second,
		                    json_pack("{s:s}", "type", "string"));
	return schema;
}

static json_t *list_permissions(void)
{
	json_t *list = json_array();
	size_t n;
	const struct cbi_permission *all = cbi_permissions(&n);

	for (size_t i = 0; i < CBI_PERMISSIONS_CATALOG; i++)
		json_array_append_new(
		    list,
		    json_pack("{s:s, s:s, s:{s:s*}, s:s*}", "type",
		              all[i].resource ? "resource" : "basic", "name",
		              all[i].name, "attributes", "action",
		              all[i].action, "resourceType", all[i].resource));
	return list;
}

static int metadata(struct cb_req *req)
{
	json_t *list = json_array(), *all;
	int rc;

	for (size_t i = 0; i < CBI_CONDITION_RULES; i++) {
		const struct cbi_condition_rule *rule = &cbi_condition_rules[i];

		json_array_append_new(
		    list,
		    json_pack("{s:s, s:s, s:s, s:o}", "name", rule->name,
		              "description", rule->description, "resourceType",
		              RESOURCE, "paramsSchema", schema_of(rule)));
	}
	all = json_pack("{s:o, s:o}", "permissions", list_permissions(),
	                "rules", list);
	rc = cbi_json_keep(req->ctx, all);
	return rc < 0 ? rc : cb_req_json(req, 200, all);
}

/* ---- What a condition says ------------------------------------------------
 */

static int judge(struct cb_req *req, const json_t *criteria,
                 const json_t *entity, int depth, bool *out);

static int judge_all(struct cb_req *req, const json_t *list, bool all,
                     const json_t *entity, int depth, bool *out)
{
	if (!json_array_size(list))
		return cb_fail(req->ctx, CB_EINVAL,
		               "allOf and anyOf need an array of conditions");
	*out = all;
	for (size_t i = 0; i < json_array_size(list); i++) {
		bool one;
		int rc =
		    judge(req, json_array_get(list, i), entity, depth, &one);

		if (rc < 0)
			return rc;
		*out = all ? *out && one : *out || one;
	}
	return CB_OK;
}

/* entity NULL: only looks whether the criteria are ones. */
static int judge(struct cb_req *req, const json_t *criteria,
                 const json_t *entity, int depth, bool *out)
{
	const json_t *all = json_object_get(criteria, "allOf");
	const json_t *any = json_object_get(criteria, "anyOf");
	const json_t *not = json_object_get(criteria, "not");
	const struct cbi_condition_rule *rule =
	    cbi_condition_rule(text_at(criteria, "rule"));
	const char *type = text_at(criteria, "resourceType");
	int rc;

	if (depth > DEPTH_MAX)
		return cb_fail(req->ctx, CB_EINVAL,
		               "conditions are nested deeper than %d",
		               DEPTH_MAX);
	if (all || any)
		return judge_all(req, all ? all : any, all != NULL, entity,
		                 depth + 1, out);
	if (not ) {
		rc = judge(req, not, entity, depth + 1, out);
		*out = !*out;
		return rc;
	}
	if (!rule || !type || strcmp(type, RESOURCE) != 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "a condition needs a rule that the catalog has, "
		               "and its resourceType " RESOURCE);
	rc = cbi_condition_params(req->ctx, rule,
	                          json_object_get(criteria, "params"));
	*out = rc == CB_OK && entity &&
	       rule_holds[rule - cbi_condition_rules](
		   entity, json_object_get(criteria, "params"));
	return rc;
}

/* Who is not there is denied, whatever the condition. */
static int judge_ref(struct cb_req *req, const json_t *criteria,
                     const char *ref, json_t **out)
{
	struct cbi_served served;
	struct cbi_fresh fresh;
	struct cbi_ctx_mark mark;
	json_t *entity = NULL;
	bool allowed = false;
	int rc;

	cbi_ctx_mark(req->ctx, &mark);
	rc = cbi_view_by_refs(req->ctx, req->web->catalog, &ref, 1, &served,
	                      &fresh);

	if (rc == CB_OK && served.body)
		rc = cb_json_parse(req->ctx, served.body, served.len, &entity);
	if (rc == CB_OK)
		rc = judge(req, criteria, entity, 0, &allowed);
	if (rc == CB_OK)
		*out = json_string(entity && allowed ? "ALLOW" : "DENY");
	cbi_ctx_rewind(req->ctx, &mark);
	return rc;
}

static int judge_refs(struct cb_req *req, const json_t *criteria,
                      const json_t *refs, json_t **out)
{
	json_t *list = json_array(), *one = NULL;
	int rc = cbi_json_keep(req->ctx, list);

	for (size_t i = 0; rc == CB_OK && i < json_array_size(refs); i++) {
		rc =
		    judge_ref(req, criteria,
		              json_string_value(json_array_get(refs, i)), &one);
		if (rc == CB_OK)
			json_array_append_new(list, one);
	}
	if (rc == CB_OK)
		*out = json_incref(list);
	return rc;
}

static int judge_item(struct cb_req *req, const json_t *item, json_t *results)
{
	const json_t *refs = json_object_get(item, "resourceRef");
	const json_t *criteria = json_object_get(item, "conditions");
	const char *type = text_at(item, "resourceType");
	const char *id = text_at(item, "id");
	json_t *result = NULL;
	bool good = json_is_string(refs) || json_array_size(refs);
	int rc;

	for (size_t i = 0; i < json_array_size(refs); i++)
		good = good && json_is_string(json_array_get(refs, i));
	if (!id || !criteria || !good)
		return cb_fail(
		    req->ctx, CB_EINVAL,
		    "an item needs id, resourceRef, resourceType and "
		    "conditions");
	if (!type || strcmp(type, RESOURCE) != 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "the catalog has no resource type '%.80s'",
		               type ? type : "");
	rc = json_is_string(refs)
	         ? judge_ref(req, criteria, json_string_value(refs), &result)
	         : judge_refs(req, criteria, refs, &result);
	if (rc == CB_OK)
		json_array_append_new(results, json_pack("{s:s, s:o}", "id", id,
		                                         "result", result));
	return rc;
}

static int apply(struct cb_req *req)
{
	json_t *body, *items, *results = json_array();
	int rc = cbi_json_keep(req->ctx, results);

	if (rc == CB_OK && req->who.kind != CBI_WHO_SERVICE)
		rc = cb_fail(req->ctx, CB_EDENIED,
		             "conditions are applied for services alone");
	if (rc == CB_OK)
		rc = cbi_api_body(req, &body);
	if (rc < 0)
		return rc;
	items = json_object_get(body, "items");
	if (!json_is_array(items))
		return cb_fail(req->ctx, CB_EINVAL, "'items' must be an array");
	if (cbi_api_count_refs(items) > ITEMS_MAX)
		return cb_fail(req->ctx, CB_EINVAL, "more than %d resources",
		               ITEMS_MAX);
	for (size_t i = 0; rc == CB_OK && i < json_array_size(items); i++)
		rc = judge_item(req, json_array_get(items, i), results);
	if (rc < 0)
		return rc;
	body = json_pack("{s:O}", "items", results);
	rc = cbi_json_keep(req->ctx, body);
	return rc < 0 ? rc : cb_req_json(req, 200, body);
}

#define BASE "/api/catalog/.well-known/backstage/permissions/"

const struct cbi_endpoint cbi_api_permissions[] = {
	{
	    .path = BASE "metadata",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-permissions",
	    .handle = metadata,
	    .params = "",
	},
	{
	    .path = BASE "apply-conditions",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_API,
	    .name = "catalog-conditions",
	    .handle = apply,
	    .params = "",
	},
	{ .path = NULL },
};
