/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standing.c - what somebody holds: his groups, their roles, what these say.
 */
#include "policy/policy_priv.h"

#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "copy/copy.h"
#include "json/json.h"
#include "policy/policy_store.h"

#define ROLES_MAX 1000

/* ---- What is built in -----------------------------------------------------
 */

static const struct {
	const char *role, *permission, *action;
} builtin[] = {
	{ CBI_ROLE_GUEST, "*", "read" },
	{ CBI_ROLE_GUEST, "admin.catalog.read", "" },
	{ CBI_ROLE_GUEST, "admin.plugins.read", "" },
	{ "reader", "*", "read" },
	{ "reader", "catalog.entity.validate", "" },
	{ "editor", "*", "read" },
	{ "editor", "catalog.*", "" },
	{ CBI_ROLE_ADMIN, "*", "" },
	{ CBI_ROLE_ADMIN, "admin.*", "" },
	{ CBI_ROLE_RBAC, "catalog.entity.read", "" },
	{ CBI_ROLE_RBAC, "admin.policy.*", "" },
};
#define BUILTIN (sizeof(builtin) / sizeof(builtin[0]))

const char *cbi_policy_builtin(size_t i)
{
	static const char *const names[] = { CBI_ROLE_GUEST, "reader", "editor",
		                             CBI_ROLE_ADMIN, CBI_ROLE_RBAC };

	return i < sizeof(names) / sizeof(names[0]) ? names[i] : NULL;
}

bool cbi_policy_builtin_grant(const char *role, size_t n,
                              struct cbi_policy_grant *out)
{
	for (size_t i = 0; i < BUILTIN; i++) {
		if (strcmp(builtin[i].role, role) != 0 || n-- > 0)
			continue;
		*out = (struct cbi_policy_grant){
			.role = builtin[i].role,
			.from = "built in",
			.permission = builtin[i].permission,
			.action = builtin[i].action,
		};
		return true;
	}
	return false;
}

/* ---- Roles ------------------------------------------------------------------
 */

struct role {
	const char *name;
	size_t member;
	const char *because;
};

struct stand {
	struct cb_ctx *ctx;
	const struct cbi_policy *policy; /* NULL: what is built in */
	struct cbi_copy_txn *txn;        /* NULL: none */
	struct cbi_policy_standing *out;
	struct role roles[ROLES_MAX];
	size_t role_count;
	struct cbi_policy_grant *grants;
	size_t room;
};

/* By the first reason alone. */
static void add_role(struct stand *s, const char *name, size_t member,
                     const char *because)
{
	for (size_t i = 0; i < s->role_count; i++)
		if (strcmp(s->roles[i].name, name) == 0)
			return;
	if (s->role_count < ROLES_MAX)
		s->roles[s->role_count++] =
		    (struct role){ name, member, because };
}

static bool is_in(const json_t *list, const char *ref)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), ref) ==
		    0)
			return true;
	return false;
}

static void roles_by_config(struct stand *s, size_t member)
{
	const char *ref = s->out->members[member].ref;
	const struct cbi_policy *p = s->policy;

	for (size_t i = 0; i < json_array_size(p->roles); i++) {
		const json_t *role = json_array_get(p->roles, i);

		if (is_in(json_object_get(role, "members"), ref))
			add_role(
			    s, json_string_value(json_object_get(role, "name")),
			    member, NULL);
	}
	if (is_in(p->admins, ref))
		add_role(s, CBI_ROLE_RBAC, member, NULL);
	if (is_in(p->supers, ref))
		add_role(s, CBI_ROLE_ADMIN, member, NULL);
}

static int roles_by_copy(struct stand *s, size_t member)
{
	const char *ref = s->out->members[member].ref;
	struct cbi_copy_cursor *cursor;
	struct cbi_span key, value;
	size_t len = strlen(ref) + 3;
	char begin[CB_REF_MAX + 4];
	int rc;

	if (len > sizeof(begin))
		return CB_OK;
	begin[0] = 'm';
	begin[1] = '\0';
	memcpy(begin + 2, ref, len - 2); /* its NUL, too */
	rc = cbi_copy_seek(s->ctx, s->txn, s->policy->joins.table, begin, len,
	                   &cursor);
	while (rc == CB_OK && cbi_copy_next(cursor, &key, &value) &&
	       key.len > len && memcmp(key.ptr, begin, len) == 0) {
		const char *name =
		    cb_strndup(s->ctx, key.ptr + len, key.len - len);

		if (!name)
			return CB_ENOMEM;
		add_role(s, name, member, NULL);
	}
	return rc;
}

/* ---- What roles say ---------------------------------------------------------
 */

static int add_grant(struct stand *s, const struct role *role,
                     const struct cbi_policy_grant *grant)
{
	struct cbi_policy_standing *out = s->out;

	if (out->count == s->room) {
		size_t room = s->room * 2 + 16;
		struct cbi_policy_grant *grants =
		    cb_alloc(s->ctx, room * sizeof(*grants));

		if (!grants)
			return CB_ENOMEM;
		if (out->count)
			memcpy(grants, s->grants, out->count * sizeof(*grants));
		s->grants = grants;
		s->room = room;
	}
	s->grants[out->count] = *grant;
	s->grants[out->count].role = role->name;
	s->grants[out->count].member = role->member;
	s->grants[out->count++].because = role->because;
	return CB_OK;
}

static int add_list(struct stand *s, const struct role *role,
                    const json_t *list, const char *from)
{
	int rc = CB_OK;

	for (size_t i = 0; i < json_array_size(list) && rc == CB_OK; i++) {
		struct cbi_policy_entry entry;
		struct cbi_policy_grant grant = { .from = from };

		cbi_policy_entry_read(json_array_get(list, i), &entry);
		grant.permission = entry.permission;
		grant.action = entry.action;
		grant.deny = entry.deny;
		grant.condition = entry.condition;
		rc = add_grant(s, role, &grant);
	}
	return rc;
}

static int grants_by_copy(struct stand *s, const struct role *role)
{
	char key[CBI_ROLE_MAX + 3];
	size_t len = strlen(role->name);
	struct cbi_span value;
	json_t *list;
	int rc;

	if (!s->txn || len > CBI_ROLE_MAX)
		return CB_OK;
	key[0] = 'r';
	key[1] = '\0';
	memcpy(key + 2, role->name, len);
	if (cbi_copy_get(s->txn, s->policy->joins.table, key, len + 2, &value) <
	    0)
		return CB_OK;
	rc = cb_json_parse(s->ctx, value.ptr, value.len, &list);
	return rc < 0 ? rc : add_list(s, role, list, "database");
}

static int grants_by_config(struct stand *s, const struct role *role)
{
	const json_t *roles = s->policy ? s->policy->roles : NULL;
	int rc = CB_OK;

	for (size_t i = 0; i < json_array_size(roles) && rc == CB_OK; i++) {
		const json_t *one = json_array_get(roles, i);

		if (strcmp(json_string_value(json_object_get(one, "name")),
		           role->name) == 0)
			rc = add_list(s, role,
			              json_object_get(one, "permissions"),
			              "config");
	}
	return rc;
}

/* What somebody says of a built-in role takes the place of what it has. */
static int grants_of(struct stand *s, const struct role *role)
{
	size_t before = s->out->count;
	struct cbi_policy_grant grant;
	int rc = grants_by_config(s, role);

	if (rc == CB_OK)
		rc = grants_by_copy(s, role);
	if (rc < 0 || s->out->count > before)
		return rc;
	for (size_t i = 0;
	     rc == CB_OK && cbi_policy_builtin_grant(role->name, i, &grant);
	     i++)
		rc = add_grant(s, role, &grant);
	return rc;
}

/* ---- Who he is
 * --------------------------------------------------------------- */

static int find_members(struct stand *s, const struct cbi_who *who)
{
	struct cbi_policy_standing *out = s->out;
	const char **refs =
	    cb_alloc(s->ctx, (who->owns_count + 1) * sizeof(*refs));
	struct cbi_member *alone = cb_alloc(s->ctx, sizeof(*alone));
	const char **owns;
	int rc = CB_OK;

	if (!refs || !alone)
		return CB_ENOMEM;
	refs[0] = who->subject;
	for (size_t i = 0; i < who->owns_count; i++)
		refs[i + 1] = who->owns[i];
	alone->ref = who->subject;
	out->members = alone;
	out->member_count = 1;
	if (s->txn && s->policy->joins.members)
		rc = s->policy->joins.members(
		    s->ctx, s->txn, refs, who->owns_count + 1, &out->members,
		    &out->member_count);
	out->owns = who->owns;
	out->owns_count = who->owns_count;
	if (rc < 0 || who->owns_count)
		return rc;
	owns = cb_alloc(s->ctx, out->member_count * sizeof(*owns));
	if (!owns)
		return CB_ENOMEM;
	for (size_t i = 0; i < out->member_count; i++)
		if (out->members[i].from == 0)
			owns[out->owns_count++] = out->members[i].ref;
	out->owns = owns;
	return CB_OK;
}

static int find_roles(struct stand *s, const struct cbi_who *who)
{
	const struct cbi_policy *policy = s->policy;
	int rc = CB_OK;

	if (who->kind == CBI_WHO_GUEST)
		add_role(s, CBI_ROLE_GUEST, 0, "everybody who is a guest");
	if (who->kind == CBI_WHO_USER && policy && !policy->enabled)
		add_role(s, CBI_ROLE_ADMIN, 0, "permission.enabled is false");
	if (who->kind == CBI_WHO_USER && policy && policy->everybody)
		add_role(s, policy->everybody, 0, "permission.defaultRole");
	for (size_t i = 0; policy && i < s->out->member_count && rc == CB_OK;
	     i++) {
		roles_by_config(s, i);
		if (s->txn)
			rc = roles_by_copy(s, i);
	}
	return rc;
}

int cbi_policy_stand(struct cb_ctx *ctx, struct cbi_policy *policy,
                     const struct cbi_who *who, struct cbi_policy_standing *out)
{
	struct stand *s = cb_alloc(ctx, sizeof(*s));
	int rc = CB_OK;

	memset(out, 0, sizeof(*out));
	if (!s)
		return CB_ENOMEM;
	s->ctx = ctx;
	s->policy = policy;
	s->out = out;
	if (who->kind != CBI_WHO_USER && who->kind != CBI_WHO_GUEST)
		return CB_OK;
	if (policy && policy->joins.copy)
		rc = cbi_copy_begin(ctx, policy->joins.copy, &s->txn);
	if (rc == CB_OK)
		rc = find_members(s, who);
	if (rc == CB_OK)
		rc = find_roles(s, who);
	for (size_t i = 0; i < s->role_count && rc == CB_OK; i++)
		rc = grants_of(s, &s->roles[i]);
	out->grants = s->grants;
	return rc;
}
