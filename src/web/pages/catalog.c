/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog.c - the catalog as a table with filters.
 *
 * One function makes the whole page, whoever asks: htmx picks the part that
 * it swaps, and without JavaScript the form and the links ask for the same.
 */
#include "web/pages/catalog.h"

#include <string.h>

#include "web/at.h"
#include "web/pages/shell.h"
#include "web/router.h"

#include "html/addr.h"

/* Also reads the counts. */
static int read_query(struct cbi_catalog_page *page)
{
	struct cb_ctx *ctx = page->req->ctx;
	const struct cbi_catalog *catalog = page->req->web->catalog;
	struct cbi_table_query others = page->query;
	struct cbi_table_rail rail;
	struct cbi_table table;
	int rc;

	rc = cbi_table_read(ctx, catalog, &page->query, &page->table,
	                    &page->rail, &page->fresh);
	if (rc < 0)
		return rc;
	page->kinds = page->rail.counts[CBI_COLUMN_KIND];
	page->kind_count = page->rail.n[CBI_COLUMN_KIND];
	if (!page->query.filters[CBI_COLUMN_TYPE].n)
		return CB_OK;
	others.filters[CBI_COLUMN_TYPE].n = 0;
	others.after = others.before = NULL;
	others.limit = 1;
	rc = cbi_table_read(ctx, catalog, &others, &table, &rail, NULL);
	if (rc < 0)
		return rc;
	page->kinds = rail.counts[CBI_COLUMN_KIND];
	page->kind_count = rail.n[CBI_COLUMN_KIND];
	return CB_OK;
}

/* What a form elsewhere has just done. */
static void asked(struct cb_req *req, struct cb_html *html)
{
	const char *what = cbi_req_query(req, "asked");
	bool deleted = what && strcmp(what, "delete") == 0;

	if (!deleted && (!what || strcmp(what, "unregister") != 0))
		return;
	cbi_html_notice_open(html, CB_TONE_GOOD, "status",
	                     deleted ? "The entity was deleted"
	                             : "The location was unregistered");
	cbi_html_lit(html, "<p>");
	cbi_html_tr(html, "What only it brought in is gone from the catalog; "
	                  "its history stays.");
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

static int show(struct cb_req *req)
{
	struct cbi_catalog_page page = { 0 };
	struct cbi_page shell = { .here = "catalog" };
	struct cb_html html;
	int rc;

	rc = cbi_catalog_query_read(req, &page);
	if (rc == CB_OK)
		rc = read_query(&page);
	if (rc == CB_OK)
		rc = cbi_req_fresh(req, &page.fresh);
	if (rc < 0)
		return rc;
	shell.title =
	    cb_tr(req->ctx, page.kind ? cbi_thing_kinds(page.kind) : "Catalog");
	rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	asked(req, &html);
	cbi_html_lit(&html, "<header class=\"page-head\"><div><h1>");
	cbi_html_tr(&html, "Catalog");
	cbi_html_lit(&html, "</h1><p class=\"page-lead\">");
	cbi_html_esc(&html, cbi_html_say(req->ctx,
	                                 "Everything that is known about the "
	                                 "software of {1}.",
	                                 cbi_page_organization(req), NULL));
	cbi_html_lit(&html, "</p></div><div class=\"buttons\">");
	cbi_html_button_link(&html, "", "plus", "Register existing component",
	                     cbi_addr(req->ctx, "/catalog-import"));
	cbi_html_lit(&html, "</div></header>\n"
	                    "<div class=\"catalog\" id=\"catalog\">\n");
	cbi_catalog_rail(&page, &html);
	cbi_catalog_results(&page, &html);
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

const struct cbi_endpoint cbi_pages_catalog[] = {
	{
	    .path = "/catalog",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.catalog",
	    .handle = show,
	},
	{ 0 },
};
