/* SPDX-License-Identifier: Apache-2.0 */
/*
 * marks.c - callboard/html.h: badges and figures; icons and tones.
 */
#include "html/html.h"

#include <ctype.h>
#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "html/addr.h"

void cbi_html_path(struct cb_html *html, const char *path)
{
	while (path && *path) {
		size_t len = strcspn(path, "/");

		len += strspn(path + len, "/");
		cbi_html_esc_n(html, path, len);
		path += len;
		if (*path)
			cbi_html_lit(html, "<wbr>");
	}
}

void cbi_html_icon(struct cb_html *html, const char *name)
{
	cbi_html_lit(html, "<svg class=\"icon\" aria-hidden=\"true\"><use"
	                   " href=\"");
	cbi_html_esc(html, cbi_addr_asset(html->ctx, "icons.svg"));
	cbi_html_lit(html, "#");
	cbi_html_esc(html, name);
	cbi_html_lit(html, "\"></use></svg>");
}

const char *cbi_html_kind(const char *kind)
{
	static const char *const known[] = {
		"component", "api",  "system",   "domain",  "resource",
		"group",     "user", "location", "template"
	};

	for (size_t i = 0; kind && i < sizeof(known) / sizeof(known[0]); i++)
		if (cbi_str_casecmp(kind, known[i]) == 0)
			return known[i];
	return "other";
}

void cbi_html_kind_icon(struct cb_html *html, const char *kind)
{
	const char *known = cbi_html_kind(kind);

	cbi_html_lit(html, "<svg class=\"icon kind-");
	cbi_html_esc(html, known);
	cbi_html_lit(html, "\" aria-hidden=\"true\"><use href=\"");
	cbi_html_esc(html, cbi_addr_asset(html->ctx, "icons.svg"));
	cbi_html_lit(html, "#");
	cbi_html_esc(html, known);
	cbi_html_lit(html, "\"></use></svg>");
}

const char *cbi_html_tone(enum cb_tone tone)
{
	static const char *const names[] = {
		[CB_TONE_NEUTRAL] = "neutral", [CB_TONE_GOOD] = "good",
		[CB_TONE_WARN] = "warn",       [CB_TONE_BAD] = "bad",
		[CB_TONE_INFO] = "info",       [CB_TONE_BUSY] = "busy",
	};

	/* A plugin's tone is any number it likes. */
	if ((unsigned)tone >= sizeof(names) / sizeof(names[0]))
		return names[CB_TONE_NEUTRAL];
	return names[tone];
}

const char *cbi_html_tone_word(enum cb_tone tone)
{
	static const char *const words[] = {
		[CB_TONE_NEUTRAL] = "neutral", [CB_TONE_GOOD] = "good",
		[CB_TONE_WARN] = "warning",    [CB_TONE_BAD] = "bad",
		[CB_TONE_INFO] = "note",       [CB_TONE_BUSY] = "in progress",
	};

	if ((unsigned)tone >= sizeof(words) / sizeof(words[0]))
		return words[CB_TONE_NEUTRAL];
	return words[tone];
}

static void word(struct cb_html *html, const char *text)
{
	if (text && *text)
		cbi_html_esc(html, text);
	else
		cbi_html_lit(html, "\xe2\x80\x93");
}

void cb_html_badge(struct cb_html *html, enum cb_tone tone, const char *text)
{
	if (!cbi_html_inline(html, CBI_MARK_SELF))
		return;
	cbi_html_lit(html, "<span class=\"badge\"");
	cbi_html_attr(html, "data-tone", cbi_html_tone(tone));
	cbi_html_lit(html, ">");
	word(html, text);
	cbi_html_lit(html, "</span>");
}

void cb_html_status(struct cb_html *html, enum cb_tone tone, const char *text)
{
	if (!cbi_html_inline(html, CBI_MARK_SELF))
		return;
	cbi_html_lit(html, "<span class=\"status\"");
	cbi_html_attr(html, "data-tone", cbi_html_tone(tone));
	cbi_html_lit(html, ">");
	cbi_html_icon(html, cbi_html_tone(tone));
	word(html, text);
	cbi_html_lit(html, "</span>");
}

/* The five letters that have a look; other grades are a small word. */
static void draw_grade(struct cb_html *html, const char *grade)
{
	char letter[2] = { (char)tolower((unsigned char)*grade), '\0' };

	if (grade[1] || letter[0] < 'a' || letter[0] > 'e') {
		cbi_html_lit(html, " <small>");
		cbi_html_esc(html, grade);
		cbi_html_lit(html, "</small>");
		return;
	}
	cbi_html_lit(html, " <span class=\"rating\"");
	cbi_html_attr(html, "data-rating", letter);
	cbi_html_lit(html, "><span class=\"vh\">");
	cbi_html_tr(html, "grade");
	cbi_html_lit(html, " </span>");
	cbi_html_esc(html, grade);
	cbi_html_lit(html, "</span>");
}

void cb_html_stat(struct cb_html *html, enum cb_tone tone, const char *label,
                  const char *value, const char *grade)
{
	cbi_html_gather(html, CBI_HTML_STATS);
	cbi_html_lit(html, "<div class=\"stat\"");
	if (tone != CB_TONE_NEUTRAL)
		cbi_html_attr(html, "data-tone", cbi_html_tone(tone));
	cbi_html_lit(html, "><dt>");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</dt><dd>");
	word(html, value);
	if (grade && *grade)
		draw_grade(html, grade);
	cbi_html_lit(html, "</dd></div>\n");
}
