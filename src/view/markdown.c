/* SPDX-License-Identifier: Apache-2.0 */
/*
 * markdown.c - Markdown, drawn by the writer: md4c says what stands where,
 * and every text goes out escaped.
 *
 * Raw HTML is off in the parser, so it arrives as text.  Pictures would be
 * refused by the Content-Security-Policy: they are links to them.
 */
#include "view/view_priv.h"

#include <ctype.h>
#include <md4c.h>
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"

struct prose {
	struct cb_html *html;
	unsigned links; /* open ones: an image in a link is no second link */
	bool anchor;    /* the outermost of these is drawn */
};

/* ---- Blocks -------------------------------------------------------------- */

static void heading(struct prose *prose, unsigned level, bool open)
{
	unsigned shown = level + (unsigned)prose->html->heading - 1;
	char digit[2] = { (char)('0' + (shown > 6 ? 6 : shown)), '\0' };

	if (open)
		cbi_html_lit(prose->html, "<h");
	else
		cbi_html_lit(prose->html, "</h");
	cbi_html_esc(prose->html, digit);
	if (open)
		cbi_html_lit(prose->html, ">");
	else
		cbi_html_lit(prose->html, ">\n");
}

static void ordered(struct cb_html *html, const MD_BLOCK_OL_DETAIL *detail)
{
	char start[16];

	cbi_html_lit(html, "<ol");
	if (detail->start != 1) {
		snprintf(start, sizeof(start), "%u", detail->start);
		cbi_html_attr(html, "start", start);
	}
	cbi_html_lit(html, ">\n");
}

static void item(struct cb_html *html, const MD_BLOCK_LI_DETAIL *detail)
{
	cbi_html_lit(html, "<li>");
	if (!detail->is_task)
		return;
	if (detail->task_mark == ' ')
		cbi_html_lit(html, "\xe2\x98\x90 ");
	else
		cbi_html_lit(html, "\xe2\x98\x91 ");
}

/* It scrolls, so the keyboard must reach it; every region has a name of its
 * own. */
static void code_open(struct cb_html *html)
{
	char n[16];

	snprintf(n, sizeof(n), "%u", ++html->ids);
	cbi_html_lit(html,
	             "<pre class=\"code\" tabindex=\"0\" role=\"region\"");
	cbi_html_attr(html, "aria-label",
	              cbi_html_say(html->ctx, "Code {1}", n, NULL));
	cbi_html_lit(html, "><code>");
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct prose *prose = arg;
	struct cb_html *html = prose->html;

	switch (type) {
	case MD_BLOCK_QUOTE:
		cbi_html_lit(html, "<blockquote>\n");
		break;
	case MD_BLOCK_UL:
		cbi_html_lit(html, "<ul>\n");
		break;
	case MD_BLOCK_OL:
		ordered(html, detail);
		break;
	case MD_BLOCK_LI:
		item(html, detail);
		break;
	case MD_BLOCK_HR:
		cbi_html_lit(html, "<hr>\n");
		break;
	case MD_BLOCK_H:
		heading(prose, ((MD_BLOCK_H_DETAIL *)detail)->level, true);
		break;
	case MD_BLOCK_CODE:
		code_open(html);
		break;
	case MD_BLOCK_P:
		cbi_html_lit(html, "<p>");
		break;
	case MD_BLOCK_TABLE:
		cbi_html_lit(html, "<div class=\"table-box\">"
		                   "<table class=\"table\">\n");
		break;
	case MD_BLOCK_THEAD:
		cbi_html_lit(html, "<thead>\n");
		break;
	case MD_BLOCK_TBODY:
		cbi_html_lit(html, "<tbody>\n");
		break;
	case MD_BLOCK_TR:
		cbi_html_lit(html, "<tr>");
		break;
	case MD_BLOCK_TH:
		cbi_html_lit(html, "<th scope=\"col\">");
		break;
	case MD_BLOCK_TD:
		cbi_html_lit(html, "<td>");
		break;
	default:
		break;
	}
	return cbi_html_failed(html) ? 1 : 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct prose *prose = arg;
	struct cb_html *html = prose->html;

	switch (type) {
	case MD_BLOCK_QUOTE:
		cbi_html_lit(html, "</blockquote>\n");
		break;
	case MD_BLOCK_UL:
		cbi_html_lit(html, "</ul>\n");
		break;
	case MD_BLOCK_OL:
		cbi_html_lit(html, "</ol>\n");
		break;
	case MD_BLOCK_LI:
		cbi_html_lit(html, "</li>\n");
		break;
	case MD_BLOCK_H:
		heading(prose, ((MD_BLOCK_H_DETAIL *)detail)->level, false);
		break;
	case MD_BLOCK_CODE:
		cbi_html_lit(html, "</code></pre>\n");
		break;
	case MD_BLOCK_P:
		cbi_html_lit(html, "</p>\n");
		break;
	case MD_BLOCK_TABLE:
		cbi_html_lit(html, "</table></div>\n");
		break;
	case MD_BLOCK_THEAD:
		cbi_html_lit(html, "</thead>\n");
		break;
	case MD_BLOCK_TBODY:
		cbi_html_lit(html, "</tbody>\n");
		break;
	case MD_BLOCK_TR:
		cbi_html_lit(html, "</tr>\n");
		break;
	case MD_BLOCK_TH:
		cbi_html_lit(html, "</th>");
		break;
	case MD_BLOCK_TD:
		cbi_html_lit(html, "</td>");
		break;
	default:
		break;
	}
	return cbi_html_failed(html) ? 1 : 0;
}

/* ---- Spans --------------------------------------------------------------- */

const char *cbi_view_address(struct cb_ctx *ctx, const char *from, size_t len)
{
	char *text = cb_strndup(ctx, from, len);
	char *out = text;

	for (const char *at = text; at && *at;) {
		*out++ = *at;
		at += strncmp(at, "&amp;", 5) == 0 ? 5 : 1;
	}
	if (text)
		*out = '\0';
	return text;
}

static void link_open(struct prose *prose, const MD_ATTRIBUTE *attr)
{
	struct cb_html *html = prose->html;
	const char *url = cbi_view_address(html->ctx, attr->text, attr->size);
	const char *safe = NULL;

	/* One within another stays text, as does what may be no link. */
	if (prose->links == 0 && url)
		safe = cbi_html_safe_url(html->ctx, url);
	if (prose->links++ == 0)
		prose->anchor = safe != NULL;
	if (!safe)
		return;
	cbi_html_lit(html, "<a");
	cbi_html_attr(html, "href", safe);
	cbi_html_lit(html, ">");
}

static void link_close(struct prose *prose)
{
	if (--prose->links == 0 && prose->anchor)
		cbi_html_lit(prose->html, "</a>");
}

static int enter_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct prose *prose = arg;

	switch (type) {
	case MD_SPAN_EM:
		cbi_html_lit(prose->html, "<em>");
		break;
	case MD_SPAN_STRONG:
		cbi_html_lit(prose->html, "<strong>");
		break;
	case MD_SPAN_DEL:
		cbi_html_lit(prose->html, "<del>");
		break;
	case MD_SPAN_CODE:
		cbi_html_lit(prose->html, "<code>");
		break;
	case MD_SPAN_A:
		link_open(prose, &((MD_SPAN_A_DETAIL *)detail)->href);
		break;
	case MD_SPAN_IMG:
		link_open(prose, &((MD_SPAN_IMG_DETAIL *)detail)->src);
		break;
	default:
		break;
	}
	return cbi_html_failed(prose->html) ? 1 : 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct prose *prose = arg;

	(void)detail;
	switch (type) {
	case MD_SPAN_EM:
		cbi_html_lit(prose->html, "</em>");
		break;
	case MD_SPAN_STRONG:
		cbi_html_lit(prose->html, "</strong>");
		break;
	case MD_SPAN_DEL:
		cbi_html_lit(prose->html, "</del>");
		break;
	case MD_SPAN_CODE:
		cbi_html_lit(prose->html, "</code>");
		break;
	case MD_SPAN_A:
	case MD_SPAN_IMG:
		link_close(prose);
		break;
	default:
		break;
	}
	return 0;
}

void cbi_view_entity(struct cb_html *html, const char *text, size_t len)
{
	bool plain = len > 2 && text[0] == '&' && text[len - 1] == ';';

	for (size_t i = 1; plain && i + 1 < len; i++)
		plain = isalnum((unsigned char)text[i]) ||
		        (i == 1 && text[i] == '#');
	if (!plain) {
		cbi_html_esc_n(html, text, len);
		return;
	}
	cbi_html_lit(html, "&");
	cbi_html_esc_n(html, text + 1, len - 2);
	cbi_html_lit(html, ";");
}

static int write_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size,
                      void *arg)
{
	struct cb_html *html = ((struct prose *)arg)->html;

	switch (type) {
	case MD_TEXT_NULLCHAR:
		cbi_html_lit(html, "\xef\xbf\xbd");
		break;
	case MD_TEXT_BR:
		cbi_html_lit(html, "<br>\n");
		break;
	case MD_TEXT_SOFTBR:
		cbi_html_lit(html, "\n");
		break;
	case MD_TEXT_ENTITY:
		cbi_view_entity(html, text, size);
		break;
	default:
		cbi_html_esc_n(html, text, size);
		break;
	}
	return cbi_html_failed(html) ? 1 : 0;
}

void cbi_view_markdown(struct cb_html *html, const char *text)
{
	static const MD_PARSER parser = {
		.flags = MD_DIALECT_GITHUB | MD_FLAG_NOHTML,
		.enter_block = enter_block,
		.leave_block = leave_block,
		.enter_span = enter_span,
		.leave_span = leave_span,
		.text = write_text,
	};
	struct prose prose = { .html = html };
	size_t len = strlen(text);

	if (len > CBI_VIEW_TEXT_MAX)
		len = CBI_VIEW_TEXT_MAX;
	cbi_html_block(html);
	cbi_html_lit(html, "<div class=\"prose\" hx-ignore>\n");
	if (md_parse(text, (MD_SIZE)len, &parser, &prose) != 0 &&
	    !cbi_html_failed(html))
		cbi_html_esc_n(html, text, len);
	cbi_html_lit(html, "</div>\n");
}
