/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocks.c - timelines, rows of links, and tabs within a card; see parts.h.
 */
#include "html/parts.h"

#include <stdio.h>

#include "base/ctx.h"

/* ---- Timeline ------------------------------------------------------------ */

void cbi_html_timeline_open(struct cb_html *html)
{
	cbi_html_block(html);
	cbi_html_lit(html, "<ol class=\"timeline\">\n");
}

void cbi_html_event(struct cb_html *html, const struct cbi_html_event *event)
{
	const char *safe =
	    event->url ? cbi_html_safe_url(html->ctx, event->url) : NULL;

	cbi_html_lit(html, "<li");
	if (event->tone != CB_TONE_NEUTRAL)
		cbi_html_attr(html, "data-tone", cbi_html_tone(event->tone));
	cbi_html_lit(html, ">");
	if (event->timed)
		cbi_html_ago(html, event->wall_ms);
	cbi_html_lit(html, "<div>");
	if (event->tone != CB_TONE_NEUTRAL) {
		/* The dot's colour, in words. */
		cbi_html_lit(html, "<span class=\"vh\">");
		cbi_html_tr(html, cbi_html_tone_word(event->tone));
		cbi_html_lit(html, ": </span>");
	}
	if (safe) {
		cbi_html_lit(html, "<a");
		cbi_html_attr(html, "href", safe);
		cbi_html_lit(html, ">");
	}
	cbi_html_esc(html, event->title);
	if (safe)
		cbi_html_lit(html, "</a>");
	cbi_html_lit(html, "</div>");
	if (event->text) {
		cbi_html_lit(html, "<p class=\"muted\">");
		cbi_html_esc(html, event->text);
		cbi_html_lit(html, "</p>");
	}
	cbi_html_lit(html, "</li>\n");
}

void cbi_html_timeline_close(struct cb_html *html)
{
	cbi_html_lit(html, "</ol>\n");
}

/* ---- Links --------------------------------------------------------------- */

void cbi_html_links_open(struct cb_html *html)
{
	cbi_html_block(html);
	cbi_html_lit(html, "<ul class=\"links\">\n");
}

void cbi_html_links_add(struct cb_html *html, const char *text, const char *url)
{
	const char *safe = cbi_html_safe_url(html->ctx, url);

	cbi_html_lit(html, "<li>");
	if (safe) {
		cbi_html_lit(html, "<a");
		cbi_html_attr(html, "href", safe);
		cbi_html_lit(html, ">");
		cbi_html_icon(html, "link");
	}
	cbi_html_esc(html, text ? text : url);
	if (safe)
		cbi_html_lit(html, "</a>");
	cbi_html_lit(html, "</li>\n");
}

void cbi_html_links_close(struct cb_html *html)
{
	cbi_html_lit(html, "</ul>\n");
}

/* ---- Tabs within a card ---------------------------------------------------
 *
 * Radio buttons, whose labels look like tabs: they work by keyboard and
 * without a script, and need no style of their own.
 */

void cbi_html_tabset_open(struct cb_html *html, const char *label,
                          struct cbi_html_tabset *set)
{
	cbi_html_block(html);
	set->id = ++html->ids;
	set->tabs = 0;
	cbi_html_lit(html, "<fieldset class=\"tabset\"><legend class=\"vh\">");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</legend>\n");
}

void cbi_html_tabset_tab(struct cb_html *html, struct cbi_html_tabset *set,
                         const char *title)
{
	char group[CB_NAME_MAX * 2 + 24], id[CB_NAME_MAX * 2 + 48];

	cbi_html_block(html);
	if (set->tabs)
		cbi_html_lit(html, "</div>\n");
	snprintf(group, sizeof(group), "%.*s-t%u", CB_NAME_MAX * 2, html->id,
	         set->id);
	snprintf(id, sizeof(id), "%s-%u", group, ++set->tabs);
	cbi_html_lit(html, "<input type=\"radio\" class=\"vh\"");
	cbi_html_attr(html, "name", group);
	cbi_html_attr(html, "id", id);
	if (set->tabs == 1)
		cbi_html_lit(html, " checked");
	cbi_html_lit(html, "><label");
	cbi_html_attr(html, "for", id);
	cbi_html_lit(html, ">");
	cbi_html_tr(html, title);
	cbi_html_lit(html, "</label><div class=\"tabset-panel\">\n");
}

void cbi_html_tabset_close(struct cb_html *html,
                           const struct cbi_html_tabset *set)
{
	cbi_html_block(html);
	if (set->tabs)
		cbi_html_lit(html, "</div>\n");
	cbi_html_lit(html, "</fieldset>\n");
}
