/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codeowners.c - see codeowners.h.
 */
#include "scm/codeowners.h"

#include "base/str.h"

#include <string.h>

#define OWNER_MAX 200

const char *const cbi_scm_codeowners_places[] = {
	".github/CODEOWNERS", ".bitbucket/CODEOWNERS", ".gitlab/CODEOWNERS",
	"CODEOWNERS",         "docs/CODEOWNERS",       NULL
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line; NULL at its end or a comment. */
static const char *word(const char **at, const char *end, size_t *len)
{
	const char *from;

	while (*at < end && blank(**at))
		(*at)++;
	from = *at;
	if (from == end || *from == '#')
		return NULL;
	while (*at < end && !blank(**at))
		(*at)++;
	*len = (size_t)(*at - from);
	return from;
}

/* "@org/team", "@user" and addresses, as Backstage makes refs of them. */
static const char *ref_of(struct cb_ctx *ctx, const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	const char *at = memchr(text, '@', len);

	if (*text == '@' && slash)
		return cb_strndup(ctx, slash + 1,
		                  len - (size_t)(slash + 1 - text));
	if (*text == '@')
		return cb_printf(ctx, "user:%.*s", (int)len - 1, text + 1);
	return cb_strndup(ctx, text, at ? (size_t)(at - text) : len);
}

const char *cbi_scm_codeowner(struct cb_ctx *ctx, const char *text, size_t len,
                              int *line)
{
	const char *end = text + len, *best = NULL;
	size_t best_len = 0;

	for (int number = 1; text < end; number++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		const char *at = text, *path, *owner;
		size_t n, owner_len;

		stop = stop ? stop : end;
		path = word(&at, stop, &n);
		owner = path ? word(&at, stop, &owner_len) : NULL;
		/* The last one counts, as for the hosts. */
		if (owner && n == 1 && *path == '*' && owner_len < OWNER_MAX) {
			best = owner;
			best_len = owner_len;
			*line = number;
		}
		text = stop + (stop < end);
	}
	return best && cbi_str_utf8(best, best_len)
	           ? ref_of(ctx, best, best_len)
	           : NULL;
}
