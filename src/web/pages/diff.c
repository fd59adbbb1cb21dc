/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.c - see diff.h.
 */
#include "web/pages/diff.h"

#include "base/diff.h"

/* Lines of one difference on a page. */
#define LINES_MAX 500

static void line(struct cb_html *html, const struct cbi_diff_line *line)
{
	static const char *const signs[] = { "  ", "- ", "+ " };

	if (line->kind == CBI_DIFF_OLD)
		cbi_html_lit(html, "<del>");
	else if (line->kind == CBI_DIFF_NEW)
		cbi_html_lit(html, "<ins>");
	else
		cbi_html_lit(html, "<span>");
	cbi_html_esc(html, signs[line->kind]);
	cbi_html_esc_n(html, line->text, line->len);
	if (line->kind == CBI_DIFF_OLD)
		cbi_html_lit(html, "</del>");
	else if (line->kind == CBI_DIFF_NEW)
		cbi_html_lit(html, "</ins>");
	else
		cbi_html_lit(html, "</span>");
}

static void gap(struct cb_html *html, const struct cbi_diff_line *line)
{
	cbi_html_lit(html, "<span class=\"hunk\">");
	cbi_html_esc(html, cbi_html_say_n(html->ctx, "line {1}",
	                                  (int64_t)line->new_at + 1, 0));
	cbi_html_lit(html, "</span>");
}

static void draw(struct cb_html *html, const struct cbi_diff_line *lines,
                 size_t n)
{
	size_t shown = 0, left = 0;

	cbi_html_lit(html, "<pre class=\"code diff\"><code>");
	for (size_t i = 0; i < n; i++) {
		if (!lines[i].near)
			continue;
		if (shown == LINES_MAX) {
			left++;
			continue;
		}
		if (i && !lines[i - 1].near)
			gap(html, &lines[i]);
		line(html, &lines[i]);
		shown++;
	}
	cbi_html_lit(html, "</code></pre>\n");
	if (!left)
		return;
	cbi_html_lit(html, "<p class=\"muted small\">");
	cbi_html_esc(html, cbi_html_say_n(html->ctx, "and {1} more lines",
	                                  (int64_t)left, 0));
	cbi_html_lit(html, "</p>\n");
}

int cbi_diff_draw(struct cb_html *html, const struct cbi_version *old,
                  const struct cbi_version *new)
{
	struct cbi_diff_line *lines;
	const char *a, *b;
	bool differs = false;
	size_t n;
	int rc = cbi_history_yaml(html->ctx, old, &a);

	if (rc == CB_OK)
		rc = cbi_history_yaml(html->ctx, new, &b);
	if (rc == CB_OK)
		rc = cbi_diff_lines(html->ctx, a, b, &lines, &n);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		differs = differs || lines[i].kind != CBI_DIFF_SAME;
	cbi_html_block(html);
	if (differs) {
		draw(html, lines, n);
		return CB_OK;
	}
	cbi_html_lit(html, "<p class=\"muted\">");
	cbi_html_tr(html, "Nothing that is written differs.");
	cbi_html_lit(html, "</p>\n");
	return CB_OK;
}
