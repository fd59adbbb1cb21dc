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
#include "base/clock.h"
#include "catalog/history.h"
#include "html/addr.h"
#include "web/at.h"
#include "web/pages/diff.h"
#include "web/pages/entity.h"
#include "web/pages/shell.h"

#define PAGE_MAX 8
#define CHOICE_MAX 200

struct history {
	struct cbi_entity_page page; /* entity NULL: it is gone */
	const char *title;
	struct cbi_version *all; /* without bodies, to choose from */
	size_t all_n;
	bool all_more;
	struct cbi_version *shown;
	size_t n;
	bool more;
	const char *restore_why; /* of the newest version that is not gone */
};

static const char *tab(const struct history *h)
{
	return cbi_addr_entity(h->page.req->ctx, h->page.ref, "history");
}

static const char *number_text(struct cb_ctx *ctx, int64_t number)
{
	const char *text = cb_printf(ctx, "%lld", (long long)number);

	return text ? text : "";
}

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

/* ---- Versions ----------------------------------------------------------- */

static const char *cause_of(const struct cbi_version *v)
{
	static const struct {
		const char *cause, *title;
	} words[] = {
		{ "added", "Added" },
		{ "changed", "Changed" },
		{ "restored", "Restored" },
		{ "location.read", "No longer in its source" },
		{ "location.delete", "Unregistered" },
		{ "removed by uid", "Deleted" },
		{ "config", "Taken out of the configuration" },
		{ "orphan", "Deleted as an orphan" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].cause, v->cause) == 0)
			return words[i].title;
	return v->cause;
}

/* The entity's page as it was in that version; the same, now, of what is. */
static const char *then_address(const struct history *h,
                                const struct cbi_version *v)
{
	struct cb_ctx *ctx = h->page.req->ctx;
	int64_t at = ctx->scope.as_of;
	const char *address;

	ctx->scope.as_of = v->now ? 0 : v->from_ms;
	address = cbi_addr_entity(ctx, h->page.ref, NULL);
	ctx->scope.as_of = at;
	return address;
}

static void restore_form(const struct history *h, struct cb_html *html,
                         const struct cbi_version *v)
{
	const struct cbi_html_form form = {
		.address = tab(h),
		.csrf = cbi_page_csrf(h->page.req),
	};

	if (!form.csrf)
		return;
	cbi_html_form_open(html, &form);
	cbi_html_hidden(html, "version", number_text(html->ctx, v->number));
	cbi_html_lit(html, "<button class=\"button\" type=\"submit\">");
	cbi_html_icon(html, "history");
	cbi_html_tr(html, "Restore this version");
	cbi_html_lit(html, "</button>");
	cbi_html_form_close(html);
}

static void version_head(const struct history *h, struct cb_html *html,
                         const struct cbi_version *v)
{
	cbi_html_lit(html, "<div class=\"version-head\"><h3 class=\"run\">");
	cbi_html_tr(html, cause_of(v));
	cbi_html_lit(html, " ");
	cbi_html_ago(html, v->from_ms);
	if (v->now) {
		cbi_html_lit(html, " <span class=\"badge\""
		                   " data-tone=\"good\">");
		cbi_html_tr(html, "served now");
		cbi_html_lit(html, "</span>");
	} else if (v->gone) {
		cbi_html_lit(html, " <span class=\"badge\""
		                   " data-tone=\"warn\">");
		cbi_html_tr(html, "deleted");
		cbi_html_lit(html, "</span>");
	}
	cbi_html_lit(html, "</h3>\n<p class=\"muted small\">");
	cbi_html_esc(html,
	             cbi_html_say(html->ctx, "Version {1}, by {2}",
	                          number_text(html->ctx, v->number), v->actor));
	cbi_html_lit(html, "</p>\n<p class=\"muted small path\">");
	cbi_html_path(html, v->source);
	cbi_html_lit(html, "</p>\n</div>\n<div class=\"buttons\">");
	if (!v->gone)
		cbi_html_button_link(html, "quiet", "clock",
		                     v->now ? "The entity as it is"
		                            : "As it was then",
		                     then_address(h, v));
	if (!h->page.entity && !v->gone && !h->restore_why)
		restore_form(h, html, v);
	cbi_html_lit(html, "</div>\n");
}

static int version(const struct history *h, struct cb_html *html,
                   const struct cbi_version *v, const struct cbi_version *old)
{
	/* All of a first version is news, and long. */
	bool open = v == h->shown && old->number;
	int rc;

	cbi_html_lit(html, "<li class=\"version\">\n");
	version_head(h, html, v);
	cbi_html_lit(html, "<details class=\"version-diff\"");
	if (open)
		cbi_html_lit(html, " open");
	cbi_html_lit(html, "><summary>");
	cbi_html_tr(html, old->number ? "What it changed"
	                              : "As it came into the catalog");
	cbi_html_lit(html, "</summary>\n");
	rc = cbi_diff_draw(html, old, v);
	cbi_html_lit(html, "</details>\n</li>\n");
	return rc;
}

static int versions(const struct history *h, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "versions",
		                            .title = "Versions",
		                            .wide = true };
	struct cb_req *req = h->page.req;
	struct cbi_version old = { 0 };
	const char *next = NULL;
	int rc = CB_OK;

	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<ol class=\"versions\">\n");
	for (size_t i = 0; rc == CB_OK && i < h->n; i++) {
		rc = i + 1 < h->n
		         ? CB_OK
		         : cbi_history_before(req->ctx, h->page.ref,
		                              h->shown[i].number, &old);
		if (rc == CB_OK)
			rc = version(h, html, &h->shown[i],
			             i + 1 < h->n ? &h->shown[i + 1] : &old);
	}
	cbi_html_lit(html, "</ol>\n");
	cbi_html_card_close(html);
	if (h->more)
		next = cbi_addr_with(
		    req->ctx, tab(h), "before",
		    number_text(req->ctx, h->shown[h->n - 1].number));
	if (next || cbi_req_query(req, "before"))
		cbi_html_pager(html, "",
		               cbi_req_query(req, "before") ? tab(h) : NULL,
		               next, NULL);
	return rc;
}

/* ---- Comparing ---------------------------------------------------------- */

static void choice(const struct history *h, struct cb_html *html,
                   const char *name, const char *label, int64_t chosen)
{
	cbi_html_lit(html, "<div class=\"field\"><label");
	cbi_html_attr(html, "for", cb_printf(html->ctx, "version-%s", name));
	cbi_html_lit(html, ">");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</label><select class=\"input\"");
	cbi_html_attr(html, "id", cb_printf(html->ctx, "version-%s", name));
	cbi_html_attr(html, "name", name);
	cbi_html_lit(html, ">\n");
	for (size_t i = 0; i < h->all_n; i++) {
		const struct cbi_version *v = &h->all[i];
		char at[CBI_TIME_LEN];

		cbi_clock_iso(v->from_ms, at);
		cbi_html_lit(html, "<option");
		cbi_html_attr(html, "value", number_text(html->ctx, v->number));
		if (v->number == chosen)
			cbi_html_lit(html, " selected");
		cbi_html_lit(html, ">");
		cbi_html_esc(html, cb_printf(html->ctx, "%lld \xc2\xb7 %.19s",
		                             (long long)v->number, at));
		cbi_html_lit(html, "</option>\n");
	}
	cbi_html_lit(html, "</select></div>\n");
}

static int compare(const struct history *h, struct cb_html *html, int64_t from,
                   int64_t to)
{
	const struct cbi_html_card card = { .plugin = "catalog",
		                            .name = "compare",
		                            .title = "Compare two versions",
		                            .wide = true };
	const struct cbi_html_form form = { .address = tab(h),
		                            .cls = "compare" };
	struct cbi_version old, new;
	int rc = CB_OK;

	if (h->all_n < 2)
		return CB_OK;
	cbi_html_card_open(html, &card);
	cbi_html_form_open(html, &form);
	choice(h, html, "from", "From", from ? from : h->all[1].number);
	choice(h, html, "to", "To", to ? to : h->all[0].number);
	cbi_html_lit(html, "<button class=\"button\" type=\"submit\">");
	cbi_html_tr(html, "Compare");
	cbi_html_lit(html, "</button>\n");
	cbi_html_form_close(html);
	if (from && to) {
		rc = cbi_history_get(html->ctx, h->page.ref, from, &old);
		if (rc == CB_OK)
			rc = cbi_history_get(html->ctx, h->page.ref, to, &new);
		if (rc == CB_OK)
			rc = cbi_diff_draw(html, &old, &new);
	}
	cbi_html_card_close(html);
	return rc;
}

/* ---- The page ----------------------------------------------------------- */

static void gone_head(const struct history *h, struct cb_html *html)
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
		cbi_html_esc(html,
		             cbi_html_say(html->ctx,
		                          "It cannot be restored here: {1}.",
		                          h->restore_why, NULL));
	else
		cbi_html_tr(html,
		            "Any version can be restored: the house then "
		            "holds it until a source brings it in again.");
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

static void restored(const struct history *h, struct cb_html *html)
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
static void judge_restore(struct history *h)
{
	struct cb_req *req = h->page.req;

	if (h->page.entity)
		return;
	if (!cbi_page_may_write(req)) {
		h->restore_why = cb_tr(req->ctx, "guests read; changes need a "
		                                 "token or the command line");
		return;
	}
	for (size_t i = 0; i < h->all_n; i++)
		if (!h->all[i].gone) {
			h->restore_why = cbi_history_restore_why(
			    req->ctx, h->page.ref, &h->all[i]);
			return;
		}
}

static int load(struct history *h)
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

static int draw(const struct history *h, struct cb_html *html)
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
		rc = compare(h, html, from, to);
	if (rc == CB_OK)
		rc = versions(h, html);
	if (rc == CB_OK && !(from && to))
		rc = compare(h, html, 0, 0);
	cbi_html_lit(html, "</div>\n");
	return rc;
}

static int show(struct cb_req *req)
{
	struct history h = { .page = { .req = req, .tab = "history" } };
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
	    .handle = restore,
	},
	{ 0 },
};
