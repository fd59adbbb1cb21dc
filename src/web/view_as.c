/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view_as.c - the portal as somebody else sees it.
 *
 *	v1.<ref, base64url>.<until>.<MAC of both and the viewer's session>
 *
 * Read-only, for half an hour at most, and only as long as who looks may still
 * do so.  The cookie says nothing to anybody else's session.
 */
#include "web/view_as.h"

#include <string.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "html/addr.h"
#include "web/may.h"
#include "web/web.h"

#define COOKIE "callboard-view"
#define PURPOSE "view-as"
#define MOST_S (30 * 60)
#define GUEST "user:default/guest"
#define PERMISSION "admin.policy.view-as"

static const char *signed_text(struct cb_req *req, const char *ref,
                               const char *until)
{
	return cb_printf(req->ctx, "%s\n%s\n%s", ref, until, req->who.session);
}

/* The ref that the cookie names, NULL for none that counts here and now. */
static const char *viewed(struct cb_req *req)
{
	char *text = (char *)cbi_req_cookie(req, COOKIE);
	char *parts[4] = { NULL }, *save = text;
	unsigned char *ref;
	const char *plain;
	int64_t until;
	size_t len;

	if (!text || !req->who.session || !req->web->auth)
		return NULL;
	for (int i = 0; i < 4 && save; i++) {
		parts[i] = save;
		save = strchr(save, '.');
		if (save)
			*save++ = '\0';
	}
	if (!parts[3] || strcmp(parts[0], "v1") != 0 ||
	    strlen(parts[1]) > CB_BASE64_LEN(CB_REF_MAX) ||
	    cbi_str_int(parts[2], 0, INT64_MAX / 2000, &until) < 0 ||
	    until * 1000 < cbi_clock_wall_ms())
		return NULL;
	ref = cb_alloc(req->ctx, strlen(parts[1]) + 1);
	if (!ref || !cbi_crypto_unbase64(CBI_BASE64_URL, parts[1],
	                                 strlen(parts[1]), ref, &len))
		return NULL;
	ref[len] = '\0';
	plain = signed_text(req, (char *)ref, parts[2]);
	if (!plain || strlen((char *)ref) != len ||
	    !cbi_auth_signed(req->ctx, req->web->auth, PURPOSE, plain,
	                     parts[3]))
		return NULL;
	return (char *)ref;
}

int cbi_view_as_who(struct cb_req *req)
{
	const char *ref;

	if (!req->who.session || req->who.limits_count)
		return CB_OK;
	ref = viewed(req);
	/* A key that is not known is told where it is needed. */
	cb_failure_clear(req->ctx);
	if (!ref || !cbi_may_show(req, PERMISSION))
		return CB_OK;
	req->who.viewer = req->who.subject;
	req->who.subject = ref;
	req->who.kind = strcmp(ref, GUEST) == 0 ? CBI_WHO_GUEST : CBI_WHO_USER;
	req->who.owns = NULL;
	req->who.owns_count = 0;
	return CB_OK;
}

static int set_cookie(struct cb_req *req, const char *value, int age)
{
	const char *text = cb_printf(
	    req->ctx,
	    COOKIE "=%s; Path=%s/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
	    value, cbi_addr_base(), age,
	    cbi_str_starts(cbi_auth_cookie_name(req->web->auth), "__Host-")
		? "; Secure"
		: "");

	return text ? cbi_req_add_header(req, "Set-Cookie", text) : CB_ENOMEM;
}

int cbi_view_as_begin(struct cb_req *req, const char *ref)
{
	char encoded[CB_BASE64_LEN(CB_REF_MAX)];
	const char *until, *text, *mac;
	int rc;

	if (!req->who.session)
		return cb_fail(req->ctx, CB_EINVAL,
		               "only who signed in views as somebody else");
	if (strlen(ref) > CB_REF_MAX)
		return cb_fail(req->ctx, CB_EINVAL, "the ref is too long");
	cbi_crypto_base64(CBI_BASE64_URL, ref, strlen(ref), encoded);
	until = cb_printf(req->ctx, "%lld",
	                  (long long)(cbi_clock_wall_ms() / 1000 + MOST_S));
	text = until ? signed_text(req, ref, until) : NULL;
	if (!text)
		return CB_ENOMEM;
	rc = cbi_auth_sign(req->ctx, req->web->auth, PURPOSE, text, &mac);
	if (rc < 0)
		return rc;
	text = cb_printf(req->ctx, "v1.%s.%s.%s", encoded, until, mac);
	return text ? set_cookie(req, text, MOST_S) : CB_ENOMEM;
}

int cbi_view_as_end(struct cb_req *req)
{
	return set_cookie(req, "", 0);
}
