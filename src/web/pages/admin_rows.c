/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_rows.c - the tables of /admin/catalog that hold nodes: what is in
 * trouble, what waits, orphans, and locations.
 */
#include <string.h>

#include "base/str.h"
#include "html/addr.h"
#include "web/pages/admin_catalog.h"
#include "web/pages/things.h"

static void cell_open(struct cb_html *html, const char *label)
{
	cbi_html_lit(html, "<td");
	cbi_html_attr_tr(html, "data-label", label);
	cbi_html_lit(html, ">");
}

static void cell_close(struct cb_html *html)
{
	cbi_html_block(html);
	cbi_html_lit(html, "</td>\n");
}

static bool is_generated(const char *ref)
{
	return cbi_str_starts(ref, "location:default/generated-");
}

/* A location that the house made is known by what it reads. */
static void title(const struct cbi_admin_catalog *page, struct cb_html *html,
                  const struct cbi_overview_row *row)
{
	const char *name = strchr(row->ref, '/');

	if (is_generated(row->ref) && *row->source)
		cbi_html_path(html, row->source);
	else if (row->visible)
		cbi_html_esc(html, cbi_thing_ref_title(page->req, row->ref));
	else
		cbi_html_esc(html, name ? name + 1 : row->ref);
}

/* What readers see is a link; its ref and source stand below. */
static void name_cell(const struct cbi_admin_catalog *page,
                      struct cb_html *html, const struct cbi_overview_row *row)
{
	const char *kind =
	    cb_strndup(html->ctx, row->ref, strcspn(row->ref, ":"));

	cbi_html_lit(html, "<th class=\"lead\" scope=\"row\">"
	                   "<div class=\"entity-cell path\">");
	cbi_html_kind_icon(html, kind ? kind : "");
	cbi_html_lit(html, "<div>");
	if (row->visible) {
		cbi_html_lit(html, "<a");
		cbi_html_attr(html, "href",
		              cbi_addr_entity(html->ctx, row->ref, NULL));
		cbi_html_lit(html, ">");
		title(page, html, row);
		cbi_html_lit(html, "</a>");
	} else {
		cbi_html_lit(html, "<strong>");
		title(page, html, row);
		cbi_html_lit(html, "</strong>");
	}
	cbi_html_lit(html, "<p><code>");
	cbi_html_path(html, row->ref);
	cbi_html_lit(html, "</code></p>");
	if (!is_generated(row->ref)) {
		cbi_html_lit(html, "<p>");
		cbi_html_path(html, row->source);
		cbi_html_lit(html, "</p>");
	}
	cbi_html_lit(html, "</div></div></th>\n");
}

static void time_cell(struct cb_html *html, const char *label, int64_t ms)
{
	cell_open(html, label);
	if (ms)
		cbi_html_ago(html, ms);
	else
		cbi_html_lit(html, "<span class=\"muted\">\xe2\x80\x93</span>");
	cell_close(html);
}

static void messages_cell(struct cb_html *html,
                          const struct cbi_overview_row *row)
{
	cell_open(html, "What");
	cbi_html_lit(html, "<ul class=\"messages\">");
	for (size_t i = 0; i < json_array_size(row->errors); i++) {
		const char *message = json_string_value(
		    json_object_get(json_array_get(row->errors, i), "message"));

		cbi_html_lit(html, "<li class=\"path\">");
		cbi_html_path(html, message ? message : "");
		cbi_html_lit(html, "</li>");
	}
	cbi_html_lit(html, "</ul>");
	cell_close(html);
}

static void state_cell(struct cb_html *html, const struct cbi_overview_row *row)
{
	struct cb_ctx *ctx = html->ctx;

	/* It says itself what it is. */
	cbi_html_lit(html, "<td>");
	if (row->waits)
		cb_html_status(html, CB_TONE_WARN, cb_tr(ctx, "Waits for you"));
	else if (json_array_size(row->errors))
		cb_html_status(html, CB_TONE_BAD, cb_tr(ctx, "Has errors"));
	else if (!row->visible)
		cb_html_status(html, CB_TONE_BUSY, cb_tr(ctx, "Not yet read"));
	else
		cb_html_status(html, CB_TONE_GOOD, cb_tr(ctx, "Good"));
	cell_close(html);
}

/* "store" and "config" are the house's own words for itself. */
static void provider_cell(struct cb_html *html, const char *provider)
{
	struct cb_ctx *ctx = html->ctx;

	cell_open(html, "From");
	if (strcmp(provider, "store") == 0)
		cbi_html_esc(html, cb_tr(ctx, "Registered"));
	else if (strcmp(provider, "config") == 0)
		cbi_html_esc(html, cb_tr(ctx, "Configuration"));
	else if (*provider)
		cbi_html_esc(html, provider);
	else
		cbi_html_esc(html, cb_tr(ctx, "Another location"));
	cell_close(html);
}

static void number_cell(struct cb_html *html, const char *label, int64_t n)
{
	cbi_html_lit(html, "<td class=\"num\"");
	cbi_html_attr_tr(html, "data-label", label);
	cbi_html_lit(html, ">");
	cbi_html_esc(html, cbi_html_number_text(html->ctx, n));
	cbi_html_lit(html, "</td>\n");
}

/* ---- Rows --------------------------------------------------------------- */

static void error_row(const struct cbi_admin_catalog *page,
                      struct cb_html *html, const struct cbi_overview_row *row)
{
	name_cell(page, html, row);
	messages_cell(html, row);
	time_cell(html, "Since", row->since_ms);
	cbi_html_lit(html, "<td class=\"acts\">");
	cbi_admin_act(page, html, "refresh", row->ref, "refresh", "Read again");
	cell_close(html);
}

static void waiting_row(const struct cbi_admin_catalog *page,
                        struct cb_html *html,
                        const struct cbi_overview_row *row)
{
	name_cell(page, html, row);
	messages_cell(html, row);
	time_cell(html, "Since", row->since_ms);
	cbi_html_lit(html, "<td class=\"acts\">");
	cbi_admin_act(page, html, "confirm", row->ref, "trash", "Delete them");
	cbi_admin_act(page, html, "refresh", row->ref, "refresh", "Read again");
	cell_close(html);
}

static void orphan_row(const struct cbi_admin_catalog *page,
                       struct cb_html *html, const struct cbi_overview_row *row)
{
	name_cell(page, html, row);
	number_cell(html, "Brings in", row->brings);
	cbi_html_lit(html, "<td class=\"acts\">");
	cbi_admin_act(page, html, "delete", row->uid, "trash", "Delete");
	cell_close(html);
}

static void location_row(const struct cbi_admin_catalog *page,
                         struct cb_html *html,
                         const struct cbi_overview_row *row)
{
	name_cell(page, html, row);
	provider_cell(html, row->provider);
	state_cell(html, row);
	number_cell(html, "Brings in", row->brings);
	time_cell(html, "Looked at again", row->due_ms);
	cbi_html_lit(html, "<td class=\"acts\">");
	cbi_admin_act(page, html, "refresh", row->ref, "refresh", "Read again");
	cell_close(html);
}

/* ---- The tables --------------------------------------------------------- */

static const struct {
	const char *title;
	const char *heads[6]; /* "Do" is read out only */
	void (*row)(const struct cbi_admin_catalog *page, struct cb_html *html,
	            const struct cbi_overview_row *row);
	const char *none, *hint;
} tables[CBI_OVERVIEW_LISTS] = {
	[CBI_OVERVIEW_ERRORS] = { "Errors of processing",
	                          { "Entity", "What", "Since", "Do" },
	                          error_row,
	                          "Nothing is wrong",
	                          "Every file that was read could be used." },
	[CBI_OVERVIEW_WAITING] = { "Deletions that wait for a confirmation",
	                           { "Location", "What", "Since", "Do" },
	                           waiting_row,
	                           "Nothing waits for you",
	                           "A source that would suddenly delete much "
	                           "is held back, and stands here." },
	[CBI_OVERVIEW_ORPHANS] = { "Entities that nothing brings in any more",
	                           { "Entity", "Brings in", "Do" },
	                           orphan_row,
	                           "There are no orphans",
	                           "With catalog.orphanStrategy: keep they "
	                           "stay "
	                           "until somebody deletes them." },
	[CBI_OVERVIEW_LOCATIONS] = { "Locations",
	                             { "Location", "From", "State", "Brings in",
	                               "Looked at again", "Do" },
	                             location_row,
	                             "There are no locations",
	                             "Register one, or name it in "
	                             "catalog.locations." },
};

static void heads(struct cb_html *html, int list)
{
	cbi_html_lit(html, "<thead><tr>");
	for (size_t i = 0; i < 6 && tables[list].heads[i]; i++) {
		const char *head = tables[list].heads[i];

		if (strcmp(head, "Do") == 0) {
			cbi_html_lit(html, "<th scope=\"col\">"
			                   "<span class=\"vh\">");
			cbi_html_tr(html, "What can be done");
			cbi_html_lit(html, "</span></th>");
			continue;
		}
		if (strcmp(head, "Brings in") == 0)
			cbi_html_lit(html, "<th scope=\"col\" class=\"num\">");
		else
			cbi_html_lit(html, "<th scope=\"col\">");
		cbi_html_tr(html, head);
		cbi_html_lit(html, "</th>");
	}
	cbi_html_lit(html, "</tr></thead>\n");
}

static void empty(const struct cbi_admin_catalog *page, struct cb_html *html)
{
	if (*page->text || page->page > 1)
		cb_html_empty(html, "Nothing fits",
		              "Look for something shorter, or go back.");
	else
		cb_html_empty(html, tables[page->list].none,
		              tables[page->list].hint);
	cbi_html_block(html);
}

void cbi_admin_rows(const struct cbi_admin_catalog *page, struct cb_html *html)
{
	const struct cbi_html_card card = {
		.plugin = "core",
		.name = cbi_admin_list_name(page->list),
		.title = tables[page->list].title,
		.meta = cbi_html_number_text(html->ctx, page->total),
		.wide = true,
	};

	cbi_html_card_open(html, &card);
	if (!page->n) {
		empty(page, html);
		cbi_html_card_close(html);
		return;
	}
	cbi_html_lit(html, "<div class=\"table-box\"><table"
	                   " class=\"table processing\">"
	                   "<caption class=\"vh\">");
	cbi_html_tr(html, tables[page->list].title);
	cbi_html_lit(html, "</caption>\n");
	heads(html, page->list);
	cbi_html_lit(html, "<tbody>\n");
	for (size_t i = 0; i < page->n; i++) {
		cbi_html_lit(html, "<tr>\n");
		tables[page->list].row(page, html, &page->rows[i]);
		cbi_html_lit(html, "</tr>\n");
	}
	cbi_html_lit(html, "</tbody></table></div>\n");
	cbi_html_card_close(html);
}
