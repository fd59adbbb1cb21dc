/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.c - all plugin files of this host, and how they fit together.
 *
 * probe.c looks at each alone.  Here they meet each other, the config and the
 * catalog's filter.  A plugin that was refused may leave another without what
 * it comes after, so that rule runs until nothing changes.
 */
#include "registry/registry_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "config/config.h"

/* ---- Manifests ----------------------------------------------------------- */

static CB_PRINTF(2, 3) void refuse(json_t *manifest, const char *fmt, ...)
{
	char reason[REASON_MAX];
	va_list args;
	json_t *text;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	text = json_string(reason);
	json_object_set_new(manifest, "state", json_string("refused"));
	json_object_set_new(manifest, "reason",
	                    text ? text
	                         : json_string("its reason is not UTF-8"));
}

bool cbi_manifest_refused(const json_t *manifest)
{
	return strcmp(cbi_manifest_text(manifest, "state"), "refused") == 0;
}

const char *cbi_manifest_text(const json_t *manifest, const char *name)
{
	const char *text = json_string_value(json_object_get(manifest, name));

	return text ? text : "";
}

/* ---- Finding files ------------------------------------------------------- */

static int is_plugin(const struct dirent *entry)
{
	/* Not what an installer is about to rename into place. */
	return entry->d_name[0] != '.' && cbi_str_ends(entry->d_name, ".so");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int probe_dir(struct cb_ctx *ctx, const char *dir, json_t *list)
{
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_plugin, by_bytes), rc = CB_OK;

	/* A folder that is not there holds no plugins. */
	for (int i = 0; i < n; i++) {
		const char *path;
		json_t *manifest;

		path = cb_printf(ctx, "%s/%s", dir, entries[i]->d_name);
		free(entries[i]);
		if (rc < 0)
			continue;
		if (json_array_size(list) >= CB_PLUGIN_FILES_MAX) {
			rc = cb_fail(ctx, CB_ETOOBIG,
			             "more than %d plugin files, the last seen "
			             "in %s",
			             CB_PLUGIN_FILES_MAX, dir);
			continue;
		}
		manifest = path ? cbi_probe_file(ctx, path) : NULL;
		rc = manifest ? CB_OK : cb_failure_code(ctx);
		if (manifest)
			json_array_append_new(list, manifest);
	}
	free(entries);
	return rc;
}

/* ---- How they fit -------------------------------------------------------- */

static json_t *find_good(json_t *list, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (!cbi_manifest_refused(row) &&
		    strcmp(cbi_manifest_text(row, "name"), name) == 0)
			return row;
	}
	return NULL;
}

static void refuse_doubles(json_t *list)
{
	json_t *row, *first;
	size_t i;

	json_array_foreach(list, i, row)
	{
		first = find_good(list, cbi_manifest_text(row, "name"));
		if (first && first != row && !cbi_manifest_refused(row))
			refuse(row,
			       "a plugin of this name was found "
			       "before, in %s",
			       cbi_manifest_text(first, "file"));
	}
}

static void check_filters(struct cb_ctx *ctx,
                          const struct cbi_registry_filter *filter,
                          json_t *manifest)
{
	json_t *cards = json_object_get(manifest, "cards"), *row;
	size_t i;

	json_array_foreach(cards, i, row)
	{
		const char *when =
		    json_string_value(json_object_get(row, "when"));
		const void *parsed;

		if (!when || filter->parse(ctx, when, &parsed) == CB_OK)
			continue;
		refuse(manifest, "card '%s': when '%s': %s",
		       cbi_manifest_text(row, "name"), when, cb_failure(ctx));
		cb_failure_clear(ctx);
		return;
	}
}

static void check_section(const struct cbi_config *config, json_t *manifest)
{
	struct cb_buf why;

	cbi_buf_init(&why, REASON_MAX);
	if (cbi_section_check(config, manifest, &why) < 0)
		refuse(manifest, "%s", cbi_buf_string(&why));
	cbi_buf_finish(&why);
}

static void check_one(struct cb_ctx *ctx, const struct cbi_config *config,
                      const struct cbi_registry_filter *filter,
                      json_t *manifest)
{
	const char *name = cbi_manifest_text(manifest, "name");
	const char *pool = cbi_config_pool_of(config, name);
	const char *routed = cbi_config_routed(config, name);

	json_object_set_new(manifest, "pool", json_string(pool));
	if (routed && strcmp(routed, pool) != 0)
		json_object_set_new(manifest, "routed", json_string(routed));
	if (filter && !cbi_manifest_refused(manifest))
		check_filters(ctx, filter, manifest);
	if (!cbi_manifest_refused(manifest))
		check_section(config, manifest);
}

/* Refuses those that come after one that is not there; true when it did. */
static bool refuse_orphans(json_t *list)
{
	bool changed = false;
	json_t *row, *name;
	size_t i, k;

	json_array_foreach(list, i, row)
	{
		json_array_foreach(json_object_get(row, "after"), k, name)
		{
			const char *text = json_string_value(name);

			if (cbi_manifest_refused(row) || find_good(list, text))
				continue;
			refuse(row,
			       "comes after '%s', which is not "
			       "there or was refused",
			       text);
			changed = true;
		}
	}
	return changed;
}

/* Is everything it comes after in the list already? */
static bool is_due(const json_t *row, json_t *done)
{
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(row, "after"), i, name)
	{
		if (!find_good(done, json_string_value(name)))
			return false;
	}
	return true;
}

/* Moves rows into the order in which they start; refuses circles.  The new
 * list, which has a reference of its own to each row. */
static json_t *put_in_order(json_t *list)
{
	json_t *done = json_array(), *row;
	bool moved = true;
	size_t i;

	while (moved) {
		moved = false;
		json_array_foreach(list, i, row)
		{
			if (cbi_manifest_refused(row) || !is_due(row, done) ||
			    find_good(done, cbi_manifest_text(row, "name")))
				continue;
			json_array_append(done, row);
			moved = true;
		}
	}
	json_array_foreach(list, i, row)
	{
		if (find_good(done, cbi_manifest_text(row, "name")) == row)
			continue;
		if (!cbi_manifest_refused(row))
			refuse(row, "comes after itself, through "
			            "others");
		json_array_append(done, row);
	}
	return done;
}

int cbi_registry_manifests(struct cb_ctx *ctx, const struct cbi_config *config,
                           const struct cbi_registry_filter *filter,
                           json_t **out)
{
	const char *const *dir = cbi_config_settings(config)->plugin_dirs;
	json_t *list = json_array(), *row;
	char abi[16];
	size_t i;
	int rc = list ? CB_OK : CB_ENOMEM;

	for (; rc == CB_OK && dir && *dir; dir++)
		rc = probe_dir(ctx, *dir, list);
	if (rc < 0) {
		json_decref(list);
		return rc;
	}
	refuse_doubles(list);
	json_array_foreach(list, i, row)
	{
		check_one(ctx, config, filter, row);
	}
	while (refuse_orphans(list))
		;
	row = put_in_order(list);
	json_decref(list);
	snprintf(abi, sizeof(abi), "%d.%d", CB_ABI_MAJOR, CB_ABI_MINOR);
	*out = json_pack("{s:i, s:s, s:i, s:I, s:o}", "format", 1, "abi", abi,
	                 "contract", CB_CONTRACT_LEVEL, "written",
	                 (json_int_t)cbi_clock_wall_ms(), "plugins", row);
	return *out ? CB_OK : cb_fail(ctx, CB_ENOMEM, "out of memory");
}

/* ---- Writing ------------------------------------------------------------- */

static int write_file(struct cb_ctx *ctx, const char *path, const json_t *root)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	bool good;

	if (fd < 0)
		return cb_fail(ctx, CB_EAWAY, "%s: %s", path, strerror(errno));
	good = json_dumpfd(root, fd, JSON_INDENT(1)) == 0 &&
	       write(fd, "\n", 1) == 1;
	if (close(fd) < 0)
		good = false;
	if (!good)
		return cb_fail(ctx, CB_EAWAY, "%s: cannot be written: %s", path,
		               strerror(errno));
	return CB_OK;
}

int cbi_registry_scan(struct cb_ctx *ctx, const struct cbi_config *config,
                      const struct cbi_registry_filter *filter,
                      const char *out_path)
{
	char *temp = cb_printf(ctx, "%s.%d", out_path, (int)getpid());
	json_t *root;
	int rc;

	if (!temp)
		return CB_ENOMEM;
	rc = cbi_registry_manifests(ctx, config, filter, &root);
	if (rc < 0)
		return rc;
	rc = write_file(ctx, temp, root);
	json_decref(root);
	if (rc == CB_OK && rename(temp, out_path) < 0)
		rc =
		    cb_fail(ctx, CB_EAWAY, "%s: %s", out_path, strerror(errno));
	if (rc < 0)
		unlink(temp);
	return rc;
}
