/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - the tab "History": an entity's versions, what each changed, any
 * two compared, and bringing back what is gone.  It is there for entities
 * that are no more, too.
 */
#include "web/pages/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "catalog/history.h"
#include "html/addr.h"
#include "web/at.h"
#include "web/pages/forms.h"
#include "web/pages/shell.h"

#define PAGE_MAX 8
#define CHOICE_MAX 200

/* The number under name in the address; 0 for none. */
static int number_in(struct cb_req *req, const char *name, int64_t *out)
{
	const char *text = cbi_req_query(req, name);
	char *end;

	*out = 0;
	if (!text || !*text)
		return CB_OK;
	*out = strtoll(text, &end, 10);
	if (*end || *out <= 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "%s: '%.40s' is no version's number", name,
		               text);
	return CB_OK;
}

/* ---- The page ----------------------------------------------------------- */

static void gone_head(const struct cbi_history_page *h, struct cb_html *html)
{
	const struct cbi_html_step steps[] = {
		{ cb_tr(html->ctx, "Catalog"),
		  cbi_addr(html->ctx, "/catalog") },
		{ h->title, NULL },
	};

	cbi_html_crumbs(html, steps, 2);
	cbi_html_lit(html, "<header class=\"page-head\"><div><h1>");
	cbi_html_esc(html, h->title);
	cbi_html_lit(html, "</h1><p class=\"page-lead\">");
	cbi_html_esc(html, h->page.ref);
	cbi_html_lit(html, "</p></div></header>\n");
	cbi_html_notice_open(html, CB_TONE_WARN, "note",
	                     "This is not in the catalog any more");
	cbi_html_lit(html, "<p>");
	if (h->restore_why)
		cbi_html_esc(html, h->restore_why);
	else
		cbi_html_tr(html,
		            "Any version can be restored: the house then "
		            "holds it until a source brings it in again.");
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

static void restored(const struct cbi_history_page *h, struct cb_html *html)
{
	const char *what = cbi_req_query(h->page.req, "asked");

	if (!what || strcmp(what, "restore") != 0)
		return;
	cbi_html_notice_open(html, CB_TONE_GOOD, "status", "It comes back");
	cbi_html_lit(html, "<p>");
	cbi_html_tr(html, "An engine is putting it into the catalog; load the "
	                  "page in a moment.");
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

/* Why nothing of it can be restored, or NULL. */
static void judge_restore(struct cbi_history_page *h)
{
	struct cb_req *req = h->page.req;
	const char *why = NULL;

	if (h->page.entity)
		return;
	h->restore_why = cbi_form_why(req, "catalog.entity.create");
	for (size_t i = 0; !h->restore_why && i < h->all_n; i++) {
		if (h->all[i].gone)
			continue;
		why =
		    cbi_history_restore_why(req->ctx, h->page.ref, &h->all[i]);
		break;
	}
	if (why)
		h->restore_why = cbi_html_say(
		    req->ctx, "It cannot be restored here: {1}.", why, NULL);
}

static int load(struct cbi_history_page *h)
{
	struct cb_req *req = h->page.req;
	int64_t before;
	int rc = cbi_entity_load(&h->page);

	if (rc == CB_ENOENT && h->page.ref) {
		cb_failure_clear(req->ctx);
		h->page.entity = NULL;
		rc = CB_OK;
	}
	if (rc == CB_OK)
		rc = number_in(req, "before", &before);
	if (rc == CB_OK)
		rc = cbi_history_list(req->ctx, h->page.ref, 0, CHOICE_MAX,
		                      &h->all, &h->all_n, &h->all_more);
	if (rc == CB_OK)
		rc = cbi_history_list(req->ctx, h->page.ref, before, PAGE_MAX,
		                      &h->shown, &h->n, &h->more);
	for (size_t i = 0; rc == CB_OK && i < h->n; i++)
		rc = cbi_history_get(req->ctx, h->page.ref, h->shown[i].number,
		                     &h->shown[i]);
	if (rc < 0)
		return rc;
	h->title = h->page.entity ? cbi_thing_title(h->page.entity)
	                          : strchr(h->page.ref, '/') + 1;
	judge_restore(h);
	return CB_OK;
}

static int draw(const struct cbi_history_page *h, struct cb_html *html)
{
	int64_t from, to;
	int rc = number_in(h->page.req, "from", &from);

	if (rc == CB_OK)
		rc = number_in(h->page.req, "to", &to);
	if (rc < 0)
		return rc;
	restored(h, html);
	if (h->page.entity)
		cbi_entity_header(&h->page, html);
	else
		gone_head(h, html);
	cbi_html_lit(html, "<div class=\"cards\">\n");
	if (from && to)
		rc = cbi_history_compare(h, html, from, to);
	if (rc == CB_OK)
		rc = cbi_history_versions(h, html);
	if (rc == CB_OK && !(from && to))
		rc = cbi_history_compare(h, html, 0, 0);
	cbi_html_lit(html, "</div>\n");
	return rc;
}

static int show(struct cb_req *req)
{
	struct cbi_history_page h = { .page = { .req = req,
		                                .tab = "history" } };
	struct cbi_page shell = { .here = "catalog" };
	struct cb_html html;
	int rc = load(&h);

	if (rc < 0)
		return rc;
	shell.title = cbi_html_say(req->ctx, "History of {1}", h.title, NULL);
	rc = cbi_page_open(req, &shell, &html);
	if (rc == CB_OK)
		rc = draw(&h, &html);
	return rc < 0 ? rc : cbi_page_close(req, &html);
}

static int restore(struct cb_req *req)
{
	const char *text = cbi_req_form(req, "version"), *ref, *path;
	uint64_t brought = 0;
	int rc = cbi_view_ref(req->ctx, req->args[1], req->args[0],
	                      req->args[2], &ref);

	if (rc < 0)
		return rc;
	rc = cbi_history_restore(req->ctx, ref,
	                         text ? strtoll(text, NULL, 10) : 0,
	                         req->address, &brought);
	if (rc < 0)
		return rc;
	cbi_board_raise(&cbi_board()->wanted, brought);
	path = cb_printf(req->ctx, "/catalog/%s/%s/%s/history?asked=restore",
	                 req->args[0], req->args[1], req->args[2]);
	return path ? cbi_req_redirect(req, path) : CB_ENOMEM;
}

const struct cbi_endpoint cbi_pages_history[] = {
	{
	    .path = "/catalog/{namespace}/{kind}/{name}/history",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.entity.history",
	    .handle = show,
	},
	{
	    .path = "/catalog/{namespace}/{kind}/{name}/history",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_PAGE,
	    .name = "page.entity.restore",
	    .permission = "catalog.entity.create",
	    .handle = restore,
	},
	{ 0 },
};
