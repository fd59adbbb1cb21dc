/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role_change.c - what the forms of a role's page do.
 */
#include "web/pages/roles.h"

#include <string.h>

#include "base/board.h"
#include "base/str.h"
#include "policy/policy_store.h"

static const char *form_text(struct cb_req *req, const char *name)
{
	const char *text = cbi_req_form(req, name);

	return text ? text : "";
}

static int add_permission(struct cb_req *req, struct cbi_policy_change *change)
{
	struct cbi_policy_entry entry = {
		.permission = form_text(req, "permission"),
		.action = form_text(req, "action"),
		.deny = strcmp(form_text(req, "effect"), "deny") == 0,
	};
	json_t *condition;
	int rc = cbi_role_condition_read(req, &condition);

	entry.condition = condition;
	return rc < 0 ? rc
	              : cbi_policy_entry_add(req->ctx, req->args[0], &entry,
	                                     change);
}

static int remove_permission(struct cb_req *req,
                             struct cbi_policy_change *change)
{
	int64_t id;

	if (cbi_str_int(form_text(req, "of"), 1, INT64_MAX, &id) < 0)
		return cb_fail(req->ctx, CB_EINVAL, "of: expected a number");
	return cbi_policy_entry_remove(req->ctx, req->args[0], id, change);
}

int cbi_role_change(struct cb_req *req)
{
	struct cbi_policy_change change = { .address = req->address };
	const char *name = req->args[0], *what = form_text(req, "act"), *path;
	bool gone = strcmp(what, "delete") == 0;
	int rc;

	if (gone)
		rc = cbi_policy_role_delete(req->ctx, name, &change);
	else if (strcmp(what, "member.add") == 0)
		rc = cbi_policy_member_add(req->ctx, name,
		                           form_text(req, "member"), &change);
	else if (strcmp(what, "member.remove") == 0)
		rc = cbi_policy_member_remove(req->ctx, name,
		                              form_text(req, "of"), &change);
	else if (strcmp(what, "permission.add") == 0)
		rc = add_permission(req, &change);
	else if (strcmp(what, "permission.remove") == 0)
		rc = remove_permission(req, &change);
	else
		rc = cb_fail(req->ctx, CB_EINVAL, "act: '%.40s' is none", what);
	if (rc < 0)
		return rc;
	cbi_board_raise(&cbi_board()->wanted, change.number);
	path = gone ? "/admin/roles"
	            : cb_printf(req->ctx, "/admin/roles/%s", name);
	return path ? cbi_req_redirect(req, path) : CB_ENOMEM;
}
