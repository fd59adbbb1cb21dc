/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.c - where the writer stands, and what it closes by itself.
 */
#include "html/html.h"

#include "base/ctx.h"

/* A call that cannot stand here is the plugin's mistake: its card turns grey
 * with this text. */
static void misplaced(struct cb_html *html, const char *what, const char *where)
{
	if (!html->buf->failed)
		html->buf->failed =
		    cb_fail(html->ctx, CB_EBUG, "%s stands outside of a %s",
		            what, where);
}

static void cell_tag(struct cb_html *html, bool labelled)
{
	html->pending = false;
	if (html->column == 0) {
		cbi_html_lit(html, "<td class=\"lead\"");
	} else {
		cbi_html_lit(html, "<td");
		if (html->ends && html->column < html->columns &&
		    html->ends[html->column])
			cbi_html_lit(html, " class=\"num\"");
		if (labelled && html->column < html->columns)
			cbi_html_attr_tr(html, "data-label",
			                 html->heads[html->column]);
	}
	cbi_html_lit(html, ">");
}

static void close_cell(struct cb_html *html)
{
	if (html->pending)
		cell_tag(html, false);
	cbi_html_lit(html, "</td>");
	html->column++;
	html->mode = CBI_HTML_ROW;
}

static void close_row(struct cb_html *html)
{
	for (; html->column < html->columns; html->column++)
		cbi_html_lit(html, "<td></td>");
	cbi_html_lit(html, "</tr>\n");
	html->mode = CBI_HTML_TABLE;
}

/* Closes the innermost open thing. */
static void close_one(struct cb_html *html)
{
	switch (html->mode) {
	case CBI_HTML_BLOCK:
		return;
	case CBI_HTML_FIELDS:
	case CBI_HTML_STATS:
		cbi_html_lit(html, "</dl>\n");
		break;
	case CBI_HTML_RUN:
		cbi_html_lit(html, "</p>\n");
		break;
	case CBI_HTML_LIST:
		cbi_html_lit(html, "</ul>\n");
		break;
	case CBI_HTML_ITEM:
		if (html->side)
			cbi_html_lit(html, "</span></li>\n");
		else
			cbi_html_lit(html, "</div></li>\n");
		html->mode = CBI_HTML_LIST;
		return;
	case CBI_HTML_VALUE:
		cbi_html_lit(html, "</dd></div>\n");
		html->mode = CBI_HTML_FIELDS;
		return;
	case CBI_HTML_TABLE:
		cbi_html_lit(html, "</tbody></table></div>\n");
		html->ends = NULL;
		break;
	case CBI_HTML_ROW:
		close_row(html);
		return;
	case CBI_HTML_CELL:
		close_cell(html);
		return;
	}
	html->mode = CBI_HTML_BLOCK;
}

void cbi_html_block(struct cb_html *html)
{
	while (html->mode != CBI_HTML_BLOCK)
		close_one(html);
}

void cbi_html_gather(struct cb_html *html, enum cbi_html_mode mode)
{
	if (html->mode == mode)
		return;
	cbi_html_block(html);
	html->mode = mode;
	if (mode == CBI_HTML_FIELDS)
		cbi_html_lit(html, "<dl class=\"fields rows\">");
	else
		cbi_html_lit(html, "<dl class=\"stats\">");
}

void cbi_html_field_open(struct cb_html *html, const char *label)
{
	cbi_html_gather(html, CBI_HTML_FIELDS);
	cbi_html_lit(html, "<div><dt>");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</dt><dd>");
	html->mode = CBI_HTML_VALUE;
	html->begun = false;
}

void cbi_html_field_close(struct cb_html *html)
{
	if (html->mode == CBI_HTML_VALUE)
		close_one(html);
}

/* The end of a list's item, at the right: times, and marks that follow. */
static void open_side(struct cb_html *html)
{
	cbi_html_lit(html, "</div><span class=\"list-end\">");
	html->side = true;
	html->begun = false;
}

bool cbi_html_inline(struct cb_html *html, enum cbi_html_mark mark)
{
	switch (html->mode) {
	case CBI_HTML_LIST:
		misplaced(html, "text", "list item");
		return false;
	case CBI_HTML_TABLE:
	case CBI_HTML_ROW:
		misplaced(html, "text", "table cell");
		return false;
	case CBI_HTML_CELL:
		if (html->pending)
			cell_tag(html, mark != CBI_MARK_SELF);
		break;
	case CBI_HTML_ITEM:
		if (!html->side && html->begun && mark != CBI_MARK_TEXT)
			open_side(html);
		break;
	case CBI_HTML_RUN:
	case CBI_HTML_VALUE:
		break;
	default:
		cbi_html_block(html);
		cbi_html_lit(html, "<p class=\"run\">");
		html->mode = CBI_HTML_RUN;
		html->begun = false;
		break;
	}
	if (html->begun)
		cbi_html_lit(html, " ");
	html->begun = true;
	return true;
}

void cb_html_list_open(struct cb_html *html)
{
	cbi_html_block(html);
	cbi_html_lit(html, "<ul class=\"list\">\n");
	html->mode = CBI_HTML_LIST;
}

void cb_html_item_open(struct cb_html *html)
{
	if (html->mode == CBI_HTML_ITEM)
		close_one(html);
	if (html->mode != CBI_HTML_LIST) {
		misplaced(html, "an item", "list");
		return;
	}
	cbi_html_lit(html, "<li><div class=\"list-main\">");
	html->mode = CBI_HTML_ITEM;
	html->begun = false;
	html->side = false;
}

void cb_html_item_close(struct cb_html *html)
{
	if (html->mode == CBI_HTML_ITEM)
		close_one(html);
}

void cb_html_list_close(struct cb_html *html)
{
	if (html->mode == CBI_HTML_LIST || html->mode == CBI_HTML_ITEM)
		cbi_html_block(html);
}

void cbi_html_ends(struct cb_html *html, const bool *ends)
{
	cbi_html_block(html);
	html->ends = ends;
}

void cb_html_table_open(struct cb_html *html, const char *caption,
                        const char *const *heads)
{
	cbi_html_block(html);
	cbi_html_lit(html, "<div class=\"table-box\"><table class=\"table\">"
	                   "<caption class=\"vh\">");
	cbi_html_tr(html, caption);
	cbi_html_lit(html, "</caption>\n<thead><tr>");
	html->heads = heads;
	html->columns = 0;
	for (; heads && heads[html->columns]; html->columns++) {
		if (html->ends && html->ends[html->columns])
			cbi_html_lit(html, "<th scope=\"col\" class=\"num\">");
		else
			cbi_html_lit(html, "<th scope=\"col\">");
		cbi_html_tr(html, heads[html->columns]);
		cbi_html_lit(html, "</th>");
	}
	cbi_html_lit(html, "</tr></thead>\n<tbody>\n");
	html->mode = CBI_HTML_TABLE;
}

void cb_html_row_open(struct cb_html *html)
{
	while (html->mode == CBI_HTML_CELL || html->mode == CBI_HTML_ROW)
		close_one(html);
	if (html->mode != CBI_HTML_TABLE) {
		misplaced(html, "a row", "table");
		return;
	}
	cbi_html_lit(html, "<tr>");
	html->mode = CBI_HTML_ROW;
	html->column = 0;
}

void cb_html_cell_open(struct cb_html *html)
{
	if (html->mode == CBI_HTML_CELL)
		close_one(html);
	if (html->mode != CBI_HTML_ROW) {
		misplaced(html, "a cell", "table row");
		return;
	}
	html->mode = CBI_HTML_CELL;
	html->pending = true;
	html->begun = false;
}

void cb_html_cell_close(struct cb_html *html)
{
	if (html->mode == CBI_HTML_CELL)
		close_one(html);
}

void cb_html_cell(struct cb_html *html, const char *text)
{
	cb_html_cell_open(html);
	if (html->mode != CBI_HTML_CELL)
		return;
	cell_tag(html, true);
	if (text)
		cbi_html_esc(html, text);
	else
		cbi_html_lit(html, "<span class=\"muted\">\xe2\x80\x93</span>");
	close_one(html);
}

void cb_html_row_close(struct cb_html *html)
{
	if (html->mode == CBI_HTML_CELL)
		close_one(html);
	if (html->mode == CBI_HTML_ROW)
		close_one(html);
}

void cb_html_table_close(struct cb_html *html)
{
	if (html->mode >= CBI_HTML_TABLE)
		cbi_html_block(html);
}
