/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.c - why a decision is as it is, for people.
 */
#include "policy/policy.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "json/json.h"
#include "policy/condition.h"

/* How he comes to a role: himself, the group, the group above ... */
static json_t *path_of(const struct cbi_policy_standing *standing,
                       const struct cbi_policy_grant *grant)
{
	json_t *path = json_array();
	size_t at = grant->member;

	if (grant->because) {
		json_array_append_new(path, json_string(grant->because));
		return path;
	}
	for (size_t n = 0; n <= standing->member_count; n++) {
		json_array_insert_new(path, 0,
		                      json_string(standing->members[at].ref));
		if (at == standing->members[at].from)
			break;
		at = standing->members[at].from;
	}
	return path;
}

/* Does the grant's condition hold there?  null: nothing was asked about. */
static int holds(struct cb_ctx *ctx, const struct cbi_policy_standing *standing,
                 const struct cbi_policy_grant *grant,
                 const struct cbi_policy_entity *entity, json_t **out)
{
	const struct cbi_condition_claims claims = {
		.user = standing->member_count ? standing->members[0].ref : "",
		.owns = standing->owns,
		.n = standing->owns_count,
	};
	struct cb_buf buf;
	bool fits = true;
	int rc = CB_OK;

	*out = NULL;
	if (grant->condition && !entity) {
		*out = json_null();
		return CB_OK;
	}
	if (grant->condition) {
		cbi_buf_init(&buf, CB_MIB);
		cbi_condition_write(&buf, grant->condition, &claims);
		rc = buf.failed
		         ? cb_fail(ctx, buf.failed, "the condition is too long")
		         : entity->fits(ctx, entity->arg, cbi_buf_string(&buf),
		                        &fits);
		cbi_buf_finish(&buf);
	}
	*out = json_boolean(fits);
	return rc;
}

static int add(struct cb_ctx *ctx, const struct cbi_policy_standing *standing,
               const struct cbi_policy_grant *grant,
               const struct cbi_policy_entity *entity, json_t *list)
{
	json_t *here;
	int rc = holds(ctx, standing, grant, entity, &here);

	if (rc < 0)
		return rc;
	json_array_append_new(
	    list, json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:O?, s:o}", "role",
	                    grant->role, "from", grant->from, "by",
	                    path_of(standing, grant), "permission",
	                    grant->permission, "action", grant->action,
	                    "effect", grant->deny ? "deny" : "allow",
	                    "condition", grant->condition, "holds", here));
	return CB_OK;
}

/* On an entity, each condition that was asked for is known. */
static const char *sum_up(const json_t *grants, const char *without)
{
	bool allowed = false;

	for (size_t i = 0; i < json_array_size(grants); i++) {
		const json_t *one = json_array_get(grants, i);
		const char *effect =
		    json_string_value(json_object_get(one, "effect"));
		const json_t *here = json_object_get(one, "holds");

		if (json_is_null(here))
			return without;
		if (json_is_true(here) && strcmp(effect, "deny") == 0)
			return "DENY";
		allowed = allowed || json_is_true(here);
	}
	return allowed ? "ALLOW" : "DENY";
}

int cbi_policy_explain(struct cb_ctx *ctx,
                       const struct cbi_policy_standing *standing,
                       const struct cbi_permission *permission,
                       const struct cbi_policy_entity *entity, json_t **out)
{
	static const char *const results[] = { "DENY", "ALLOW", "CONDITIONAL" };
	json_t *grants = json_array(), *members = json_array(), *all;
	struct cbi_policy_decision decision;
	int rc = cbi_policy_judge(ctx, standing, permission, &decision);

	for (size_t i = 0; i < standing->member_count; i++)
		json_array_append_new(members,
		                      json_string(standing->members[i].ref));
	for (size_t i = 0; i < standing->count && rc == CB_OK; i++)
		if (cbi_policy_about(&standing->grants[i], permission))
			rc = add(ctx, standing, &standing->grants[i], entity,
			         grants);
	all = json_pack("{s:s, s:o, s:o}", "permission", permission->name,
	                "members", members, "grants", grants);
	if (cbi_json_keep(ctx, all) < 0)
		return CB_ENOMEM;
	if (rc < 0)
		return rc;
	json_object_set_new(all, "result",
	                    json_string(entity ? sum_up(grants, "DENY")
	                                       : results[decision.result]));
	*out = all;
	return CB_OK;
}
