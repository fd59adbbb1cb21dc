/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.c - names of roles and members, and the permissions of a role: what
 * is valid, whoever wrote it.
 */
#include "policy/policy_store.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "policy/condition.h"
#include "policy/permission.h"

#define NAME_MAX_LEN 200

static const char name_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

bool cbi_policy_role_ok(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= CBI_ROLE_MAX &&
	       strspn(name, name_letters) == len;
}

static bool part_ok(const char *text, size_t len)
{
	return len > 0 && len <= CB_ENTITY_NAME_MAX &&
	       strspn(text, name_letters) >= len;
}

int cbi_policy_member(struct cb_ctx *ctx, const char *text, const char **out)
{
	const char *colon = strchr(text, ':');
	const char *slash = colon ? strchr(colon, '/') : NULL;
	const char *name = slash ? slash + 1 : colon ? colon + 1 : "";
	char *ref;

	if (!colon || !part_ok(name, strlen(name)) ||
	    (slash && !part_ok(colon + 1, (size_t)(slash - colon - 1))))
		return cb_fail(ctx, CB_EINVAL,
		               "'%.200s' is no member; expected "
		               "user:namespace/name or group:namespace/name",
		               text);
	ref = slash ? cb_strdup(ctx, text)
	            : cb_printf(ctx, "%.*s:default/%s", (int)(colon - text),
	                        text, name);
	if (!ref)
		return CB_ENOMEM;
	cbi_str_lower(ref);
	if (!cbi_str_starts(ref, "user:") && !cbi_str_starts(ref, "group:"))
		return cb_fail(ctx, CB_EINVAL,
		               "'%.200s' is no member: roles have users and "
		               "groups",
		               text);
	*out = ref;
	return CB_OK;
}

static bool action_ok(const char *action)
{
	static const char *const actions[] = { "",       "create", "read",
		                               "update", "delete", "use" };

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i], action) == 0)
			return true;
	return false;
}

/* Letters of a name, and at most a star at its end. */
static bool permission_ok(const char *name)
{
	size_t len = strlen(name), plain = strspn(name, name_letters);

	return len > 0 && len <= NAME_MAX_LEN &&
	       (plain == len || (plain == len - 1 && name[plain] == '*'));
}

int cbi_policy_entry_check(struct cb_ctx *ctx,
                           const struct cbi_policy_entry *entry)
{
	const struct cbi_permission *known =
	    cbi_permission_find(entry->permission);

	if (!permission_ok(entry->permission))
		return cb_fail(ctx, CB_EINVAL,
		               "permission '%.80s': expected a name such as "
		               "catalog.entity.read, catalog-entity or "
		               "catalog.*",
		               entry->permission);
	if (!action_ok(entry->action))
		return cb_fail(ctx, CB_EINVAL,
		               "action '%.80s': expected create, read, update, "
		               "delete or use",
		               entry->action);
	if (!entry->condition || json_is_null(entry->condition))
		return CB_OK;
	if (known && !known->resource)
		return cb_fail(ctx, CB_EINVAL,
		               "%s is not about an entity: it has no "
		               "condition",
		               entry->permission);
	return cbi_condition_check(ctx, entry->condition);
}

json_t *cbi_policy_entry_json(const struct cbi_policy_entry *entry)
{
	return json_pack("{s:s, s:s, s:s, s:O*}", "permission",
	                 entry->permission, "action", entry->action, "effect",
	                 entry->deny ? "deny" : "allow", "condition",
	                 entry->condition);
}

void cbi_policy_entry_read(const json_t *value, struct cbi_policy_entry *out)
{
	const char *name =
	    json_string_value(json_object_get(value, "permission"));
	const char *action =
	    json_string_value(json_object_get(value, "action"));
	const char *effect =
	    json_string_value(json_object_get(value, "effect"));
	const json_t *condition = json_object_get(value, "condition");

	out->permission = name ? name : "";
	out->action = action ? action : "";
	out->deny = effect && strcmp(effect, "deny") == 0;
	out->condition = json_is_object(condition) ? condition : NULL;
}
