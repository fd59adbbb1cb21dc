/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cookie.c - see cookie.h.
 */
#include "web/cookie.h"

#include <stdio.h>
#include <string.h>

#include "auth/auth.h"
#include "base/str.h"
#include "config/config.h"
#include "html/addr.h"
#include "web/web.h"

/* What browsers take of one: name and value together have 4,096 bytes. */
#define PIECE 3800
#define PIECES 8

static bool is_https(const struct cb_req *req)
{
	const struct cbi_settings *settings = req->web->settings;

	return settings && cbi_str_starts(settings->base_url, "https:");
}

int cbi_cookie_set(struct cb_req *req, const struct cbi_cookie *cookie)
{
	/* A __Host- cookie is for the whole host by its name. */
	bool whole = strncmp(cookie->name, "__Host-", 7) == 0;
	const char *age = cookie->seconds < 0
	                      ? ""
	                      : cb_printf(req->ctx, "; Max-Age=%lld",
	                                  (long long)cookie->seconds);
	const char *text = cb_printf(
	    req->ctx, "%s=%s; Path=%s%s; SameSite=Lax%s%s%s", cookie->name,
	    cookie->value, whole ? "" : cbi_addr_base(),
	    cookie->path ? cookie->path : "/", cookie->open ? "" : "; HttpOnly",
	    is_https(req) ? "; Secure" : "", age ? age : "");

	if (!text || !age)
		return CB_ENOMEM;
	return cbi_req_add_header(req, "Set-Cookie", text);
}

int cbi_cookie_session(struct cb_req *req, const char *value)
{
	const struct cbi_cookie cookie = {
		.name = cbi_auth_cookie_name(req->web->auth),
		.value = value ? value : "",
		.seconds = value ? -1 : 0,
	};

	return cbi_cookie_set(req, &cookie);
}

/* Those of a longer value that was there before are taken back. */
int cbi_cookie_set_long(struct cb_req *req, const struct cbi_cookie *cookie)
{
	size_t len = strlen(cookie->value);
	size_t n = len <= PIECE ? 0 : (len + PIECE - 1) / PIECE;
	int rc = CB_OK;

	if (n > PIECES)
		return cb_fail(req->ctx, CB_ETOOBIG,
		               "what the provider gives is too long for a "
		               "cookie");
	for (size_t i = 0; rc == CB_OK && i <= PIECES; i++) {
		struct cbi_cookie one = *cookie;

		if (i)
			one.name =
			    cb_printf(req->ctx, "%s-%zu", cookie->name, i - 1);
		one.value =
		    i   ? i <= n
		              ? cb_strndup(req->ctx,
		                           cookie->value + (i - 1) * PIECE, PIECE)
		              : ""
		    : n ? ""
			: cookie->value;
		if (!one.name || !one.value)
			return CB_ENOMEM;
		if (!*one.value)
			one.seconds = 0;
		if (*one.value || cbi_req_cookie(req, one.name))
			rc = cbi_cookie_set(req, &one);
	}
	return rc;
}

const char *cbi_cookie_long(const struct cb_req *req, const char *name)
{
	const char *value = cbi_req_cookie(req, name), *all = "";

	if (value && *value)
		return value;
	for (int i = 0; i < PIECES; i++) {
		char piece[128];

		snprintf(piece, sizeof(piece), "%s-%d", name, i);
		value = cbi_req_cookie(req, piece);
		if (!value || !*value)
			break;
		all = cb_printf(req->ctx, "%s%s", all, value);
		if (!all)
			return NULL;
	}
	return *all ? all : NULL;
}
