/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.c - what probes find of plugins.
 */
#include "registry/registry.h"

#include <string.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/str.h"

void cbi_health_tell(int plugin, bool good, const char *why)
{
	struct cbi_board_plugin *row;

	if (plugin < 0)
		return;
	row = &cbi_board()->plugins[plugin];
	atomic_store(&row->health, CBI_HEALTH_UNKNOWN);
	cbi_str_copy(row->ailment, sizeof(row->ailment), good ? "" : why);
	atomic_store(&row->probed_wall, cbi_clock_wall_ms());
	atomic_store(&row->health, good ? CBI_HEALTH_GOOD : CBI_HEALTH_BAD);
}

void cbi_health_look(struct cb_ctx *ctx, const struct cbi_plugin_entry *plugin,
                     struct cbi_plugin_health *out)
{
	const struct cbi_board_plugin *row;
	const char *text = NULL;

	*out = (struct cbi_plugin_health){ CBI_HEALTH_UNKNOWN, 0, "" };
	if (plugin->board < 0 || !cbi_snapshot_on(plugin))
		return;
	row = &cbi_board()->plugins[plugin->board];
	out->state = (enum cbi_health)atomic_load(&row->health);
	out->probed_ms = atomic_load(&row->probed_wall);
	if (out->state == CBI_HEALTH_BAD)
		text = cb_strndup(ctx, row->ailment,
		                  strnlen(row->ailment, CB_TROUBLE_MAX));
	if (text)
		out->ailment = text;
}

const char *cbi_health_name(enum cbi_health state)
{
	switch (state) {
	case CBI_HEALTH_GOOD:
		return "good";
	case CBI_HEALTH_BAD:
		return "bad";
	default:
		return "unknown";
	}
}
