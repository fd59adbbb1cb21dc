/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog_rail.c - the filters beside the catalog's table, with their counts.
 */
#include "web/pages/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/str.h"
#include "html/addr.h"

/* So many values of a facet are shown at once, so many in all: beyond that a
 * list is no help, and searching is. */
#define FACET_OPEN 6
#define FACET_MAX 60

static void count_mark(struct cb_html *html, size_t count)
{
	cbi_html_lit(html, "<span class=\"count\">");
	cbi_html_esc(html, cbi_html_number_text(html->ctx, (int64_t)count));
	cbi_html_lit(html, "</span>");
}

static void kind_link(const struct cbi_catalog_page *page, struct cb_html *html,
                      const char *kind, size_t count)
{
	/* Types belong to a kind, so they do not outlive its change. */
	const struct cbi_catalog_change change = {
		.drop = "kind",
		.drop_too = "type",
		.name = kind ? "kind" : NULL,
		.value = kind,
	};
	const char *address = cbi_catalog_addr(page, &change);
	bool here = kind ? page->kind && cbi_str_casecmp(kind, page->kind) == 0
	                 : !page->kind;

	cbi_html_lit(html, "<a");
	cbi_html_attr(html, "href", address);
	cbi_html_swaps(html, address, "#catalog");
	if (here)
		cbi_html_lit(html, " aria-current=\"true\"");
	cbi_html_lit(html, ">");
	if (kind)
		cbi_html_kind_icon(html, kind);
	else
		cbi_html_icon(html, "other");
	cbi_html_tr(html, kind ? cbi_thing_kind(kind) : "All kinds");
	count_mark(html, count);
	cbi_html_lit(html, "</a>\n");
}

static int by_kind(const void *a, const void *b)
{
	const struct cbi_table_count *x = a, *y = b;
	int order = cbi_thing_order(x->value) - cbi_thing_order(y->value);

	return order ? order : cbi_str_casecmp(x->value, y->value);
}

static void kinds(const struct cbi_catalog_page *page, struct cb_html *html)
{
	struct cbi_table_count *sorted;
	size_t n = page->kind_count, total = 0;

	sorted = cb_alloc(html->ctx, (n + 1) * sizeof(*sorted));
	if (!sorted)
		return;
	if (n)
		memcpy(sorted, page->kinds, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_kind);
	for (size_t i = 0; i < n; i++)
		total += sorted[i].count;
	cbi_html_lit(html, "<nav class=\"kinds\"");
	cbi_html_attr_tr(html, "aria-label", "Kind");
	cbi_html_lit(html, ">\n");
	kind_link(page, html, NULL, total);
	for (size_t i = 0; i < n; i++)
		kind_link(page, html, sorted[i].value, sorted[i].count);
	cbi_html_lit(html, "</nav>\n");
}

static void check(const struct cbi_catalog_page *page, struct cb_html *html,
                  enum cbi_table_column column,
                  const struct cbi_table_count *count)
{
	cbi_html_lit(html, "<label class=\"check\"><input type=\"checkbox\"");
	cbi_html_attr(html, "name", cbi_catalog_param(column));
	cbi_html_attr(html, "value", count->value);
	if (count->chosen)
		cbi_html_lit(html, " checked");
	cbi_html_lit(html, "><span>");
	cbi_html_esc(html, cbi_catalog_shown(page, column, count->value));
	cbi_html_lit(html, "</span>");
	count_mark(html, count->count);
	cbi_html_lit(html, "</label>\n");
}

/* Chosen ones first, so that none hides; then what there is most of. */
static int by_use(const void *a, const void *b)
{
	const struct cbi_table_count *x = a, *y = b;

	if (x->chosen != y->chosen)
		return x->chosen ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->value, y->value);
}

static void facet(const struct cbi_catalog_page *page, struct cb_html *html,
                  enum cbi_table_column column)
{
	size_t n = page->rail.n[column];
	struct cbi_table_count *sorted;
	size_t more;

	if (!n)
		return;
	sorted = cb_alloc(html->ctx, n * sizeof(*sorted));
	if (!sorted)
		return;
	memcpy(sorted, page->rail.counts[column], n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_use);
	if (n > FACET_MAX)
		n = FACET_MAX;
	/* One more would take the room of the line that says so. */
	more = n > FACET_OPEN + 1 ? n - FACET_OPEN : 0;
	cbi_html_lit(html, "<fieldset class=\"facet\"><legend>");
	cbi_html_tr(html, cbi_catalog_column(column));
	cbi_html_lit(html, "</legend>\n");
	for (size_t i = 0; i < n - more; i++)
		check(page, html, column, &sorted[i]);
	if (more) {
		cbi_html_lit(html, "<details class=\"facet-more\"><summary>");
		cbi_html_esc(html, cbi_html_say_n(html->ctx, "{1} more",
		                                  (int64_t)more, 0));
		cbi_html_lit(html, "</summary>\n");
		for (size_t i = n - more; i < n; i++)
			check(page, html, column, &sorted[i]);
		cbi_html_lit(html, "</details>\n");
	}
	cbi_html_lit(html, "</fieldset>\n");
}

static size_t chosen(const struct cbi_catalog_page *page)
{
	size_t n = 0;

	for (int i = 0; i < CBI_COLUMNS; i++)
		if (i != CBI_COLUMN_KIND)
			n += page->query.filters[i].n;
	return n;
}

static void rail_open(const struct cbi_catalog_page *page, struct cb_html *html)
{
	const struct cbi_html_form form = {
		.address = cbi_addr(html->ctx, "/catalog"),
		.cls = "rail-body",
		.id = "filters",
		.label = "Filters",
		.swaps = "#catalog",
	};
	size_t n = chosen(page);
	char at[CBI_TIME_LEN];

	/* Beside the form: opening the rail asks for nothing. */
	cbi_html_lit(html, "<div class=\"rail\">\n<input class=\"rail-open\""
	                   " id=\"rail-open\" type=\"checkbox\"");
	cbi_html_attr_tr(html, "aria-label", "Show filters");
	cbi_html_lit(html, "><span class=\"button rail-button\""
	                   " aria-hidden=\"true\">");
	cbi_html_icon(html, "sliders-horizontal");
	if (n)
		cbi_html_esc(html, cbi_html_say_n(html->ctx, "Filters ({1})",
		                                  (int64_t)n, 0));
	else
		cbi_html_tr(html, "Filters");
	cbi_html_lit(html, "</span>\n");
	cbi_html_form_open(html, &form);
	if (html->ctx->scope.as_of)
		cbi_clock_iso(html->ctx->scope.as_of, at);
	cbi_html_hidden(html, "at", html->ctx->scope.as_of ? at : NULL);
	cbi_html_hidden(html, "kind", page->kind);
	if (page->query.sort != CBI_SORT_NAME || page->query.descending)
		cbi_html_hidden(html, "sort",
		                cbi_catalog_sort_param(page->query.sort,
		                                       page->query.descending));
	cbi_html_lit(html, "\n");
}

void cbi_catalog_rail(const struct cbi_catalog_page *page, struct cb_html *html)
{
	const char *clear = cbi_addr_with(
	    html->ctx,
	    cbi_addr_then(html->ctx, cbi_addr(html->ctx, "/catalog")), "kind",
	    page->kind);

	rail_open(page, html);
	kinds(page, html);
	facet(page, html, CBI_COLUMN_TYPE);
	facet(page, html, CBI_COLUMN_OWNER);
	facet(page, html, CBI_COLUMN_LIFECYCLE);
	facet(page, html, CBI_COLUMN_TAG);
	if (page->rail.n[CBI_COLUMN_NAMESPACE] > 1 ||
	    page->query.filters[CBI_COLUMN_NAMESPACE].n)
		facet(page, html, CBI_COLUMN_NAMESPACE);
	cbi_html_lit(html, "<div class=\"buttons\"><button class=\"button"
	                   " primary nojs\" type=\"submit\">");
	cbi_html_tr(html, "Apply");
	cbi_html_lit(html, "</button>");
	if (chosen(page) || page->query.text)
		cbi_html_button_link(html, "quiet", NULL, "Clear all", clear);
	cbi_html_lit(html, "</div>\n");
	cbi_html_form_close(html);
	cbi_html_lit(html, "</div>\n");
}
