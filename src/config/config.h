/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - callboard.yaml: found, merged, checked, typed.
 *
 * Files are merged in order (maps deeply, everything else replaced);
 * `${ENV}` in texts is replaced (`${ENV:-word}` with a fallback), `$file:`
 * reads a file's text, `$include:` a file's value, both relative to the file
 * that says so.  Every error names file, line and column and shows the lines
 * around.  A loaded config never changes; a reload makes another.
 */
#ifndef CB_CONFIG_CONFIG_H
#define CB_CONFIG_CONFIG_H

#include <callboard/buf.h>
#include <callboard/ctx.h>

#include <jansson.h>

#include "base/supply.h"

struct cbi_config;

struct cbi_config_pos {
	const char *file;
	int line, column;
};

/*
 * Finds the files as both programs do: the given ones, else
 * $CALLBOARD_CONFIG, else callboard.yaml in $CALLBOARD_HOME, else below
 * sysconfdir; then conf.d/ *.yaml beside the last of them.  *files ends in
 * NULL and lives with ctx.
 */
int cbi_config_find(struct cb_ctx *ctx, const char *const *given, size_t n,
                    const char *const **files) CB_USED;

/*
 * Loads and checks.  Problems are appended to `report`, each with file:line:
 * column and an excerpt; CB_EINVAL when any is an error (warnings alone are
 * CB_OK).  The caller destroys *out.
 */
int cbi_config_load(struct cb_ctx *ctx, const char *const *files,
                    struct cb_buf *report, struct cbi_config **out) CB_USED;
void cbi_config_destroy(struct cbi_config *config);

/* The merged document. */
const json_t *cbi_config_root(const struct cbi_config *config);
/* The value at a dotted path, NULL for none. */
json_t *cbi_config_get(const struct cbi_config *config, const char *path);
const char *cbi_config_text(const struct cbi_config *config, const char *path,
                            const char *fallback);
int64_t cbi_config_int(const struct cbi_config *config, const char *path,
                       int64_t fallback);
bool cbi_config_bool(const struct cbi_config *config, const char *path,
                     bool fallback);
/* Milliseconds of a duration ("90s", or Backstage's {minutes: 5}). */
int64_t cbi_config_ms(const struct cbi_config *config, const char *path,
                      int64_t fallback);
/* The same of a value; -1 for what is none. */
int64_t cbi_config_duration(const json_t *value);
/*
 * {frequency: 30m | {minutes: 30} | {cron: "0 * * * *"} | {trigger: manual},
 * timeout, initialDelay}, Backstage's; what is not given is as in usual, all
 * of it when value is NULL.  CB_EINVAL names the key, below path.
 */
int cbi_config_schedule(struct cb_ctx *ctx, const json_t *value,
                        const char *path, const struct cbi_schedule *usual,
                        struct cbi_schedule *out) CB_USED;
/* Where the value at path (or what holds it) was written. */
struct cbi_config_pos cbi_config_where(const struct cbi_config *config,
                                       const char *path);

/* Is what stands under such a key a secret ("token", "privateKey")?  Such
 * values are never printed nor logged. */
bool cbi_config_secret(const char *key);

/* What the house itself reads, typed once at load (config/settings.c has the
 * table: path, type, default, limits, help).  Texts live with the config. */
struct cbi_settings {
	const char *app_title;
	const char *language; /* app.language: "en" or "en-XA" */
	const char *organization;
	const char *base_url;  /* backend.baseUrl, no trailing slash */
	const char *base_path; /* its path: "" or "/portal" */
	const char *run_dir, *state_dir, *socket_group;
	const char *asset_dir; /* backend.assetDir */
	const char *log_level;
	const char *const *plugin_dirs; /* ends in NULL */
	const char *database;           /* conninfo */
	int db_connections;             /* of one process */
	bool db_prepare;
	int db_statement_ms; /* readers' statement_timeout */
	const char *redis;   /* "unix:/path" or "host:port"; "" for none */
	int redis_ms;        /* what a call to it may take */
	int web_threads;     /* of one process */
	int64_t web_cache;   /* bytes of ready answers, of one process */
	int fetch_threads;
	int probe_ms;   /* between two probes of a plugin */
	int request_ms; /* hard deadline of a request */
	int plugin_ms;  /* of one plugin call */
	int64_t stale_if_error_ms;
	bool processing;     /* catalog.processing */
	int64_t interval_ms; /* catalog.processingInterval */
	int64_t history_ms;  /* catalog.history.retention; 0: for good */
	bool isolate;        /* catalog.onBadDocument: isolate */
	bool guest;          /* auth.guest: the open door */
	bool omit_owns;      /* auth.omitIdentityTokenOwnershipClaim */
	int64_t token_ms;    /* auth.backstageTokenExpiration, 10 min to 24 h */
	int64_t memory_max;  /* bytes of one web process, 0 for none */
};
const struct cbi_settings *cbi_config_settings(const struct cbi_config *c);

/* A pool: `pools.<name>`; core and tools are always there. */
struct cbi_pool {
	const char *name;
	int web;                    /* processes, default 2 */
	int fetch;                  /* processes, default 1; 0 for core */
	const char *const *plugins; /* placed here; ends in NULL */
	bool leaving; /* the config does not name it, nginx still may */
	/* `pools.<name>.limits`, else those of `backend.limits`. */
	int64_t memory_max; /* resident bytes of a web process, 0 for none */
	int request_ms, plugin_ms;
	size_t output_max; /* bytes of a page or card of its plugins */
	int nice;          /* of its processes, 0 to 19 */
};
/* How many there are; *out lives with the config. */
size_t cbi_config_pools(const struct cbi_config *config,
                        const struct cbi_pool **out);
/* The pool of that name; NULL for none. */
const struct cbi_pool *cbi_config_pool(const struct cbi_config *config,
                                       const char *name);
/* The first pool that has fetch processes: those of house calls. */
const char *cbi_config_fetch_pool(const struct cbi_config *config);
/* The pool of a plugin: where it is placed, else "tools". */
const char *cbi_config_pool_of(const struct cbi_config *config,
                               const char *plugin);
/* The pool that nginx sends a plugin's requests to, as far as `callboardctl
 * nginx apply` noted (backend.stateDir/nginx.json) when the config was loaded;
 * NULL when nobody knows. */
const char *cbi_config_routed(const struct cbi_config *config,
                              const char *plugin);
/* Notes that nginx has been told of this config's pools; CB_EAWAY. */
int cbi_config_write_routed(struct cb_ctx *ctx,
                            const struct cbi_config *config) CB_USED;

#endif
