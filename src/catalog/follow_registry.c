/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_registry.c - switches and quarantines between PostgreSQL, the copy
 * and the board.
 */
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "catalog/follow_priv.h"
#include "db/db.h"

/* Everything that a table of the copy holds, removed. */
static int empty_table(struct cb_ctx *ctx, struct cbi_copy_txn *txn, int table)
{
	size_t n = cbi_copy_count(txn, table), count = 0;
	struct cbi_span *keys = cb_alloc(ctx, (n + 1) * sizeof(*keys));
	struct cbi_copy_cursor *cursor;
	struct cbi_span key, value;
	int rc;

	if (!keys)
		return CB_ENOMEM;
	rc = cbi_copy_seek(ctx, txn, table, NULL, 0, &cursor);
	if (rc < 0)
		return rc;
	while (count < n && cbi_copy_next(cursor, &key, &value)) {
		keys[count].ptr = cb_strndup(ctx, key.ptr, key.len);
		keys[count].len = key.len;
		if (!keys[count++].ptr)
			return CB_ENOMEM;
	}
	for (size_t i = 0; i < count && rc == CB_OK; i++)
		rc = cbi_copy_del(ctx, txn, table, keys[i].ptr, keys[i].len);
	return rc;
}

static void write_member(struct cb_buf *buf, const char *name, const char *text)
{
	cb_buf_printf(buf, ",\"%s\":", name);
	cbi_str_json(buf, text, strlen(text));
}

static int put_plugins(struct cb_ctx *ctx, struct cbi_follower *f,
                       struct cbi_copy_txn *txn)
{
	static const struct cbi_db_stmt fetch = {
		"catalog_plugins",
		"select name, wanted, changed_by, (extract(epoch from "
		"changed_at) * 1000)::bigint, reason, coalesce((extract(epoch "
		"from quarantined_at) * 1000)::bigint, 0) from "
		"callboard.plugin",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &fetch, NULL, 0, &result);

	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(result); i++) {
		struct cb_buf *buf = &f->scratch;
		const char *name = cbi_db_text(result, i, 0);
		char iso[CBI_TIME_LEN];

		cbi_buf_clear(buf);
		cb_buf_printf(buf, "{\"wanted\":%s",
		              cbi_db_bool(result, i, 1) ? "true" : "false");
		write_member(buf, "changed_by", cbi_db_text(result, i, 2));
		cbi_clock_iso(cbi_db_int(result, i, 3), iso);
		write_member(buf, "changed_at", iso);
		write_member(buf, "reason", cbi_db_text(result, i, 4));
		if (cbi_db_int(result, i, 5)) {
			cbi_clock_iso(cbi_db_int(result, i, 5), iso);
			write_member(buf, "quarantined_at", iso);
		}
		cb_buf_text(buf, "}");
		rc = buf->failed
		         ? buf->failed
		         : cbi_copy_put(ctx, txn, CBI_TABLE_PLUGIN, name,
		                        strlen(name), buf->data, buf->len);
	}
	return rc;
}

/* policy/policy_store.h says how. */
static int put_roles(struct cb_ctx *ctx, struct cbi_copy_txn *txn)
{
	static const struct cbi_db_stmt fetch = {
		"catalog_roles",
		"select 'm', member, role, '' from callboard.role_member union "
		"all select 'r', role, null, json_agg(json_build_object("
		"'permission', permission, 'action', action, 'effect', effect,"
		" 'condition', condition::json) order by id)::text from "
		"callboard.role_permission group by role",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &fetch, NULL, 0, &result);

	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(result); i++) {
		const char *value = cbi_db_text(result, i, 3);
		char key[CB_COPY_KEY_MAX];
		size_t len = 2;

		key[0] = *cbi_db_text(result, i, 0);
		key[1] = '\0';
		for (size_t k = 1; k < 3; k++) {
			size_t part = cbi_db_len(result, i, k);

			if (part >= sizeof(key) - len)
				return cb_fail(ctx, CB_EBUG,
				               "a role's key is too long");
			/* A role's own row has no third part. */
			if (part)
				memcpy(key + len, cbi_db_text(result, i, k),
				       part);
			len += part;
			if (k == 1 && key[0] == 'm')
				key[len++] = '\0';
		}
		rc = cbi_copy_put(ctx, txn, CBI_TABLE_ROLE, key, len, value,
		                  strlen(value));
	}
	return rc;
}

int cbi_follow_registry(struct cb_ctx *ctx, struct cbi_follower *f,
                        struct cbi_copy_txn *txn)
{
	static const int tables[] = { CBI_TABLE_PLUGIN,    CBI_TABLE_KEY,
		                      CBI_TABLE_TOKEN_KEY, CBI_TABLE_PERSONAL,
		                      CBI_TABLE_ROLE,      CBI_TABLE_REVOKED };
	int rc = CB_OK;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (rc == CB_OK)
			rc = empty_table(ctx, txn, tables[i]);
	if (rc == CB_OK)
		rc = cbi_follow_revoked_all(ctx, txn);
	if (rc == CB_OK)
		rc = put_plugins(ctx, f, txn);
	if (rc == CB_OK)
		rc = cbi_follow_keys(ctx, txn);
	if (rc == CB_OK)
		rc = put_roles(ctx, txn);
	/* Whoever was switched is looked at anew. */
	memset(f->carried, 0, sizeof(f->carried));
	return rc;
}

/* --- quarantine --- */

struct quarantine {
	const char *name;
	int64_t wall; /* when this host's board said so */
	bool lifted;  /* somebody has switched the plugin on since */
};

static int write_quarantine(struct cb_ctx *ctx, const struct quarantine *q)
{
	static const struct cbi_db_stmt write = {
		"catalog_quarantine",
		"insert into callboard.plugin (name, changed_by, reason, "
		"quarantined_at) values ($1, $2, $3, clock_timestamp()) on "
		"conflict (name) do update set changed_by = "
		"excluded.changed_by, changed_at = clock_timestamp(), reason "
		"= excluded.reason, quarantined_at = excluded.quarantined_at",
	};
	const char *params[3] = { q->name, ctx->actor,
		                  "crashed 3 times within a minute" };
	struct cbi_audit entry = {
		.action = "plugin.quarantine",
		.object = q->name,
		.after = "{\"quarantined\":true}",
	};
	int rc = cbi_db_query(ctx, &write, params, 3, NULL);

	if (rc == CB_OK)
		rc = cbi_audit_write(ctx, &entry);
	if (rc == CB_OK)
		rc = cbi_db_registry_change(ctx, "quarantine", NULL);
	return rc;
}

static int carry(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt find = {
		"catalog_quarantine_find",
		"select quarantined_at is not null, (extract(epoch from "
		"changed_at) * 1000)::bigint from callboard.plugin where name "
		"= $1 for update",
	};
	struct quarantine *q = arg;
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &find, &q->name, 1, &result);

	if (rc < 0)
		return rc;
	q->lifted = false;
	if (cbi_db_rows(result) == 1) {
		if (cbi_db_bool(result, 0, 0))
			return CB_OK; /* the fleet knows already */
		if (cbi_db_int(result, 0, 1) > q->wall) {
			q->lifted = true;
			return CB_OK;
		}
	}
	return write_quarantine(ctx, q);
}

static int carry_row(struct cb_ctx *ctx, struct cbi_board_plugin *plugin,
                     int64_t since)
{
	struct quarantine q = {
		.name = plugin->name,
		.wall = since,
	};
	const char *actor = ctx->actor;
	int rc;

	ctx->actor = "service:follower";
	rc = cbi_db_transact(ctx, carry, &q);
	ctx->actor = actor;
	if (rc == CB_OK && q.lifted) {
		/* Only this one: a newer quarantine stays. */
		atomic_store(&plugin->crashes, 0);
		atomic_compare_exchange_strong(&plugin->quarantined_at, &since,
		                               0);
	}
	return rc;
}

int cbi_follow_quarantine(struct cb_ctx *ctx, struct cbi_follower *f)
{
	struct cbi_board *board = cbi_board();

	for (int i = 0; i < CB_BOARD_PLUGINS; i++) {
		struct cbi_board_plugin *plugin = &board->plugins[i];
		int64_t since = atomic_load(&plugin->quarantined_at);
		int rc;

		if (!since || since == f->carried[i] ||
		    atomic_load(&plugin->used) != 2)
			continue;
		rc = carry_row(ctx, plugin, since);
		if (rc < 0)
			return rc;
		f->carried[i] = since;
	}
	return CB_OK;
}
