/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glob.c - paths that fit a pattern.
 *
 * Braces are expanded first (at most 64 patterns), then each is walked
 * segment by segment; a single segment is fnmatch's.  `**` is any number of
 * folders; links to folders are not followed below it, and neither it nor a
 * wildcard finds names that begin with a dot.
 */
#include "provider/provider_priv.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATTERNS_MAX 64
#define DEPTH_MAX 32
/* Names looked at for one target: a glob over a whole disk is a mistake. */
#define VISITS_MAX 200000

struct walk {
	struct cb_ctx *ctx;
	const char **found;
	size_t count, cap;
	size_t visits;
};

static bool has_wildcard(const char *text)
{
	return strpbrk(text, "*?[{") != NULL;
}

static int add(struct walk *w, const char *path)
{
	if (w->count >= CBI_PROVIDER_FILES_MAX)
		return cb_fail(w->ctx, CB_EINVAL,
		               "the pattern fits more than %d files",
		               CBI_PROVIDER_FILES_MAX);
	if (w->count + 1 >= w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 64;
		const char **more = cb_alloc(w->ctx, cap * sizeof(*more));

		if (!more)
			return CB_ENOMEM;
		if (w->count)
			memcpy(more, w->found, w->count * sizeof(*more));
		w->found = more;
		w->cap = cap;
	}
	w->found[w->count] = cb_strdup(w->ctx, path);
	return w->found[w->count++] ? CB_OK : CB_ENOMEM;
}

static const char *join(struct cb_ctx *ctx, const char *dir, const char *name,
                        size_t len)
{
	bool root = strcmp(dir, "/") == 0;

	return cb_printf(ctx, "%s%s%.*s", dir, root ? "" : "/", (int)len, name);
}

static int walk(struct walk *w, const char *dir, const char *pattern,
                int depth);

/* Calls walk for every name in dir that fits the segment. */
static int walk_names(struct walk *w, const char *dir, const char *segment,
                      const char *rest, int depth, bool any_depth)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;
	int rc = CB_OK;

	if (!folder)
		return CB_OK;
	while (rc == CB_OK && (entry = readdir(folder))) {
		const char *path;
		struct stat st;

		if (entry->d_name[0] == '.' && segment[0] != '.')
			continue;
		if (++w->visits > VISITS_MAX) {
			rc = cb_fail(w->ctx, CB_EINVAL,
			             "the pattern looks at more than %d names",
			             VISITS_MAX);
			break;
		}
		if (!any_depth && fnmatch(segment, entry->d_name, 0) != 0)
			continue;
		path = join(w->ctx, dir, entry->d_name, strlen(entry->d_name));
		if (!path)
			rc = CB_ENOMEM;
		else if (!any_depth)
			rc = *rest ? walk(w, path, rest, depth + 1)
			           : add(w, path);
		else if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			rc = walk(w, path, rest, depth + 1);
	}
	closedir(folder);
	return rc;
}

/* pattern has no leading slash; dir has no trailing one. */
static int walk(struct walk *w, const char *dir, const char *pattern, int depth)
{
	size_t len = strcspn(pattern, "/");
	const char *rest = pattern + len + (pattern[len] == '/');
	const char *segment = cb_strndup(w->ctx, pattern, len);
	const char *path;
	int rc;

	if (!segment)
		return CB_ENOMEM;
	if (depth > DEPTH_MAX)
		return cb_fail(w->ctx, CB_EINVAL,
		               "the pattern goes deeper than %d folders",
		               DEPTH_MAX);
	if (strcmp(segment, "**") == 0) {
		rc = walk(w, dir, *rest ? rest : "*", depth + 1);
		if (rc == CB_OK)
			rc = walk_names(w, dir, "", pattern, depth, true);
		return rc;
	}
	if (strpbrk(segment, "*?["))
		return walk_names(w, dir, segment, rest, depth, false);
	path = join(w->ctx, dir, segment, len);
	if (!path)
		return CB_ENOMEM;
	if (*rest)
		return walk(w, path, rest, depth + 1);
	{
		struct stat st;

		return lstat(path, &st) == 0 ? add(w, path) : CB_OK;
	}
}

/* Adds every pattern that the braces of this one stand for. */
static int expand(struct cb_ctx *ctx, const char *pattern,
                  const char **patterns, size_t *n)
{
	const char *open = strchr(pattern, '{');
	const char *close = open ? strchr(open, '}') : NULL;
	const char *p;

	if (!close) {
		if (*n >= PATTERNS_MAX)
			return cb_fail(ctx, CB_EINVAL,
			               "the braces stand for more than %d "
			               "patterns",
			               PATTERNS_MAX);
		patterns[(*n)++] = pattern;
		return CB_OK;
	}
	for (p = open + 1; p <= close;) {
		size_t len = strcspn(p, ",}");
		const char *one =
		    cb_printf(ctx, "%.*s%.*s%s", (int)(open - pattern), pattern,
		              (int)len, p, close + 1);
		int rc = one ? expand(ctx, one, patterns, n) : CB_ENOMEM;

		if (rc < 0)
			return rc;
		p += len + 1;
	}
	return CB_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The same file may fit two patterns. */
static void sort_once(struct walk *w)
{
	size_t kept = 0;

	qsort(w->found, w->count, sizeof(*w->found), by_name);
	for (size_t i = 0; i < w->count; i++)
		if (kept == 0 || strcmp(w->found[kept - 1], w->found[i]) != 0)
			w->found[kept++] = w->found[i];
	w->found[kept] = NULL;
	w->count = kept;
}

int cbi_provider_glob(struct cb_ctx *ctx, const char *pattern,
                      const char *const **out)
{
	const char *patterns[PATTERNS_MAX];
	struct walk w = { .ctx = ctx };
	size_t n = 0;
	int rc = CB_OK;

	if (!has_wildcard(pattern)) {
		rc = add(&w, pattern);
		if (rc == CB_OK) {
			w.found[w.count] = NULL;
			*out = w.found;
		}
		return rc;
	}
	rc = expand(ctx, pattern, patterns, &n);
	for (size_t i = 0; i < n && rc == CB_OK; i++)
		rc = walk(&w, "/", patterns[i] + 1, 0);
	if (rc < 0)
		return rc;
	if (w.count == 0)
		return cb_fail(ctx, CB_ENOENT, "%s fits no file", pattern);
	sort_once(&w);
	*out = w.found;
	return CB_OK;
}
