/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_store.c - see policy_store.h.
 */
#include "policy/policy_store.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/buf.h"
#include "base/limits.h"
#include "db/db.h"
#include "json/json.h"

#define DESCRIPTION_MAX 500

/* ---- Reading ----------------------------------------------------------------
 */

int cbi_policy_roles(struct cb_ctx *ctx, const char *name, json_t **out)
{
	static const struct cbi_db_stmt fetch = {
		"policy_roles",
		"select coalesce(json_agg(json_build_object('name', r.name, "
		"'description', r.description, 'changedBy', r.changed_by, "
		"'changedAt', to_char(r.changed_at at time zone 'UTC', "
		"'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), 'members', "
		"coalesce((select json_agg(m.member order by m.member) from "
		"callboard.role_member m where m.role = r.name), '[]'::json), "
		"'permissions', coalesce((select json_agg(json_build_object("
		"'id', p.id, 'permission', p.permission, 'action', p.action, "
		"'effect', p.effect, 'condition', p.condition::json) order by "
		"p.permission, p.action, p.id) from callboard.role_permission "
		"p where p.role = r.name), '[]'::json)) order by r.name), "
		"'[]'::json)::text from callboard.role r where $1::text is "
		"null or r.name = $1",
	};
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &fetch, &name, 1, &rows);

	return rc < 0 ? rc
	              : cb_json_parse(ctx, cbi_db_text(rows, 0, 0),
	                              cbi_db_len(rows, 0, 0), out);
}

/* ---- Changing
 * ---------------------------------------------------------------- */

/* What one transaction does. */
struct doing {
	const char *role;
	const char *text; /* a description, or a member */
	const struct cbi_policy_entry *entry;
	int64_t id;
	const json_t *roles;
	bool try;
	size_t added;
	struct cbi_policy_change *change;
};

static const char *dumped(struct cb_ctx *ctx, const json_t *value)
{
	struct cb_buf buf;
	const char *out = NULL;

	cbi_buf_init(&buf, 8 * CB_MIB);
	if (value && cbi_json_canonical(&buf, value) == CB_OK)
		out = cb_strdup(ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return out;
}

/* The audit's row and the change number; takes the values over. */
static int note(struct cb_ctx *ctx, const struct doing *d, const char *action,
                json_t *before, json_t *after)
{
	struct cbi_audit entry = {
		.action = action,
		.object = cb_printf(ctx, "role %s", d->role),
		.before = before ? dumped(ctx, before) : NULL,
		.after = after ? dumped(ctx, after) : NULL,
		.address = d->change->address,
	};
	int rc = CB_OK;

	if (!entry.object || (before && !entry.before) ||
	    (after && !entry.after))
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for the audit");
	json_decref(before);
	json_decref(after);
	return rc < 0 ? rc : cbi_audit_write(ctx, &entry);
}

static int announce(struct cb_ctx *ctx, const struct doing *d,
                    const char *action)
{
	return cbi_db_registry_change(
	    ctx, cb_printf(ctx, "%s %s", action, d->role ? d->role : ""),
	    &d->change->number);
}

/* Runs a statement that tells by a row whether anything changed. */
static int run(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
               const char *const *params, size_t n, bool *changed)
{
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, stmt, params, n, &rows);

	*changed = rc == CB_OK && cbi_db_rows(rows) > 0;
	return rc;
}

/* The role's row, locked, and touched by who changes it. */
static int touch(struct cb_ctx *ctx, const char *role)
{
	static const struct cbi_db_stmt stmt = {
		"policy_touch",
		"update callboard.role set changed_by = $2, changed_at = "
		"clock_timestamp() where name = $1 returning 1",
	};
	const char *params[] = { role, cb_actor(ctx) };
	bool found;
	int rc = run(ctx, &stmt, params, 2, &found);

	if (rc == CB_OK && !found)
		rc = cb_fail(ctx, CB_ENOENT, "no role '%.80s'", role);
	return rc;
}

static int put_role(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt stmt = {
		"policy_role_put",
		"insert into callboard.role (name, description, changed_by) "
		"values ($1, $2, $3) on conflict (name) do update set "
		"description = excluded.description, changed_by = "
		"excluded.changed_by, changed_at = clock_timestamp() where "
		"role.description <> excluded.description returning 1",
	};
	struct doing *d = arg;
	const char *params[] = { d->role, d->text, cb_actor(ctx) };
	bool changed;
	int rc = run(ctx, &stmt, params, 3, &changed);

	d->change->number = 0;
	if (rc < 0 || !changed)
		return rc;
	rc = note(ctx, d, "policy.role.put", NULL,
	          json_pack("{s:s}", "description", d->text));
	return rc < 0 ? rc : announce(ctx, d, "policy.role.put");
}

static int delete_role(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt stmt = {
		"policy_role_delete",
		"delete from callboard.role where name = $1 returning 1",
	};
	struct doing *d = arg;
	json_t *before;
	bool changed;
	int rc = touch(ctx, d->role);

	if (rc == CB_OK)
		rc = cbi_policy_roles(ctx, d->role, &before);
	if (rc == CB_OK)
		rc = run(ctx, &stmt, &d->role, 1, &changed);
	if (rc == CB_OK)
		rc = note(ctx, d, "policy.role.delete",
		          json_incref(json_array_get(before, 0)), NULL);
	return rc < 0 ? rc : announce(ctx, d, "policy.role.delete");
}

static int count_of(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                    const char *role, int64_t most, const char *what)
{
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, stmt, &role, 1, &rows);

	if (rc == CB_OK && cbi_db_int(rows, 0, 0) > most)
		rc = cb_fail(ctx, CB_EINVAL,
		             "role '%s' would have more than %lld %s", role,
		             (long long)most, what);
	return rc;
}

static int insert_member(struct cb_ctx *ctx, const char *role,
                         const char *member, bool *added)
{
	static const struct cbi_db_stmt stmt = {
		"policy_member_add",
		"insert into callboard.role_member (role, member) values ($1, "
		"$2) on conflict do nothing returning 1",
	};
	static const struct cbi_db_stmt count = {
		"policy_member_count",
		"select count(*) from callboard.role_member where role = $1",
	};
	const char *params[] = { role, member };
	int rc = run(ctx, &stmt, params, 2, added);

	return rc < 0 ? rc
	              : count_of(ctx, &count, role, CBI_ROLE_MEMBERS_MAX,
	                         "members");
}

static int insert_entry(struct cb_ctx *ctx, const char *role,
                        const struct cbi_policy_entry *entry, bool *added)
{
	static const struct cbi_db_stmt stmt = {
		"policy_entry_add",
		"insert into callboard.role_permission (role, permission, "
		"action, effect, condition) values ($1, $2, $3, $4, $5) on "
		"conflict do nothing returning 1",
	};
	static const struct cbi_db_stmt count = {
		"policy_entry_count",
		"select count(*) from callboard.role_permission where role = "
		"$1",
	};
	const char *params[] = { role, entry->permission, entry->action,
		                 entry->deny ? "deny" : "allow", NULL };
	int rc;

	if (json_is_object(entry->condition)) {
		params[4] = dumped(ctx, entry->condition);
		if (!params[4])
			return cb_fail(ctx, CB_ETOOBIG,
			               "the condition is too long");
	}
	rc = run(ctx, &stmt, params, 5, added);
	return rc < 0 ? rc
	              : count_of(ctx, &count, role, CBI_ROLE_ENTRIES_MAX,
	                         "permissions");
}

static int add_member(struct cb_ctx *ctx, void *arg)
{
	struct doing *d = arg;
	bool added;
	int rc = touch(ctx, d->role);

	d->change->number = 0;
	if (rc == CB_OK)
		rc = insert_member(ctx, d->role, d->text, &added);
	if (rc < 0 || !added)
		return rc;
	rc = note(ctx, d, "policy.member.add", NULL,
	          json_pack("{s:s}", "member", d->text));
	return rc < 0 ? rc : announce(ctx, d, "policy.member.add");
}

static int remove_member(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt stmt = {
		"policy_member_remove",
		"delete from callboard.role_member where role = $1 and member "
		"= $2 returning 1",
	};
	struct doing *d = arg;
	const char *params[] = { d->role, d->text };
	bool changed;
	int rc = touch(ctx, d->role);

	if (rc == CB_OK)
		rc = run(ctx, &stmt, params, 2, &changed);
	if (rc == CB_OK && !changed)
		rc = cb_fail(ctx, CB_ENOENT, "role '%s' has no member '%.200s'",
		             d->role, d->text);
	if (rc == CB_OK)
		rc = note(ctx, d, "policy.member.remove",
		          json_pack("{s:s}", "member", d->text), NULL);
	return rc < 0 ? rc : announce(ctx, d, "policy.member.remove");
}

static int add_entry(struct cb_ctx *ctx, void *arg)
{
	struct doing *d = arg;
	bool added;
	int rc = touch(ctx, d->role);

	d->change->number = 0;
	if (rc == CB_OK)
		rc = insert_entry(ctx, d->role, d->entry, &added);
	if (rc < 0 || !added)
		return rc;
	rc = note(ctx, d, "policy.permission.add", NULL,
	          cbi_policy_entry_json(d->entry));
	return rc < 0 ? rc : announce(ctx, d, "policy.permission.add");
}

static int remove_entry(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt stmt = {
		"policy_entry_remove",
		"delete from callboard.role_permission where role = $1 and id "
		"= $2::bigint returning json_build_object('permission', "
		"permission, 'action', action, 'effect', effect, 'condition', "
		"condition::json)::text",
	};
	struct doing *d = arg;
	const char *params[] = { d->role, cbi_db_number(ctx, d->id) };
	struct cbi_db_result *rows;
	json_t *before = NULL;
	int rc = params[1] ? touch(ctx, d->role) : CB_ENOMEM;

	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &stmt, params, 2, &rows);
	if (rc == CB_OK && cbi_db_rows(rows) == 0)
		rc = cb_fail(ctx, CB_ENOENT, "role '%s' has no permission %lld",
		             d->role, (long long)d->id);
	if (rc == CB_OK)
		rc = cb_json_parse(ctx, cbi_db_text(rows, 0, 0),
		                   cbi_db_len(rows, 0, 0), &before);
	if (rc == CB_OK)
		rc = note(ctx, d, "policy.permission.remove",
		          json_incref(before), NULL);
	return rc < 0 ? rc : announce(ctx, d, "policy.permission.remove");
}

/* ---- Merging
 * ----------------------------------------------------------------- */

static int merge_members(struct cb_ctx *ctx, const char *role,
                         const json_t *list, json_t *fresh)
{
	int rc = CB_OK;

	for (size_t i = 0; i < json_array_size(list) && rc == CB_OK; i++) {
		const char *ref = json_string_value(json_array_get(list, i));
		bool added;

		rc = insert_member(ctx, role, ref, &added);
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
		rc = insert_entry(ctx, role, &entry, &added);
		if (rc == CB_OK && added)
			json_array_append_new(fresh,
			                      cbi_policy_entry_json(&entry));
	}
	return rc;
}

static int merge_role(struct cb_ctx *ctx, struct doing *d, const json_t *role)
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
	int rc = run(ctx, &make, params, 2, &made);

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
	rc = touch(ctx, d->role);
	if (rc == CB_OK)
		return note(ctx, d, "policy.import", NULL, after);
	json_decref(after);
	return rc;
}

/* Nothing of a trial is kept. */
#define ONLY_TRIED CB_ECHANGED

static int merge(struct cb_ctx *ctx, void *arg)
{
	struct doing *d = arg;
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
	return announce(ctx, d, "policy.import");
}

/* ---- The doors
 * ----------------------------------------------------------------- */

static int check_role(struct cb_ctx *ctx, const char *name)
{
	if (cbi_policy_role_ok(name))
		return CB_OK;
	return cb_fail(ctx, CB_EINVAL,
	               "'%.80s' is no name of a role: expected letters, "
	               "digits, '-', '_' and '.', at most %d",
	               name, CBI_ROLE_MAX);
}

int cbi_policy_role_put(struct cb_ctx *ctx, const char *name,
                        const char *description,
                        struct cbi_policy_change *change)
{
	struct doing d = { .role = name,
		           .text = description,
		           .change = change };
	int rc = check_role(ctx, name);

	if (rc == CB_OK && strlen(description) > DESCRIPTION_MAX)
		rc = cb_fail(ctx, CB_EINVAL,
		             "the description is longer than %d bytes",
		             DESCRIPTION_MAX);
	return rc < 0 ? rc : cbi_db_transact(ctx, put_role, &d);
}

int cbi_policy_role_delete(struct cb_ctx *ctx, const char *name,
                           struct cbi_policy_change *change)
{
	struct doing d = { .role = name, .change = change };

	return cbi_db_transact(ctx, delete_role, &d);
}

static int change_member(struct cb_ctx *ctx, const char *role,
                         const char *member, struct cbi_policy_change *change,
                         int (*fn)(struct cb_ctx *ctx, void *arg))
{
	struct doing d = { .role = role, .change = change };
	int rc = cbi_policy_member(ctx, member, &d.text);

	return rc < 0 ? rc : cbi_db_transact(ctx, fn, &d);
}

int cbi_policy_member_add(struct cb_ctx *ctx, const char *role,
                          const char *member, struct cbi_policy_change *change)
{
	return change_member(ctx, role, member, change, add_member);
}

int cbi_policy_member_remove(struct cb_ctx *ctx, const char *role,
                             const char *member,
                             struct cbi_policy_change *change)
{
	return change_member(ctx, role, member, change, remove_member);
}

int cbi_policy_entry_add(struct cb_ctx *ctx, const char *role,
                         const struct cbi_policy_entry *entry,
                         struct cbi_policy_change *change)
{
	struct doing d = { .role = role, .entry = entry, .change = change };
	int rc = cbi_policy_entry_check(ctx, entry);

	return rc < 0 ? rc : cbi_db_transact(ctx, add_entry, &d);
}

int cbi_policy_entry_remove(struct cb_ctx *ctx, const char *role, int64_t id,
                            struct cbi_policy_change *change)
{
	struct doing d = { .role = role, .id = id, .change = change };

	return cbi_db_transact(ctx, remove_entry, &d);
}

int cbi_policy_merge(struct cb_ctx *ctx, const json_t *roles, bool try,
                     size_t *added, struct cbi_policy_change *change)
{
	struct doing d = { .roles = roles, .try = try, .change = change };
	int rc = cbi_db_transact(ctx, merge, &d);

	if (rc == ONLY_TRIED)
		rc = CB_OK;
	*added = d.added;
	return rc;
}
