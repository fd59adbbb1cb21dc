/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.c - see sandbox.h: which process gives up what.
 */
#include "server/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "db/db.h"
#include "redis/redis.h"

#define PORTS_MAX 32
#define PATHS_MAX 96

/* Sanitizers read and write files of their own, and start a symbolizer. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

struct paths {
	const char *list[PATHS_MAX + 1];
	size_t n;
};

static void add(struct paths *paths, const char *path)
{
	if (path && *path == '/' && paths->n < PATHS_MAX)
		paths->list[paths->n++] = path;
}

/* What the administrator says is needed beside: backend.sandbox.read. */
static void add_config(struct paths *paths, const struct cbi_config *config,
                       const char *key)
{
	const json_t *list = cbi_config_get(config, key);

	for (size_t i = 0; i < json_array_size(list); i++)
		add(paths, json_string_value(json_array_get(list, i)));
}

/* libc, name services, certificates, locales, time zones; and ours. */
static void may_read(struct cb_ctx *ctx, const struct cbi_config *config,
                     struct paths *paths)
{
	static const char *const system[] = {
		"/usr",      "/lib",
		"/lib64",    "/etc",
		"/proc",     "/sys/devices/system/cpu",
		"/dev",      "/run/systemd/resolve",
		"/run/nscd", "/var/lib/sss",
	};
	const struct cbi_settings *s = cbi_config_settings(config);
	const char *home = getenv("HOME");

	for (size_t i = 0; i < sizeof(system) / sizeof(system[0]); i++)
		add(paths, system[i]);
	add(paths, CALLBOARD_DATADIR);
	add(paths, s->run_dir);
	add(paths, s->asset_dir);
	for (size_t i = 0; s->plugin_dirs && s->plugin_dirs[i]; i++)
		add(paths, s->plugin_dirs[i]);
	if (home) {
		add(paths, cb_printf(ctx, "%s/.postgresql", home));
		add(paths, cb_printf(ctx, "%s/.pgpass", home));
	}
	cbi_db_files(ctx, s->database, paths->list, &paths->n, PATHS_MAX);
	add_config(paths, config, "backend.sandbox.read");
}

static void may_write(const struct cbi_start *start, struct paths *paths)
{
	const struct cbi_settings *s = cbi_config_settings(start->config);

	add(paths, s->state_dir);
	add(paths, "/dev/null");
	add_config(paths, start->config, "backend.sandbox.write");
	if (start->kind == CBI_PROCESS_WEB)
		return;
	/* git, dot and ssh do their work somewhere. */
	add(paths, s->run_dir);
	add(paths, "/tmp");
	add(paths, "/var/tmp");
	add(paths, getenv("TMPDIR"));
}

/* The folder of the audit log's file is an engine's to write. */
static void may_write_audit(struct cb_ctx *ctx, const struct cbi_start *start,
                            struct paths *paths)
{
	const char *file =
	    cbi_config_text(start->config, "audit.sinks.file", NULL);
	const char *slash = file ? strrchr(file, '/') : NULL;

	if (slash && start->kind == CBI_PROCESS_ENGINE)
		add(paths, cb_strndup(ctx, file, (size_t)(slash - file)));
}

static int limit_files(struct cb_ctx *ctx, const struct cbi_start *start,
                       const uint16_t *ports, size_t n, uint32_t *bits)
{
	struct paths reads = { .n = 0 }, writes = { .n = 0 };
	struct cbi_sandbox_files files = { .writes = writes.list,
		                           .ports = n ? ports : NULL,
		                           .n = n };

	may_write(start, &writes);
	may_write_audit(ctx, start, &writes);
	if (start->kind == CBI_PROCESS_WEB) {
		may_read(ctx, start->config, &reads);
		files.reads = reads.list;
	}
	return cbi_sandbox_landlock(ctx, &files, bits);
}

static int limit_web(struct cb_ctx *ctx, const struct cbi_start *start,
                     uint32_t *bits)
{
	const struct cbi_settings *s = cbi_config_settings(start->config);
	uint16_t ports[PORTS_MAX];
	size_t n = 0;
	int rc = cbi_db_ports(ctx, s->database, ports, &n, PORTS_MAX - 1);

	if (rc < 0)
		return rc;
	if (cbi_redis_port())
		ports[n++] = cbi_redis_port();
	rc = cbi_sandbox_calls(ctx, n == 0, !SANITIZED);
	if (rc == CB_OK)
		*bits |= (n ? 0 : CBI_SANDBOX_UNIX) |
		         (SANITIZED ? 0 : CBI_SANDBOX_EXEC);
	if (rc < 0 && rc != CB_ENOTSUP)
		return rc;
	return SANITIZED ? CB_OK : limit_files(ctx, start, ports, n, bits);
}

int cbi_sandbox_enter(const struct cbi_start *start)
{
	struct cbi_board_process *row = &cbi_board()->processes[start->row];
	struct cbi_lane lane;
	struct cb_ctx ctx;
	uint32_t bits = 0;
	int rc = CB_OK;

	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	if (!cbi_config_bool(start->config, "backend.sandbox.enabled", true))
		bits = CBI_SANDBOX_OFF;
	else if (start->kind == CBI_PROCESS_WEB)
		rc = limit_web(&ctx, start, &bits);
	else if (!SANITIZED)
		rc = limit_files(&ctx, start, NULL, 0, &bits);
	atomic_store(&row->sandbox, bits);
	if (rc < 0)
		cb_log(NULL, CB_LOG_ERROR, "%s", cb_failure(&ctx));
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rc;
}
