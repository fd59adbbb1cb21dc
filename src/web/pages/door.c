/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door.c - sign-in, sign-out, and the theme: what sets cookies.
 *
 * The guest door: whoever is sent here with ?return= gets a guest's session
 * and goes back at once, so that a link into the portal just opens.  Without
 * ?return= (after a sign-out) a page asks first.
 */
#include "config.h"

#include "web/pages/door.h"

#include <string.h>

#include "auth/auth.h"
#include "base/str.h"
#include "config/config.h"
#include "html/addr.h"
#include "web/pages/shell.h"

/* A theme outlives sessions: a year. */
#define THEME_SECONDS 31536000

static bool https(const struct cb_req *req)
{
	const struct cbi_settings *settings = req->web->settings;

	return settings && cbi_str_starts(settings->base_url, "https:");
}

/* Sets a cookie for the portal's path: SameSite=Lax, Secure under https.
 * seconds 0 deletes it, -1 lets it end with the browser. */
static int door_cookie(struct cb_req *req, const char *name, const char *value,
                       int seconds, bool hidden)
{
	/* A __Host- cookie is for the whole host by its name. */
	bool whole = strncmp(name, "__Host-", 7) == 0;
	const char *age =
	    seconds < 0 ? "" : cb_printf(req->ctx, "; Max-Age=%d", seconds);
	const char *cookie = cb_printf(
	    req->ctx, "%s=%s; Path=%s/; SameSite=Lax%s%s%s", name, value,
	    whole ? "" : cbi_addr_base(), hidden ? "; HttpOnly" : "",
	    https(req) ? "; Secure" : "", age ? age : "");

	if (!cookie)
		return CB_ENOMEM;
	return cbi_req_add_header(req, "Set-Cookie", cookie);
}

static int enter(struct cb_req *req, const char *back)
{
	const char *cookie;
	int rc = cbi_auth_guest(req->ctx, req->web->auth, &cookie);

	if (rc == CB_OK)
		rc = door_cookie(req, cbi_auth_cookie_name(req->web->auth),
		                 cookie, -1, true);
	if (rc < 0)
		return rc;
	return cbi_req_redirect(req, cbi_addr_local(back));
}

static void story(struct cb_req *req, struct cb_html *html)
{
	cbi_html_lit(html, "<section class=\"sign-in-story\""
	                   " aria-labelledby=\"story\">\n"
	                   "<svg class=\"logo sign-in-art\" viewBox=\"0 0 32"
	                   " 32\" aria-hidden=\"true\"><path class=\"logo-c\""
	                   " d=\"M20 6.5H11.5A5.5 5.5 0 0 0 6 12v8a5.5 5.5 0 0"
	                   " 0 5.5 5.5H20\"/><circle class=\"logo-cue\""
	                   " cx=\"23\" cy=\"16\" r=\"3.9\"/></svg>\n"
	                   "<span class=\"mark\">");
	cbi_html_logo(html);
	cbi_html_esc(html, cbi_page_app(req));
	cbi_html_lit(html, "</span>\n<div><h2 id=\"story\">");
	cbi_html_esc(html, cbi_html_say(req->ctx,
	                                "Everything {1} runs, on one board.",
	                                cbi_page_organization(req), NULL));
	cbi_html_lit(html, "</h2><p>");
	cbi_html_tr(html, "Who owns it, what it depends on, and how it is "
	                  "doing right now.");
	cbi_html_lit(html,
	             "</p></div>\n<p class=\"small\">Callboard " PACKAGE_VERSION
	             "</p>\n</section>\n");
}

static void guest_door(struct cb_req *req, struct cb_html *html, bool open)
{
	const struct cbi_html_form form = {
		.address = cbi_addr(req->ctx, "/sign-in"),
	};

	cbi_html_lit(html, "<section class=\"sign-in-door\""
	                   " aria-labelledby=\"door\">\n<div>"
	                   "<h1 id=\"door\">");
	cbi_html_tr(html, "Sign in");
	cbi_html_lit(html, "</h1><p class=\"page-lead\">");
	cbi_html_tr(html, open ? "Come in and look around."
	                       : "The guest door is shut here.");
	cbi_html_lit(html, "</p></div>\n");
	if (open) {
		cbi_html_form_open(html, &form);
		cbi_html_hidden(html, "return", "/");
		cbi_html_lit(html, "<button class=\"button primary wide\""
		                   " type=\"submit\">");
		cbi_html_icon(html, "log-in");
		cbi_html_tr(html, "Enter as guest");
		cbi_html_lit(html, "</button>");
		cbi_html_form_close(html);
	}
	cbi_html_lit(html, "<p class=\"note small\">");
	cbi_html_tr(html, open ? "Guests look at everything and change "
	                         "nothing."
	                       : "Ask your administrator how people sign in; "
	                         "programs come with a token.");
	cbi_html_lit(html, "</p>\n</section>\n");
}

static int sign_in(struct cb_req *req)
{
	bool open = req->web->settings && req->web->settings->guest;
	const char *back = cbi_req_query(req, "return");
	struct cb_html html;

	if (back && *back && open)
		return enter(req, back);
	cbi_buf_clear(req->answer.body);
	cbi_html_init(&html, req->ctx, req->answer.body, "door", 2);
	cbi_page_head(req, &html, cb_tr(req->ctx, "Sign in"),
	              "shell bare door-page");
	cbi_html_lit(&html, "<main class=\"main sign-in\" id=\"main\">\n");
	story(req, &html);
	guest_door(req, &html, open);
	cbi_html_lit(&html, "</main>\n</body>\n</html>\n");
	return cbi_html_end(&html);
}

static int sign_out(struct cb_req *req)
{
	int rc =
	    door_cookie(req, cbi_auth_cookie_name(req->web->auth), "", 0, true);

	return rc < 0 ? rc : cbi_req_redirect(req, "/sign-in");
}

static int set_theme(struct cb_req *req)
{
	const char *theme = cbi_req_form(req, "theme");
	bool system = theme && strcmp(theme, "auto") == 0;
	int rc;

	if (!theme || (!system && strcmp(theme, "dark") != 0 &&
	               strcmp(theme, "light") != 0))
		return cb_fail(req->ctx, CB_EINVAL,
		               "theme: expected light, dark or auto");
	rc = door_cookie(req, "callboard-theme", system ? "" : theme,
	                 system ? 0 : THEME_SECONDS, true);
	if (rc < 0)
		return rc;
	return cbi_req_redirect(req,
	                        cbi_addr_local(cbi_req_form(req, "return")));
}

const struct cbi_endpoint cbi_pages_door[] = {
	{
	    .path = "/sign-in",
	    .method = "GET",
	    .access = CBI_ACCESS_OPEN,
	    .face = CBI_FACE_PAGE,
	    .name = "page.sign-in",
	    .handle = sign_in,
	},
	{
	    .path = "/sign-out",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.sign-out",
	    .viewing = true,
	    .handle = sign_out,
	},
	{
	    .path = "/settings/theme",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.theme",
	    .viewing = true,
	    .handle = set_theme,
	},
	{ 0 },
};
