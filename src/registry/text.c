/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - a plugin that is text, and what becomes of it when it is changed.
 *
 * Mistakes in a file that was good before leave the manifest of then in
 * place, with `trouble`: who edits a running plugin breaks no card.
 */
#include "registry/registry_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

#define TIER "declarative"

static const json_t *find_old(const json_t *old, const char *path)
{
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)old, i, row)
	{
		if (strcmp(cbi_manifest_text(row, "file"), path) == 0 &&
		    strcmp(cbi_manifest_text(row, "tier"), "native") != 0 &&
		    !cbi_manifest_refused(row))
			return row;
	}
	return NULL;
}

/* The first mistake, and how many more there are. */
static void add_reason(struct cb_ctx *ctx, json_t *manifest,
                       const struct cb_buf *why)
{
	const char *text = cbi_buf_string(why), *end = strchr(text, '\n');
	size_t more = 0, len = end ? (size_t)(end - text) : strlen(text);

	for (const char *at = end; at && at[1]; at = strchr(at + 1, '\n'))
		more++;
	text = cb_strndup(ctx, text, len);
	if (more)
		cbi_manifest_refuse(manifest, "%s (and %zu more)",
		                    text ? text : "", more);
	else
		cbi_manifest_refuse(manifest, "%s", text ? text : "");
}

static json_t *read_file(struct cb_ctx *ctx, const struct cbi_text_scan *scan,
                         const struct cbi_plugin_file *file)
{
	json_t *manifest = NULL;
	struct cb_buf why;

	cbi_buf_init(&why, 64 * 1024);
	if (!cbi_plugin_name_ok(file->name))
		cb_buf_printf(&why,
		              "its name is not [a-z][a-z0-9-]* of at most %d "
		              "bytes",
		              CB_NAME_MAX);
	else if (cbi_plugin_name_taken(file->name))
		cb_buf_printf(&why, "the name '%s' is the portal's own",
		              file->name);
	else if (scan->filter->read(ctx, file->path, file->name, scan->deep,
	                            &why, &manifest) < 0 &&
	         !why.len)
		cb_buf_text(&why, cb_failure(ctx));
	cb_failure_clear(ctx);
	if (!manifest) {
		manifest = cbi_manifest_of_refused(file->name, TIER, "");
		add_reason(ctx, manifest, &why);
	}
	cbi_buf_finish(&why);
	return manifest;
}

static json_t *copy_of(const json_t *old)
{
	json_t *copy = json_deep_copy(old);

	json_object_del(copy, "trouble");
	return copy;
}

/* The one before in place of what was refused, if it still fits. */
static json_t *fall_back(struct cb_ctx *ctx, const struct cbi_text_scan *scan,
                         const json_t *old, json_t *refused)
{
	json_t *copy = copy_of(old);

	scan->check(ctx, scan->arg, copy);
	if (cbi_manifest_refused(copy)) {
		json_decref(copy);
		return refused;
	}
	json_object_set(copy, "trouble", json_object_get(refused, "reason"));
	json_decref(refused);
	return copy;
}

json_t *cbi_text_file(struct cb_ctx *ctx, const struct cbi_text_scan *scan,
                      const struct cbi_plugin_file *file)
{
	const json_t *old = find_old(scan->old, file->path);
	bool same, deep;
	json_t *manifest;
	struct stat st;
	const char *id;

	memset(&st, 0, sizeof(st));
	/* Before it is read, so that a later one does not pass for it. */
	(void)!stat(file->path, &st);
	id = cbi_file_id(ctx, &st);
	if (!id)
		return NULL;
	same = old && strcmp(cbi_manifest_text(old, "id"), id) == 0 &&
	       !json_object_get(old, "trouble");
	deep = same && json_is_true(json_object_get(old, "deep"));
	/* At its start another release reads everything anew. */
	if (deep && scan->deep)
		manifest = copy_of(old);
	else
		manifest = read_file(ctx, scan, file);
	json_object_set_new(manifest, "deep", json_boolean(scan->deep || deep));
	json_object_set_new(manifest, "file", json_string(file->path));
	json_object_set_new(manifest, "id", json_string(id));
	if (!cbi_manifest_refused(manifest))
		scan->check(ctx, scan->arg, manifest);
	if (cbi_manifest_refused(manifest) && old)
		manifest = fall_back(ctx, scan, old, manifest);
	return manifest;
}
