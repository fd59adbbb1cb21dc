/* SPDX-License-Identifier: Apache-2.0 */
/*
 * home.c - the first page: what there is, what changed, where to go.
 */
#include "web/pages/home.h"

#include <stdlib.h>

#include "base/board.h"
#include "base/ctx.h"
#include "html/addr.h"
#include "registry/registry.h"
#include "web/at.h"
#include "web/may.h"
#include "web/pages/shell.h"
#include "web/pages/things.h"

#define RECENT 8

struct home {
	struct cb_req *req;
	struct cbi_table_count *kinds; /* in the order of pages */
	size_t kind_count, total;
	struct cbi_table recent;
	struct cbi_fresh fresh;
};

static int by_order(const void *a, const void *b)
{
	const struct cbi_table_count *x = a, *y = b;

	return cbi_thing_order(x->value) - cbi_thing_order(y->value);
}

static int load(struct home *home)
{
	struct cb_ctx *ctx = home->req->ctx;
	const struct cbi_table_count *kinds;
	int rc;

	rc = cbi_table_kinds(ctx, home->req->web->catalog, &kinds,
	                     &home->kind_count, &home->fresh);
	if (rc == CB_OK)
		rc = cbi_table_recent(ctx, home->req->web->catalog, RECENT,
		                      &home->recent, NULL);
	if (rc < 0)
		return rc;
	home->kinds =
	    cb_alloc(ctx, (home->kind_count + 1) * sizeof(*home->kinds));
	if (!home->kinds)
		return CB_ENOMEM;
	for (size_t i = 0; i < home->kind_count; i++) {
		home->kinds[i] = kinds[i];
		home->total += kinds[i].count;
	}
	qsort(home->kinds, home->kind_count, sizeof(*home->kinds), by_order);
	return CB_OK;
}

static void guest_note(struct cb_req *req, struct cb_html *html)
{
	if (req->who.kind != CBI_WHO_GUEST)
		return;
	cbi_html_notice_open(html, CB_TONE_NEUTRAL, "note", NULL);
	cbi_html_lit(html, "<p>");
	cbi_html_tr(html, "You are signed in as guest: you can look at "
	                  "everything and change nothing.");
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

static void welcome(const struct home *home, struct cb_html *html)
{
	const struct cbi_html_search search = {
		.address = cbi_addr(html->ctx, "/search"),
		.title = "Catalog",
		.label = "Find a component, an API, a team",
		.hint = "Find a component, an API, a team",
	};

	cbi_html_lit(html, "<header class=\"welcome\"><div><h1>");
	cbi_html_esc(html, cbi_page_organization(home->req));
	cbi_html_lit(html, "</h1><p class=\"page-lead\">");
	cbi_html_esc(html, cbi_html_say_n(html->ctx, "{1} things on the board.",
	                                  (int64_t)home->total, 0));
	cbi_html_lit(html, "</p></div>\n");
	cbi_html_search(html, &search);
	cbi_html_lit(html, "</header>\n");
}

static void glance(const struct home *home, struct cb_html *html)
{
	const char *catalog =
	    cbi_addr_then(html->ctx, cbi_addr(html->ctx, "/catalog"));

	cbi_html_lit(html, "<h2 class=\"section-title\">");
	cbi_html_tr(html, "At a glance");
	cbi_html_lit(html, "</h2>\n<ul class=\"glance\">\n");
	for (size_t i = 0; i < home->kind_count; i++) {
		const struct cbi_table_count *kind = &home->kinds[i];

		cbi_html_lit(html, "<li><a class=\"glance-tile\"");
		cbi_html_attr(
		    html, "href",
		    cbi_addr_with(html->ctx, catalog, "kind", kind->value));
		cbi_html_lit(html, "><b>");
		cbi_html_esc(html, cbi_html_number_text(html->ctx,
		                                        (int64_t)kind->count));
		cbi_html_lit(html, "</b><span>");
		cbi_html_kind_icon(html, kind->value);
		cbi_html_tr(html, cbi_thing_kinds(kind->value));
		cbi_html_lit(html, "</span></a></li>\n");
	}
	cbi_html_lit(html, "</ul>\n");
}

static void recent_row(struct cb_html *html, const struct cbi_table_row *row)
{
	cbi_html_lit(html, "<li><span class=\"tile kind-");
	cbi_html_esc(html, cbi_html_kind(row->kind));
	cbi_html_lit(html, "\">");
	cbi_html_icon(html, cbi_html_kind(row->kind));
	cbi_html_lit(html, "</span><div class=\"list-main\"><a");
	cbi_html_attr(html, "href", cbi_addr_entity(html->ctx, row->ref, NULL));
	cbi_html_lit(html, ">");
	cbi_html_esc(html, cbi_thing_row_title(row));
	cbi_html_lit(html, "</a>");
	if (*row->description) {
		cbi_html_lit(html, "<p>");
		cbi_html_esc(html, row->description);
		cbi_html_lit(html, "</p>");
	}
	cbi_html_lit(html, "</div><span class=\"list-end\">");
	cbi_html_ago(html, row->updated_ms);
	cbi_html_lit(html, "</span></li>\n");
}

static void recent(const struct home *home, struct cb_html *html)
{
	const struct cbi_html_card card = {
		.plugin = "catalog",
		.name = "recent",
		.title = "Recently changed",
		.wide = true,
		.link =
		    cbi_addr_then(html->ctx, cbi_addr(html->ctx, "/catalog")),
		.link_title = "Whole catalog",
		.link_icon = "arrow-right",
	};

	cbi_html_card_open(html, &card);
	if (!home->recent.count)
		cb_html_empty(
		    html, "The catalog is empty",
		    "Name a location in catalog.locations, or add one "
		    "by callboardctl catalog add.");
	else
		cbi_html_lit(html, "<ul class=\"list\">\n");
	for (size_t i = 0; i < home->recent.count; i++)
		recent_row(html, &home->recent.rows[i]);
	if (home->recent.count)
		cbi_html_lit(html, "</ul>\n");
	cbi_html_card_close(html);
}

static void quick(struct cb_html *html)
{
	static const struct {
		const char *name, *value, *icon, *title;
	} links[] = {
		{ "type", "service", "server", "All services" },
		{ "kind", "api", "api", "All APIs" },
		{ "kind", "group", "group", "Who is who" },
		{ "lifecycle", "experimental", "flask", "Being tried out" },
		{ "lifecycle", "deprecated", "history", "On the way out" },
	};
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "quick",
		                            .title = "Quick links" };
	const char *catalog =
	    cbi_addr_then(html->ctx, cbi_addr(html->ctx, "/catalog"));

	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<ul class=\"links\">\n");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		cbi_html_lit(html, "<li><a");
		cbi_html_attr(html, "href",
		              cbi_addr_with(html->ctx, catalog, links[i].name,
		                            links[i].value));
		cbi_html_lit(html, ">");
		cbi_html_icon(html, links[i].icon);
		cbi_html_tr(html, links[i].title);
		cbi_html_lit(html, "</a></li>\n");
	}
	cbi_html_lit(html, "</ul>\n");
	cbi_html_card_close(html);
}

static void level(const struct home *home, struct cb_html *html)
{
	const struct cbi_html_card card = {
		.plugin = "catalog",
		.name = "level",
		.title = "Catalog",
		.link = cbi_addr(html->ctx, "/admin"),
		.link_title = "State",
		.link_icon = "arrow-right",
	};
	int64_t behind = cbi_page_behind_ms();
	struct cb_ctx *ctx = html->ctx;

	cbi_html_card_open(html, &card);
	cb_html_field(html, "Entities",
	              cbi_html_number_text(ctx, (int64_t)home->total));
	cb_html_field(
	    html, "Level",
	    cbi_html_say_n(ctx, "change {1}",
	                   (int64_t)atomic_load(&cbi_board()->copy_number), 0));
	if (behind)
		cb_html_field(html, "Behind",
		              cbi_html_duration_text(ctx, behind));
	cbi_html_card_close(html);
}

/* Plugins' cards for the place "home". */
static void cards(struct cb_req *req, struct cb_html *html)
{
	const struct cbi_plugin_card *const *list = NULL;
	const struct cbi_snapshot *snapshot;
	size_t n = 0;

	if (!req->web->registry ||
	    cbi_registry_look(req->ctx, req->web->registry, &snapshot) < 0 ||
	    cbi_snapshot_cards(req->ctx, snapshot, "home", NULL, &list, &n) <
	        0) {
		cb_failure_clear(req->ctx);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!cbi_may_show_plugin(req, list[i]->plugin, list[i]->needs))
			continue;
		cbi_html_include(
		    html,
		    cbi_addr_with(req->ctx,
		                  cbi_addr_card(req->ctx, list[i]->plugin->name,
		                                list[i]->name, NULL),
		                  "level", "1"));
	}
}

static int show(struct cb_req *req)
{
	const struct cbi_page shell = { .title = cb_tr(req->ctx, "Home"),
		                        .here = "home" };
	struct home home = { .req = req };
	struct cb_html html;
	int rc;

	rc = cbi_req_at(req);
	if (rc == CB_OK)
		rc = load(&home);
	if (rc == CB_OK)
		rc = cbi_req_fresh(req, &home.fresh);
	if (rc == CB_OK)
		rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	guest_note(req, &html);
	welcome(&home, &html);
	glance(&home, &html);
	cbi_html_lit(&html, "<div class=\"board\">\n<div class=\"cards\">\n");
	recent(&home, &html);
	if (!req->ctx->scope.as_of)
		cards(req, &html);
	cbi_html_lit(&html, "</div>\n<div class=\"cards board-side\">\n");
	quick(&html);
	if (!req->ctx->scope.as_of)
		level(&home, &html);
	cbi_html_lit(&html, "</div>\n</div>\n");
	return cbi_page_close(req, &html);
}

const struct cbi_endpoint cbi_pages_home[] = {
	{
	    .path = "/",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.home",
	    .handle = show,
	},
	{ 0 },
};
