/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_token.c - /api/auth, as far as tokens go: the keys that verify them,
 * what there is to discover, who a token is of, and the guest's; and the two
 * addresses that every plugin has: its keys, and the cookie for what a browser
 * fetches without a token.
 */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "config/config.h"
#include "json/json.h"
#include "registry/registry.h"
#include "web/api/api.h"
#include "web/owns.h"
#include "web/steps.h"
#include "web/web.h"

/* A cookie that lives longer than this is left as it is. */
#define COOKIE_FRESH_MS 300000

static int send(struct cb_req *req, json_t *body)
{
	int rc = cbi_json_keep(req->ctx, body);

	return rc < 0 ? rc : cb_req_json(req, 200, body);
}

static int need_auth(struct cb_req *req)
{
	return req->web->auth ? CB_OK
	                      : cb_fail(req->ctx, CB_EAWAY,
	                                "this process knows no tokens");
}

/* --- keys, and what there is to discover --- */

static int keys(struct cb_req *req)
{
	json_t *set;
	int rc = need_auth(req);

	if (rc == CB_OK)
		rc = cbi_auth_public_keys(req->ctx, req->web->auth, &set);
	return rc < 0 ? rc : cb_req_json(req, 200, set);
}

static int discovery(struct cb_req *req)
{
	const char *issuer;
	int rc = need_auth(req);

	if (rc < 0)
		return rc;
	issuer = cbi_auth_issuer(req->web->auth);
	return send(
	    req,
	    json_pack(
		"{s:s, s:s+, s:s+, s:s+, s:[s], s:[s], s:[s], s:[s], "
		"s:[], s:[ss], s:[]}",
		"issuer", issuer, "token_endpoint", issuer, "/v1/token",
		"userinfo_endpoint", issuer, "/v1/userinfo", "jwks_uri", issuer,
		"/.well-known/jwks.json", "response_types_supported",
		"id_token", "subject_types_supported", "public",
		"id_token_signing_alg_values_supported", "ES256",
		"scopes_supported", "openid",
		"token_endpoint_auth_methods_supported", "claims_supported",
		"sub", "ent", "grant_types_supported"));
}

/* --- who somebody is --- */

static json_t *owns_of(const struct cbi_who *who)
{
	json_t *list = json_array();

	for (size_t i = 0; i < who->owns_count; i++)
		json_array_append_new(list, json_string(who->owns[i]));
	if (who->owns_count == 0)
		json_array_append_new(list, json_string(who->subject));
	return list;
}

static bool is_user(const struct cbi_who *who)
{
	return who->kind == CBI_WHO_USER || who->kind == CBI_WHO_GUEST;
}

static int userinfo(struct cb_req *req)
{
	int rc;

	if (!is_user(&req->who))
		return cb_fail(req->ctx, CB_EINVAL,
		               "only users have something to be told");
	rc = cbi_web_owns(req, &req->who);
	if (rc < 0)
		return rc;
	return send(req,
	            json_pack("{s:{s:s, s:o}}", "claims", "sub",
	                      req->who.subject, "ent", owns_of(&req->who)));
}

static int guest_refresh(struct cb_req *req)
{
	struct cbi_who who;
	const char *token;
	int64_t expires;
	int rc = need_auth(req);

	if (rc == CB_OK)
		rc = cbi_auth_guest_user(req->ctx, req->web->auth, &who);
	if (rc == CB_OK)
		rc = cbi_web_owns(req, &who);
	if (rc == CB_OK)
		rc = cbi_auth_issue(req->ctx, req->web->auth, &who, &token,
		                    &expires);
	if (rc == CB_OK)
		rc = cbi_req_add_header(req, "Cache-Control", "no-store");
	if (rc < 0)
		return rc;
	return send(
	    req,
	    json_pack("{s:{}, s:{s:s, s:I, s:{s:s, s:s, s:o}}}", "profile",
	              "backstageIdentity", "token", token, "expiresInSeconds",
	              (json_int_t)((expires - cbi_clock_wall_ms()) / 1000),
	              "identity", "type", "user", "userEntityRef", who.subject,
	              "ownershipEntityRefs", owns_of(&who)));
}

static int guest_frame(struct cb_req *req)
{
	return cb_fail(req->ctx, CB_ENOTSUP, "Not implemented");
}

/* --- what every plugin has --- */

/* In `core` the house's own APIs, elsewhere the plugins of this host. */
static int need_plugin(struct cb_req *req)
{
	static const char *const ours[] = { "app",          "auth",
		                            "catalog",      "events",
		                            "permission",   "search",
		                            "user-settings" };
	const struct cbi_snapshot *snapshot;
	const char *name = req->args[0];

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(ours[i], name) == 0)
			return CB_OK;
	if (req->web->registry &&
	    cbi_registry_look(req->ctx, req->web->registry, &snapshot) ==
	        CB_OK &&
	    cbi_snapshot_plugin(snapshot, name))
		return CB_OK;
	cb_failure_clear(req->ctx);
	return cb_fail(req->ctx, CB_ENOENT, "no plugin '%.80s'", name);
}

static int plugin_keys(struct cb_req *req)
{
	int rc = need_plugin(req);

	return rc < 0 ? rc : keys(req);
}

/* Where the cookie goes, and how: a site elsewhere that embeds the portal
 * sends it over https alone. */
static int set_cookie(struct cb_req *req, const char *value, int64_t expires_ms)
{
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun",
		                            "Mon", "Tue", "Wed" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
		                              "May", "Jun", "Jul", "Aug",
		                              "Sep", "Oct", "Nov", "Dec" };
	const char *base = req->web->settings->base_url;
	const char *host = strstr(base, "://") + 3, *text;
	size_t len = strcspn(host, ":/");
	char iso[CBI_TIME_LEN];
	bool secure = cbi_str_starts(base, "https:") ||
	              (len == 9 && strncmp(host, "localhost", 9) == 0);
	int64_t month = 1;

	cbi_clock_iso(expires_ms, iso); /* 2026-11-27T15:39:36.000Z */
	iso[7] = '\0';
	(void)cbi_str_int(iso + 5 + (iso[5] == '0'), 1, 12, &month);
	text =
	    cb_printf(req->ctx,
	              CBI_LIMITED_COOKIE
	              "=%s; Domain=%.*s; Path=/; Expires=%s, %.2s %s %.4s %.8s "
	              "GMT; HttpOnly; %sPriority=High; SameSite=%s",
	              value, (int)len, host, days[expires_ms / 86400000 % 7],
	              iso + 8, months[month - 1], iso, iso + 11,
	              secure ? "Secure; " : "", secure ? "None" : "Lax");
	return text ? cbi_req_add_header(req, "Set-Cookie", text) : CB_ENOMEM;
}

/* When the cookie that came along ends, if it is this user's; else 0. */
static int64_t cookie_until(struct cb_req *req)
{
	const char *cookie = cbi_req_cookie(req, CBI_LIMITED_COOKIE);
	struct cbi_who who;

	if (!cookie)
		return 0;
	if (cbi_auth_limited(req->ctx, req->web->auth, cookie, &who) < 0) {
		cb_failure_clear(req->ctx);
		return 0;
	}
	return strcmp(who.subject, req->who.subject) == 0 ? who.expires : 0;
}

/* From the token that was sent; who has none (a session, a token of another
 * kind) gets one first. */
static int limit(struct cb_req *req, const char **limited, int64_t *expires)
{
	const char *header = cbi_req_header(req, "Authorization");
	const char *token = header ? cbi_auth_bearer(header) : NULL;
	int rc;

	if (token && !req->who.session && !req->who.plugin &&
	    !req->who.personal)
		return cbi_auth_limit(req->ctx, token, limited, expires);
	rc = cbi_web_owns(req, &req->who);
	if (rc == CB_OK)
		rc = cbi_auth_issue(req->ctx, req->web->auth, &req->who, &token,
		                    expires);
	return rc < 0 ? rc : cbi_auth_limit(req->ctx, token, limited, expires);
}

static int give_cookie(struct cb_req *req)
{
	char iso[CBI_TIME_LEN];
	const char *limited;
	int64_t expires;
	int rc = need_plugin(req);

	if (rc < 0)
		return rc;
	/* A credential that was limited on purpose does not become one that is
	 * good for all that cookies are. */
	if (!is_user(&req->who) || req->who.limits_count)
		return cb_fail(req->ctx, CB_EDENIED,
		               "only users themselves get a cookie");
	expires = cookie_until(req);
	if (expires < cbi_clock_wall_ms() + COOKIE_FRESH_MS) {
		rc = limit(req, &limited, &expires);
		if (rc == CB_OK)
			rc = set_cookie(req, limited, expires);
	}
	if (rc < 0)
		return rc;
	cbi_clock_iso(expires, iso);
	return send(req, json_pack("{s:s}", "expiresAt", iso));
}

static int take_cookie(struct cb_req *req)
{
	int rc = need_plugin(req);

	if (rc == CB_OK)
		rc = set_cookie(req, "", 0);
	if (rc == CB_OK)
		req->answer.status = 204;
	return rc;
}

#define ROW(verb, at, level, label, fn)                            \
	{                                                          \
		.path = at, .method = verb, .access = level,       \
		.face = CBI_FACE_API, .name = label, .handle = fn, \
	}

const struct cbi_endpoint cbi_api_auth_token[] = {
	ROW("GET", "/api/auth/.well-known/jwks.json", CBI_ACCESS_OPEN,
	    "auth-keys", keys),
	ROW("GET", "/api/auth/.well-known/openid-configuration",
	    CBI_ACCESS_OPEN, "auth-discovery", discovery),
	ROW("GET", "/api/auth/v1/userinfo", CBI_ACCESS_READ, "auth-userinfo",
	    userinfo),
	ROW("GET", "/api/auth/guest/refresh", CBI_ACCESS_OPEN, "auth-guest",
	    guest_refresh),
	ROW("POST", "/api/auth/guest/refresh", CBI_ACCESS_OPEN,
	    "auth-guest.post", guest_refresh),
	ROW("GET", "/api/auth/guest/start", CBI_ACCESS_OPEN, "auth-guest-start",
	    guest_frame),
	ROW("GET", "/api/auth/guest/handler/frame", CBI_ACCESS_OPEN,
	    "auth-guest-frame", guest_frame),
	ROW("POST", "/api/auth/guest/handler/frame", CBI_ACCESS_OPEN,
	    "auth-guest-frame.post", guest_frame),
	{ .path = NULL },
};

const struct cbi_endpoint cbi_api_plugin_auth[] = {
	ROW("GET", "/api/{plugin}/.backstage/auth/v1/jwks.json",
	    CBI_ACCESS_OPEN, "plugin-keys", plugin_keys),
	ROW("GET", "/api/{plugin}/.backstage/auth/v1/cookie", CBI_ACCESS_READ,
	    "plugin-cookie", give_cookie),
	ROW("DELETE", "/api/{plugin}/.backstage/auth/v1/cookie",
	    CBI_ACCESS_READ, "plugin-cookie.delete", take_cookie),
	{ .path = NULL },
};
