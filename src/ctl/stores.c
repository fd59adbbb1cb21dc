/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stores.c - what commands open: database, board, the host's copy, registry.
 */
#include "ctl/ctl.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/board.h"
#include "base/clock.h"
#include "catalog/catalog.h"
#include "copy/copy.h"
#include "db/db.h"
#include "host/host.h"
#include "registry/registry.h"

int cbi_ctl_database(struct cbi_ctl *ctl)
{
	const struct cbi_settings *s = ctl->settings;
	const struct cbi_db_config config = {
		.conninfo = s->database,
		.listen = cbi_config_text(
		    ctl->config, "backend.database.listenConnection", NULL),
		.process = "ctl",
		.connections = 2,
		.prepare = s->db_prepare,
		.statement_ms = 60000,
	};

	if (ctl->database)
		return CB_OK;
	ctl->database = true;
	return cbi_db_setup(&ctl->ctx, &config);
}

int cbi_ctl_board(struct cbi_ctl *ctl)
{
	const char *path =
	    cb_printf(&ctl->ctx, "%s/board", ctl->settings->run_dir);

	if (!path)
		return CB_ENOMEM;
	if (cbi_board_attach(path, false) < 0)
		return cb_fail(&ctl->ctx, CB_EAWAY,
		               "no portal has run here: %s: %s", path,
		               strerror(errno));
	return CB_OK;
}

int cbi_ctl_registry(struct cbi_ctl *ctl)
{
	struct cbi_copy_config config;
	const char *manifests =
	    cb_printf(&ctl->ctx, "%s/registry.json", ctl->settings->run_dir);
	const char *dir =
	    cb_printf(&ctl->ctx, "%s/copy", ctl->settings->state_dir);
	int rc;

	if (ctl->registry)
		return CB_OK;
	if (!manifests || !dir)
		return CB_ENOMEM;
	cbi_catalog_copy_config(dir, false, &config);
	rc = cbi_copy_create(&ctl->ctx, &config, &ctl->copy);
	if (rc < 0)
		return rc;
	return cbi_registry_create(&ctl->ctx, manifests, ctl->copy,
	                           CBI_TABLE_PLUGIN, cbi_host_filter(),
	                           &ctl->registry);
}

/* The follower is there within milliseconds, when there is one. */
void cbi_ctl_settle(uint64_t number)
{
	const struct timespec pause = { 0, 5 * 1000 * 1000 };
	int64_t end = cbi_clock_ms() + 1000;

	while (cbi_board()->copy_number < number && cbi_clock_ms() < end)
		nanosleep(&pause, NULL);
}

void cbi_ctl_close(struct cbi_ctl *ctl)
{
	cbi_registry_destroy(ctl->registry);
	ctl->registry = NULL;
	if (ctl->copy) {
		cbi_copy_lane_finish(&ctl->lane);
		cbi_copy_destroy(ctl->copy);
		ctl->copy = NULL;
	}
	if (ctl->database) {
		cbi_db_lane_finish(&ctl->lane);
		cbi_db_shutdown();
		ctl->database = false;
	}
}
