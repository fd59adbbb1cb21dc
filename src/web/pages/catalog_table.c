/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog_table.c - the catalog's rows, and what stands above and below them.
 */
#include "web/pages/catalog.h"

#include <string.h>

#include "base/str.h"
#include "html/addr.h"

/* Enough to tell what a thing is made of; the rest stands on its page. */
#define TAGS_MAX 4

static void bar(const struct cbi_catalog_page *page, struct cb_html *html)
{
	const char *what = cbi_thing_count(page->kind, page->table.total);

	cbi_html_lit(html, "<div class=\"bar\"><div class=\"search\">");
	cbi_html_icon(html, "search");
	cbi_html_lit(html, "<input class=\"input\" id=\"q\" type=\"search\""
	                   " name=\"q\" form=\"filters\" autocomplete=\"off\"");
	cbi_html_attr_tr(html, "aria-label", "Filter by name or title");
	cbi_html_attr_tr(html, "placeholder", "Filter by name or title");
	cbi_html_attr(html, "value", page->query.text);
	cbi_html_lit(html, "></div>\n<p class=\"bar-end\" role=\"status\"><b>");
	cbi_html_esc(
	    html, cbi_html_number_text(html->ctx, (int64_t)page->table.total));
	cbi_html_lit(html, "</b> ");
	cbi_html_tr(html, what);
	cbi_html_lit(html, "</p></div>\n");
}

static void active_chip(const struct cbi_catalog_page *page,
                        struct cb_html *html, enum cbi_table_column column,
                        const char *value)
{
	const struct cbi_catalog_change change = {
		.drop = cbi_catalog_param(column),
		.drop_value = value,
	};
	const char *address = cbi_catalog_addr(page, &change);

	cbi_html_lit(html, "<li><a class=\"chip active\"");
	cbi_html_attr(html, "href", address);
	cbi_html_swaps(html, address, "#catalog");
	cbi_html_lit(html, ">");
	cbi_html_tr(html, cbi_catalog_column(column));
	cbi_html_lit(html, " <b>");
	cbi_html_esc(html, cbi_catalog_shown(page, column, value));
	cbi_html_lit(html, "</b>");
	cbi_html_icon(html, "x");
	cbi_html_lit(html, "<span class=\"vh\">");
	cbi_html_tr(html, "remove");
	cbi_html_lit(html, "</span></a></li>\n");
}

static void active(const struct cbi_catalog_page *page, struct cb_html *html)
{
	bool any = false;

	for (int i = CBI_COLUMN_KIND + 1; i < CBI_COLUMNS; i++)
		for (size_t j = 0; j < page->query.filters[i].n; j++) {
			if (!any) {
				cbi_html_lit(html, "<nav");
				cbi_html_attr_tr(html, "aria-label",
				                 "Active filters");
				cbi_html_lit(html, "><ul class=\"chips\">\n");
				any = true;
			}
			active_chip(page, html, (enum cbi_table_column)i,
			            page->query.filters[i].values[j]);
		}
	if (any)
		cbi_html_lit(html, "</ul></nav>\n");
}

static void head(const struct cbi_catalog_page *page, struct cb_html *html,
                 const char *title, enum cbi_table_sort sort)
{
	bool here = page->query.sort == sort;
	bool down = here && page->query.descending;
	const struct cbi_catalog_change change = {
		.drop = "sort",
		.name = "sort",
		.value = cbi_catalog_sort_param(sort, here && !down),
	};
	const char *address = cbi_catalog_addr(page, &change);

	cbi_html_lit(html, "<th scope=\"col\"");
	if (here)
		cbi_html_attr(html, "aria-sort",
		              down ? "descending" : "ascending");
	cbi_html_lit(html, "><a");
	cbi_html_attr(html, "href", address);
	cbi_html_swaps(html, address, "#catalog");
	cbi_html_lit(html, ">");
	cbi_html_tr(html, title);
	cbi_html_icon(html, !here  ? "arrow-up-down"
	                    : down ? "arrow-down"
	                           : "arrow-up");
	cbi_html_lit(html, "</a></th>");
}

static void plain_head(struct cb_html *html, const char *title)
{
	cbi_html_lit(html, "<th scope=\"col\">");
	cbi_html_tr(html, title);
	cbi_html_lit(html, "</th>");
}

static void heads(const struct cbi_catalog_page *page, struct cb_html *html)
{
	cbi_html_lit(html, "<thead><tr>");
	head(page, html, "Name", CBI_SORT_NAME);
	head(page, html, "Type", CBI_SORT_TYPE);
	head(page, html, "Owner", CBI_SORT_OWNER);
	head(page, html, "Lifecycle", CBI_SORT_LIFECYCLE);
	plain_head(html, "Tags");
	cbi_html_lit(html, "</tr></thead>\n");
}

/* What the icon says, and the namespace unless it is everybody's. */
static void where(const struct cbi_catalog_page *page, struct cb_html *html,
                  const struct cbi_table_row *row)
{
	bool kind = !page->kind, space = strcmp(row->space, "default") != 0;

	if (!kind && !space)
		return;
	cbi_html_lit(html, " <span class=\"muted small\">");
	if (kind)
		cbi_html_tr(html, cbi_thing_kind(row->kind));
	if (kind && space)
		cbi_html_lit(html, " \xc2\xb7 ");
	if (space)
		cbi_html_esc(html, row->space);
	cbi_html_lit(html, "</span>");
}

static void name_cell(const struct cbi_catalog_page *page, struct cb_html *html,
                      const struct cbi_table_row *row)
{
	cbi_html_lit(html, "<th class=\"lead\" scope=\"row\">"
	                   "<div class=\"entity-cell\">");
	cbi_html_kind_icon(html, row->kind);
	cbi_html_lit(html, "<div><a");
	cbi_html_attr(html, "href", cbi_addr_entity(html->ctx, row->ref, NULL));
	cbi_html_lit(html, ">");
	cbi_html_esc(html, cbi_thing_row_title(row));
	cbi_html_lit(html, "</a>");
	where(page, html, row);
	if (*row->description) {
		cbi_html_lit(html, "<p>");
		cbi_html_esc(html, row->description);
		cbi_html_lit(html, "</p>");
	}
	cbi_html_lit(html, "</div></div></th>\n");
}

static void text_cell(struct cb_html *html, const char *label, const char *text)
{
	if (!text || !*text) {
		cbi_html_lit(html, "<td></td>\n");
		return;
	}
	cbi_html_lit(html, "<td");
	cbi_html_attr_tr(html, "data-label", label);
	cbi_html_lit(html, ">");
	cbi_html_esc(html, text);
	cbi_html_lit(html, "</td>\n");
}

static void tags_cell(const struct cbi_catalog_page *page, struct cb_html *html,
                      const struct cbi_table_row *row)
{
	size_t shown =
	    row->tag_count > TAGS_MAX ? TAGS_MAX - 1 : row->tag_count;

	cbi_html_lit(html, "<td>");
	if (row->tag_count)
		cbi_html_lit(html, "<ul class=\"chips\">");
	for (size_t i = 0; i < shown; i++) {
		const struct cbi_catalog_change change = {
			.drop = "tag",
			.name = "tag",
			.value = row->tags[i],
		};
		const char *address = cbi_catalog_addr(page, &change);

		cbi_html_lit(html, "<li><a class=\"chip\"");
		cbi_html_attr(html, "href", address);
		cbi_html_swaps(html, address, "#catalog");
		cbi_html_lit(html, ">");
		cbi_html_esc(html, row->tags[i]);
		cbi_html_lit(html, "</a></li>");
	}
	if (shown < row->tag_count) {
		cbi_html_lit(html, "<li><span class=\"chip\">");
		cbi_html_esc(
		    html, cbi_html_say_n(html->ctx, "+{1}",
		                         (int64_t)(row->tag_count - shown), 0));
		cbi_html_lit(html, "</span></li>");
	}
	if (row->tag_count)
		cbi_html_lit(html, "</ul>");
	cbi_html_lit(html, "</td>\n");
}

static void draw_row(const struct cbi_catalog_page *page, struct cb_html *html,
                     const struct cbi_table_row *row)
{
	cbi_html_lit(html, "<tr>\n");
	name_cell(page, html, row);
	text_cell(html, "Type", row->type);
	cbi_html_lit(html, "<td>");
	if (row->owner)
		cbi_thing_ref(page->req, html, row->owner);
	cbi_html_lit(html, "</td>\n<td>");
	if (row->lifecycle)
		cbi_thing_lifecycle_badge(html, row->lifecycle);
	cbi_html_lit(html, "</td>\n");
	tags_cell(page, html, row);
	cbi_html_lit(html, "</tr>\n");
}

static void nothing(struct cb_html *html)
{
	cbi_html_lit(html, "<div class=\"empty\">");
	cbi_html_icon(html, "inbox");
	cbi_html_lit(html, "<p class=\"empty-title\">");
	cbi_html_tr(html, "Nothing fits these filters");
	cbi_html_lit(html, "</p><p>");
	cbi_html_tr(html, "Take one away, or look for something shorter.");
	cbi_html_lit(html, "</p>");
	cbi_html_button_link(
	    html, "", NULL, "Show everything",
	    cbi_addr_then(html->ctx, cbi_addr(html->ctx, "/catalog")));
	cbi_html_lit(html, "</div>\n");
}

static void pager(const struct cbi_catalog_page *page, struct cb_html *html)
{
	const struct cbi_table *table = &page->table;
	const struct cbi_catalog_change prev = { .name = "before",
		                                 .value = table->prev };
	const struct cbi_catalog_change next = { .name = "after",
		                                 .value = table->next };
	struct cb_ctx *ctx = html->ctx;
	size_t at = table->prev ? page->at : 0;
	size_t before = at > CBI_CATALOG_PAGE ? at - CBI_CATALOG_PAGE : 0;
	const char *info = cbi_html_say(
	    ctx, "{1} of {2}",
	    cbi_html_say_n(ctx, "{1}\xe2\x80\x93{2}", (int64_t)(at + 1),
	                   (int64_t)(at + table->count)),
	    cbi_html_number_text(ctx, (int64_t)table->total));

	cbi_html_pager(
	    html, info,
	    table->prev ? cbi_addr_with(ctx, cbi_catalog_addr(page, &prev),
	                                "row", cb_printf(ctx, "%zu", before))
			: NULL,
	    table->next
		? cbi_addr_with(ctx, cbi_catalog_addr(page, &next), "row",
	                        cb_printf(ctx, "%zu", at + table->count))
		: NULL,
	    "#catalog");
}

static void caption(const struct cbi_catalog_page *page, struct cb_html *html)
{
	cbi_html_lit(html, "<caption class=\"vh\">");
	cbi_html_tr(html,
	            page->kind ? cbi_thing_kinds(page->kind) : "Entities");
	cbi_html_lit(html, "</caption>\n");
}

void cbi_catalog_results(const struct cbi_catalog_page *page,
                         struct cb_html *html)
{
	cbi_html_lit(html, "<div class=\"results\">\n");
	bar(page, html);
	active(page, html);
	cbi_html_lit(html, "<section class=\"card\" data-plugin=\"catalog\"");
	cbi_html_attr_tr(html, "aria-label", "Entities");
	cbi_html_lit(html, ">");
	if (!page->table.count) {
		nothing(html);
		cbi_html_lit(html, "</section>\n</div>\n");
		return;
	}
	cbi_html_lit(html, "<div class=\"table-box\"><table class=\"table\">");
	caption(page, html);
	heads(page, html);
	cbi_html_lit(html, "<tbody>\n");
	for (size_t i = 0; i < page->table.count; i++)
		draw_row(page, html, &page->table.rows[i]);
	cbi_html_lit(html, "</tbody></table></div></section>\n");
	pager(page, html);
	cbi_html_lit(html, "</div>\n");
}
