/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.c - what the config says of permissions: see policy.h.
 */
#include "policy/policy_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "config/config.h"
#include "policy/condition.h"
#include "policy/policy_store.h"

#define ROLES "permission.roles"

struct reader {
	struct cb_ctx *ctx;
	const struct cbi_config *config;
};

static int bad(const struct reader *r, const char *path, const char *what)
{
	struct cbi_config_pos at = cbi_config_where(r->config, path);

	return cb_fail(r->ctx, CB_EINVAL, "%s:%d:%d: %s: %s", at.file, at.line,
	               at.column, path, what);
}

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* A ref of a user or group in lower case and in full. */
static json_t *member_of(const struct reader *r, const json_t *value)
{
	const char *ref = NULL;

	if (!json_is_string(value) ||
	    cbi_policy_member(r->ctx, json_string_value(value), &ref) < 0)
		return NULL;
	return json_string(ref);
}

/* One of `permissions`: a name, or {permission, action, effect, condition}. */
static int read_grant(const struct reader *r, const json_t *value,
                      const char *path, json_t *out)
{
	const char *effect = text_at(value, "effect");
	const char *action = text_at(value, "action");
	const json_t *condition = json_object_get(value, "condition");
	const char *name = json_is_string(value) ? json_string_value(value)
	                                         : text_at(value, "permission");
	struct cbi_policy_entry entry = { .permission = name ? name : "",
		                          .action = action ? action : "" };
	int rc;

	if (effect && strcmp(effect, "allow") != 0 &&
	    strcmp(effect, "deny") != 0)
		return bad(r, path, "effect must be allow or deny");
	entry.deny = effect && strcmp(effect, "deny") == 0;
	entry.condition = condition;
	rc = cbi_policy_entry_check(r->ctx, &entry);
	if (rc < 0) {
		const char *why = cb_strdup(r->ctx, cb_failure(r->ctx));

		cb_failure_clear(r->ctx);
		return bad(r, path, why ? why : "is not valid");
	}
	json_array_append_new(out, cbi_policy_entry_json(&entry));
	return CB_OK;
}

static int read_members(const struct reader *r, const json_t *list,
                        const char *at, json_t *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *ref = member_of(r, json_array_get(list, i));
		char path[160];

		if (!ref) {
			cb_failure_clear(r->ctx);
			snprintf(path, sizeof(path), "%s.%zu", at, i);
			return bad(r, path,
			           "expected a user or group "
			           "(user:default/ada)");
		}
		json_array_append_new(out, ref);
	}
	return CB_OK;
}

static int read_role(const struct reader *r, const json_t *value, size_t i,
                     json_t *roles)
{
	const char *name = text_at(value, "name");
	const char *description = text_at(value, "description");
	const json_t *list = json_object_get(value, "permissions");
	json_t *members = json_array(), *grants = json_array();
	char path[160];
	int rc;

	json_array_append_new(
	    roles, json_pack("{s:s, s:s, s:o, s:o}", "name", name ? name : "",
	                     "description", description ? description : "",
	                     "members", members, "permissions", grants));
	snprintf(path, sizeof(path), ROLES ".%zu", i);
	if (!name || !cbi_policy_role_ok(name))
		return bad(r, path,
		           "name: expected letters, digits, '-', '_' and '.', "
		           "at most 63");
	snprintf(path, sizeof(path), ROLES ".%zu.members", i);
	rc = read_members(r, json_object_get(value, "members"), path, members);
	for (size_t k = 0; k < json_array_size(list) && rc == CB_OK; k++) {
		snprintf(path, sizeof(path), ROLES ".%zu.permissions.%zu", i,
		         k);
		rc = read_grant(r, json_array_get(list, k), path, grants);
	}
	return rc;
}

/* permission.rbac.admin.users: [{name: user:default/ada}] */
static int read_named(const struct reader *r, const char *path, json_t *out)
{
	json_t *list = cbi_config_get(r->config, path);
	json_t *refs = json_array();
	int rc;

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *one = json_array_get(list, i);

		json_array_append(refs, json_is_object(one)
		                            ? json_object_get(one, "name")
		                            : one);
	}
	rc = read_members(r, refs, path, out);
	json_decref(refs);
	return rc;
}

static int read_config(const struct reader *r, struct cbi_policy *policy)
{
	const json_t *roles = cbi_config_get(r->config, ROLES);
	int rc = CB_OK;

	policy->enabled =
	    cbi_config_bool(r->config, "permission.enabled", true);
	policy->everybody =
	    cbi_config_text(r->config, "permission.defaultRole", NULL);
	if (policy->everybody && !cbi_policy_role_ok(policy->everybody))
		return bad(r, "permission.defaultRole",
		           "expected the name of a role");
	if (roles && !json_is_array(roles))
		return bad(r, ROLES, "expected a list");
	for (size_t i = 0; i < json_array_size(roles) && rc == CB_OK; i++)
		rc = read_role(r, json_array_get(roles, i), i, policy->roles);
	if (rc == CB_OK)
		rc = read_named(r, "permission.rbac.admin.users",
		                policy->admins);
	if (rc == CB_OK)
		rc = read_named(r, "permission.rbac.admin.superUsers",
		                policy->supers);
	return rc;
}

int cbi_policy_create(struct cb_ctx *ctx, const struct cbi_config *config,
                      const struct cbi_policy_joins *joins,
                      struct cbi_policy **out)
{
	const struct reader reader = { ctx, config };
	struct cbi_policy *policy = calloc(1, sizeof(*policy));
	int rc;

	if (!policy)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a policy");
	policy->joins = *joins;
	policy->roles = json_array();
	policy->admins = json_array();
	policy->supers = json_array();
	rc = policy->roles && policy->admins && policy->supers
	         ? read_config(&reader, policy)
	         : cb_fail(ctx, CB_ENOMEM, "no memory for a policy");
	if (rc < 0) {
		cbi_policy_destroy(policy);
		return rc;
	}
	*out = policy;
	return CB_OK;
}

void cbi_policy_destroy(struct cbi_policy *policy)
{
	if (!policy)
		return;
	json_decref(policy->roles);
	json_decref(policy->admins);
	json_decref(policy->supers);
	free(policy);
}

bool cbi_policy_enabled(const struct cbi_policy *policy)
{
	return !policy || policy->enabled;
}

const json_t *cbi_policy_config_roles(const struct cbi_policy *policy)
{
	return policy->roles;
}
