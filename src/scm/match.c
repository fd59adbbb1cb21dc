/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.c - paths and patterns, segment by segment.
 */
#include "scm/scm_priv.h"

#include <fnmatch.h>
#include <string.h>

#define SEGMENT_MAX 256

/* The next segment, or NULL after the last. */
static const char *after(const char *path)
{
	const char *slash = strchr(path, '/');

	return slash ? slash + 1 : NULL;
}

static bool any_depth(const char *pattern)
{
	return strncmp(pattern, "**", 2) == 0 &&
	       (pattern[2] == '/' || !pattern[2]);
}

static bool cut(const char *from, char out[SEGMENT_MAX])
{
	size_t len = strcspn(from, "/");

	if (len >= SEGMENT_MAX)
		return false;
	memcpy(out, from, len);
	out[len] = '\0';
	return true;
}

static bool segment_fits(const char *pattern, const char *path)
{
	char want[SEGMENT_MAX], have[SEGMENT_MAX];

	return cut(pattern, want) && cut(path, have) &&
	       fnmatch(want, have, FNM_PERIOD) == 0;
}

bool cbi_scm_is_glob(const char *path)
{
	return strchr(path, '*') != NULL;
}

/* With the last ** alone to come back to, as for a star in a text: what was
 * before it fits already, whatever comes after. */
bool cbi_scm_match(const char *pattern, const char *path)
{
	const char *back_pattern = NULL, *back_path = NULL;

	while (path) {
		if (pattern && any_depth(pattern)) {
			back_pattern = after(pattern);
			back_path = path;
			pattern = back_pattern;
			if (!pattern)
				return path[0] != '.' && !strstr(path, "/.");
			continue;
		}
		if (pattern && segment_fits(pattern, path)) {
			pattern = after(pattern);
			path = after(path);
			if (!pattern && !path)
				return true;
			if (pattern || !back_path)
				continue;
		}
		/* ** finds no folder that begins with a dot. */
		if (!back_path || back_path[0] == '.')
			return false;
		back_path = after(back_path);
		path = back_path;
		pattern = back_pattern;
	}
	return false;
}
