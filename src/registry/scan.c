/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.c - all plugin files of this host, and how they fit together.
 *
 * probe.c looks at each alone.  Here they meet each other, the config and the
 * catalog's filter.  A plugin that was refused may leave another without what
 * it comes after, so that rule runs until nothing changes.
 */
#include "registry/registry_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "config/config.h"

/* Files that are loaded at once, each by a process. */
#define PROBES_MAX 8

/* ---- Manifests ----------------------------------------------------------- */

void cbi_manifest_refuse(json_t *manifest, const char *fmt, ...)
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
			cbi_manifest_refuse(row,
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
		cbi_manifest_refuse(manifest, "card '%s': when '%s': %s",
		                    cbi_manifest_text(row, "name"), when,
		                    cb_failure(ctx));
		cb_failure_clear(ctx);
		return;
	}
}

static void check_section(const struct cbi_config *config, json_t *manifest)
{
	struct cb_buf why;

	cbi_buf_init(&why, REASON_MAX);
	if (cbi_section_check(config, manifest, &why) < 0)
		cbi_manifest_refuse(manifest, "%s", cbi_buf_string(&why));
	cbi_buf_finish(&why);
}

static void set_pool(const struct cbi_config *config, json_t *manifest)
{
	const char *name = cbi_manifest_text(manifest, "name");
	const char *pool = cbi_config_pool_of(config, name);
	const char *routed = cbi_config_routed(config, name);

	json_object_set_new(manifest, "pool", json_string(pool));
	if (routed && strcmp(routed, pool) != 0)
		json_object_set_new(manifest, "routed", json_string(routed));
	else
		json_object_del(manifest, "routed");
}

static void check_one(struct cb_ctx *ctx, const struct cbi_config *config,
                      const struct cbi_registry_filter *filter,
                      json_t *manifest)
{
	set_pool(config, manifest);
	if (filter && !cbi_manifest_refused(manifest))
		check_filters(ctx, filter, manifest);
	if (!cbi_manifest_refused(manifest))
		cbi_places_check(manifest);
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
			cbi_manifest_refuse(row,
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
			cbi_manifest_refuse(row, "comes after itself, through "
			                         "others");
		json_array_append(done, row);
	}
	return done;
}

/* ---- Looking ------------------------------------------------------------- */

struct scan {
	const struct cbi_config *config;
	const struct cbi_registry_filter *filter;
	json_t *old;    /* the manifests before; NULL: none */
	bool text_only; /* code stays as it was found */
};

static void check_text(struct cb_ctx *ctx, void *arg, json_t *manifest)
{
	const struct scan *scan = arg;

	check_one(ctx, scan->config, scan->filter, manifest);
}

/* Code as it was found before; NULL when it was not there. */
static json_t *as_before(const struct scan *scan, const char *path)
{
	json_t *row;
	size_t i;

	json_array_foreach(scan->old, i, row)
	{
		if (strcmp(cbi_manifest_text(row, "file"), path) == 0)
			return json_incref(row);
	}
	return NULL;
}

static int look_at(struct cb_ctx *ctx, struct scan *scan,
                   const struct cbi_plugin_file *file, struct cbi_probe *probe,
                   json_t *list)
{
	const struct cbi_text_scan text = {
		.filter = scan->filter,
		.old = scan->old,
		.deep = scan->text_only,
		.check = check_text,
		.arg = scan,
	};
	json_t *manifest;

	if (file->text && (!scan->filter || !scan->filter->read))
		return CB_OK;
	if (file->text)
		manifest = cbi_text_file(ctx, &text, file);
	else if (scan->text_only)
		manifest = as_before(scan, file->path);
	else
		manifest = cbi_probe_end(ctx, probe);
	if (manifest)
		json_array_append_new(list, manifest);
	return manifest || scan->text_only ? CB_OK : cb_failure_code(ctx);
}

/* Files are looked at in order, while those after are being loaded. */
static int look_at_all(struct cb_ctx *ctx, struct scan *scan,
                       const struct cbi_plugin_file *files, size_t n,
                       json_t *list)
{
	struct cbi_probe **probes = cb_alloc(ctx, (n + 1) * sizeof(*probes));
	size_t i = 0, begun = 0;
	int rc = probes ? CB_OK : CB_ENOMEM;

	while (rc == CB_OK && i < n) {
		for (; rc == CB_OK && begun < n && begun < i + PROBES_MAX;
		     begun++) {
			if (files[begun].text || scan->text_only)
				continue;
			probes[begun] = cbi_probe_begin(ctx, files[begun].path);
			if (!probes[begun])
				rc = cb_failure_code(ctx);
		}
		if (rc < 0)
			break;
		rc = look_at(ctx, scan, &files[i], probes[i], list);
		i++;
	}
	/* After a failure nobody asks for the others, but they end. */
	for (; i < begun; i++)
		if (probes[i])
			json_decref(cbi_probe_end(ctx, probes[i]));
	return rc;
}

static void join(struct cb_ctx *ctx, const struct scan *scan, json_t *list)
{
	json_t *row;
	size_t i;

	refuse_doubles(list);
	json_array_foreach(list, i, row)
	{
		bool code =
		    strcmp(cbi_manifest_text(row, "tier"), "native") == 0;

		if (code && !scan->text_only)
			check_one(ctx, scan->config, scan->filter, row);
		else
			set_pool(scan->config, row);
	}
	while (refuse_orphans(list))
		;
}

static int manifests(struct cb_ctx *ctx, struct scan *scan, json_t **out)
{
	json_t *list = json_array(), *ordered;
	struct cbi_plugin_file *files;
	char abi[16];
	size_t n = 0;
	int rc =
	    list ? cbi_plugin_files(ctx, scan->config, &files, &n) : CB_ENOMEM;

	if (rc == CB_OK)
		rc = look_at_all(ctx, scan, files, n, list);
	if (rc < 0) {
		json_decref(list);
		return rc;
	}
	join(ctx, scan, list);
	ordered = put_in_order(list);
	json_decref(list);
	snprintf(abi, sizeof(abi), "%d.%d", CB_ABI_MAJOR, CB_ABI_MINOR);
	*out = json_pack("{s:i, s:s, s:i, s:I, s:o}", "format", 1, "abi", abi,
	                 "contract", CB_CONTRACT_LEVEL, "written",
	                 (json_int_t)cbi_clock_wall_ms(), "plugins", ordered);
	return *out ? CB_OK : cb_fail(ctx, CB_ENOMEM, "out of memory");
}

int cbi_registry_manifests(struct cb_ctx *ctx, const struct cbi_config *config,
                           const struct cbi_registry_filter *filter,
                           json_t **out)
{
	struct scan scan = { .config = config, .filter = filter };

	return manifests(ctx, &scan, out);
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

/* What was written there before; NULL when it cannot be read. */
static json_t *read_old(const char *path)
{
	json_t *root = json_load_file(path, 0, NULL);
	json_t *list = json_incref(json_object_get(root, "plugins"));

	json_decref(root);
	return list;
}

static int write_scan(struct cb_ctx *ctx, struct scan *scan,
                      const char *out_path)
{
	char *temp = cb_printf(ctx, "%s.%d", out_path, (int)getpid());
	json_t *root;
	int rc;

	if (!temp)
		return CB_ENOMEM;
	scan->old = read_old(out_path);
	rc = manifests(ctx, scan, &root);
	json_decref(scan->old);
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

int cbi_registry_scan(struct cb_ctx *ctx, const struct cbi_config *config,
                      const struct cbi_registry_filter *filter,
                      const char *out_path)
{
	struct scan scan = { .config = config, .filter = filter };

	return write_scan(ctx, &scan, out_path);
}

int cbi_registry_rescan(struct cb_ctx *ctx, const struct cbi_config *config,
                        const struct cbi_registry_filter *filter,
                        const char *out_path)
{
	struct scan scan = { .config = config,
		             .filter = filter,
		             .text_only = true };

	return write_scan(ctx, &scan, out_path);
}
