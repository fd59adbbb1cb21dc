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
#include "catalog/inferred.h"
#include "catalog/location.h"
#include "catalog/ref.h"
#include "catalog/uproot.h"
#include "html/addr.h"
#include "web/locations.h"
#include "web/may.h"
#include "web/pages/forms.h"
#include "web/pages/origin.h"

#define ORIGIN "backstage.io/managed-by-origin-location"

static bool is_orphan(const struct cbi_entity_page *page)
{
	const char *orphan =
	    cb_entity_annotation(page->entity, "backstage.io/orphan");

	return orphan && strcmp(orphan, "true") == 0;
}

/* Does nothing hold it but that somebody confirmed it? */
static bool is_confirmed(const struct cbi_entity_page *page)
{
	struct cb_ctx *ctx = page->req->ctx;
	bool held = false;

	if (!cb_entity_annotation(page->entity, "callboard.io/confirmed-by"))
		return false;
	if (cbi_inferred_holds(ctx, page->ref, &held) < 0)
		cb_failure_clear(ctx);
	return held;
}

const char *cbi_entity_unregister_why(const struct cbi_entity_page *page,
                                      struct cbi_location *out)
{
	struct cb_ctx *ctx = page->req->ctx;
	const char *origin = cb_entity_annotation(page->entity, ORIGIN);
	const char *type, *target, *why;
	int rc;

	memset(out, 0, sizeof(*out));
	if (is_orphan(page) || is_confirmed(page))
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

/* Taking the location back, or with none the entity. */
static int may_unregister(const struct cbi_entity_page *page,
                          const struct cbi_location *location)
{
	if (location->id)
		return cbi_may(page->req, "catalog.location.delete");
	return cbi_may_ref(page->req, "catalog.entity.delete", page->ref);
}

/* Why it cannot be done, whoever asks. */
static const char *base_why(const struct cbi_entity_page *page,
                            struct cbi_location *location)
{
	const char *why = cbi_form_location_why(page->req, NULL);

	memset(location, 0, sizeof(*location));
	return why ? why : cbi_entity_unregister_why(page, location);
}

static const char *all_why(const struct cbi_entity_page *page,
                           struct cbi_location *location)
{
	const char *why = base_why(page, location);
	bool may;

	if (why)
		return why;
	may = may_unregister(page, location) == CB_OK;
	cb_failure_clear(page->req->ctx);
	return may ? NULL : cbi_form_denied(page->req);
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

void cbi_entity_menu(const struct cbi_entity_page *page, struct cb_html *html)
{
	struct cb_ctx *ctx = html->ctx;
	const char *why = cbi_form_why(page->req, NULL);
	bool may_refresh = cbi_may_ref(page->req, "catalog.entity.refresh",
	                               page->ref) == CB_OK;
	bool may_delete = cbi_may_show(page->req, "catalog.location.delete") ||
	                  cbi_may_show(page->req, "catalog.entity.delete");
	const struct cbi_form_button refresh = {
		.address = cbi_addr_entity(ctx, page->ref, "refresh"),
		.cls = "menu-item",
		.icon = "refresh",
		.title = "Refresh now",
	};

	cb_failure_clear(ctx);
	if (!why && !may_refresh && !may_delete)
		why = cbi_form_denied(page->req);
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
		if (may_refresh)
			cbi_form_button(page->req, html, &refresh);
		if (may_delete)
			item_link(
			    html, "trash", "Unregister\xe2\x80\xa6",
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

static void gone_list(const struct cbi_entity_page *page, struct cb_html *html,
                      const struct cbi_origin *gone)
{
	cbi_html_lit(html, "<p><strong>");
	cbi_html_esc(html, cbi_html_say_n(html->ctx,
	                                  gone->total == 1
	                                      ? "{1} entity goes with it:"
	                                      : "{1} entities go with it:",
	                                  gone->total, 0));
	cbi_html_lit(html, "</strong></p>\n");
	cbi_origin_list(page->req, html, gone, NULL);
}

static void confirm_form(const struct cbi_entity_page *page,
                         struct cb_html *html, bool registered)
{
	const struct cbi_form_button button = {
		.address = cbi_addr_entity(html->ctx, page->ref, "unregister"),
		.cls = "button danger",
		.title = registered ? "Unregister the location"
		                    : "Delete the entity",
	};

	cbi_html_lit(html, "<div class=\"buttons\">");
	cbi_form_button(page->req, html, &button);
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
	struct cbi_origin gone = { .n = 0 };
	struct cbi_location location;
	const char *why = all_why(page, &location);
	int rc = CB_OK;

	if (!why && location.id)
		rc = cbi_origin_find(page->req,
		                     cb_entity_annotation(page->entity, ORIGIN),
		                     &gone);
	if (rc < 0)
		return rc;
	cbi_html_lit(html, "<div class=\"cards\">\n");
	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<div class=\"stack\">\n");
	if (why) {
		cbi_form_off(html, "This cannot be unregistered here", why);
	} else if (location.id) {
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, "This takes back the location");
		cbi_html_lit(html, " <code class=\"code-inline\">");
		cbi_html_esc(html, location.target);
		cbi_html_lit(html, "</code></p>\n");
		gone_list(page, html, &gone);
		confirm_form(page, html, true);
	} else {
		cbi_html_lit(html, "<p>");
		if (is_orphan(page))
			cbi_html_tr(html, "Nothing brings this entity in any "
			                  "more. It can be deleted.");
		else
			cbi_html_tr(html, "This entity was inferred from its "
			                  "repository, and somebody "
			                  "confirmed it. It can be "
			                  "deleted.");
		cbi_html_lit(html, "</p>\n");
		confirm_form(page, html, false);
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
	int rc = cbi_may_ref(req, "catalog.entity.refresh", page->ref);

	if (rc == CB_OK)
		rc = cbi_location_refresh(req->ctx, page->ref);
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
	const char *why = base_why(page, &location);
	uint64_t number = 0;
	int rc;

	if (why)
		return cb_fail(req->ctx, CB_ECONFLICT, "%s", why);
	rc = may_unregister(page, &location);
	if (rc < 0)
		return rc;
	if (location.id)
		rc = cbi_locations_delete(req, location.id);
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
	    .access = CBI_ACCESS_READ, /* each act has its permission */
	    .face = CBI_FACE_PAGE,
	    .name = "page.entity.act",
	    .handle = act,
	},
	{ 0 },
};
