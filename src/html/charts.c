/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charts.c - figures as pictures: how far, a small line, bars.
 *
 * What a picture says stands beside it in words; what is no finite number is
 * drawn as the least.
 */
#include "html/parts.h"

#include <math.h>
#include <stdio.h>

#include "base/ctx.h"

/* More points than this cannot be told apart in a small line. */
#define SPARK_MAX 200
#define BARS_MAX 60
/* So many labels stand side by side on a telephone. */
#define LABELS_MAX 7
#define WORDS_MAX (4 * CB_KIB)

void cbi_html_progress(struct cb_html *html, enum cb_tone tone,
                       const char *label, double value, double max)
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
	cbi_html_lit(html, "<div class=\"progress\"");
	if (tone != CB_TONE_NEUTRAL)
		cbi_html_attr(html, "data-tone", cbi_html_tone(tone));
	cbi_html_lit(html, "><label");
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

void cb_html_progress(struct cb_html *html, const char *label, double value,
                      double max)
{
	cbi_html_progress(html, CB_TONE_NEUTRAL, label, value, max);
}

/* ---- Small line -----------------------------------------------------------
 */

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

void cbi_html_sparkline(struct cb_html *html, enum cb_tone tone,
                        const char *label, const double *values, size_t n)
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
	cbi_html_lit(html, "\"");
	if (tone != CB_TONE_NEUTRAL)
		cbi_html_attr(html, "data-tone", cbi_html_tone(tone));
	cbi_html_lit(html, " viewBox=\"0 0 100 32\""
	                   " preserveAspectRatio=\"none\" role=\"img\"");
	cbi_html_attr_tr(html, "aria-label", label);
	cbi_html_lit(html, "><polygon points=\"0,32 ");
	points(html, values, n, least, most);
	cbi_html_lit(html, " 100,32\"/><polyline points=\"");
	points(html, values, n, least, most);
	cbi_html_lit(html, "\"/></svg>\n");
}

void cb_html_sparkline(struct cb_html *html, const char *label,
                       const double *values, size_t n)
{
	cbi_html_sparkline(html, CB_TONE_NEUTRAL, label, values, n);
}

/* ---- Bars ------------------------------------------------------------------
 */

/* "Failures: Mon 3, Tue 0": what the picture says, in words. */
static const char *in_words(struct cb_html *html, const char *label,
                            const struct cbi_html_bar *bars, size_t n)
{
	struct cb_buf buf;
	const char *kept = NULL;

	cbi_buf_init(&buf, WORDS_MAX);
	cb_buf_text(&buf, cb_tr(html->ctx, label));
	for (size_t i = 0; i < n; i++)
		cb_buf_printf(&buf, "%s%s %.6g", i ? ", " : ": ",
		              bars[i].label ? bars[i].label : "",
		              isfinite(bars[i].value) ? bars[i].value : 0.0);
	if (!buf.failed)
		kept = cb_strdup(html->ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return kept ? kept : label;
}

/* One bar of n, from the line at zero up or down. */
static void draw_bar(struct cb_html *html, const struct cbi_html_bar *bar,
                     size_t i, size_t n, double least, double most)
{
	double value = isfinite(bar->value) ? bar->value : 0;
	double room = 100.0 / (double)n, scale = 30.0 / (most - least);
	double zero = 31.0 + least * scale;
	double high = fmin(fabs(value) * scale, 31.0);
	char text[120];

	cbi_html_lit(html, "<rect");
	snprintf(text, sizeof(text), "%.2f", room * ((double)i + 0.15));
	cbi_html_attr(html, "x", text);
	snprintf(text, sizeof(text), "%.2f", value < 0 ? zero : zero - high);
	cbi_html_attr(html, "y", text);
	snprintf(text, sizeof(text), "%.2f", room * 0.7);
	cbi_html_attr(html, "width", text);
	snprintf(text, sizeof(text), "%.2f", high);
	cbi_html_attr(html, "height", text);
	if (bar->tone != CB_TONE_NEUTRAL)
		cbi_html_attr(html, "data-tone", cbi_html_tone(bar->tone));
	cbi_html_lit(html, "/>");
}

static void bar_labels(struct cb_html *html, const struct cbi_html_bar *bars,
                       size_t n)
{
	bool all = n <= LABELS_MAX;

	/* They are in the picture's words already. */
	if (all)
		cbi_html_lit(html, "<p class=\"chart-x each\""
		                   " aria-hidden=\"true\">");
	else
		cbi_html_lit(html, "<p class=\"chart-x\""
		                   " aria-hidden=\"true\">");
	for (size_t i = 0; i < n; i++) {
		if (!all && i > 0 && i < n - 1)
			continue;
		cbi_html_lit(html, "<span>");
		cbi_html_esc(html, bars[i].label);
		cbi_html_lit(html, "</span>");
	}
	cbi_html_lit(html, "</p>\n");
}

void cbi_html_bars(struct cb_html *html, const char *label,
                   const struct cbi_html_bar *bars, size_t n)
{
	double least = 0, most = 0;
	char zero[80];

	if (n > BARS_MAX) {
		bars += n - BARS_MAX; /* the newest stand last */
		n = BARS_MAX;
	}
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(bars[i].value))
			continue;
		if (bars[i].value < least)
			least = bars[i].value;
		if (bars[i].value > most)
			most = bars[i].value;
	}
	if (n == 0) {
		cb_html_note(html, label);
		return;
	}
	if (!(most > least) || !isfinite(most - least))
		most = least + 1;
	cbi_html_block(html);
	cbi_html_lit(html, "<p class=\"chart-title\">");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</p><svg class=\"bars\" viewBox=\"0 0 100 32\""
	                   " preserveAspectRatio=\"none\" role=\"img\"");
	cbi_html_attr(html, "aria-label", in_words(html, label, bars, n));
	cbi_html_lit(html, "><path class=\"bars-line\"");
	snprintf(zero, sizeof(zero), "M0 %.2fH100",
	         31.0 + least * 30.0 / (most - least));
	cbi_html_attr(html, "d", zero);
	cbi_html_lit(html, "/>");
	for (size_t i = 0; i < n; i++)
		draw_bar(html, &bars[i], i, n, least, most);
	cbi_html_lit(html, "</svg>\n");
	bar_labels(html, bars, n);
}
