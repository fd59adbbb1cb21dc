/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permit.c - see may.h.
 */
#include "web/may.h"

#include <string.h>

#include "base/ctx.h"
#include "catalog/view.h"
#include "registry/registry.h"
#include "web/web.h"

int cbi_may(struct cb_req *req, const char *permission)
{
	const struct cbi_permission *known = cbi_permission_find(permission);

	if (!known)
		return cb_fail(req->ctx, CB_EBUG, "no permission '%s'",
		               permission);
	return cbi_policy_may(req->ctx, req->web->policy, &req->who, known);
}

bool cbi_may_show(struct cb_req *req, const char *permission)
{
	bool may = cbi_may(req, permission) == CB_OK;

	cb_failure_clear(req->ctx);
	return may;
}

static int refused(struct cb_req *req, const char *permission)
{
	return cb_fail(req->ctx, CB_EDENIED,
	               "%.200s may not do this to it: no role of his allows %s",
	               req->who.subject, permission);
}

/* An entity, whoever asks: what is allowed on a condition is not always what
 * is seen. */
static int look(struct cb_req *req, bool uid, const char *name,
                struct cbi_served *out)
{
	struct cbi_scope was = req->ctx->scope;
	int rc;

	req->ctx->scope.all = true;
	rc =
	    uid ? cbi_view_by_uid(req->ctx, req->web->catalog, name, out, NULL)
		: cbi_view_by_ref(req->ctx, req->web->catalog, name, out, NULL);
	req->ctx->scope = was;
	return rc;
}

/* Both conditions: of what is done, and of what is seen. */
static int judge(struct cb_req *req, const struct cbi_permission *permission,
                 const char *where, const struct cbi_served *served)
{
	const char *const both[] = { where, req->ctx->scope.where };
	int rc = CB_OK;

	if (!req->ctx->scope.all && !req->ctx->scope.where)
		return refused(req, permission->name);
	for (size_t i = 0; i < 2 && rc == CB_OK; i++) {
		bool fits = true;

		if (both[i] && (i == 0 || !req->ctx->scope.all))
			rc = cbi_view_fits(req->ctx, both[i], served, &fits);
		if (rc == CB_OK && !fits)
			rc = refused(req, permission->name);
	}
	return rc;
}

static int may_entity(struct cb_req *req, const char *name, bool uid,
                      const char *which)
{
	const struct cbi_permission *permission = cbi_permission_find(name);
	struct cbi_policy_decision decision;
	struct cbi_served served;
	int rc = cbi_may(req, name);

	if (rc == CB_OK)
		rc = cbi_policy_decide(req->ctx, req->web->policy, &req->who,
		                       permission, &decision);
	if (rc < 0)
		return rc;
	if (decision.result == CBI_POLICY_ALLOW && req->ctx->scope.all)
		return CB_OK;
	rc = look(req, uid, which, &served);
	if (rc == CB_ENOENT) {
		cb_failure_clear(req->ctx);
		return refused(req, name);
	}
	return rc < 0 ? rc : judge(req, permission, decision.where, &served);
}

int cbi_may_ref(struct cb_req *req, const char *permission, const char *ref)
{
	return may_entity(req, permission, false, ref);
}

int cbi_may_uid(struct cb_req *req, const char *permission, const char *uid)
{
	return may_entity(req, permission, true, uid);
}

int cbi_may_plugin(struct cb_req *req, const struct cbi_plugin_entry *plugin,
                   const char *needs, bool change)
{
	const json_t *list = json_object_get(plugin->manifest, "permissions");
	struct cbi_permission permission = { .name = needs };

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *row = json_array_get(list, i);
		const char *name =
		    json_string_value(json_object_get(row, "name"));

		if (name && strcmp(name, needs) == 0)
			permission.action =
			    json_string_value(json_object_get(row, "action"));
	}
	if (change && req->who.kind == CBI_WHO_GUEST && permission.action &&
	    strcmp(permission.action, "read") == 0)
		return cb_fail(req->ctx, CB_EDENIED,
		               "guests read; changes need a token");
	return cbi_policy_may(req->ctx, req->web->policy, &req->who,
	                      &permission);
}

bool cbi_may_show_plugin(struct cb_req *req,
                         const struct cbi_plugin_entry *plugin,
                         const char *needs)
{
	bool may = cbi_may_plugin(req, plugin, needs, false) == CB_OK;

	cb_failure_clear(req->ctx);
	return may;
}
