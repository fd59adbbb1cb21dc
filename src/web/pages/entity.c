/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity.c - an entity's page.
 *
 * The page holds what the catalog knows.  Cards of plugins are not drawn
 * here: nginx puts them in while it sends the page, each from the pool that
 * hosts its plugin, all at once.
 */
#include "web/pages/entity.h"

#include <string.h>

#include "base/ctx.h"
#include "catalog/entity.h"
#include "html/addr.h"
#include "registry/registry.h"
#include "web/at.h"
#include "web/may.h"
#include "web/pages/shell.h"

/* Of a relation, on the overview and on its own tab. */
#define OVERVIEW_TARGETS 6
#define TAB_TARGETS 500

int cbi_entity_load(struct cbi_entity_page *page)
{
	struct cb_req *req = page->req;
	struct cb_ctx *ctx = req->ctx;
	int rc;

	rc = cbi_req_at(req);
	if (rc == CB_OK)
		rc = cbi_view_ref(ctx, req->args[1], req->args[0], req->args[2],
		                  &page->ref);
	if (rc == CB_OK)
		rc = cbi_view_by_ref(ctx, req->web->catalog, page->ref,
		                     &page->served, &page->fresh);
	if (rc == CB_OK)
		rc = cbi_entity_create(ctx, page->served.body, page->served.len,
		                       &page->entity);
	if (rc < 0)
		return rc;
	page->json = cbi_entity_json(page->entity);
	page->kind = cb_entity_kind(page->entity);
	return page->json ? CB_OK : cb_failure_code(ctx);
}

/* The cards of plugins for a place; without a registry there are none. */
static void plugin_cards(const struct cbi_entity_page *page,
                         struct cb_html *html, const char *place)
{
	struct cb_req *req = page->req;
	const struct cbi_plugin_card *const *cards = NULL;
	const struct cbi_snapshot *snapshot;
	size_t n = 0;

	/* Tools are asked about now; the page says so. */
	if (req->ctx->scope.as_of || !req->web->registry ||
	    cbi_registry_look(req->ctx, req->web->registry, &snapshot) < 0 ||
	    cbi_snapshot_cards(req->ctx, snapshot, place, page->entity, &cards,
	                       &n) < 0) {
		cb_failure_clear(req->ctx);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!cbi_may_show_plugin(req, cards[i]->plugin,
		                         cards[i]->needs))
			continue;
		cbi_html_include(
		    html, cbi_addr_with(
			      req->ctx,
			      cbi_addr_card(req->ctx, cards[i]->plugin->name,
		                            cards[i]->name, page->ref),
			      "level", "1"));
	}
}

static void overview(const struct cbi_entity_page *page, struct cb_html *html)
{
	cbi_html_lit(html, "<div class=\"board\">\n<div class=\"cards\">\n");
	cbi_entity_about(page, html);
	plugin_cards(page, html, "entity.overview");
	cbi_html_lit(html, "</div>\n<div class=\"cards board-side\">\n");
	plugin_cards(page, html, "entity.side");
	cbi_entity_relations(page, html, OVERVIEW_TARGETS);
	cbi_entity_links(page, html);
	cbi_html_lit(html, "</div>\n</div>\n");
}

static void code_card(struct cb_html *html, const char *name, const char *title,
                      const char *text)
{
	const struct cbi_html_card card = {
		.plugin = "catalog", .name = name, .title = title, .wide = true
	};

	cbi_html_lit(html, "<div class=\"cards\">\n");
	cbi_html_card_open(html, &card);
	cb_html_code(html, text);
	cbi_html_card_close(html);
	cbi_html_lit(html, "</div>\n");
}

/* What a form on this page has just done. */
static void asked(const struct cbi_entity_page *page, struct cb_html *html)
{
	const char *what = cbi_req_query(page->req, "asked");

	if (!what || strcmp(what, "refresh") != 0)
		return;
	cbi_html_notice_open(html, CB_TONE_GOOD, "status",
	                     "A refresh was asked for");
	cbi_html_lit(html, "<p>");
	cbi_html_tr(html, "What brings this entity in is read again now; load "
	                  "the page in a moment.");
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

static int draw(struct cbi_entity_page *page, struct cb_html *html)
{
	const char *definition =
	    cb_entity_text(page->entity, "spec.definition");

	cbi_entity_header(page, html);
	cbi_entity_errors(page, html);
	asked(page, html);
	if (!*page->tab) {
		overview(page, html);
	} else if (strcmp(page->tab, "relations") == 0) {
		cbi_html_lit(html, "<div class=\"cards\">\n");
		cbi_entity_relations(page, html, TAB_TARGETS);
		cbi_html_lit(html, "</div>\n");
	} else if (strcmp(page->tab, "inspect") == 0) {
		return cbi_entity_inspect(page, html);
	} else if (strcmp(page->tab, "unregister") == 0) {
		return cbi_entity_unregister(page, html);
	} else if (strcmp(page->tab, "why") == 0) {
		return cbi_entity_why(page, html);
	} else {
		code_card(html, "definition", "Definition", definition);
	}
	return CB_OK;
}

static bool known_tab(const struct cbi_entity_page *page)
{
	return !*page->tab || strcmp(page->tab, "relations") == 0 ||
	       strcmp(page->tab, "inspect") == 0 ||
	       strcmp(page->tab, "unregister") == 0 ||
	       (strcmp(page->tab, "why") == 0 &&
	        !page->req->ctx->scope.as_of) ||
	       (strcmp(page->tab, "definition") == 0 &&
	        cb_entity_text(page->entity, "spec.definition"));
}

static int show_tab(struct cb_req *req, const char *tab)
{
	struct cbi_entity_page page = { .req = req, .tab = tab };
	struct cbi_page shell = { .here = "catalog" };
	struct cb_html html;
	int rc;

	rc = cbi_entity_load(&page);
	if (rc < 0)
		return rc;
	if (!known_tab(&page))
		return cb_fail(req->ctx, CB_ENOENT, "'%s' has no tab '%s'",
		               page.ref, tab);
	rc = cbi_req_fresh(req, &page.fresh);
	if (rc < 0)
		return rc;
	shell.title = cbi_thing_title(page.entity);
	rc = cbi_page_open(req, &shell, &html);
	if (rc == CB_OK)
		rc = draw(&page, &html);
	if (rc < 0)
		return rc;
	return cbi_page_close(req, &html);
}

static int show(struct cb_req *req)
{
	return show_tab(req, "");
}

static int show_named_tab(struct cb_req *req)
{
	return show_tab(req, req->args[3]);
}

const struct cbi_endpoint cbi_pages_entity[] = {
	{
	    .path = "/catalog/{namespace}/{kind}/{name}",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.entity",
	    .handle = show,
	},
	{
	    .path = "/catalog/{namespace}/{kind}/{name}/{tab}",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.entity.tab",
	    .handle = show_named_tab,
	},
	{ 0 },
};
