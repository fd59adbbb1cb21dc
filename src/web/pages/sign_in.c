/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign_in.c - the door: who may vouch for people here, the form of a
 * directory, and the guest's way in.
 *
 * Where the guest door is all there is, whoever is sent here with ?return=
 * gets a guest's session and goes back at once, so that a link into the
 * portal just opens.  Where the web server before us says who somebody is, he
 * goes back at once, too.
 */
#include "config.h"

#include "web/pages/door.h"

#include <string.h>

#include "config/config.h"
#include "html/addr.h"
#include "web/cookie.h"
#include "web/pages/shell.h"
#include "web/sign_in.h"

/* What the page is drawn from. */
struct door {
	struct cb_req *req;
	const char *back; /* where to, afterwards; "/" */
	bool guest;
	bool out; /* somebody has just gone out */
	/* A form that came back: of which provider, why, and for whom. */
	const char *idp, *why, *user;
};

/* The n-th provider that is offered here, NULL for none. */
static const struct cbi_idp *offered(const struct cb_req *req, size_t n)
{
	const struct cbi_idp *rows;
	const struct cbi_idps *idps =
	    req->web->auth ? cbi_auth_idps(req->web->auth) : NULL;
	size_t count = idps ? cbi_idps_all(idps, &rows) : 0;

	for (size_t i = 0; i < count; i++)
		if (cbi_idps_offers(idps, &rows[i]) && n-- == 0)
			return &rows[i];
	return NULL;
}

/* ---- Drawing --------------------------------------------------------------
 */

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

/* A link, not a form: a form may lead to this portal only. */
static void button(const struct door *door, struct cb_html *html,
                   const struct cbi_idp *idp, bool first)
{
	struct cb_ctx *ctx = door->req->ctx;
	const char *path =
	    cbi_idp_before_us(idp)
		? cbi_addr(ctx, "/sign-in")
		: cbi_addr(ctx, cb_printf(ctx, "/api/auth/%s/start", idp->id));

	cbi_html_lit(html, "<a");
	cbi_html_attr(html, "class",
	              first ? "button primary wide" : "button wide");
	cbi_html_attr(html, "href",
	              cbi_addr_with(ctx, path, "return", door->back));
	cbi_html_lit(html, ">");
	cbi_html_icon(html, "key");
	cbi_html_esc(html,
	             cbi_html_say(ctx, "Sign in with {1}", idp->title, NULL));
	cbi_html_lit(html, "</a>\n");
}

static void field(struct cb_html *html, const char *id, const char *label,
                  const char *name, const char *value)
{
	bool secret = strcmp(name, "password") == 0;

	cbi_html_lit(html, "<div class=\"field\"><label");
	cbi_html_attr(html, "for", id);
	cbi_html_lit(html, ">");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</label><input class=\"input\" required"
	                   " maxlength=\"200\"");
	cbi_html_attr(html, "id", id);
	cbi_html_attr(html, "name", name);
	cbi_html_attr(html, "type", secret ? "password" : "text");
	cbi_html_attr(html, "autocomplete",
	              secret ? "current-password" : "username");
	if (!secret)
		cbi_html_lit(html, " autocapitalize=\"none\""
		                   " spellcheck=\"false\"");
	cbi_html_attr(html, "value", value);
	cbi_html_lit(html, "></div>\n");
}

static void directory(const struct door *door, struct cb_html *html,
                      const struct cbi_idp *idp)
{
	struct cb_ctx *ctx = door->req->ctx;
	bool mine = door->idp && strcmp(door->idp, idp->id) == 0;
	const struct cbi_html_form form = {
		.address =
		    cbi_addr(ctx, cb_printf(ctx, "/sign-in/%s", idp->id)),
		/* Nobody has a session yet that a token could be of. */
		.csrf = "",
		.cls = "form",
	};

	cbi_html_form_open(html, &form);
	cbi_html_hidden(html, "return", door->back);
	if (mine && door->why) {
		cbi_html_notice_open(html, CB_TONE_BAD, "alert", NULL);
		cbi_html_lit(html, "<p>");
		cbi_html_esc(html, door->why);
		cbi_html_lit(html, "</p>");
		cbi_html_notice_close(html);
	}
	field(html, cb_printf(ctx, "user-%s", idp->id), "User name", "user",
	      mine ? door->user : NULL);
	field(html, cb_printf(ctx, "password-%s", idp->id), "Password",
	      "password", NULL);
	cbi_html_lit(html, "<button class=\"button primary wide\""
	                   " type=\"submit\">");
	cbi_html_icon(html, "log-in");
	cbi_html_esc(html,
	             cbi_html_say(ctx, "Sign in with {1}", idp->title, NULL));
	cbi_html_lit(html, "</button>");
	cbi_html_form_close(html);
}

static void guest_door(const struct door *door, struct cb_html *html, bool only)
{
	const struct cbi_html_form form = {
		.address = cbi_addr(door->req->ctx, "/sign-in"),
	};

	cbi_html_form_open(html, &form);
	cbi_html_hidden(html, "return", door->back);
	cbi_html_hidden(html, "as", "guest");
	cbi_html_lit(html, "<button type=\"submit\"");
	cbi_html_attr(html, "class",
	              only ? "button primary wide" : "button quiet wide");
	cbi_html_lit(html, ">");
	cbi_html_icon(html, "log-in");
	cbi_html_tr(html, "Enter as guest");
	cbi_html_lit(html, "</button>");
	cbi_html_form_close(html);
}

static const char *lead(const struct door *door, bool others)
{
	if (others)
		return "Use the account that you have at work.";
	return door->guest ? "Come in and look around."
	                   : "The guest door is shut here.";
}

static void doors(const struct door *door, struct cb_html *html)
{
	const struct cbi_idp *idp;
	size_t n;

	for (n = 0; (idp = offered(door->req, n)) != NULL; n++)
		if (idp->kind == CBI_IDP_LDAP)
			directory(door, html, idp);
		else
			button(door, html, idp, n == 0);
	if (door->guest) {
		if (n) {
			cbi_html_lit(html, "<p class=\"or\">");
			cbi_html_tr(html, "or");
			cbi_html_lit(html, "</p>\n");
		}
		guest_door(door, html, n == 0);
	}
	cbi_html_lit(html, "<p class=\"note small\">");
	if (door->guest)
		cbi_html_tr(html, "Guests look at everything and change "
		                  "nothing.");
	else if (!n)
		cbi_html_tr(html, "Ask your administrator how people sign in; "
		                  "programs come with a token.");
	else
		cbi_html_tr(html, "Your password stays with whoever you sign "
		                  "in with; this portal does not keep it.");
	cbi_html_lit(html, "</p>\n");
}

static int draw(const struct door *door)
{
	struct cb_req *req = door->req;
	struct cb_html html;

	cbi_buf_clear(req->answer.body);
	cbi_html_init(&html, req->ctx, req->answer.body, "door", 2);
	cbi_page_head(req, &html, cb_tr(req->ctx, "Sign in"),
	              "shell bare door-page");
	cbi_html_lit(&html, "<main class=\"main sign-in\" id=\"main\">\n");
	story(req, &html);
	cbi_html_lit(&html, "<section class=\"sign-in-door\""
	                    " aria-labelledby=\"door\">\n<div>"
	                    "<h1 id=\"door\">");
	cbi_html_tr(&html, "Sign in");
	cbi_html_lit(&html, "</h1><p class=\"page-lead\">");
	cbi_html_tr(&html, lead(door, offered(req, 0) != NULL));
	cbi_html_lit(&html, "</p></div>\n");
	if (door->out) {
		cbi_html_notice_open(&html, CB_TONE_GOOD, "status", NULL);
		cbi_html_lit(&html, "<p>");
		cbi_html_tr(&html, "You are signed out.");
		cbi_html_lit(&html, "</p>");
		cbi_html_notice_close(&html);
	}
	doors(door, &html);
	cbi_html_lit(&html, "</section>\n</main>\n</body>\n</html>\n");
	return cbi_html_end(&html);
}

/* ---- Coming in ------------------------------------------------------------
 */

static int enter_as_guest(struct cb_req *req, const char *back)
{
	const char *cookie;
	int rc = cbi_auth_guest(req->ctx, req->web->auth, &cookie);

	if (rc == CB_OK)
		rc = cbi_cookie_session(req, cookie);
	return rc < 0 ? rc : cbi_req_redirect(req, back);
}

/* Draws why it did not work, and forgets the failure. */
static int refuse(struct cb_req *req, const struct cbi_idp *idp, int rc,
                  const struct cbi_resolved *who)
{
	int status = req->answer.status >= 400          ? req->answer.status
	             : rc == CB_EBUG || rc == CB_ENOMEM ? 500
	             : rc == CB_ENOENT || rc == CB_ECONFLICT ? 403
	             : rc == CB_EAUTH                        ? 401
	                                                     : 503;
	const char *why = cb_strdup(req->ctx, cb_failure(req->ctx));

	if (!why || status == 500)
		return rc;
	cb_failure_clear(req->ctx);
	return cbi_page_sign_in_failed(req, idp->title, why, status, who);
}

/* *done when the web server before us names somebody. */
static int enter_by_header(const struct door *door, bool *done)
{
	struct cb_req *req = door->req;
	struct cbi_resolved who = { 0 };
	const struct cbi_idp *idp;
	const char *login = NULL;
	json_t *person;
	int rc = CB_OK;

	for (size_t n = 0; !login && (idp = offered(req, n)) != NULL; n++) {
		if (!cbi_idp_before_us(idp))
			continue;
		rc = cbi_sign_in_header(req, idp, &person, &login);
		if (rc == CB_OK && !login)
			continue;
		*done = true;
		if (rc < 0)
			return refuse(req, idp, rc, &who);
		rc = cbi_sign_in_resolve(req, idp, person, &who);
		if (rc == CB_OK)
			rc = cbi_sign_in_open(req, idp, who.ref, login, NULL);
		return rc < 0 ? refuse(req, idp, rc, &who)
		              : cbi_req_redirect(req, door->back);
	}
	return rc;
}

static int sign_in(struct cb_req *req)
{
	const char *back = cbi_req_query(req, "return");
	const char *as = cbi_req_query(req, "as");
	struct door door = {
		.req = req,
		.back = cbi_addr_local(back),
		.guest = req->web->settings && req->web->settings->guest,
		.out = cbi_req_query(req, "out") != NULL,
	};
	bool done = false, wants = as && strcmp(as, "guest") == 0;
	int rc;

	if (door.guest && (wants || (back && *back && !offered(req, 0))))
		return enter_as_guest(req, door.back);
	/* Who has just gone out is not let in again unasked. */
	rc = door.out ? CB_OK : enter_by_header(&door, &done);
	return rc < 0 || done ? rc : draw(&door);
}

/* A directory's form. */
static int bind_as(struct cb_req *req)
{
	const struct cbi_idp *idp =
	    cbi_idps_find(cbi_auth_idps(req->web->auth), req->args[0], NULL);
	const char *user = cbi_req_form(req, "user");
	const char *password = cbi_req_form(req, "password");
	struct cbi_resolved who = { 0 };
	struct door door = {
		.req = req,
		.back = cbi_addr_local(cbi_req_form(req, "return")),
		.guest = req->web->settings->guest,
		.idp = req->args[0],
		.user = user,
	};
	json_t *found;
	int rc;

	if (!idp || idp->kind != CBI_IDP_LDAP ||
	    !cbi_idps_offers(cbi_auth_idps(req->web->auth), idp))
		return cb_fail(req->ctx, CB_ENOENT,
		               "nobody signs in by that here");
	rc = cbi_sign_in_attempt(req, user ? user : "");
	if (rc < 0)
		return rc;
	rc = cbi_sign_in_call(req, "auth.bind", idp,
	                      json_pack("{s:s, s:s}", "user", user ? user : "",
	                                "password", password ? password : ""),
	                      &found);
	if (rc == CB_EAUTH) {
		cbi_sign_in_missed(req);
		door.why = cb_tr(req->ctx, "Name or password is wrong.");
		cb_failure_clear(req->ctx);
		req->answer.status = 401;
		return draw(&door);
	}
	if (rc == CB_OK)
		rc = cbi_sign_in_resolve(
		    req, idp, json_object_get(found, "person"), &who);
	if (rc == CB_OK)
		rc = cbi_sign_in_open(req, idp, who.ref, NULL, NULL);
	return rc < 0 ? refuse(req, idp, rc, &who)
	              : cbi_req_redirect(req, door.back);
}

const struct cbi_endpoint cbi_pages_sign_in[] = {
	{
	    .path = "/sign-in",
	    .method = "GET",
	    .access = CBI_ACCESS_OPEN,
	    .face = CBI_FACE_PAGE,
	    .name = "page.sign-in",
	    .handle = sign_in,
	},
	{
	    .path = "/sign-in/{provider}",
	    .method = "POST",
	    .access = CBI_ACCESS_OPEN,
	    .face = CBI_FACE_PAGE,
	    .name = "page.sign-in-bind",
	    .handle = bind_as,
	    /* Whoever has a guest's session has no token of this form. */
	    .proof = CBI_PROOF_NONE,
	},
	{ .path = NULL },
};
