/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_sessions.c - where somebody is signed in, and ending that.
 */
#include "web/pages/settings.h"

#include <string.h>

#include "auth/sessions.h"
#include "base/board.h"
#include "html/addr.h"
#include "web/pages/forms.h"
#include "web/pages/shell.h"
#include "web/sign_in.h"

struct word {
	const char *part, *name;
};

/* The first that stands in it: Edge calls itself Chrome, too. */
static const char *find(const char *agent, const struct word *words)
{
	for (; words->part; words++)
		if (strstr(agent, words->part))
			return words->name;
	return NULL;
}

/* "Firefox on Linux" of what a browser says of itself. */
static const char *device(struct cb_ctx *ctx, const char *agent)
{
	static const struct word browsers[] = {
		{ "Edg/", "Edge" },
		{ "OPR/", "Opera" },
		{ "Firefox/", "Firefox" },
		{ "FxiOS/", "Firefox" },
		{ "CriOS/", "Chrome" },
		{ "Chrome/", "Chrome" },
		{ "Safari/", "Safari" },
		{ "curl/", "curl" },
		{ NULL, NULL },
	};
	static const struct word systems[] = {
		{ "iPhone", "iPhone" },   { "iPad", "iPad" },
		{ "Android", "Android" }, { "Windows", "Windows" },
		{ "Mac OS X", "macOS" },  { "CrOS", "ChromeOS" },
		{ "Linux", "Linux" },     { NULL, NULL },
	};
	const char *browser = find(agent, browsers);
	const char *system = find(agent, systems);

	if (browser && system)
		return cbi_html_say(ctx, "{1} on {2}", browser, system);
	if (browser || system)
		return browser ? browser : system;
	return *agent ? cb_printf(ctx, "%.40s", agent)
	              : cb_tr(ctx, "An unknown browser");
}

static const char *own_hash(struct cb_req *req)
{
	char *hash = cb_alloc(req->ctx, 65);

	if (hash)
		cbi_auth_session_hash(req->who.session, hash);
	return hash;
}

static void end_button(struct cb_req *req, struct cb_html *html,
                       const char *hash)
{
	const struct cbi_form_button button = {
		.address = cbi_addr(req->ctx, "/settings/sessions/end"),
		.name = "session",
		.value = hash,
		.cls = "button",
		.icon = "log-out",
		.title = "End it",
	};

	cbi_form_button(req, html, &button);
}

static void draw_row(struct cb_req *req, struct cb_html *html,
                     const struct cbi_session_row *row, bool own)
{
	struct cb_ctx *ctx = req->ctx;
	const struct cbi_idp *idp =
	    cbi_idps_find(cbi_auth_idps(req->web->auth), row->idp, NULL);

	cbi_html_lit(html, "<li class=\"session\">");
	cbi_html_icon(html, "monitor");
	cbi_html_lit(html, "<div class=\"session-what\"><p><strong>");
	cbi_html_esc(html, device(ctx, row->agent));
	cbi_html_lit(html, "</strong>");
	if (own) {
		cbi_html_lit(html, " <span class=\"badge\""
		                   " data-tone=\"good\">");
		cbi_html_tr(html, "This one");
		cbi_html_lit(html, "</span>");
	}
	cbi_html_lit(html, "</p><p class=\"muted small\">");
	cbi_html_esc(html, cbi_html_say(ctx, "{1}, by {2}", row->address,
	                                idp ? idp->title : row->idp));
	cbi_html_lit(html, "</p><p class=\"muted small\">");
	cbi_html_tr(html, "Signed in");
	cbi_html_lit(html, " ");
	cbi_html_ago(html, row->made);
	cbi_html_lit(html, " \xc2\xb7 ");
	cbi_html_tr(html, "last seen");
	cbi_html_lit(html, " ");
	cbi_html_ago(html, row->used);
	cbi_html_lit(html, "</p></div>");
	if (!own)
		end_button(req, html, row->hash);
	cbi_html_lit(html, "</li>\n");
}

static int draw(struct cb_req *req, struct cb_html *html)
{
	const struct cbi_form_button others = {
		.address = cbi_addr(req->ctx, "/settings/sessions/end-others"),
		.cls = "button danger",
		.icon = "log-out",
		.title = "End all others",
	};
	const char *own = own_hash(req);
	const struct cbi_session_row *rows;
	size_t n;
	int rc =
	    own ? cbi_sessions_list(req->ctx, cbi_sign_in_self(req), &rows, &n)
		: CB_ENOMEM;

	/* The page is of use while PostgreSQL is away. */
	if (rc == CB_EAWAY || rc == CB_ETIME || rc == CB_EBUSY) {
		cb_failure_clear(req->ctx);
		cb_html_note(html, "PostgreSQL does not answer: your sessions "
		                   "cannot be shown now.");
		return CB_OK;
	}
	if (rc < 0)
		return rc;
	cbi_html_lit(html, "<ul class=\"sessions\">\n");
	for (size_t i = 0; i < n; i++)
		draw_row(req, html, &rows[i], strcmp(rows[i].hash, own) == 0);
	cbi_html_lit(html, "</ul>\n");
	if (n > 1) {
		cbi_html_lit(html, "<div class=\"buttons\">");
		cbi_form_button(req, html, &others);
		cbi_html_lit(html, "</div>\n");
	}
	return CB_OK;
}

const struct cbi_settings_section cbi_settings_sessions = {
	.name = "sessions",
	.title = "Where you are signed in",
	.fits = cbi_settings_person,
	.draw = draw,
};

/* ---- Ending ---------------------------------------------------------------
 */

static int end_one(struct cb_req *req, const char *hash)
{
	uint64_t number = 0;
	int rc = cbi_sessions_end(req->ctx, hash, cbi_sign_in_self(req),
	                          req->address, &number);

	if (rc == CB_OK && number)
		cbi_board_raise(&cbi_board()->wanted, number);
	return rc;
}

static int check_person(struct cb_req *req)
{
	return cbi_settings_person(req)
	           ? CB_OK
	           : cb_fail(req->ctx, CB_EDENIED,
	                     "only people who signed in have sessions to end");
}

static int end(struct cb_req *req)
{
	const char *hash = cbi_req_form(req, "session");
	const char *own;
	int rc = check_person(req);

	if (rc < 0)
		return rc;
	own = own_hash(req);
	if (own && hash && strcmp(own, hash) == 0) {
		rc = cbi_sign_in_close(req, NULL);
		return rc < 0 ? rc : cbi_req_redirect(req, "/sign-in?out=1");
	}
	rc = end_one(req, hash ? hash : "");
	return rc < 0 ? rc : cbi_req_redirect(req, "/settings?done=session");
}

static int end_others(struct cb_req *req)
{
	const struct cbi_session_row *rows;
	const char *own;
	size_t n = 0;
	int rc = check_person(req);

	if (rc < 0)
		return rc;
	own = own_hash(req);
	rc = own ? cbi_sessions_list(req->ctx, cbi_sign_in_self(req), &rows, &n)
	         : CB_ENOMEM;
	for (size_t i = 0; rc == CB_OK && i < n; i++) {
		if (strcmp(rows[i].hash, own) == 0)
			continue;
		rc = end_one(req, rows[i].hash);
		if (rc == CB_ENOENT) {
			cb_failure_clear(req->ctx);
			rc = CB_OK;
		}
	}
	return rc < 0 ? rc : cbi_req_redirect(req, "/settings?done=sessions");
}

const struct cbi_endpoint cbi_pages_settings_sessions[] = {
	{
	    .path = "/settings/sessions/end",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.session-end",
	    .handle = end,
	},
	{
	    .path = "/settings/sessions/end-others",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.session-end-others",
	    .handle = end_others,
	},
	{ .path = NULL },
};
