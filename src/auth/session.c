/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.c - the session cookie.
 *
 *	v1.<id>.<user, base64url>.<made>.<used>.<MAC of all before>
 *	v2.<id>.<user, base64url>.<provider>.<mark>.<made>.<used>.<MAC>
 *
 * The first is a guest's, the second that of somebody who signed in.  Times
 * are seconds since the epoch.  To be valid it needs nothing stored: any host
 * of the fleet reads it, with every store away.  What is stored is that it
 * has ended (revocations, in the host's copy).
 */
#include "auth/auth_priv.h"

#include <stdio.h>
#include <string.h>

#include "auth/idp.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "config/config.h"

/* A cookie is written anew when it is older than this. */
#define RENEW_S 600
#define COOKIE_MAX 1024
#define NO_MARK "-"
#define MARK_LEN 16

/* A day's work without a request, and a day in any case. */
#define IDLE_MS (8 * 3600000)
#define ABSOLUTE_MS (24 * 3600000)
#define SESSION_MIN_MS 60000
#define SESSION_MAX_MS (INT64_C(30) * 86400000)

struct session {
	const char *id;
	const char *user;
	const char *idp;  /* NULL: the guest door */
	const char *mark; /* of who a header named; NULL: none */
	int64_t made, used;
};

static int read_life(struct cb_ctx *ctx, const struct cbi_config *config,
                     const char *path, int64_t usual, int64_t *out)
{
	int64_t ms = cbi_config_ms(config, path, usual);

	if (ms < SESSION_MIN_MS || ms > SESSION_MAX_MS)
		return cbi_idp_bad(ctx, config, path, "",
		                   "expected a duration from 1m to 30d");
	*out = ms / 1000;
	return CB_OK;
}

int cbi_auth_read_sign_in(struct cb_ctx *ctx, const struct cbi_config *config,
                          struct cbi_auth *auth)
{
	int rc = cbi_idps_create(ctx, config, &auth->idps);

	if (rc == CB_OK)
		rc = read_life(ctx, config, "auth.session.idle", IDLE_MS,
		               &auth->idle_s);
	if (rc == CB_OK)
		rc = read_life(ctx, config, "auth.session.absolute",
		               ABSOLUTE_MS, &auth->absolute_s);
	return rc;
}

static int64_t now_s(void)
{
	return cbi_clock_wall_ms() / 1000;
}

static int write_cookie(struct cb_ctx *ctx, struct cbi_auth *auth,
                        const struct session *s, const char **out)
{
	char user[CB_BASE64_LEN(CB_REF_MAX)], mac[CBI_AUTH_MAC];
	size_t len = strlen(s->user);
	char *text;
	int rc;

	if (len > CB_REF_MAX)
		return cb_fail(ctx, CB_EINVAL, "a user's ref is too long");
	cbi_crypto_base64(CBI_BASE64_URL, s->user, len, user);
	if (s->idp)
		text = cb_printf(ctx, "v2.%s.%s.%s.%s.%lld.%lld", s->id, user,
		                 s->idp, s->mark ? s->mark : NO_MARK,
		                 (long long)s->made, (long long)s->used);
	else
		text = cb_printf(ctx, "v1.%s.%s.%lld.%lld", s->id, user,
		                 (long long)s->made, (long long)s->used);
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

static bool read_text(struct cb_ctx *ctx, char *text, struct session *out)
{
	bool signed_in = cbi_str_starts(text, "v2.");
	size_t n = signed_in ? 7 : 5;
	char *parts[7];

	memset(out, 0, sizeof(*out));
	if (!cut(text, parts, n) ||
	    (!signed_in && strcmp(parts[0], "v1") != 0) ||
	    cbi_str_int(parts[n - 2], 0, INT64_MAX / 4, &out->made) ||
	    cbi_str_int(parts[n - 1], 0, INT64_MAX / 4, &out->used) ||
	    !read_user(ctx, parts[2], &out->user))
		return false;
	out->id = parts[1];
	if (!signed_in)
		return true;
	out->idp = parts[3];
	out->mark = strcmp(parts[4], NO_MARK) != 0 ? parts[4] : NULL;
	return true;
}

/* CB_ENOENT, not noted, for what is no cookie of ours or too old. */
static int read_cookie(struct cb_ctx *ctx, struct cbi_auth *auth,
                       const char *cookie, struct session *out)
{
	const char *last = strrchr(cookie, '.');
	size_t len = strlen(cookie);
	int64_t now = now_s();
	char *text;

	if (!last || len > COOKIE_MAX)
		return CB_ENOENT;
	if (!cbi_auth_mac_valid(ctx, auth, "session", cookie,
	                        (size_t)(last - cookie), last + 1))
		return cb_failure_code(ctx) ? cb_failure_code(ctx) : CB_ENOENT;
	text = cb_strndup(ctx, cookie, (size_t)(last - cookie));
	if (!text)
		return CB_ENOMEM;
	if (!read_text(ctx, text, out))
		return CB_ENOENT;
	if (out->used > now + CBI_AUTH_SKEW_S ||
	    out->used + auth->idle_s < now ||
	    out->made + auth->absolute_s < now)
		return CB_ENOENT;
	return CB_OK;
}

void cbi_auth_session_hash(const char *id, char out[CB_SHA256_HEX])
{
	cbi_crypto_sha256_hex(id, strlen(id), out);
}

/* Ended before its time, or all that its user had then. */
static bool is_revoked(struct cb_ctx *ctx, struct cbi_auth *auth,
                       const struct session *s)
{
	char hash[CB_SHA256_HEX], what[CB_SHA256_HEX + 16];

	cbi_auth_session_hash(s->id, hash);
	snprintf(what, sizeof(what), "session:%s", hash);
	/* Whoever ends all that a user has (auth/expel.h) names each of his
	 * sessions as well.  So his name may end those alone that are older by
	 * more than clocks differ, and who signs in anew is let in at once. */
	return cbi_auth_revoked(ctx, auth, what, 0) ||
	       cbi_auth_revoked(ctx, auth, s->user,
	                        (s->made + CBI_AUTH_SKEW_S) * 1000);
}

static void mark_of(const char *login, char out[MARK_LEN + 1])
{
	unsigned char hash[CB_SHA256_LEN];
	char text[CB_BASE64_LEN(CB_SHA256_LEN)];

	cbi_crypto_sha256(login, strlen(login), hash);
	cbi_crypto_base64(CBI_BASE64_URL, hash, sizeof(hash), text);
	memcpy(out, text, MARK_LEN);
	out[MARK_LEN] = '\0';
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
	if (session.idp
	        ? !cbi_idps_find(auth->idps, session.idp, NULL)
	        : strcmp(session.user, CBI_AUTH_GUEST) != 0 || !auth->guest)
		return CB_OK;
	if (session.idp && is_revoked(ctx, auth, &session))
		return CB_OK;
	out->kind = session.idp ? CBI_WHO_USER : CBI_WHO_GUEST;
	out->subject = session.user;
	out->session = session.id;
	out->expires = (session.made + auth->absolute_s) * 1000;
	return CB_OK;
}

int cbi_auth_session_of(struct cb_ctx *ctx, struct cbi_auth *auth,
                        const char *cookie, const char **idp, const char **mark)
{
	struct session session;
	int rc = read_cookie(ctx, auth, cookie, &session);

	*idp = *mark = NULL;
	if (rc == CB_ENOENT)
		return CB_OK;
	if (rc < 0)
		return rc;
	*idp = session.idp;
	*mark = session.mark;
	return CB_OK;
}

bool cbi_auth_marks(const char *mark, const char *login)
{
	char right[MARK_LEN + 1];

	mark_of(login, right);
	return strcmp(mark, right) == 0;
}

static void new_id(char id[CB_AUTH_SESSION_ID])
{
	unsigned char random[16];

	cbi_crypto_random(random, sizeof(random));
	cbi_crypto_base64(CBI_BASE64_URL, random, sizeof(random), id);
}

int cbi_auth_guest(struct cb_ctx *ctx, struct cbi_auth *auth,
                   const char **cookie)
{
	char id[CB_AUTH_SESSION_ID];
	struct session session = { .id = id,
		                   .user = CBI_AUTH_GUEST,
		                   .made = now_s(),
		                   .used = now_s() };

	if (!auth->guest)
		return cb_fail(ctx, CB_EDENIED, "the guest door is shut here");
	new_id(id);
	return write_cookie(ctx, auth, &session, cookie);
}

int cbi_auth_user(struct cb_ctx *ctx, struct cbi_auth *auth,
                  struct cbi_auth_entry *entry, const char **cookie)
{
	char mark[MARK_LEN + 1];
	struct session session = { .id = entry->id,
		                   .user = entry->user,
		                   .idp = entry->idp,
		                   .made = now_s(),
		                   .used = now_s() };

	new_id(entry->id);
	entry->made = session.made * 1000;
	entry->expires = (session.made + auth->absolute_s) * 1000;
	if (entry->login) {
		mark_of(entry->login, mark);
		session.mark = mark;
	}
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
