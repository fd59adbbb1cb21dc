/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ref.c - see ref.h.
 */
#include "catalog/ref.h"

#include <string.h>

#include "base/str.h"
#include "catalog/fold.h"

static int say(const char **why, const char *what)
{
	if (why)
		*why = what;
	return CB_EINVAL;
}

static int parse(struct cb_ctx *ctx, const char *text, const char *kind,
                 const char *space, struct cbi_ref *out, const char **why)
{
	const char *colon = strchr(text, ':');
	const char *slash = strchr(text, '/');
	struct cbi_ref ref = { .kind = kind,
		               .space = space ? space : "default" };
	const char *rest = text;

	if (colon && slash && slash < colon)
		colon = NULL;
	if (colon) {
		if (colon == rest)
			return say(why, "the kind before ':' is empty");
		ref.kind = cb_strndup(ctx, rest, (size_t)(colon - rest));
		rest = colon + 1;
	}
	if (slash) {
		if (slash == rest)
			return say(why, "the namespace before '/' is empty");
		ref.space = cb_strndup(ctx, rest, (size_t)(slash - rest));
		rest = slash + 1;
	}
	if (!*rest)
		return say(why, "the name is empty");
	if ((colon && !ref.kind) || (slash && !ref.space))
		return CB_ENOMEM;
	if (!ref.kind)
		return say(why, "the kind is missing");
	if (strlen(text) > CBI_REF_TEXT_MAX)
		return say(why, "longer than 512 bytes");
	ref.name = cb_strdup(ctx, rest);
	if (!ref.name)
		return CB_ENOMEM;
	*out = ref;
	return CB_OK;
}

const char *cbi_ref_text(struct cb_ctx *ctx, const struct cbi_ref *ref)
{
	const char *text =
	    cb_printf(ctx, "%s:%s/%s", ref->kind, ref->space, ref->name);

	return text ? cbi_catalog_fold(ctx, text) : NULL;
}

int cbi_ref_canonical(struct cb_ctx *ctx, const char *text, const char *kind,
                      const char *space, const char **out, const char **why)
{
	struct cbi_ref ref;
	int rc = parse(ctx, text, kind, space, &ref, why);

	if (rc < 0)
		return rc;
	*out = cbi_ref_text(ctx, &ref);
	if (!*out)
		return CB_ENOMEM;
	/* Defaults and lower case may lengthen what was short enough. */
	if (strlen(*out) > CBI_REF_TEXT_MAX)
		return say(why, "longer than 512 bytes");
	return CB_OK;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char *trimmed(struct cb_ctx *ctx, const char *text, size_t len)
{
	while (len > 0 && blank(*text)) {
		text++;
		len--;
	}
	while (len > 0 && blank(text[len - 1]))
		len--;
	return cb_strndup(ctx, text, len);
}

int cbi_location_ref_parse(struct cb_ctx *ctx, const char *text,
                           const char **type, const char **target,
                           const char **why)
{
	const char *colon = strchr(text, ':');
	char *a, *b;

	if (!colon)
		return say(why, "expected <type>:<target>");
	a = trimmed(ctx, text, (size_t)(colon - text));
	b = trimmed(ctx, colon + 1, strlen(colon + 1));
	if (!a || !b)
		return CB_ENOMEM;
	if (!*a || !*b)
		return say(why, "expected <type>:<target>, neither empty");
	if (strcmp(a, "http") == 0 || strcmp(a, "https") == 0)
		return say(why, "is a bare URL: write url: in front of it");
	if (cbi_ref_is_script(b))
		return say(why, "the target is a script");
	*type = a;
	*target = b;
	return CB_OK;
}

bool cbi_ref_is_script(const char *url)
{
	static const char word[] = "javascript";
	const char *p = url;

	/* Browsers skip controls and spaces in front, and tabs and line ends
	 * between the letters. */
	while (*p && (unsigned char)*p <= ' ')
		p++;
	for (size_t i = 0; word[i]; i++, p++) {
		while (i > 0 && (*p == '\r' || *p == '\n' || *p == '\t'))
			p++;
		if ((*p | 0x20) != word[i])
			return false;
	}
	while (*p == '\r' || *p == '\n' || *p == '\t')
		p++;
	return *p == ':';
}
