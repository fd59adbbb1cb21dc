/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity_actions.c - what can be done with an entity: its menu, refreshing
 * it, and unregistering the location that brings it in.
 *
 * What is not offered is shown all the same, with the reason.
 */
#include "web/pages/entity.h"

#include <string.h>

#include "base/board.h"
#include "catalog/entity.h"
#include "catalog/location.h"
#include "catalog/query.h"
#include "catalog/ref.h"
#include "catalog/uproot.h"
#include "config/config.h"
#include "html/addr.h"
#include "web/pages/shell.h"

#define ORIGIN "backstage.io/managed-by-origin-location"
/* Of what goes with a location, so many are named. */
#define NAMED_MAX 100

/* A form's token; a service has no session, and needs none. */
static const char *token_of(struct cb_req *req)
{
	const char *csrf = cbi_page_csrf(req);

	return csrf ? csrf : req->who.kind == CBI_WHO_SERVICE ? "" : NULL;
}

static const char *write_why(struct cb_req *req)
{
	if (req->ctx->scope.as_of)
		return cb_tr(req->ctx, "This is the past: nothing in it can be "
		                       "changed.");
	if (!cbi_page_may_write(req))
		return cb_tr(req->ctx,
		             "Guests read; changes need a token or the "
		             "command line.");
	return NULL;
}

static bool is_orphan(const struct cbi_entity_page *page)
{
	const char *orphan =
	    cb_entity_annotation(page->entity, "backstage.io/orphan");

	return orphan && strcmp(orphan, "true") == 0;
}

const char *cbi_entity_unregister_why(const struct cbi_entity_page *page,
                                      struct cbi_location *out)
{
	struct cb_ctx *ctx = page->req->ctx;
	const char *origin = cb_entity_annotation(page->entity, ORIGIN);
	const char *type, *target, *why;
	int rc;

	memset(out, 0, sizeof(*out));
	if (is_orphan(page))
		return NULL;
	if (!origin ||
	    cbi_location_ref_parse(ctx, origin, &type, &target, &why) < 0)
		return cb_tr(ctx, "It does not say which location it is from.");
	rc = cbi_location_find(ctx, type, target, out);
	if (rc == CB_OK)
		return NULL;
	cb_failure_clear(ctx);
	if (rc == CB_EAWAY)
		return cb_tr(ctx, "PostgreSQL does not answer, and locations "
		                  "are known there.");
	return cbi_html_say(ctx,
	                    "Nobody registered {1}: it is in the "
	                    "configuration or comes from a provider, and what "
	                    "it brings goes when it is taken out there.",
	                    origin, NULL);
}

static const char *all_why(const struct cbi_entity_page *page,
                           struct cbi_location *location)
{
	struct cb_req *req = page->req;
	const char *why = write_why(req);

	if (!why && req->web->config &&
	    cbi_config_bool(req->web->config, "catalog.readonly", false))
		why = cb_tr(req->ctx, "catalog.readonly is set: locations "
		                      "cannot be changed.");
	return why ? why : cbi_entity_unregister_why(page, location);
}

/* ---- The menu ----------------------------------------------------------- */

static void item_link(struct cb_html *html, const char *icon, const char *title,
                      const char *address)
{
	if (!address)
		return;
	cbi_html_lit(html, "<a class=\"menu-item\"");
	cbi_html_attr(html, "href", address);
	cbi_html_lit(html, ">");
	cbi_html_icon(html, icon);
	cbi_html_tr(html, title);
	cbi_html_lit(html, "</a>\n");
}

static const char *linked(const struct cbi_entity_page *page, const char *name)
{
	const char *url = cb_entity_annotation(page->entity, name);

	return url ? cbi_html_safe_url(page->req->ctx, url) : NULL;
}

static void refresh_item(const struct cbi_entity_page *page,
                         struct cb_html *html)
{
	const struct cbi_html_form form = {
		.address = cbi_addr_entity(html->ctx, page->ref, "refresh"),
		.csrf = token_of(page->req),
	};

	if (!form.csrf)
		return;
	cbi_html_form_open(html, &form);
	cbi_html_lit(html, "<button class=\"menu-item\" type=\"submit\">");
	cbi_html_icon(html, "refresh");
	cbi_html_tr(html, "Refresh now");
	cbi_html_lit(html, "</button>");
	cbi_html_form_close(html);
}

void cbi_entity_menu(const struct cbi_entity_page *page, struct cb_html *html)
{
	struct cb_ctx *ctx = html->ctx;
	const char *why = write_why(page->req);

	cbi_html_lit(html, "<details class=\"menu entity-menu\"><summary"
	                   " class=\"button\">");
	cbi_html_icon(html, "ellipsis");
	cbi_html_tr(html, "Actions");
	cbi_html_lit(html, "</summary>\n<div class=\"menu-body\">\n"
	                   "<button class=\"menu-item js-only\""
	                   " type=\"button\"");
	cbi_html_attr(html, "data-copy", page->ref);
	cbi_html_attr_tr(html, "data-copied", "Copied");
	cbi_html_lit(html, ">");
	cbi_html_icon(html, "copy");
	cbi_html_lit(html, "<span role=\"status\">");
	cbi_html_tr(html, "Copy reference");
	cbi_html_lit(html, "</span></button>\n");
	item_link(html, "external-link", "View source",
	          linked(page, "backstage.io/view-url"));
	item_link(html, "wrench", "Edit",
	          linked(page, "backstage.io/edit-url"));
	item_link(html, "code", "Inspect",
	          cbi_addr_entity(ctx, page->ref, "inspect"));
	if (!why) {
		refresh_item(page, html);
		item_link(html, "trash", "Unregister\xe2\x80\xa6",
		          cbi_addr_entity(ctx, page->ref, "unregister"));
	} else {
		cbi_html_lit(html, "<p class=\"menu-note muted small\">");
		cbi_html_icon(html, "lock");
		cbi_html_esc(html, why);
		cbi_html_lit(html, "</p>\n");
	}
	cbi_html_lit(html, "</div></details>\n");
}

/* ---- Unregistering ------------------------------------------------------ */

struct gone {
	struct cbi_entity_page *page;
	const char *refs[NAMED_MAX];
	size_t n;
};

static int note_gone(void *arg, struct cbi_span body)
{
	struct gone *gone = arg;
	const struct cb_entity *entity;
	int rc = cbi_entity_create(gone->page->req->ctx, body.ptr, body.len,
	                           &entity);

	if (rc < 0)
		return rc;
	gone->refs[gone->n] =
	    cb_strdup(gone->page->req->ctx, cb_entity_ref(entity));
	return gone->refs[gone->n++] ? CB_OK : CB_ENOMEM;
}

/* All that has the same origin, *total of them. */
static int look_for(struct gone *gone, int64_t *total)
{
	struct cb_req *req = gone->page->req;
	const char *origin = cb_entity_annotation(gone->page->entity, ORIGIN);
	const struct cbi_filter filter = {
		.op = CBI_FILTER_IN,
		.key = "metadata.annotations." ORIGIN,
		.values = &origin,
		.value_count = 1,
	};
	struct cbi_query query = {
		.at = { .filter = &filter, .order_key = "metadata.name" },
		.limit = NAMED_MAX,
		.count = true,
	};
	struct cbi_query_page found;
	char *lower = cb_strdup(req->ctx, origin);
	int rc;

	if (!lower)
		return CB_ENOMEM;
	cbi_str_lower(lower);
	origin = lower;
	rc = cbi_query_run(req->ctx, req->web->catalog, &query, note_gone, gone,
	                   &found);
	*total = found.total;
	return rc;
}

static void gone_list(const struct gone *gone, struct cb_html *html,
                      int64_t total)
{
	cbi_html_lit(html, "<p><strong>");
	cbi_html_esc(html,
	             cbi_html_say_n(html->ctx,
	                            total == 1 ? "{1} entity goes with it:"
	                                       : "{1} entities go with it:",
	                            total, 0));
	cbi_html_lit(html, "</strong></p>\n<ul class=\"refs\">\n");
	for (size_t i = 0; i < gone->n; i++) {
		cbi_html_lit(html, "<li>");
		cbi_thing_ref(gone->page->req, html, gone->refs[i]);
		cbi_html_lit(html, "</li>\n");
	}
	cbi_html_lit(html, "</ul>\n");
	if (total > (int64_t)gone->n) {
		cbi_html_lit(html, "<p class=\"muted\">");
		cbi_html_esc(html, cbi_html_say_n(html->ctx, "and {1} more",
		                                  total - (int64_t)gone->n, 0));
		cbi_html_lit(html, "</p>\n");
	}
}

static void confirm_form(const struct cbi_entity_page *page,
                         struct cb_html *html)
{
	const struct cbi_html_form form = {
		.address = cbi_addr_entity(html->ctx, page->ref, "unregister"),
		.csrf = token_of(page->req),
	};

	cbi_html_lit(html, "<div class=\"buttons\">");
	if (form.csrf) {
		cbi_html_form_open(html, &form);
		cbi_html_lit(html, "<button class=\"button danger\""
		                   " type=\"submit\">");
		cbi_html_tr(html, is_orphan(page) ? "Delete the entity"
		                                  : "Unregister the location");
		cbi_html_lit(html, "</button>");
		cbi_html_form_close(html);
	}
	cbi_html_button_link(html, "quiet", NULL, "Leave it as it is",
	                     cbi_addr_entity(html->ctx, page->ref, NULL));
	cbi_html_lit(html, "</div>\n");
}

int cbi_entity_unregister(struct cbi_entity_page *page, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "unregister",
		                            .title = "Unregister",
		                            .wide = true };
	struct gone gone = { .page = page };
	struct cbi_location location;
	const char *why = all_why(page, &location);
	int64_t total = 0;
	int rc = CB_OK;

	if (!why && location.id)
		rc = look_for(&gone, &total);
	if (rc < 0)
		return rc;
	cbi_html_lit(html, "<div class=\"cards\">\n");
	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<div class=\"stack\">\n");
	if (why) {
		cbi_html_notice_open(html, CB_TONE_NEUTRAL, "note",
		                     "This cannot be unregistered here");
		cbi_html_lit(html, "<p>");
		cbi_html_esc(html, why);
		cbi_html_lit(html, "</p>");
		cbi_html_notice_close(html);
	} else if (location.id) {
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "This takes back the location");
		cbi_html_lit(html, " <code class=\"code-inline\">");
		cbi_html_esc(html, location.target);
		cbi_html_lit(html, "</code></p>\n");
		gone_list(&gone, html, total);
		confirm_form(page, html);
	} else {
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "Nothing brings this entity in any more. "
		                  "It can be deleted.");
		cbi_html_lit(html, "</p>\n");
		confirm_form(page, html);
	}
	cbi_html_lit(html, "</div>\n");
	cbi_html_card_close(html);
	cbi_html_lit(html, "</div>\n");
	return CB_OK;
}

/* ---- What the forms do -------------------------------------------------- */

static int refresh(struct cbi_entity_page *page)
{
	struct cb_req *req = page->req;
	const char *path;
	int rc = cbi_location_refresh(req->ctx, page->ref);

	if (rc < 0)
		return rc;
	path = cb_printf(req->ctx, "/catalog/%s/%s/%s?asked=refresh",
	                 req->args[0], req->args[1], req->args[2]);
	return path ? cbi_req_redirect(req, path) : CB_ENOMEM;
}

static int unregister(struct cbi_entity_page *page)
{
	struct cb_req *req = page->req;
	struct cbi_location location;
	const char *why = all_why(page, &location);
	uint64_t number = 0;
	int rc;

	if (why)
		return cb_fail(req->ctx, CB_ECONFLICT, "%s", why);
	if (location.id)
		rc = cbi_location_delete(req->ctx, location.id, req->address,
		                         &number);
	else
		rc = cbi_uproot(req->ctx,
		                cb_entity_text(page->entity, "metadata.uid"),
		                req->address, &number);
	if (rc < 0)
		return rc;
	cbi_board_raise(&cbi_board()->wanted, number);
	return cbi_req_redirect(req, location.id ? "/catalog?asked=unregister"
	                                         : "/catalog?asked=delete");
}

static int act(struct cb_req *req)
{
	struct cbi_entity_page page = { .req = req, .tab = req->args[3] };
	int rc = cbi_entity_load(&page);

	if (rc == CB_OK && req->ctx->scope.as_of)
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "at: nothing of the past can be changed");
	if (rc < 0)
		return rc;
	if (strcmp(page.tab, "refresh") == 0)
		return refresh(&page);
	if (strcmp(page.tab, "unregister") == 0)
		return unregister(&page);
	return cb_fail(req->ctx, CB_ENOENT, "nothing is called '%.40s' here",
	               page.tab);
}

const struct cbi_endpoint cbi_pages_entity_actions[] = {
	{
	    .path = "/catalog/{namespace}/{kind}/{name}/{tab}",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_PAGE,
	    .name = "page.entity.act",
	    .handle = act,
	},
	{ 0 },
};
