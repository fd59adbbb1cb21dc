/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.c - failures as people see them: what happened, whose turn it is, and
 * a way on.
 */
#include "web/pages/pages.h"

#include <string.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/str.h"
#include "html/addr.h"
#include "web/pages/cards.h"
#include "web/pages/shell.h"

struct oops {
	int status;
	const char *icon, *title, *text;
	bool detail; /* what exactly failed may be told */
	bool again;  /* trying again may help */
};

static const struct oops all[] = {
	{ 400, "unknown", "That address asks for something odd",
	  "The portal could not make sense of it:", true, false },
	{ 401, "lock", "Who are you?",
	  "This page is for people and programs that are signed in.", false,
	  false },
	{ 403, "lock", "This is not yours to do",
	  "You are known here, but not allowed to do this. Guests look at "
	  "everything and change nothing.",
	  true, false },
	{ 404, "compass", "There is no such page on the board",
	  "It may have been renamed, or removed from the catalog.", true,
	  false },
	{ 405, "unknown", "Pages do not work that way",
	  "This address does not take such a request.", true, false },
	{ 409, "unknown", "Somebody was faster",
	  "It changed while you looked at it.", true, true },
	{ 413, "unknown", "That is too much",
	  "What was sent is larger than the portal takes.", true, false },
	{ 429, "hourglass", "Slowly, please",
	  "Somebody has tried to sign in too often from here, or by this "
	  "name.",
	  true, false },
	{ 501, "unknown", "Not here yet", "This host does not serve that.",
	  true, false },
	{ 502, "unplug", "A tool gave no good answer",
	  "The portal is well; a tool behind it is not.", true, true },
	{ 503, "hourglass", "Back in a moment",
	  "The portal cannot reach what it needs and has no copy of this page. "
	  "Pages that were seen before still answer.",
	  false, true },
	{ 504, "hourglass", "That took too long",
	  "Something behind this page did not answer in time.", false, true },
	{ 500, "warn", "This page broke on our side",
	  "The portal itself is well, and so is what you changed before. If "
	  "trying again does not help, tell your administrator the request "
	  "below.",
	  false, true },
};

static const struct oops *oops_of(int status)
{
	size_t n = sizeof(all) / sizeof(all[0]);

	for (size_t i = 0; i < n; i++)
		if (all[i].status == status)
			return &all[i];
	return &all[n - 1];
}

static void facts(struct cb_req *req, struct cb_html *html,
                  const struct oops *oops)
{
	const char *id = cb_request_id(req->ctx);
	char now[CBI_TIME_LEN];

	if (oops->status < 500)
		return;
	cbi_clock_iso(cbi_clock_wall_ms(), now);
	if (*id)
		cb_html_field(html, "Request", id);
	cb_html_field(html, "Time", now);
	cbi_html_block(html);
}

static void find_it(struct cb_req *req, struct cb_html *html)
{
	const char *last = req->path ? strrchr(req->path, '/') : NULL;
	const struct cbi_html_search search = {
		.address = cbi_addr(html->ctx, "/catalog"),
		.title = "Catalog",
		.label = "Search for it",
		.value = last ? last + 1 : NULL,
	};

	cbi_html_search(html, &search);
}

static void draw(struct cb_req *req, struct cb_html *html,
                 const struct oops *oops, const char *detail)
{
	bool get =
	    req->head || (req->method && strcmp(req->method, "GET") == 0);
	char status[8];

	cbi_str_copy(status, sizeof(status),
	             cbi_html_number_text(req->ctx, oops->status));
	cbi_html_lit(html, "<div class=\"oops\">\n<p class=\"oops-code\">");
	cbi_html_icon(html, oops->icon);
	cbi_html_esc(html, status);
	cbi_html_lit(html, "</p>\n<h1>");
	cbi_html_tr(html, oops->title);
	cbi_html_lit(html, "</h1>\n<p>");
	cbi_html_tr(html, oops->text);
	cbi_html_lit(html, "</p>\n");
	/* That there is no such page is said already. */
	if (oops->detail && detail && *detail &&
	    (oops->status != 404 || req->endpoint)) {
		cbi_html_lit(html, "<p class=\"note\">");
		cbi_html_esc(html, detail);
		cbi_html_lit(html, "</p>\n");
	}
	if (oops->status == 404)
		find_it(req, html);
	facts(req, html, oops);
	cbi_html_lit(html, "<div class=\"buttons\">");
	if (oops->again && get && req->raw)
		cbi_html_button_link(
		    html, "primary", "refresh", "Try again",
		    cbi_addr(req->ctx, cbi_addr_local(req->raw)));
	if (oops->status == 401)
		cbi_html_button_link(html, "primary", "log-in", "Sign in",
		                     cbi_addr(req->ctx, "/sign-in"));
	else
		cbi_html_button_link(html, oops->again ? "" : "primary", NULL,
		                     "Open the catalog",
		                     cbi_addr(req->ctx, "/catalog"));
	cbi_html_button_link(html, "", NULL, "Home", cbi_addr(req->ctx, "/"));
	cbi_html_lit(html, "</div>\n</div>\n");
}

/* `render` has set the status and falls back to a plain page when this
 * fails. */
static int error_page(struct cb_req *req, int status, const char *message)
{
	const struct oops *oops = oops_of(status);
	const struct cbi_page shell = {
		.title = cb_tr(req->ctx, oops->title),
		.bare = req->who.kind == CBI_WHO_NOBODY || status >= 500,
	};
	/* It may be the context's own failure, which drawing clears. */
	const char *detail = cb_strdup(req->ctx, message);
	struct cb_html html;
	int rc;

	cb_failure_clear(req->ctx);
	rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	draw(req, &html, oops, detail);
	return cbi_page_close(req, &html);
}

static int error_fragment(struct cb_req *req, const char *message)
{
	struct cbi_card card = {
		.req = req,
		.plugin = req->args[0] ? req->args[0] : "portal",
		.name = req->args[1] ? req->args[1] : "card",
		.result = { .outcome = CBI_CARD_GREY, .title = "" },
	};
	struct cb_buf none;

	cbi_buf_init(&none, 1);
	card.drawn = &none;
	card.result.message = cb_strdup(req->ctx, message);
	if (!card.result.message)
		card.result.message = "";
	cb_failure_clear(req->ctx);
	return cbi_card_write(&card, cbi_card_form(req));
}

const struct cbi_faces cbi_page_faces = {
	.error_page = error_page,
	.error_fragment = error_fragment,
};
