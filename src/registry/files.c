/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.c - what lies in backend.pluginDirs: `<name>.so`, `<name>.yaml` and
 * `<name>/plugin.yaml`.
 */
#include "registry/registry_priv.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ctx.h"
#include "base/limits.h"
#include "base/str.h"
#include "config/config.h"

#define IN_FOLDER "/plugin.yaml"

static int is_visible(const struct dirent *entry)
{
	/* Not what an installer is about to rename into place. */
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* False for what is no plugin. */
static bool take(struct cb_ctx *ctx, const char *dir, const char *base,
                 struct cbi_plugin_file *out)
{
	size_t len = strlen(base);
	struct stat st;

	out->text = false;
	if (cbi_str_ends(base, ".so")) {
		len -= strlen(".so");
	} else if (cbi_str_ends(base, ".yaml")) {
		len -= strlen(".yaml");
		out->text = true;
	} else {
		out->path = cb_printf(ctx, "%s/%s" IN_FOLDER, dir, base);
		out->name = cb_strdup(ctx, base);
		out->text = true;
		return out->path && out->name && stat(out->path, &st) == 0;
	}
	out->path = cb_printf(ctx, "%s/%s", dir, base);
	out->name = cb_strndup(ctx, base, len);
	return out->path && out->name && len > 0;
}

static int add_dir(struct cb_ctx *ctx, const char *dir,
                   struct cbi_plugin_file *list, size_t *n)
{
	struct dirent **entries = NULL;
	int count = scandir(dir, &entries, is_visible, by_bytes), rc = CB_OK;

	/* A folder that is not there holds no plugins. */
	for (int i = 0; i < count; i++) {
		struct cbi_plugin_file file;

		if (rc == CB_OK && take(ctx, dir, entries[i]->d_name, &file)) {
			if (*n < CB_PLUGIN_FILES_MAX)
				list[(*n)++] = file;
			else
				rc = cb_fail(ctx, CB_ETOOBIG,
				             "more than %d plugin files, the "
				             "last seen in %s",
				             CB_PLUGIN_FILES_MAX, dir);
		}
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int cbi_plugin_files(struct cb_ctx *ctx, const struct cbi_config *config,
                     struct cbi_plugin_file **out, size_t *n)
{
	const char *const *dir = cbi_config_settings(config)->plugin_dirs;
	struct cbi_plugin_file *list =
	    cb_alloc(ctx, CB_PLUGIN_FILES_MAX * sizeof(*list));
	int rc = list ? CB_OK : CB_ENOMEM;

	*n = 0;
	for (; rc == CB_OK && dir && *dir; dir++)
		rc = add_dir(ctx, *dir, list, n);
	if (rc == CB_OK)
		*out = list;
	return rc;
}

/* FNV-1a, 64 bits. */
static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *at = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * UINT64_C(1099511628211);
	return hash;
}

uint64_t cbi_registry_signature(const struct cbi_config *config)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	struct cbi_plugin_file *files;
	struct cbi_lane lane;
	struct cb_ctx ctx;
	size_t n = 0;

	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	if (!config || cbi_plugin_files(&ctx, config, &files, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		struct stat st;
		char *id;

		if (!files[i].text || stat(files[i].path, &st) < 0)
			continue;
		id = cbi_file_id(&ctx, &st);
		hash = mix(hash, files[i].path, strlen(files[i].path) + 1);
		if (id)
			hash = mix(hash, id, strlen(id));
	}
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return hash;
}
