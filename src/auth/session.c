/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.c - the session cookie.
 *
 *	v1.<id>.<user, base64url>.<made>.<used>.<MAC of all before>
 *
 * Times are seconds since the epoch.  Nothing is stored: any host of the
 * fleet reads it, with every store away.
 */
#include "auth/auth_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"

#define IDLE_S (8 * 3600)
#define ABSOLUTE_S (24 * 3600)
/* A cookie is written anew when it is older than this. */
#define RENEW_S 600
#define COOKIE_MAX 1024
#define ID_BYTES 16

struct session {
	const char *id;
	const char *user;
	int64_t made, used;
};

static int64_t now_s(void)
{
	return cbi_clock_wall_ms() / 1000;
}

static int write_cookie(struct cb_ctx *ctx, struct cbi_auth *auth,
                        const struct session *session, const char **out)
{
	char user[CB_BASE64_LEN(CB_REF_MAX)], mac[CBI_AUTH_MAC];
	size_t len = strlen(session->user);
	char *text;
	int rc;

	if (len > CB_REF_MAX)
		return cb_fail(ctx, CB_EINVAL, "a user's ref is too long");
	cbi_crypto_base64(CBI_BASE64_URL, session->user, len, user);
	text = cb_printf(ctx, "v1.%s.%s.%lld.%lld", session->id, user,
	                 (long long)session->made, (long long)session->used);
	if (!text)
		return CB_ENOMEM;
	rc = cbi_auth_mac(ctx, auth, "session", text, strlen(text), mac);
	if (rc < 0)
		return rc;
	*out = cb_printf(ctx, "%s.%s", text, mac);
	return *out ? CB_OK : CB_ENOMEM;
}

/* Cuts text at its dots into exactly n parts. */
static bool cut(char *text, char **parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		parts[i] = text;
		text += strcspn(text, ".");
		if ((i + 1 < n) != (*text == '.'))
			return false;
		if (*text)
			*text++ = '\0';
	}
	return true;
}

static bool read_user(struct cb_ctx *ctx, const char *text, const char **out)
{
	size_t len = strlen(text), got;
	unsigned char *user = cb_alloc(ctx, len / 4 * 3 + 4);

	if (!user ||
	    !cbi_crypto_unbase64(CBI_BASE64_URL, text, len, user, &got))
		return false;
	user[got] = '\0';
	*out = (char *)user;
	return got > 0 && cbi_str_utf8(*out, got);
}

/* CB_ENOENT, not noted, for what is no cookie of ours or too old. */
static int read_cookie(struct cb_ctx *ctx, struct cbi_auth *auth,
                       const char *cookie, struct session *out)
{
	const char *last = strrchr(cookie, '.');
	size_t len = strlen(cookie);
	char *parts[5], *text;
	int64_t now = now_s();

	if (!last || len > COOKIE_MAX)
		return CB_ENOENT;
	if (!cbi_auth_mac_valid(ctx, auth, "session", cookie,
	                        (size_t)(last - cookie), last + 1))
		return cb_failure_code(ctx) ? cb_failure_code(ctx) : CB_ENOENT;
	text = cb_strndup(ctx, cookie, (size_t)(last - cookie));
	if (!text)
		return CB_ENOMEM;
	if (!cut(text, parts, 5) || strcmp(parts[0], "v1") != 0 ||
	    cbi_str_int(parts[3], 0, INT64_MAX / 2, &out->made) ||
	    cbi_str_int(parts[4], 0, INT64_MAX / 2, &out->used) ||
	    !read_user(ctx, parts[2], &out->user))
		return CB_ENOENT;
	out->id = parts[1];
	if (out->used > now + CBI_AUTH_SKEW_S || out->used + IDLE_S < now ||
	    out->made + ABSOLUTE_S < now)
		return CB_ENOENT;
	return CB_OK;
}

int cbi_auth_session(struct cb_ctx *ctx, struct cbi_auth *auth,
                     const char *cookie, struct cbi_who *out)
{
	struct session session;
	int rc = read_cookie(ctx, auth, cookie, &session);

	if (rc == CB_ENOENT)
		return CB_OK;
	if (rc < 0)
		return rc;
	/* A door that was shut ends the sessions that came through it. */
	if (strcmp(session.user, CBI_AUTH_GUEST) != 0 || !auth->guest)
		return CB_OK;
	out->kind = CBI_WHO_GUEST;
	out->subject = session.user;
	out->session = session.id;
	return CB_OK;
}

int cbi_auth_guest(struct cb_ctx *ctx, struct cbi_auth *auth,
                   const char **cookie)
{
	unsigned char random[ID_BYTES];
	char id[CB_BASE64_LEN(ID_BYTES)];
	struct session session = { id, CBI_AUTH_GUEST, now_s(), now_s() };

	if (!auth->guest)
		return cb_fail(ctx, CB_EDENIED, "the guest door is shut here");
	cbi_crypto_random(random, sizeof(random));
	cbi_crypto_base64(CBI_BASE64_URL, random, sizeof(random), id);
	return write_cookie(ctx, auth, &session, cookie);
}

int cbi_auth_renew(struct cb_ctx *ctx, struct cbi_auth *auth,
                   const char *cookie, const char **fresh)
{
	struct session session;
	int rc = read_cookie(ctx, auth, cookie, &session);

	*fresh = NULL;
	if (rc == CB_ENOENT)
		return CB_OK;
	if (rc < 0)
		return rc;
	if (session.used + RENEW_S > now_s())
		return CB_OK;
	session.used = now_s();
	return write_cookie(ctx, auth, &session, fresh);
}
