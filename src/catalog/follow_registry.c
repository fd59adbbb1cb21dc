/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_registry.c - switches, keys and quarantines between PostgreSQL, the
 * copy and the board.
 */
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "catalog/change.h"
#include "catalog/follow_priv.h"
#include "crypto/crypto.h"
#include "db/db.h"

#define SECRET_LEN 32

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

static int put_keys(struct cb_ctx *ctx, struct cbi_copy_txn *txn)
{
	static const struct cbi_db_stmt fetch = {
		"catalog_keys",
		"select id::text, (extract(epoch from created_at) * "
		"1000)::bigint, secret from callboard.signing_key",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &fetch, NULL, 0, &result);

	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(result); i++) {
		const char *id = cbi_db_text(result, i, 0);
		unsigned char record[8 + 256];
		const unsigned char *secret;
		size_t len;

		rc = cbi_db_bytes(ctx, result, i, 2, &secret, &len);
		if (rc < 0)
			break;
		if (len > sizeof(record) - 8)
			return cb_fail(ctx, CB_EBUG,
			               "signing key %s is longer than %zu "
			               "bytes",
			               id, sizeof(record) - 8);
		cbi_layout_number((uint64_t)cbi_db_int(result, i, 1), record);
		memcpy(record + 8, secret, len);
		rc = cbi_copy_put(ctx, txn, CBI_TABLE_KEY, id, strlen(id),
		                  record, len + 8);
	}
	return rc;
}

int cbi_follow_registry(struct cb_ctx *ctx, struct cbi_follower *f,
                        struct cbi_copy_txn *txn)
{
	int rc = empty_table(ctx, txn, CBI_TABLE_PLUGIN);

	if (rc == CB_OK)
		rc = empty_table(ctx, txn, CBI_TABLE_KEY);
	if (rc == CB_OK)
		rc = put_plugins(ctx, f, txn);
	if (rc == CB_OK)
		rc = put_keys(ctx, txn);
	/* Whoever was switched is looked at anew. */
	memset(f->carried, 0, sizeof(f->carried));
	return rc;
}

/* One more change, of plugins and keys alone. */
static int announce(struct cb_ctx *ctx, const char *cause)
{
	struct cbi_change change = { .registry = true, .cause = cause };
	int rc = cbi_change_next(ctx, &change);

	return rc < 0 ? rc : cbi_change_write(ctx, &change);
}

static int make_first_key(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt lock = {
		"catalog_key_lock",
		"select pg_advisory_xact_lock(hashtext('callboard.key'))",
	};
	static const struct cbi_db_stmt make = {
		"catalog_key_make",
		"insert into callboard.signing_key (secret) select $1::bytea "
		"where not exists (select from callboard.signing_key) "
		"returning 1",
	};
	unsigned char secret[SECRET_LEN];
	struct cbi_db_result *result;
	const char *param;
	int rc;

	(void)arg;
	rc = cbi_db_query(ctx, &lock, NULL, 0, NULL);
	if (rc < 0)
		return rc;
	cbi_crypto_random(secret, sizeof(secret));
	param = cbi_db_bytea(ctx, secret, sizeof(secret));
	if (!param)
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &make, &param, 1, &result);
	if (rc < 0 || cbi_db_rows(result) == 0)
		return rc;
	return announce(ctx, "first signing key");
}

int cbi_follow_first_key(struct cb_ctx *ctx)
{
	static const struct cbi_db_stmt any = {
		"catalog_key_any",
		"select exists (select from callboard.signing_key)",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &any, NULL, 0, &result);

	if (rc < 0 || cbi_db_bool(result, 0, 0))
		return rc;
	return cbi_db_transact(ctx, make_first_key, NULL);
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
		rc = announce(ctx, "quarantine");
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
