/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pools.c - pools of the config, and those that nginx was told of last.
 *
 * nginx and the config change at different moments.  What a plugin's requests
 * are sent to is what `callboardctl nginx apply` wrote down when nginx had
 * taken it up; until then the pool that they go to serves on.
 */
#include "config/config_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

#define ROUTED_FILE "nginx.json"
#define ROUTED_FORMAT 1

static bool good_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len <= CB_NAME_MAX && !name[len] && name[0] >= 'a' &&
	       name[0] <= 'z';
}

static int64_t number(struct cbi_config *config, const char *pool,
                      const char *key, enum cbi_config_unit unit,
                      int64_t fallback, int64_t least, int64_t most)
{
	char path[128];

	snprintf(path, sizeof(path), "pools.%s.%s", pool, key);
	return cbi_config_number(config, path, unit, fallback, least, most);
}

/* What the whole portal is limited to holds where a pool says nothing. */
static void fill_limits(struct cbi_config *config, struct cbi_pool *pool)
{
	const struct cbi_settings *all = &config->settings;

	pool->memory_max =
	    number(config, pool->name, "limits.memory", CBI_CONFIG_BYTES,
	           all->memory_max, 0, INT64_MAX);
	pool->request_ms =
	    (int)number(config, pool->name, "limits.requestTime", CBI_CONFIG_MS,
	                all->request_ms, CB_REQUEST_MS_MIN, CB_REQUEST_MS_MAX);
	pool->plugin_ms =
	    (int)number(config, pool->name, "limits.pluginTime", CBI_CONFIG_MS,
	                all->plugin_ms, CB_PLUGIN_MS_MIN, CB_PLUGIN_MS_MAX);
	pool->output_max = (size_t)number(config, pool->name, "limits.output",
	                                  CBI_CONFIG_BYTES, CB_PAGE_HTML_MAX,
	                                  CB_KIB, CB_PAGE_HTML_MAX);
	pool->nice = (int)number(config, pool->name, "limits.nice",
	                         CBI_CONFIG_COUNT, 0, 0, 19);
}

static void add_pool(struct cbi_config *config, const char *name)
{
	bool core = strcmp(name, "core") == 0;
	struct cbi_pool *pool = &config->pools[config->pool_count];
	char path[128];

	for (size_t i = 0; i < config->pool_count; i++)
		if (strcmp(config->pools[i].name, name) == 0)
			return;
	pool->name = name;
	pool->web =
	    (int)number(config, name, "web", CBI_CONFIG_COUNT, 2, 1, 16);
	pool->fetch = core ? 0
	                   : (int)number(config, name, "fetch",
	                                 CBI_CONFIG_COUNT, 1, 1, 8);
	fill_limits(config, pool);
	snprintf(path, sizeof(path), "pools.%s.plugins", name);
	pool->plugins = cbi_config_list(config, path);
	if (core && pool->plugins && pool->plugins[0])
		cbi_config_error(config, path,
		                 "pools.core.plugins: core loads no plugin");
	config->pool_count++;
}

/* ---- What nginx was told ------------------------------------------------- */

static const char *routed_path(struct cb_ctx *ctx,
                               const struct cbi_config *config)
{
	return cb_printf(ctx, "%s/" ROUTED_FILE, config->settings.state_dir);
}

/* A file that is not there, or of another format, tells nothing. */
static void read_routed(struct cbi_config *config)
{
	const char *path = routed_path(&config->ctx, config);
	json_t *root = path ? json_load_file(path, 0, NULL) : NULL;

	if (json_integer_value(json_object_get(root, "format")) ==
	    ROUTED_FORMAT)
		config->routed = root;
	else
		json_decref(root);
}

/* A pool that the config does not name any more: nginx may still send
 * requests there. */
static void add_leaving(struct cbi_config *config)
{
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(config->routed, "pools"), i, name)
	{
		const char *text = json_string_value(name);
		size_t n = config->pool_count;

		if (!text || !good_name(text))
			continue;
		add_pool(config, text);
		if (config->pool_count > n)
			config->pools[n].leaving = true;
	}
}

const char *cbi_config_routed(const struct cbi_config *config,
                              const char *plugin)
{
	const char *pool;

	if (!config->routed)
		return NULL;
	pool = json_string_value(json_object_get(
	    json_object_get(config->routed, "plugins"), plugin));
	return pool ? pool : "tools";
}

static json_t *make_routed(const struct cbi_config *config)
{
	json_t *pools = json_array(), *plugins = json_object();

	for (size_t i = 0; i < config->pool_count; i++) {
		const struct cbi_pool *pool = &config->pools[i];
		const char *const *p = pool->plugins;

		if (pool->leaving)
			continue;
		json_array_append_new(pools, json_string(pool->name));
		for (; p && *p; p++)
			json_object_set_new(plugins, *p,
			                    json_string(pool->name));
	}
	return json_pack("{s:i, s:o, s:o}", "format", ROUTED_FORMAT, "pools",
	                 pools, "plugins", plugins);
}

int cbi_config_write_routed(struct cb_ctx *ctx, const struct cbi_config *config)
{
	const char *path = routed_path(ctx, config);
	const char *temp = path ? cb_printf(ctx, "%s.new", path) : NULL;
	json_t *root = make_routed(config);
	struct stat owner;
	int rc = CB_OK;

	if (!temp || !root) {
		json_decref(root);
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	}
	/* Whoever runs the command, the portal's user must read it. */
	if (json_dump_file(root, temp, JSON_INDENT(1)) < 0 ||
	    stat(config->settings.state_dir, &owner) < 0 ||
	    (geteuid() == 0 && chown(temp, owner.st_uid, owner.st_gid) < 0) ||
	    rename(temp, path) < 0) {
		rc = cb_fail(ctx, CB_EAWAY, "%s: %s", path, strerror(errno));
		unlink(temp);
	}
	json_decref(root);
	return rc;
}

/* ---- All of them --------------------------------------------------------- */

void cbi_config_fill_pools(struct cbi_config *config)
{
	json_t *pools = cbi_config_get(config, "pools");
	const char *name;
	json_t *value;
	size_t n;

	read_routed(config);
	n = json_object_size(pools) + 2 +
	    json_array_size(json_object_get(config->routed, "pools"));
	config->pools = cb_alloc(&config->ctx, n * sizeof(*config->pools));
	if (!config->pools)
		return;
	add_pool(config, "core");
	add_pool(config, "tools");
	json_object_foreach(pools, name, value)
	{
		char path[128];

		snprintf(path, sizeof(path), "pools.%.60s", name);
		if (!good_name(name) || !json_is_object(value))
			cbi_config_error(config, path,
			                 "%s: expected a name of a-z, 0-9 and "
			                 "'-' and its keys",
			                 path);
		else
			add_pool(config, name);
	}
	add_leaving(config);
}

size_t cbi_config_pools(const struct cbi_config *config,
                        const struct cbi_pool **out)
{
	*out = config->pools;
	return config->pool_count;
}

const struct cbi_pool *cbi_config_pool(const struct cbi_config *config,
                                       const char *name)
{
	for (size_t i = 0; i < config->pool_count; i++)
		if (strcmp(config->pools[i].name, name) == 0)
			return &config->pools[i];
	return NULL;
}

const char *cbi_config_fetch_pool(const struct cbi_config *config)
{
	const struct cbi_pool *pools;
	size_t n = cbi_config_pools(config, &pools);

	for (size_t i = 0; i < n; i++)
		if (pools[i].fetch > 0)
			return pools[i].name;
	return "tools";
}

const char *cbi_config_pool_of(const struct cbi_config *config,
                               const char *plugin)
{
	for (size_t i = 0; i < config->pool_count; i++) {
		const char *const *p = config->pools[i].plugins;

		for (; p && *p; p++)
			if (strcmp(*p, plugin) == 0)
				return config->pools[i].name;
	}
	return "tools";
}
