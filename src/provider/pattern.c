/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern.c - see pattern.h.
 */
#include "provider/pattern.h"

#include <regex.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/str.h"

#define LENGTH_MAX 500

struct cbi_pattern {
	regex_t regex;
};

static void forget(void *pattern)
{
	regfree(&((struct cbi_pattern *)pattern)->regex);
}

/* An escape; NULL: not known.  The C library's own differ within classes. */
static const char *escape(char letter, bool class)
{
	switch (letter) {
	case 'd':
		return class ? "0-9" : "[0-9]";
	case 'D':
		return class ? NULL : "[^0-9]";
	case 'w':
		return class ? "A-Za-z0-9_" : "[A-Za-z0-9_]";
	case 'W':
		return class ? NULL : "[^A-Za-z0-9_]";
	case 's':
		return class ? "[:space:]" : "[[:space:]]";
	case 'S':
		return class ? NULL : "[^[:space:]]";
	case 'b':
		return class ? NULL : "\\b";
	default:
		return NULL;
	}
}

/* [\s\S] and its like: any character. */
static size_t any_class(const char *text)
{
	static const char *const words[] = { "[\\s\\S]", "[\\S\\s]", "[\\d\\D]",
		                             "[\\w\\W]", "[^]" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (cbi_str_starts(text, words[i]))
			return strlen(words[i]);
	return 0;
}

/* Texts of one line are looked at, so '.' is any character. */
static int translate(struct cb_buf *out, const char *text)
{
	bool class = false;

	while (*text) {
		size_t any = class ? 0 : any_class(text);

		if (any) {
			cb_buf_text(out, ".");
			text += any;
		} else if (*text == '\\' && text[1]) {
			const char *word = escape(text[1], class);
			bool letter =
			    (text[1] | 0x20) >= 'a' && (text[1] | 0x20) <= 'z';

			if (!word &&
			    (letter || (text[1] >= '0' && text[1] <= '9')))
				return CB_EINVAL;
			if (word)
				cb_buf_text(out, word);
			else
				cb_buf_printf(out,
				              class && text[1] != ']' ? "%c"
				                                      : "\\%c",
				              text[1]);
			text += 2;
		} else if (!class && cbi_str_starts(text, "(?")) {
			if (text[2] != ':')
				return CB_EINVAL;
			cb_buf_text(out, "(");
			text += 3;
		} else if (!class && strchr("*+?}", *text) && text[1] == '?') {
			/* As few as possible: whether it fits is the same. */
			cb_buf_printf(out, "%c", *text);
			text += 2;
		} else {
			class = class ? *text != ']' : *text == '[';
			cb_buf_printf(out, "%c", *text++);
		}
	}
	return out->failed;
}

int cbi_pattern_read(struct cb_ctx *ctx, const char *text, const char *path,
                     bool whole, struct cbi_pattern **out)
{
	struct cbi_pattern *pattern = cb_alloc(ctx, sizeof(*pattern));
	struct cb_buf buf;
	int rc;

	if (!pattern)
		return CB_ENOMEM;
	cbi_buf_init(&buf, 8 * LENGTH_MAX);
	cb_buf_text(&buf, whole ? "^(" : "");
	rc = strlen(text) > LENGTH_MAX ? CB_EINVAL : translate(&buf, text);
	cb_buf_text(&buf, whole ? ")$" : "");
	if (rc == CB_OK && regcomp(&pattern->regex, cbi_buf_string(&buf),
	                           REG_EXTENDED | REG_NOSUB) != 0)
		rc = CB_EINVAL;
	cbi_buf_finish(&buf);
	if (rc < 0)
		return cb_fail(ctx, rc,
		               "%s: '%.100s' is no regular expression that is "
		               "known here",
		               path, text);
	*out = pattern;
	return cb_defer(ctx, forget, pattern);
}

bool cbi_pattern_fits(const struct cbi_pattern *pattern, const char *text)
{
	return !pattern || regexec(&pattern->regex, text, 0, NULL, 0) == 0;
}
