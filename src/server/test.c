/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test.c - `callboard -t`: would it start?
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/auth.h"
#include "catalog/ingest.h"
#include "provider/provider.h"
#include "provider/supply.h"
#include "server/master_priv.h"
#include "server/sinks.h"

#define EXIT_CONFIG 3

/* The nearest parent that exists must let us write. */
static bool writable(const char *path)
{
	char part[4096];
	struct stat st;
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(part, path, len + 1);
	while (stat(part, &st) < 0) {
		char *slash = strrchr(part, '/');

		if (errno != ENOENT || !slash)
			return false;
		slash[slash == part] = '\0';
	}
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return false;
	}
	return access(part, W_OK | X_OK) == 0;
}

static int complain(const struct cbi_config *config, const char *key,
                    const char *what, const char *why)
{
	struct cbi_config_pos at = cbi_config_where(config, key);

	if (at.file)
		fprintf(stderr, "%s:%d:%d: ", at.file, at.line, at.column);
	fprintf(stderr, "%s: %s: %s\n", key, what, why);
	return 1;
}

static int check_sockets(struct cb_ctx *ctx, const struct cbi_config *config)
{
	const struct cbi_settings *settings = cbi_config_settings(config);
	char path[CBI_SOCKET_PATH_MAX + 1];
	const struct cbi_pool *pools;
	size_t n = cbi_config_pools(config, &pools);
	int bad = 0;

	for (size_t i = 0; i < n && !bad; i++) {
		if (cbi_socket_path(ctx, settings, CBI_PROCESS_WEB,
		                    pools[i].name, 0, path) != CB_OK ||
		    (pools[i].fetch > 0 &&
		     cbi_socket_path(ctx, settings, CBI_PROCESS_FETCH,
		                     pools[i].name, pools[i].fetch - 1,
		                     path) != CB_OK)) {
			fprintf(stderr, "%s\n", cb_failure(ctx));
			bad = 1;
		}
	}
	return bad;
}

static int check_settings(const struct cbi_config *config)
{
	const struct cbi_settings *settings = cbi_config_settings(config);
	int bad = 0;

	if (!writable(settings->run_dir))
		bad |= complain(config, "backend.runDir", settings->run_dir,
		                strerror(errno));
	if (!writable(settings->state_dir))
		bad |= complain(config, "backend.stateDir", settings->state_dir,
		                strerror(errno));
	if (settings->socket_group[0] && !getgrnam(settings->socket_group))
		bad |=
		    complain(config, "backend.socketGroup",
		             settings->socket_group, "there is no such group");
	return bad;
}

/* The failure begins with the key, before a ':' or a blank; what is missing
 * stands where its map does. */
static int complain_at(struct cb_ctx *ctx, const struct cbi_config *config)
{
	const char *why = cb_failure(ctx);
	char *key = cb_strndup(ctx, why, strcspn(why, ": "));
	struct cbi_config_pos at = { 0 };

	while (key && *key && !at.file) {
		char *dot = strrchr(key, '.');

		at = cbi_config_where(config, key);
		*(dot ? dot : key) = '\0';
	}
	if (at.file)
		fprintf(stderr, "%s:%d:%d: ", at.file, at.line, at.column);
	fprintf(stderr, "%s\n", why);
	cb_failure_clear(ctx);
	return 1;
}

/* Code hosts and entity providers, as the processes will read them. */
static int check_sources(struct cb_ctx *ctx, const struct cbi_config *config)
{
	const struct cbi_supply_place place = { config, NULL };
	struct cbi_provider *provider = NULL;
	struct cbi_supplier *suppliers;
	size_t n;
	int bad = 0;

	if (cbi_provider_create(ctx, config, NULL, &provider) < 0)
		bad = complain_at(ctx, config);
	else if (cbi_supply_configure(ctx, &place, &suppliers, &n) < 0)
		bad = complain_at(ctx, config);
	cbi_provider_destroy(provider);
	return bad;
}

/* The rest that processes read by themselves. */
static int check_rooms(struct cb_ctx *ctx, const struct cbi_config *config)
{
	struct cbi_audit_sinks sinks;
	struct cbi_auth *auth = NULL;
	struct cbi_ingest ingest;
	int bad = 0;

	if (cbi_ingest_configure(ctx, config, &ingest) < 0)
		bad = complain_at(ctx, config);
	if (cbi_auth_create(ctx, config, NULL, 0, &auth) < 0)
		bad |= complain_at(ctx, config);
	if (cbi_sinks_read(ctx, config, &sinks) < 0)
		bad |= complain_at(ctx, config);
	cbi_auth_destroy(auth);
	return bad;
}

int cbi_master_test(const struct cbi_master_options *options)
{
	struct cbi_config *config = cbi_master_load(options);
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int bad, connections;

	if (!config)
		return EXIT_CONFIG;
	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	bad = check_settings(config);
	bad |= check_sockets(&ctx, config);
	bad |= check_sources(&ctx, config);
	bad |= check_rooms(&ctx, config);
	connections = cbi_config_connections(config);
	if (!bad) {
		printf("PostgreSQL connections: at most %d, and %d while a "
		       "reload overlaps\n",
		       connections, 2 * connections);
		printf("callboard: the config is fine\n");
	}
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	cbi_config_destroy(config);
	return bad ? EXIT_CONFIG : 0;
}
