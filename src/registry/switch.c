/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch.c - the registry's rows in PostgreSQL: what is wanted, and what each
 * host runs.
 */
#include "registry/registry_priv.h"

#include <string.h>

#include "audit/audit.h"
#include "base/board.h"
#include "base/ctx.h"
#include "db/db.h"

struct wish {
	struct cbi_registry *registry;
	const char *name, *reason;
	bool wanted;
	uint64_t number;
};

/* ---- Switching ----------------------------------------------------------- */

static bool on_this_host(struct cb_ctx *ctx, struct cbi_registry *registry,
                         const char *name)
{
	const struct cbi_snapshot *snapshot;

	return registry &&
	       cbi_registry_look(ctx, registry, &snapshot) == CB_OK &&
	       cbi_snapshot_plugin(snapshot, name);
}

/* Did this host put it into quarantine, perhaps a moment ago? */
static bool quarantined_here(const char *name)
{
	const struct cbi_board *board = cbi_board();

	for (int i = 0; i < CB_BOARD_PLUGINS; i++) {
		const struct cbi_board_plugin *row = &board->plugins[i];

		if (atomic_load(&row->used) == 2 &&
		    strcmp(row->name, name) == 0)
			return atomic_load(&row->quarantined_at) != 0;
	}
	return false;
}

/* The row as the audit shows it; lives with ctx, NULL without memory. */
static const char *row_json(struct cb_ctx *ctx, bool wanted, bool quarantined,
                            const char *reason)
{
	json_t *row = json_pack("{s:b, s:b, s:s}", "wanted", wanted,
	                        "quarantined", quarantined, "reason", reason);
	char *text = json_dumps(row, JSON_COMPACT);
	const char *copy = text ? cb_strdup(ctx, text) : NULL;

	free(text);
	json_decref(row);
	return copy;
}

static int write_wish(struct cb_ctx *ctx, const struct wish *wish)
{
	static const struct cbi_db_stmt write = {
		"registry_switch",
		"insert into plugin (name, wanted, changed_by, reason) "
		"values ($1, $2::boolean, $3, $4) on conflict (name) do "
		"update set wanted = excluded.wanted, "
		"changed_by = excluded.changed_by, "
		"changed_at = clock_timestamp(), reason = excluded.reason, "
		"quarantined_at = case when excluded.wanted then null "
		"else plugin.quarantined_at end",
	};
	const char *params[] = { wish->name, wish->wanted ? "true" : "false",
		                 cb_actor(ctx), wish->reason };

	return cbi_db_query(ctx, &write, params, 4, NULL);
}

static int raise_number(struct cb_ctx *ctx, struct wish *wish)
{
	return cbi_db_registry_change(
	    ctx,
	    cb_printf(ctx, "plugin.%s %s", wish->wanted ? "enable" : "disable",
	              wish->name),
	    &wish->number);
}

static int audit(struct cb_ctx *ctx, const struct wish *wish,
                 const char *before)
{
	struct cbi_audit entry = {
		.action = wish->wanted ? "plugin.enable" : "plugin.disable",
		.object = wish->name,
		.before = before,
	};

	entry.after = row_json(ctx, wish->wanted, false, wish->reason);
	return entry.after ? cbi_audit_write(ctx, &entry) : CB_ENOMEM;
}

static int switch_it(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt find = {
		"registry_find",
		"select wanted, quarantined_at is not null, reason from plugin "
		"where name = $1 for update",
	};
	struct wish *wish = arg;
	const char *before = NULL;
	struct cbi_db_result *row;
	int rc = cbi_db_query(ctx, &find, &wish->name, 1, &row);

	wish->number = 0;
	if (rc < 0)
		return rc;
	if (cbi_db_rows(row) == 0) {
		if (!on_this_host(ctx, wish->registry, wish->name))
			return cb_fail(ctx, CB_ENOENT, "no plugin '%s'",
			               wish->name);
		if (wish->wanted && !quarantined_here(wish->name))
			return CB_OK; /* as it is by itself */
	} else {
		bool wanted = cbi_db_bool(row, 0, 0);
		bool quarantined =
		    cbi_db_bool(row, 0, 1) || quarantined_here(wish->name);

		if (wanted == wish->wanted && !(wanted && quarantined))
			return CB_OK;
		before =
		    row_json(ctx, wanted, quarantined, cbi_db_text(row, 0, 2));
		if (!before)
			return CB_ENOMEM;
	}
	rc = write_wish(ctx, wish);
	if (rc == CB_OK)
		rc = audit(ctx, wish, before);
	return rc == CB_OK ? raise_number(ctx, wish) : rc;
}

int cbi_registry_switch(struct cb_ctx *ctx, struct cbi_registry *registry,
                        const char *name, bool wanted, const char *reason,
                        uint64_t *number)
{
	struct wish wish = { registry, name, reason, wanted, 0 };
	int rc;

	if (!cbi_plugin_name_ok(name))
		return cb_fail(ctx, CB_EINVAL,
		               "'%.64s' is not the name of a plugin", name);
	rc = cbi_db_transact(ctx, switch_it, &wish);
	if (rc == CB_OK)
		*number = wish.number;
	return rc;
}

/* ---- What this host runs --------------------------------------------------
 */

static int write_instance(struct cb_ctx *ctx, const char *host,
                          const struct cbi_plugin_entry *entry)
{
	static const struct cbi_db_stmt write = {
		"registry_instance",
		"insert into plugin_instance (host, pool, name, version, "
		"state, reason, manifest) values ($1, $2, $3, $4, $5, $6, $7) "
		"on conflict (host, pool, name) do update set "
		"version = excluded.version, state = excluded.state, "
		"reason = excluded.reason, manifest = excluded.manifest, "
		"seen_at = clock_timestamp()",
	};
	char *manifest = json_dumps(entry->manifest, JSON_COMPACT);
	const char *params[7] = {
		host,
		entry->pool,
		entry->name,
		entry->version,
		cbi_plugin_state_name(cbi_snapshot_state(entry)),
		cbi_snapshot_reason(ctx, entry),
		manifest,
	};
	int rc;

	if (!manifest)
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	rc = cbi_db_query(ctx, &write, params, 7, NULL);
	free(manifest);
	return rc;
}

struct beat {
	const struct cbi_snapshot *snapshot;
	const char *host;
};

static int write_instances(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt sweep = {
		"registry_sweep",
		"delete from plugin_instance where host = $1 and "
		"seen_at < transaction_timestamp()",
	};
	const struct beat *beat = arg;
	const struct cbi_plugin_entry *entries;
	size_t n = cbi_snapshot_plugins(beat->snapshot, &entries);
	int rc = CB_OK;

	for (size_t i = 0; i < n && rc == CB_OK; i++) {
		/* Of two of one name, the one in use tells. */
		if (i && strcmp(entries[i].name, entries[i - 1].name) == 0)
			continue;
		rc = write_instance(ctx, beat->host, &entries[i]);
	}
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &sweep, &beat->host, 1, NULL);
	return rc;
}

int cbi_registry_heartbeat(struct cb_ctx *ctx, struct cbi_registry *registry,
                           const char *host)
{
	struct beat beat = { .host = host };
	int rc = cbi_registry_look(ctx, registry, &beat.snapshot);

	return rc == CB_OK ? cbi_db_transact(ctx, write_instances, &beat) : rc;
}
