/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_store.c - see policy_store.h: reading roles, and one change each.
 */
#include "policy/policy_store_priv.h"

#include <string.h>

#include "db/db.h"
#include "json/json.h"

#define DESCRIPTION_MAX 500

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

/* ---- Changing ------------------------------------------------------------ */

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
	struct cbi_policy_doing *d = arg;
	const char *params[] = { d->role, d->text, cb_actor(ctx) };
	bool changed;
	int rc = cbi_policy_run(ctx, &stmt, params, 3, &changed);

	d->change->number = 0;
	if (rc < 0 || !changed)
		return rc;
	rc = cbi_policy_note(ctx, d, "policy.role.put", NULL,
	                     json_pack("{s:s}", "description", d->text));
	return rc < 0 ? rc : cbi_policy_announce(ctx, d, "policy.role.put");
}

static int delete_role(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt stmt = {
		"policy_role_delete",
		"delete from callboard.role where name = $1 returning 1",
	};
	struct cbi_policy_doing *d = arg;
	json_t *before;
	bool changed;
	int rc = cbi_policy_touch(ctx, d->role);

	if (rc == CB_OK)
		rc = cbi_policy_roles(ctx, d->role, &before);
	if (rc == CB_OK)
		rc = cbi_policy_run(ctx, &stmt, &d->role, 1, &changed);
	if (rc == CB_OK)
		rc = cbi_policy_note(ctx, d, "policy.role.delete",
		                     json_incref(json_array_get(before, 0)),
		                     NULL);
	return rc < 0 ? rc : cbi_policy_announce(ctx, d, "policy.role.delete");
}

static int add_member(struct cb_ctx *ctx, void *arg)
{
	struct cbi_policy_doing *d = arg;
	bool added;
	int rc = cbi_policy_touch(ctx, d->role);

	d->change->number = 0;
	if (rc == CB_OK)
		rc = cbi_policy_insert_member(ctx, d->role, d->text, &added);
	if (rc < 0 || !added)
		return rc;
	rc = cbi_policy_note(ctx, d, "policy.member.add", NULL,
	                     json_pack("{s:s}", "member", d->text));
	return rc < 0 ? rc : cbi_policy_announce(ctx, d, "policy.member.add");
}

static int remove_member(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt stmt = {
		"policy_member_remove",
		"delete from callboard.role_member where role = $1 and member "
		"= $2 returning 1",
	};
	struct cbi_policy_doing *d = arg;
	const char *params[] = { d->role, d->text };
	bool changed;
	int rc = cbi_policy_touch(ctx, d->role);

	if (rc == CB_OK)
		rc = cbi_policy_run(ctx, &stmt, params, 2, &changed);
	if (rc == CB_OK && !changed)
		rc = cb_fail(ctx, CB_ENOENT, "role '%s' has no member '%.200s'",
		             d->role, d->text);
	if (rc == CB_OK)
		rc = cbi_policy_note(ctx, d, "policy.member.remove",
		                     json_pack("{s:s}", "member", d->text),
		                     NULL);
	return rc < 0 ? rc
	              : cbi_policy_announce(ctx, d, "policy.member.remove");
}

static int add_entry(struct cb_ctx *ctx, void *arg)
{
	struct cbi_policy_doing *d = arg;
	bool added;
	int rc = cbi_policy_touch(ctx, d->role);

	d->change->number = 0;
	if (rc == CB_OK)
		rc = cbi_policy_insert_entry(ctx, d->role, d->entry, &added);
	if (rc < 0 || !added)
		return rc;
	rc = cbi_policy_note(ctx, d, "policy.permission.add", NULL,
	                     cbi_policy_entry_json(d->entry));
	return rc < 0 ? rc
	              : cbi_policy_announce(ctx, d, "policy.permission.add");
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
	struct cbi_policy_doing *d = arg;
	const char *params[] = { d->role, cbi_db_number(ctx, d->id) };
	struct cbi_db_result *rows;
	json_t *before = NULL;
	int rc = params[1] ? cbi_policy_touch(ctx, d->role) : CB_ENOMEM;

	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &stmt, params, 2, &rows);
	if (rc == CB_OK && cbi_db_rows(rows) == 0)
		rc = cb_fail(ctx, CB_ENOENT, "role '%s' has no permission %lld",
		             d->role, (long long)d->id);
	if (rc == CB_OK)
		rc = cb_json_parse(ctx, cbi_db_text(rows, 0, 0),
		                   cbi_db_len(rows, 0, 0), &before);
	if (rc == CB_OK)
		rc = cbi_policy_note(ctx, d, "policy.permission.remove",
		                     json_incref(before), NULL);
	return rc < 0 ? rc
	              : cbi_policy_announce(ctx, d, "policy.permission.remove");
}

/* ---- The doors ----------------------------------------------------------- */

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
	struct cbi_policy_doing d = { .role = name,
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
	struct cbi_policy_doing d = { .role = name, .change = change };

	return cbi_db_transact(ctx, delete_role, &d);
}

static int change_member(struct cb_ctx *ctx, const char *role,
                         const char *member, struct cbi_policy_change *change,
                         int (*fn)(struct cb_ctx *ctx, void *arg))
{
	struct cbi_policy_doing d = { .role = role, .change = change };
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
	struct cbi_policy_doing d = { .role = role,
		                      .entry = entry,
		                      .change = change };
	int rc = cbi_policy_entry_check(ctx, entry);

	return rc < 0 ? rc : cbi_db_transact(ctx, add_entry, &d);
}

int cbi_policy_entry_remove(struct cb_ctx *ctx, const char *role, int64_t id,
                            struct cbi_policy_change *change)
{
	struct cbi_policy_doing d = { .role = role,
		                      .id = id,
		                      .change = change };

	return cbi_db_transact(ctx, remove_entry, &d);
}
