/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_merge.c - many roles at once, added to what there is: an import.
 */
#include "policy/policy_store_priv.h"

#include "db/db.h"

static int merge_members(struct cb_ctx *ctx, const char *role,
                         const json_t *list, json_t *fresh)
{
	int rc = CB_OK;

	for (size_t i = 0; i < json_array_size(list) && rc == CB_OK; i++) {
		const char *ref = json_string_value(json_array_get(list, i));
		bool added;

		rc = cbi_policy_insert_member(ctx, role, ref, &added);
		if (rc == CB_OK && added)
			json_array_append_new(fresh, json_string(ref));
	}
	return rc;
}

static int merge_entries(struct cb_ctx *ctx, const char *role,
                         const json_t *list, json_t *fresh)
{
	int rc = CB_OK;

	for (size_t i = 0; i < json_array_size(list) && rc == CB_OK; i++) {
		struct cbi_policy_entry entry;
		bool added;

		cbi_policy_entry_read(json_array_get(list, i), &entry);
		rc = cbi_policy_insert_entry(ctx, role, &entry, &added);
		if (rc == CB_OK && added)
			json_array_append_new(fresh,
			                      cbi_policy_entry_json(&entry));
	}
	return rc;
}

static int merge_role(struct cb_ctx *ctx, struct cbi_policy_doing *d,
                      const json_t *role)
{
	static const struct cbi_db_stmt make = {
		"policy_role_make",
		"insert into callboard.role (name, changed_by) values ($1, $2) "
		"on conflict (name) do nothing returning 1",
	};
	json_t *members = json_array(), *entries = json_array(), *after;
	const char *params[] = {
		json_string_value(json_object_get(role, "name")), cb_actor(ctx)
	};
	size_t n;
	bool made;
	int rc = cbi_policy_run(ctx, &make, params, 2, &made);

	d->role = params[0];
	if (rc == CB_OK)
		rc = merge_members(ctx, d->role,
		                   json_object_get(role, "members"), members);
	if (rc == CB_OK)
		rc = merge_entries(ctx, d->role,
		                   json_object_get(role, "permissions"),
		                   entries);
	n = json_array_size(members) + json_array_size(entries);
	if (rc < 0 || (!n && !made)) {
		json_decref(members);
		json_decref(entries);
		return rc;
	}
	d->added += n;
	after =
	    json_pack("{s:o, s:o}", "members", members, "permissions", entries);
	rc = cbi_policy_touch(ctx, d->role);
	if (rc == CB_OK)
		return cbi_policy_note(ctx, d, "policy.import", NULL, after);
	json_decref(after);
	return rc;
}

/* Nothing of a trial is kept. */
#define ONLY_TRIED CB_ECHANGED

static int merge(struct cb_ctx *ctx, void *arg)
{
	struct cbi_policy_doing *d = arg;
	int rc = CB_OK;

	d->added = 0;
	d->change->number = 0;
	for (size_t i = 0; i < json_array_size(d->roles) && rc == CB_OK; i++)
		rc = merge_role(ctx, d, json_array_get(d->roles, i));
	if (rc == CB_OK && d->try)
		return ONLY_TRIED;
	if (rc < 0 || !d->added)
		return rc;
	d->role = NULL;
	return cbi_policy_announce(ctx, d, "policy.import");
}

int cbi_policy_merge(struct cb_ctx *ctx, const json_t *roles, bool try,
                     size_t *added, struct cbi_policy_change *change)
{
	struct cbi_policy_doing d = { .roles = roles,
		                      .try = try,
		                      .change = change };
	int rc = cbi_db_transact(ctx, merge, &d);

	if (rc == ONLY_TRIED)
		rc = CB_OK;
	*added = d.added;
	return rc;
}
