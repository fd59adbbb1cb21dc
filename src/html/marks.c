/* SPDX-License-Identifier: Apache-2.0 */
/*
 * marks.c - callboard/html.h: badges, figures, charts; icons and words for
 * times.
 */
#include "html/html.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "html/addr.h"

/* More points than this cannot be told apart in a small line. */
#define SPARK_MAX 200

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

void cb_html_progress(struct cb_html *html, const char *label, double value,
                      double max)
{
	char id[CB_NAME_MAX * 2 + 32], most[32], now[32];
	const char *shown;

	if (!(max > 0) || !isfinite(max))
		max = 1;
	if (!(value >= 0))
		value = 0;
	if (value > max)
		value = max;
	snprintf(most, sizeof(most), "%.6g", max);
	snprintf(now, sizeof(now), "%.6g", value);
	shown = cbi_html_say(html->ctx, "{1} of {2}", now, most);
	snprintf(id, sizeof(id), "%.*s-p%u", CB_NAME_MAX * 2, html->id,
	         ++html->ids);
	cbi_html_block(html);
	cbi_html_lit(html, "<div class=\"progress\"><label");
	cbi_html_attr(html, "for", id);
	cbi_html_lit(html, ">");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</label><span class=\"progress-value\">");
	cbi_html_esc(html, shown);
	cbi_html_lit(html, "</span><progress");
	cbi_html_attr(html, "id", id);
	cbi_html_attr(html, "max", most);
	cbi_html_attr(html, "value", now);
	cbi_html_lit(html, ">");
	cbi_html_esc(html, shown);
	cbi_html_lit(html, "</progress></div>\n");
}

/* x from 0 to 100, y from 29 (least) to 3 (most), of a box 100 by 32. */
static void points(struct cb_html *html, const double *values, size_t n,
                   double least, double most)
{
	char text[40];

	for (size_t i = 0; i < n; i++) {
		double v = isfinite(values[i]) ? values[i] : least;
		double share =
		    most > least ? (v - least) / (most - least) : 0.5;

		snprintf(text, sizeof(text), "%s%.1f,%.1f", i ? " " : "",
		         n > 1 ? 100.0 * (double)i / (double)(n - 1) : 50.0,
		         29.0 - 26.0 * share);
		cbi_html_esc(html, text);
	}
}

void cb_html_sparkline(struct cb_html *html, const char *label,
                       const double *values, size_t n)
{
	bool small = html->mode >= CBI_HTML_LIST;
	double least = INFINITY, most = -INFINITY;

	if (n > SPARK_MAX) {
		values += n - SPARK_MAX; /* the newest stand last */
		n = SPARK_MAX;
	}
	for (size_t i = 0; i < n; i++) {
		if (isfinite(values[i]) && values[i] < least)
			least = values[i];
		if (isfinite(values[i]) && values[i] > most)
			most = values[i];
	}
	if (!isfinite(least)) {
		cb_html_note(html, label);
		return;
	}
	if (!small)
		cbi_html_block(html);
	else if (!cbi_html_inline(html, CBI_MARK_TEXT))
		return;
	cbi_html_lit(html, "<svg class=\"spark");
	if (small)
		cbi_html_lit(html, " inline");
	cbi_html_lit(html, "\" viewBox=\"0 0 100 32\""
	                   " preserveAspectRatio=\"none\" role=\"img\"");
	cbi_html_attr_tr(html, "aria-label", label);
	cbi_html_lit(html, "><polygon points=\"0,32 ");
	points(html, values, n, least, most);
	cbi_html_lit(html, " 100,32\"/><polyline points=\"");
	points(html, values, n, least, most);
	cbi_html_lit(html, "\"/></svg>\n");
}
