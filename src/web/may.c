/* SPDX-License-Identifier: Apache-2.0 */
/*
 * may.c - the fourth step: is he let in, and does the request come from a
 * page of ours?
 */
#include "web/router.h"
#include "web/steps.h"

#include <string.h>

#include "auth/auth.h"
#include "auth/sessions.h"
#include "base/str.h"
#include "config/config.h"
#include "db/db.h"
#include "html/addr.h"
#include "web/cookie.h"
#include "web/may.h"
#include "web/sign_in.h"

static bool is_change(const struct cb_req *req)
{
	return strcmp(req->method, "GET") != 0 && !req->head;
}

/* Does the browser say that a page of another site sent this?  Without
 * either header it is no browser, or an old one. */
static bool is_foreign(const struct cb_req *req)
{
	const char *site = cbi_req_header(req, "Sec-Fetch-Site");
	const char *origin = cbi_req_header(req, "Origin");
	const char *base =
	    req->web->settings ? req->web->settings->base_url : "";
	size_t len = strlen(base);

	if (site)
		return strcmp(site, "same-origin") != 0 &&
		       strcmp(site, "none") != 0;
	if (!origin)
		return false;
	/* The base URL's origin is what stands before its path. */
	if (req->web->settings)
		len -= strlen(req->web->settings->base_path);
	return strlen(origin) != len || strncmp(origin, base, len) != 0;
}

/* A cookie is sent by browsers whoever made the page; so a change needs more
 * than that. */
static int check_csrf(struct cb_req *req)
{
	const char *token = cbi_req_header(req, "X-CSRF-Token");

	/* A token is sent by who means it. */
	if (!is_change(req) ||
	    (req->who.kind != CBI_WHO_NOBODY && !req->who.session))
		return CB_OK;
	if (is_foreign(req))
		return cb_fail(req->ctx, CB_EDENIED,
		               "the request comes from another site");
	if (!req->who.session || req->endpoint->proof == CBI_PROOF_NONE)
		return CB_OK;
	if (!token)
		token = cbi_req_form(req, "csrf");
	if (!token ||
	    !cbi_auth_csrf_valid(req->ctx, req->web->auth, &req->who, token))
		return cb_fail(req->ctx, CB_EDENIED,
		               "the form is too old or not one of ours: load "
		               "the page again");
	return CB_OK;
}

/* A page without a session leads to the sign-in page and back. */
static int send_to_sign_in(struct cb_req *req)
{
	const char *back = cbi_addr_local(req->raw);
	const char *path = cbi_addr_with(
	    req->ctx, cbi_addr(req->ctx, "/sign-in"), "return", back);

	cb_failure_clear(req->ctx);
	cbi_buf_clear(req->answer.body);
	/* htmx would put the sign-in page into a part of this one. */
	if (cbi_req_header(req, "HX-Request")) {
		req->answer.status = 401;
		if (cbi_req_add_header(req, "HX-Redirect", path) != CB_OK)
			return CB_ENOMEM;
		return CB_DONE;
	}
	req->answer.status = 302;
	if (cbi_req_add_header(req, "Location", path) != CB_OK)
		return CB_ENOMEM;
	return CB_DONE;
}

static bool is_loopback(const char *address)
{
	return cbi_str_starts(address, "127.") || strcmp(address, "::1") == 0 ||
	       cbi_str_starts(address, "unix:");
}

/* A credential that is limited reaches the APIs that it names.  A plugin's
 * token for another one is no credential here at all. */
static int check_limits(struct cb_req *req)
{
	const struct cbi_who *who = &req->who;
	const char *name = "";
	size_t len = 0;

	if (cbi_str_starts(req->path, "/api/")) {
		name = req->path + strlen("/api/");
		len = strcspn(name, "/");
	}
	for (size_t i = 0; i < who->limits_count; i++) {
		const char *plugin = who->limits[i].plugin;

		if (!plugin ||
		    (strlen(plugin) == len && strncmp(plugin, name, len) == 0))
			return CB_OK;
	}
	if (who->limits_count == 0)
		return CB_OK;
	if (who->plugin || cbi_str_starts(who->subject, "plugin:"))
		return cb_fail(req->ctx, CB_EAUTH, "Illegal token");
	return cb_fail(req->ctx, CB_EDENIED,
	               "this credential is limited to other plugins");
}

/* The cookie of stock frontends counts where an endpoint says so. */
static int take_cookie(struct cb_req *req)
{
	const char *cookie = cbi_req_cookie(req, CBI_LIMITED_COOKIE);
	int rc;

	if (!req->endpoint->cookie || is_change(req) || !cookie ||
	    req->who.kind != CBI_WHO_NOBODY || req->who_code || !req->web->auth)
		return CB_OK;
	rc = cbi_auth_limited(req->ctx, req->web->auth, cookie, &req->who);
	if (rc == CB_EAUTH) {
		/* An old one is none. */
		cb_failure_clear(req->ctx);
		return CB_OK;
	}
	if (rc < 0)
		return rc;
	req->ctx->actor = req->who.subject;
	return cbi_policy_scope(req->ctx, req->web->policy, &req->who,
	                        &req->ctx->scope);
}

/* Without a permission: whoever is known reads, services change. */
static int check_level(struct cb_req *req)
{
	if (req->who.kind == CBI_WHO_NOBODY)
		return cb_fail(req->ctx, CB_EAUTH, "this needs a credential");
	if (req->endpoint->access == CBI_ACCESS_WRITE &&
	    req->who.kind != CBI_WHO_SERVICE)
		return cb_fail(req->ctx, CB_EDENIED,
		               "guests read; changes need a token");
	return CB_OK;
}

/* Who views the portal as somebody else only looks. */
static int check_view(struct cb_req *req)
{
	if (!req->who.viewer || !is_change(req) || req->endpoint->viewing)
		return CB_OK;
	return cb_fail(req->ctx, CB_EDENIED,
	               "you view the portal as %.200s: nothing can be changed",
	               req->who.subject);
}

static int check_access(struct cb_req *req)
{
	int rc = take_cookie(req);

	if (rc < 0)
		return rc;
	switch (req->endpoint->access) {
	case CBI_ACCESS_OPEN:
		return CB_OK;
	case CBI_ACCESS_LOCAL:
		if (is_loopback(req->address) ||
		    req->who.kind == CBI_WHO_SERVICE)
			return CB_OK;
		return cb_fail(req->ctx, CB_EDENIED,
		               "only answered to this host");
	case CBI_ACCESS_READ:
	case CBI_ACCESS_WRITE:
		break;
	default:
		return cb_fail(req->ctx, CB_EBUG, "endpoint without access");
	}
	if (req->who_code)
		return cb_fail(req->ctx, CB_EAUTH, "Illegal token");
	rc = check_limits(req);
	if (rc == CB_OK)
		rc = req->endpoint->permission
		         ? cbi_may(req, req->endpoint->permission)
		         : check_level(req);
	return rc < 0 ? rc : check_view(req);
}

/* For people who look at their sessions: it may be lost. */
static void note_use(struct cb_req *req)
{
	char hash[65];

	if (!cbi_sign_in_self(req) || !cbi_db_there())
		return;
	cbi_auth_session_hash(req->who.session, hash);
	if (cbi_sessions_use(req->ctx, hash) < 0)
		cb_failure_clear(req->ctx);
}

/* A session in use does not become idle. */
static int renew_session(struct cb_req *req)
{
	const char *cookie, *fresh = NULL;

	if (!req->who.session || req->fragment ||
	    req->endpoint->face != CBI_FACE_PAGE)
		return CB_OK;
	cookie = cbi_req_cookie(req, cbi_auth_cookie_name(req->web->auth));
	if (!cookie ||
	    cbi_auth_renew(req->ctx, req->web->auth, cookie, &fresh) != CB_OK) {
		cb_failure_clear(req->ctx);
		return CB_OK;
	}
	if (!fresh)
		return CB_OK;
	note_use(req);
	return cbi_cookie_session(req, fresh);
}

int cbi_step_may(struct cb_req *req)
{
	int rc = check_access(req);

	if (rc == CB_EAUTH && !req->who_code && !is_change(req) &&
	    req->endpoint->face == CBI_FACE_PAGE && !req->fragment)
		return send_to_sign_in(req);
	if (rc == CB_OK)
		rc = check_csrf(req);
	if (rc == CB_OK)
		rc = cbi_router_check_params(req);
	if (rc == CB_OK)
		rc = renew_session(req);
	return rc;
}
