/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin.c - `callboardctl plugin list|show|enable|disable`.
 */
#include "ctl/ctl.h"

#include <string.h>

#include "base/board.h"
#include "registry/registry.h"

/* One row, as -o json shows it. */
static json_t *row_of(struct cb_ctx *ctx, const struct cbi_plugin_entry *plugin)
{
	struct cbi_plugin_health health;
	const char *state = cbi_plugin_state_name(cbi_snapshot_state(plugin));
	json_t *row = json_pack(
	    "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:i, s:i}",
	    "name", plugin->name, "tier", plugin->tier, "version",
	    plugin->version, "state", state, "pool", plugin->pool, "reason",
	    cbi_snapshot_reason(ctx, plugin), "summary", plugin->summary,
	    "wanted", plugin->wanted, "changedBy", plugin->changed_by,
	    "changedAt", plugin->changed_at, "cards", (int)plugin->card_count,
	    "routes", (int)plugin->route_count);

	if (row && *plugin->trouble)
		json_object_set_new(row, "trouble",
		                    json_string(plugin->trouble));
	/* The table's column is for whatever there is to say. */
	if (row && *plugin->trouble && !*plugin->reason)
		json_object_set_new(row, "reason",
		                    json_string(plugin->trouble));
	cbi_health_look(ctx, plugin, &health);
	if (row)
		json_object_update_new(
		    row, json_pack("{s:s, s:s, s:I}", "health",
		                   cbi_health_name(health.state), "ailment",
		                   health.ailment, "probedAt",
		                   (json_int_t)health.probed_ms));
	if (row && plugin->board >= 0) {
		const struct cbi_board_plugin *b =
		    &cbi_board()->plugins[plugin->board];

		json_object_set_new(row, "calls",
		                    json_integer((json_int_t)b->calls));
		json_object_set_new(row, "errors",
		                    json_integer((json_int_t)b->errors));
		json_object_set_new(row, "crashes",
		                    json_integer((json_int_t)b->crashes));
	}
	return row;
}

static int look(struct cbi_ctl *ctl, const struct cbi_snapshot **snapshot)
{
	/* Without a board (the portal never ran) states are as of the files. */
	if (cbi_ctl_board(ctl) < 0)
		cb_failure_clear(&ctl->ctx);
	if (cbi_ctl_registry(ctl) < 0)
		return cb_failure_code(&ctl->ctx);
	return cbi_registry_look(&ctl->ctx, ctl->registry, snapshot);
}

int cbi_ctl_plugin_list(struct cbi_ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = { "name",   "tier",   "version",
		                               "state",  "pool",   "calls",
		                               "errors", "health", "reason",
		                               NULL };
	const struct cbi_plugin_entry *plugins;
	const struct cbi_snapshot *snapshot;
	json_t *rows;
	size_t n;
	int rc;

	if (argc > 0)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "plugin list: unknown argument '%s'",
		                        argv[0]);
	if (look(ctl, &snapshot) < 0)
		return cbi_ctl_fail(ctl);
	n = cbi_snapshot_plugins(snapshot, &plugins);
	rows = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, row_of(&ctl->ctx, &plugins[i]));
	rc = cbi_ctl_print(ctl, rows, columns);
	json_decref(rows);
	return rc;
}

int cbi_ctl_plugin_show(struct cbi_ctl *ctl, int argc, char **argv)
{
	const struct cbi_plugin_entry *plugin;
	const struct cbi_snapshot *snapshot;
	json_t *row;

	if (argc != 1)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "plugin show takes one name");
	if (look(ctl, &snapshot) < 0)
		return cbi_ctl_fail(ctl);
	plugin = cbi_snapshot_plugin(snapshot, argv[0]);
	if (!plugin)
		return cbi_ctl_complain(
		    CBI_EXIT_PLUGIN, "there is no plugin '%s' here", argv[0]);
	row = row_of(&ctl->ctx, plugin);
	json_object_set(row, "manifest", (json_t *)plugin->manifest);
	json_dumpf(row, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(row);
	return CBI_EXIT_OK;
}

static int switch_one(struct cbi_ctl *ctl, int argc, char **argv, bool wanted)
{
	const char *reason = cbi_ctl_option(&argc, argv, "--reason");
	const struct cbi_snapshot *snapshot;
	uint64_t number = 0;

	if (argc != 1)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "expected the name of one plugin");
	if (cbi_ctl_database(ctl) < 0 || look(ctl, &snapshot) < 0)
		return cbi_ctl_fail(ctl);
	if (cbi_registry_switch(&ctl->ctx, ctl->registry, argv[0], wanted,
	                        reason ? reason : "", &number) < 0) {
		if (cb_failure_code(&ctl->ctx) != CB_ENOENT)
			return cbi_ctl_fail(ctl);
		return cbi_ctl_complain(CBI_EXIT_PLUGIN, "%s",
		                        cb_failure(&ctl->ctx));
	}
	cbi_board_raise(&cbi_board()->wanted, number);
	cbi_ctl_settle(number);
	printf("%s is %s\n", argv[0], wanted ? "enabled" : "disabled");
	return CBI_EXIT_OK;
}

int cbi_ctl_plugin_enable(struct cbi_ctl *ctl, int argc, char **argv)
{
	return switch_one(ctl, argc, argv, true);
}

int cbi_ctl_plugin_disable(struct cbi_ctl *ctl, int argc, char **argv)
{
	return switch_one(ctl, argc, argv, false);
}
