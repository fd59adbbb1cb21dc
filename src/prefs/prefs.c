/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefs.c - see prefs.h.
 */
#include "prefs/prefs.h"

#include <string.h>

#include "audit/audit.h"
#include "db/db.h"

struct change {
	const char *user;
	const struct cbi_pref *pref;
	const char *value; /* NULL: it goes */
	const char *address;
};

static int check_name(struct cb_ctx *ctx, const char *what, const char *name)
{
	size_t len = strlen(name);

	if (len > 0 && len <= CB_PREFS_NAME_MAX)
		return CB_OK;
	return cb_fail(ctx, CB_EINVAL, "the %s has %zu bytes, expected 1 to %d",
	               what, len, CB_PREFS_NAME_MAX);
}

static int check(struct cb_ctx *ctx, const struct cbi_pref *pref)
{
	int rc = check_name(ctx, "bucket", pref->bucket);

	return rc < 0 ? rc : check_name(ctx, "key", pref->key);
}

int cbi_prefs_get(struct cb_ctx *ctx, const char *user,
                  const struct cbi_pref *pref, const char **value)
{
	static const struct cbi_db_stmt fetch = {
		"prefs_get",
		"select value from user_setting where user_ref = $1 and bucket "
		"= $2 and key = $3",
	};
	const char *params[] = { user, pref->bucket, pref->key };
	struct cbi_db_result *result;
	int rc = check(ctx, pref);

	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &fetch, params, 3, &result);
	if (rc == CB_OK)
		*value = cbi_db_rows(result) ? cbi_db_text(result, 0, 0) : NULL;
	return rc;
}

static int note(struct cb_ctx *ctx, const struct change *change)
{
	const struct cbi_audit entry = {
		.action = change->value ? "user-settings.set"
		                        : "user-settings.delete",
		.object = cb_printf(ctx, "%s/%s", change->pref->bucket,
		                    change->pref->key),
		.address = change->address,
	};

	return entry.object ? cbi_audit_write(ctx, &entry) : CB_ENOMEM;
}

/* Nothing is written, nor audited, where the value is there already. */
static int set(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt put = {
		"prefs_set",
		"insert into user_setting as s (user_ref, bucket, key, value) "
		"values ($1, $2, $3, $4) on conflict (user_ref, bucket, key) "
		"do "
		"update set value = excluded.value, changed_at = "
		"clock_timestamp() where s.value is distinct from "
		"excluded.value returning 1",
	};
	static const struct cbi_db_stmt count = {
		"prefs_count",
		"select count(*) from user_setting where user_ref = $1",
	};
	const struct change *change = arg;
	const char *params[] = { change->user, change->pref->bucket,
		                 change->pref->key, change->value };
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &put, params, 4, &result);

	if (rc < 0 || cbi_db_rows(result) == 0)
		return rc;
	rc = cbi_db_query(ctx, &count, params, 1, &result);
	if (rc == CB_OK && cbi_db_int(result, 0, 0) > CB_PREFS_MAX)
		rc = cb_fail(ctx, CB_ETOOBIG,
		             "more than %d settings of one person",
		             CB_PREFS_MAX);
	return rc < 0 ? rc : note(ctx, change);
}

static int unset(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt drop = {
		"prefs_delete",
		"delete from user_setting where user_ref = $1 and bucket = $2 "
		"and key = $3 returning 1",
	};
	const struct change *change = arg;
	const char *params[] = { change->user, change->pref->bucket,
		                 change->pref->key };
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &drop, params, 3, &result);

	return rc < 0 || cbi_db_rows(result) == 0 ? rc : note(ctx, change);
}

int cbi_prefs_set(struct cb_ctx *ctx, const char *user,
                  const struct cbi_pref *pref, const char *value,
                  const char *address)
{
	struct change change = { user, pref, value, address };
	int rc = check(ctx, pref);

	if (rc == CB_OK && strlen(value) > CB_PREFS_VALUE_MAX)
		rc =
		    cb_fail(ctx, CB_ETOOBIG, "the value has more than %d bytes",
		            CB_PREFS_VALUE_MAX);
	return rc < 0 ? rc : cbi_db_transact(ctx, set, &change);
}

int cbi_prefs_delete(struct cb_ctx *ctx, const char *user,
                     const struct cbi_pref *pref, const char *address)
{
	struct change change = { user, pref, NULL, address };
	int rc = check(ctx, pref);

	return rc < 0 ? rc : cbi_db_transact(ctx, unset, &change);
}
