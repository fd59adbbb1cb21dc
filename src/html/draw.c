/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw.c - callboard/html.h: texts, fields, links, references.
 */
#include "html/html.h"

#include <string.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "html/addr.h"

static void dash(struct cb_html *html)
{
	cbi_html_lit(html, "<span class=\"muted\">\xe2\x80\x93</span>");
}

static void text_or_dash(struct cb_html *html, const char *text)
{
	if (text && *text)
		cbi_html_esc(html, text);
	else
		dash(html);
}

void cb_html_text(struct cb_html *html, const char *text)
{
	/* In a cell or item it goes along with the rest; the second line of
	 * an item is small. */
	if (html->mode == CBI_HTML_ITEM && html->begun && !html->side) {
		cbi_html_lit(html, "<p>");
		text_or_dash(html, text);
		cbi_html_lit(html, "</p>");
		return;
	}
	if (html->mode >= CBI_HTML_LIST) {
		if (cbi_html_inline(html, CBI_MARK_TEXT))
			text_or_dash(html, text);
		return;
	}
	cbi_html_block(html);
	cbi_html_lit(html, "<p>");
	text_or_dash(html, text);
	cbi_html_lit(html, "</p>\n");
}

void cb_html_note(struct cb_html *html, const char *message)
{
	if (html->mode >= CBI_HTML_LIST) {
		if (!cbi_html_inline(html, CBI_MARK_TEXT))
			return;
		cbi_html_lit(html, "<span class=\"muted\">");
		cbi_html_tr(html, message);
		cbi_html_lit(html, "</span>");
		return;
	}
	cbi_html_block(html);
	cbi_html_lit(html, "<p class=\"note\">");
	cbi_html_tr(html, message);
	cbi_html_lit(html, "</p>\n");
}

void cb_html_empty(struct cb_html *html, const char *message, const char *hint)
{
	cbi_html_block(html);
	cbi_html_lit(html, "<div class=\"empty\">");
	cbi_html_icon(html, "inbox");
	cbi_html_lit(html, "<p class=\"empty-title\">");
	cbi_html_tr(html, message);
	cbi_html_lit(html, "</p>");
	if (hint) {
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, hint);
		cbi_html_lit(html, "</p>");
	}
	cbi_html_lit(html, "</div>\n");
}

void cb_html_field(struct cb_html *html, const char *label, const char *value)
{
	cbi_html_field_open(html, label);
	text_or_dash(html, value);
	cbi_html_field_close(html);
}

static void anchor(struct cb_html *html, const char *text, const char *url)
{
	const char *safe = cbi_html_safe_url(html->ctx, url);

	if (!text)
		text = url;
	if (!safe || !text) {
		text_or_dash(html, text);
		return;
	}
	cbi_html_lit(html, "<a");
	cbi_html_attr(html, "href", safe);
	cbi_html_lit(html, ">");
	cbi_html_esc(html, text);
	cbi_html_lit(html, "</a>");
}

void cb_html_field_link(struct cb_html *html, const char *label,
                        const char *text, const char *url)
{
	cbi_html_field_open(html, label);
	anchor(html, text, url);
	cbi_html_field_close(html);
}

void cb_html_field_entity(struct cb_html *html, const char *label,
                          const char *ref)
{
	cbi_html_field_open(html, label);
	if (ref)
		cbi_html_ref(html, ref, NULL);
	else
		dash(html);
	cbi_html_field_close(html);
}

void cb_html_link(struct cb_html *html, const char *text, const char *url)
{
	if (cbi_html_inline(html, CBI_MARK_TEXT))
		anchor(html, text, url);
}

void cb_html_entity(struct cb_html *html, const char *ref)
{
	if (!cbi_html_inline(html, CBI_MARK_TEXT))
		return;
	if (ref)
		cbi_html_ref(html, ref, NULL);
	else
		dash(html);
}

void cb_html_time(struct cb_html *html, int64_t wall_ms)
{
	if (cbi_html_inline(html, CBI_MARK_TAIL))
		cbi_html_ago(html, wall_ms);
}

void cb_html_duration(struct cb_html *html, int64_t ms)
{
	if (cbi_html_inline(html, CBI_MARK_TAIL))
		cbi_html_esc(html, cbi_html_duration_text(html->ctx, ms));
}

void cb_html_code(struct cb_html *html, const char *text)
{
	if (html->mode >= CBI_HTML_LIST) {
		if (!cbi_html_inline(html, CBI_MARK_TEXT))
			return;
		cbi_html_lit(html, "<code class=\"code-inline\">");
		text_or_dash(html, text);
		cbi_html_lit(html, "</code>");
		return;
	}
	cbi_html_block(html);
	/* It scrolls, so the keyboard must reach it. */
	cbi_html_lit(html,
	             "<pre class=\"code\" tabindex=\"0\" role=\"region\"");
	cbi_html_attr_tr(html, "aria-label", "Code");
	cbi_html_lit(html, "><code>");
	text_or_dash(html, text);
	cbi_html_lit(html, "</code></pre>\n");
}

void cb_html_heading(struct cb_html *html, const char *message)
{
	bool low = html->heading >= 3;

	cbi_html_block(html);
	if (low)
		cbi_html_lit(html, "<h3>");
	else
		cbi_html_lit(html, "<h2 class=\"section-title\">");
	cbi_html_tr(html, message);
	if (low)
		cbi_html_lit(html, "</h3>\n");
	else
		cbi_html_lit(html, "</h2>\n");
}

void cbi_html_ref(struct cb_html *html, const char *ref, const char *title)
{
	struct cbi_addr_ref parts;

	if (cbi_addr_ref(html->ctx, ref, &parts) < 0) {
		text_or_dash(html, title ? title : ref);
		return;
	}
	if (!title && html->title_of)
		title = html->title_of(html->knower, ref);
	cbi_html_lit(html, "<a class=\"ref\"");
	cbi_html_attr(html, "href", cbi_addr_entity(html->ctx, ref, NULL));
	cbi_html_lit(html, ">");
	cbi_html_kind_icon(html, parts.kind);
	cbi_html_esc(html, title ? title : parts.name);
	cbi_html_lit(html, "</a>");
}

void cbi_html_ago(struct cb_html *html, int64_t wall_ms)
{
	char iso[CBI_TIME_LEN];

	cbi_clock_iso(wall_ms, iso);
	cbi_html_lit(html, "<time");
	cbi_html_attr(html, "datetime", iso);
	/* "2026-11-23 05:18:00 UTC": read by people on hover. */
	memcpy(iso + 19, " UTC", sizeof(" UTC"));
	iso[10] = ' ';
	cbi_html_attr(html, "title", iso);
	cbi_html_lit(html, ">");
	cbi_html_esc(
	    html, cbi_html_ago_text(html->ctx, wall_ms, cbi_clock_wall_ms()));
	cbi_html_lit(html, "</time>");
}
