/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_rows.c - the rows of a role, and what each change of them leaves: the
 * audit's row and the change number.  All within an open transaction.
 */
#include "policy/policy_store_priv.h"

#include "audit/audit.h"
#include "base/buf.h"
#include "base/limits.h"
#include "db/db.h"
#include "json/json.h"

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
int cbi_policy_note(struct cb_ctx *ctx, const struct cbi_policy_doing *d,
                    const char *action, json_t *before, json_t *after)
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

int cbi_policy_announce(struct cb_ctx *ctx, const struct cbi_policy_doing *d,
                        const char *action)
{
	return cbi_db_registry_change(
	    ctx, cb_printf(ctx, "%s %s", action, d->role ? d->role : ""),
	    &d->change->number);
}

/* Runs a statement that tells by a row whether anything changed. */
int cbi_policy_run(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                   const char *const *params, size_t n, bool *changed)
{
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, stmt, params, n, &rows);

	*changed = rc == CB_OK && cbi_db_rows(rows) > 0;
	return rc;
}

/* The role's row, locked, and touched by who changes it. */
int cbi_policy_touch(struct cb_ctx *ctx, const char *role)
{
	static const struct cbi_db_stmt stmt = {
		"policy_touch",
		"update callboard.role set changed_by = $2, changed_at = "
		"clock_timestamp() where name = $1 returning 1",
	};
	const char *params[] = { role, cb_actor(ctx) };
	bool found;
	int rc = cbi_policy_run(ctx, &stmt, params, 2, &found);

	if (rc == CB_OK && !found)
		rc = cb_fail(ctx, CB_ENOENT, "no role '%.80s'", role);
	return rc;
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

int cbi_policy_insert_member(struct cb_ctx *ctx, const char *role,
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
	int rc = cbi_policy_run(ctx, &stmt, params, 2, added);

	return rc < 0 ? rc
	              : count_of(ctx, &count, role, CBI_ROLE_MEMBERS_MAX,
	                         "members");
}

int cbi_policy_insert_entry(struct cb_ctx *ctx, const char *role,
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
	rc = cbi_policy_run(ctx, &stmt, params, 5, added);
	return rc < 0 ? rc
	              : count_of(ctx, &count, role, CBI_ROLE_ENTRIES_MAX,
	                         "permissions");
}
