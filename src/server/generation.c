/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generation.c - a set of processes with one config: begun, ready, over.
 */
#include "server/master_priv.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/host.h"
#include "registry/registry.h"
#include "server/secrets.h"
#include "server/title.h"
#include "spawn/spawn.h"

/* A new generation that is not ready by then is given up. */
#define READY_MS 60000
#define REPORT_MAX (256 * CB_KIB)

static void say_report(const struct cb_buf *report)
{
	if (report->len)
		fprintf(stderr, "%s%s", report->data,
		        report->data[report->len - 1] == '\n' ? "" : "\n");
}

struct cbi_config *cbi_master_load(const struct cbi_master_options *options)
{
	struct cbi_config *config = NULL;
	const char *const *files;
	struct cbi_lane lane;
	struct cb_buf report;
	struct cb_ctx ctx;
	int rc;

	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	cbi_buf_init(&report, REPORT_MAX);
	rc = cbi_config_find(&ctx, options->configs, options->config_count,
	                     &files);
	if (rc == CB_OK)
		rc = cbi_config_load(&ctx, files, &report, &config);
	say_report(&report);
	if (rc != CB_OK) {
		/* The report said it already, but for what kept it from
		 * being made. */
		if (!report.len)
			fprintf(stderr, "callboard: %s\n", cb_failure(&ctx));
		config = NULL;
	}
	if (config)
		cbi_secrets_hide(config);
	cbi_buf_finish(&report);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return config;
}

static int fill_role(struct cb_ctx *ctx, struct cbi_master *master,
                     struct cbi_generation *generation,
                     enum cbi_process_kind kind, const char *pool, int index)
{
	const struct cbi_settings *settings =
	    cbi_config_settings(generation->config);
	struct cbi_role *role = &generation->roles[generation->count];
	char path[CBI_SOCKET_PATH_MAX + 1];
	int rc;

	memset(role, 0, sizeof(*role));
	role->kind = kind;
	role->pool = pool;
	role->index = index;
	role->socket = -1;
	if (kind != CBI_PROCESS_ENGINE) {
		rc = cbi_socket_path(ctx, settings, kind, pool, index, path);
		if (rc != CB_OK)
			return rc;
		role->socket =
		    cbi_sockets_open(ctx, &master->sockets, settings, path);
		if (role->socket < 0)
			return cb_failure_code(ctx);
	}
	generation->count++;
	return CB_OK;
}

static int fill_roles(struct cb_ctx *ctx, struct cbi_master *master,
                      struct cbi_generation *generation)
{
	const struct cbi_pool *pools;
	size_t n = cbi_config_pools(generation->config, &pools), total = 1;
	int rc = CB_OK;

	for (size_t i = 0; i < n; i++)
		total += (size_t)(pools[i].web + pools[i].fetch);
	/* Two generations at once, and the master, share the board. */
	if (2 * total + 1 > CB_BOARD_PROCESSES)
		return cb_fail(ctx, CB_EINVAL,
		               "pools: %zu processes are too many, at most %d "
		               "work",
		               total, (CB_BOARD_PROCESSES - 1) / 2);
	generation->roles = calloc(total, sizeof(*generation->roles));
	if (!generation->roles)
		return cb_fail(ctx, CB_ENOMEM, "no memory for %zu processes",
		               total);
	for (int i = 0; i < CBI_SOCKETS_MAX; i++)
		master->sockets.rows[i].wanted = false;
	for (size_t i = 0; i < n && rc == CB_OK; i++) {
		for (int k = 0; k < pools[i].web && rc == CB_OK; k++)
			rc = fill_role(ctx, master, generation, CBI_PROCESS_WEB,
			               pools[i].name, k);
		for (int k = 0; k < pools[i].fetch && rc == CB_OK; k++)
			rc = fill_role(ctx, master, generation,
			               CBI_PROCESS_FETCH, pools[i].name, k);
	}
	if (rc == CB_OK)
		rc = fill_role(ctx, master, generation, CBI_PROCESS_ENGINE, "",
		               0);
	return rc;
}

static void free_generation(struct cbi_generation *generation)
{
	cbi_config_destroy(generation->config);
	free(generation->roles);
	free(generation);
}

struct check {
	struct cbi_master *master;
	const struct cbi_config *config;
	bool again;
};

static int check_plugins(void *arg)
{
	const struct check *check = arg;
	struct cbi_lane lane;
	struct cb_ctx ctx;
	char path[4300];
	int rc;

	close(check->master->signals);
	close(check->master->pid_file);
	cbi_sockets_forget(&check->master->sockets, -1);
	cbi_title_set("callboard: checker");
	cbi_log_setup("checker", CB_LOG_INFO);
	snprintf(path, sizeof(path), "%s/" CBI_REGISTRY_FILE,
	         cbi_config_settings(check->config)->run_dir);
	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	rc = check->again ? cbi_registry_rescan(&ctx, check->config,
	                                        cbi_host_filter(), path)
	                  : cbi_registry_scan(&ctx, check->config,
	                                      cbi_host_filter(), path);
	if (rc != CB_OK)
		cb_log(NULL, CB_LOG_ERROR, "%s", cb_failure(&ctx));
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rc == CB_OK ? 0 : 1;
}

static void say_failure(const struct cb_ctx *ctx)
{
	cb_log(NULL, CB_LOG_ERROR, "%s", cb_failure(ctx));
}

int cbi_check_start(struct cbi_master *master, const struct cbi_config *config,
                    bool again, pid_t *pid)
{
	struct check check = { master, config, again };
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	rc = cbi_spawn_start(&ctx, check_plugins, &check, pid);
	if (rc != CB_OK)
		say_failure(&ctx);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rc;
}

int cbi_generation_begin(struct cbi_master *master, struct cbi_config *config)
{
	struct cbi_generation *generation = calloc(1, sizeof(*generation));
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc = CB_ENOMEM;

	if (!generation) {
		cbi_config_destroy(config);
		return CB_ENOMEM;
	}
	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	generation->config = config;
	generation->began = cbi_clock_ms();
	generation->number = atomic_fetch_add(&cbi_board()->generation, 1) + 1;
	rc = fill_roles(&ctx, master, generation);
	if (rc != CB_OK)
		say_failure(&ctx);
	if (rc == CB_OK) {
		cbi_watch_begin(master, config);
		rc = cbi_check_start(master, config, false,
		                     &generation->checker);
	}
	if (rc != CB_OK) {
		free_generation(generation);
	} else {
		master->next = generation;
	}
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rc;
}

int cbi_generation_start(struct cbi_master *master)
{
	struct cbi_generation *generation = master->next;

	for (size_t i = 0; i < generation->count; i++)
		cbi_role_start(master, generation, &generation->roles[i]);
	return CB_OK;
}

void cbi_generation_end(struct cbi_master *master,
                        struct cbi_generation *generation, int number)
{
	if (generation->checker)
		kill(generation->checker, SIGKILL);
	for (size_t i = 0; i < generation->count; i++)
		if (generation->roles[i].pid)
			cbi_leave(master, generation->roles[i].pid, number,
			          CBI_KILL_MS);
	free_generation(generation);
}

static bool all_ready(const struct cbi_generation *generation)
{
	for (size_t i = 0; i < generation->count; i++) {
		pid_t pid = generation->roles[i].pid;
		int row = pid ? cbi_board_process_find(pid) : -1;

		if (row < 0 ||
		    atomic_load(&cbi_board()->processes[row].state) !=
		        CBI_STATE_READY)
			return false;
	}
	return true;
}

static void take_place(struct cbi_master *master)
{
	struct cbi_generation *old = master->current;
	struct cbi_lane lane;
	struct cb_ctx ctx;

	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	if (cbi_sockets_publish(&ctx, &master->sockets) != CB_OK)
		say_failure(&ctx);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	master->current = master->next;
	master->next = NULL;
	cb_log(NULL, CB_LOG_INFO, "generation %u serves after %lld ms",
	       master->current->number,
	       (long long)(cbi_clock_ms() - master->current->began));
	if (old)
		cbi_generation_end(master, old, SIGQUIT);
	cbi_sockets_close(&master->sockets, false);
}

void cbi_generation_look(struct cbi_master *master)
{
	struct cbi_generation *next = master->next;

	if (!next || next->checker)
		return;
	if (all_ready(next)) {
		take_place(master);
		return;
	}
	/* The first one has nobody to give way to: it is tried on. */
	if (!master->current || cbi_clock_ms() - next->began < READY_MS)
		return;
	cb_log(NULL, CB_LOG_ERROR,
	       "generation %u was not ready within %d s: the old one stays",
	       next->number, READY_MS / 1000);
	master->next = NULL;
	cbi_generation_end(master, next, SIGQUIT);
}

int cbi_config_connections(const struct cbi_config *config)
{
	const struct cbi_settings *settings = cbi_config_settings(config);
	const struct cbi_pool *pools;
	size_t n = cbi_config_pools(config, &pools);
	int processes = 1; /* the engine */

	for (size_t i = 0; i < n; i++)
		processes += pools[i].web + pools[i].fetch;
	return processes * settings->db_connections;
}
