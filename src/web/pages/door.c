/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door.c - going out, and the theme.
 *
 * Going out ends the session here first.  Where an OpenID provider has a
 * session of its own, a page of ours sends people on to end that, too: the
 * form itself may not lead elsewhere.
 */
#include "web/pages/door.h"

#include <string.h>

#include "auth/sessions.h"
#include "base/str.h"
#include "config/config.h"
#include "html/addr.h"
#include "web/cookie.h"
#include "web/pages/shell.h"
#include "web/sign_in.h"

/* A theme outlives sessions: a year. */
#define THEME_SECONDS 31536000
/* A longer token does not fit an address that every server takes. */
#define HINT_MAX 4096

/* Of an OpenID provider's session: where it is ended, and with what. */
static int leave_address(struct cb_req *req, const char *hash)
{
	const char *mac, *path = cbi_addr(req->ctx, "/sign-out");
	int rc = cbi_auth_sign(req->ctx, req->web->auth, "leave", hash, &mac);

	if (rc < 0)
		return rc;
	path = cbi_addr_with(req->ctx, path, "session", hash);
	path = cbi_addr_with(req->ctx, path, "proof", mac);
	req->answer.status = 303;
	return cbi_req_add_header(req, "Location", path);
}

static int sign_out(struct cb_req *req)
{
	const struct cbi_idp *idp = cbi_idps_find(cbi_auth_idps(req->web->auth),
	                                          cbi_sign_in_idp(req), NULL);
	const char *hash = NULL;
	int rc = cbi_sign_in_close(req, &hash);

	if (rc == CB_OK && hash && idp && idp->kind == CBI_IDP_OIDC)
		return leave_address(req, hash);
	return rc < 0 ? rc : cbi_req_redirect(req, "/sign-in?out=1");
}

static const char *end_address(struct cb_req *req, const struct cbi_idp *idp,
                               const char *end, const char *id_token)
{
	const char *base = req->web->settings->base_url;

	if (id_token && strlen(id_token) > HINT_MAX)
		id_token = NULL;
	end = cbi_addr_with(req->ctx, end, "client_id", idp->client_id);
	end = cbi_addr_with(req->ctx, end, "id_token_hint", id_token);
	return cbi_addr_with(req->ctx, end, "post_logout_redirect_uri",
	                     cb_printf(req->ctx, "%s/sign-in", base));
}

static int draw_leaving(struct cb_req *req, const struct cbi_idp *idp,
                        const char *to)
{
	const struct cbi_page page = {
		.title = cb_tr(req->ctx, "Signing out"),
		.bare = true,
	};
	struct cb_html html;
	int rc = cbi_req_add_header(req, "Refresh",
	                            cb_printf(req->ctx, "0;url=%s", to));

	if (rc == CB_OK)
		rc = cbi_page_open(req, &page, &html);
	if (rc < 0)
		return rc;
	cbi_html_lit(&html, "<div class=\"oops\">\n<h1>");
	cbi_html_tr(&html, "You are signed out here");
	cbi_html_lit(&html, "</h1>\n<p>");
	cbi_html_esc(&html,
	             cbi_html_say(req->ctx,
	                          "{1} is told next, so that nobody comes "
	                          "in again by this browser.",
	                          idp->title, NULL));
	cbi_html_lit(&html, "</p>\n<div class=\"buttons\">");
	cbi_html_button_link(&html, "primary", "log-out", "Sign out there", to);
	cbi_html_lit(&html, "</div>\n</div>\n");
	return cbi_page_close(req, &html);
}

/* Once: the token is taken out of the table. */
static int leave(struct cb_req *req)
{
	const char *hash = cbi_req_query(req, "session");
	const char *proof = cbi_req_query(req, "proof");
	const char *id = NULL, *id_token = NULL, *end = NULL;
	const struct cbi_idp *idp = NULL;
	json_t *look;
	int rc = CB_OK;

	if (hash && proof &&
	    cbi_auth_signed(req->ctx, req->web->auth, "leave", hash, proof))
		rc = cbi_sessions_leave(req->ctx, hash, &id, &id_token);
	if (rc == CB_OK)
		idp = cbi_idps_find(cbi_auth_idps(req->web->auth), id, NULL);
	if (idp && id_token &&
	    cbi_sign_in_call(req, "auth.look", idp, NULL, &look) == CB_OK)
		end = json_string_value(json_object_get(look, "endSession"));
	/* He is signed out here; that there is more to end, or that nobody
	 * can say, does not change it. */
	cb_failure_clear(req->ctx);
	if (!end || !(cbi_str_starts(end, "https://") ||
	              cbi_str_starts(end, "http://")))
		return cbi_req_redirect(req, "/sign-in?out=1");
	return draw_leaving(req, idp, end_address(req, idp, end, id_token));
}

static int set_theme(struct cb_req *req)
{
	const char *theme = cbi_req_form(req, "theme");
	bool system = theme && strcmp(theme, "auto") == 0;
	const struct cbi_cookie cookie = {
		.name = "callboard-theme",
		.value = system ? "" : theme,
		.seconds = system ? 0 : THEME_SECONDS,
	};
	int rc;

	if (!theme || (!system && strcmp(theme, "dark") != 0 &&
	               strcmp(theme, "light") != 0))
		return cb_fail(req->ctx, CB_EINVAL,
		               "theme: expected light, dark or auto");
	rc = cbi_cookie_set(req, &cookie);
	if (rc < 0)
		return rc;
	return cbi_req_redirect(req,
	                        cbi_addr_local(cbi_req_form(req, "return")));
}

const struct cbi_endpoint cbi_pages_door[] = {
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
	    .path = "/sign-out",
	    .method = "GET",
	    .access = CBI_ACCESS_OPEN,
	    .face = CBI_FACE_PAGE,
	    .name = "page.sign-out-there",
	    .handle = leave,
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
