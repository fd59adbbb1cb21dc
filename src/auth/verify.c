/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c - tokens of plugins and users, and in which order a bearer token
 * is looked at: plugin, user, external; the first that knows the form decides.
 *
 * Texts of failures name the rule, never what the token says.
 */
#include "auth/auth_priv.h"

#include <stdio.h>
#include <string.h>

#include "auth/personal.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "jose/jose.h"

static const char *claim(const struct cbi_jwt *jwt, const char *name)
{
	return json_string_value(json_object_get(jwt->payload, name));
}

static bool is_time(const json_t *value)
{
	return json_is_number(value) && json_number_value(value) >= 0 &&
	       json_number_value(value) < 1e11;
}

/* 0 for one that does not say. */
static int64_t made_ms(const struct cbi_jwt *jwt)
{
	const json_t *iat = json_object_get(jwt->payload, "iat");

	return is_time(iat) ? (int64_t)(json_number_value(iat) * 1000) : 0;
}

int cbi_auth_times(struct cb_ctx *ctx, const struct cbi_jwt *jwt,
                   int64_t *expires_ms)
{
	const json_t *exp = json_object_get(jwt->payload, "exp");
	const json_t *nbf = json_object_get(jwt->payload, "nbf");
	const json_t *iat = json_object_get(jwt->payload, "iat");
	double now = (double)cbi_clock_wall_ms() / 1000;

	if (!is_time(exp) || (nbf && !is_time(nbf)) || (iat && !is_time(iat)))
		return cb_fail(ctx, CB_EAUTH, "the token's times are no times");
	if (json_number_value(exp) + CBI_AUTH_SKEW_S <= now)
		return cb_fail(ctx, CB_EAUTH, "the token has expired");
	if ((nbf && json_number_value(nbf) - CBI_AUTH_SKEW_S > now) ||
	    (iat && json_number_value(iat) - CBI_AUTH_SKEW_S > now))
		return cb_fail(ctx, CB_EAUTH, "the token is not valid yet");
	*expires_ms = (int64_t)(json_number_value(exp) * 1000);
	return CB_OK;
}

/* The session that a user's token was made in; NULL for none. */
static const char *sid_of(const struct cbi_jwt *jwt)
{
	const char *sid = claim(jwt, "sid");

	return sid && strlen(sid) == CBI_AUTH_SID_LEN ? sid : NULL;
}

/* Signature and times of a token of ours. */
static int verify_own(struct cb_ctx *ctx, const struct cbi_auth *auth,
                      const struct cbi_jwt *jwt, int64_t *expires_ms)
{
	json_t *jwk;
	int rc = cbi_auth_verifier(ctx, auth, jwt->kid, &jwk);

	if (rc == CB_OK)
		rc = cbi_jose_verify(ctx, jwt, jwk, CBI_JOSE_ES256);
	if (rc == CB_OK && !json_object_get(jwt->payload, "iat"))
		rc = cb_fail(ctx, CB_EAUTH, "the token's times are no times");
	return rc < 0 ? rc : cbi_auth_times(ctx, jwt, expires_ms);
}

/* Whose token it is; a guest's ends with the door. */
static int take_user(struct cb_ctx *ctx, const struct cbi_auth *auth,
                     const struct cbi_jwt *jwt, struct cbi_who *out)
{
	const char *sub = claim(jwt, "sub");
	bool inner, outer;

	if (!sub || !*sub || strlen(sub) > CB_REF_MAX)
		return cb_fail(ctx, CB_EAUTH, "the token names no user");
	outer = strcmp(sub, auth->guest_ref) == 0;
	inner = strcmp(sub, CBI_AUTH_GUEST) == 0;
	if ((outer && !auth->guest_tokens) || (inner && !outer && !auth->guest))
		return cb_fail(ctx, CB_EAUTH, "the guest door is shut here");
	out->kind = outer || inner ? CBI_WHO_GUEST : CBI_WHO_USER;
	out->subject = sub;
	return CB_OK;
}

static int verify_limited(struct cb_ctx *ctx, const struct cbi_auth *auth,
                          const struct cbi_jwt *jwt, struct cbi_who *out)
{
	int rc;

	if (strcmp(jwt->typ, CBI_AUTH_TYP_LIMITED) != 0)
		return cb_fail(ctx, CB_EAUTH, "no limited token");
	rc = verify_own(ctx, auth, jwt, &out->expires);
	return rc < 0 ? rc : take_user(ctx, auth, jwt, out);
}

static int verify_user(struct cb_ctx *ctx, const struct cbi_auth *auth,
                       const struct cbi_jwt *jwt, struct cbi_who *out)
{
	const char *iss = claim(jwt, "iss"), *aud = claim(jwt, "aud");
	int rc;

	if (strcmp(jwt->typ, CBI_AUTH_TYP_LIMITED) == 0)
		return cb_fail(ctx, CB_EAUTH,
		               "a limited token is no bearer token");
	rc = verify_own(ctx, auth, jwt, &out->expires);
	if (rc < 0)
		return rc;
	if (!iss || strcmp(iss, auth->issuer) != 0)
		return cb_fail(ctx, CB_EAUTH, "the token has another issuer");
	if (!aud || strcmp(aud, CBI_AUTH_AUDIENCE) != 0)
		return cb_fail(ctx, CB_EAUTH, "the token is for others");
	return take_user(ctx, auth, jwt, out);
}

static bool is_plugin(const char *name)
{
	return name && *name && strlen(name) <= CBI_AUTH_PLUGIN_MAX &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")];
}

/* It is good for the plugin that it names alone: `may` looks at limits. */
static int verify_plugin(struct cb_ctx *ctx, const struct cbi_auth *auth,
                         const struct cbi_jwt *jwt, struct cbi_who *out)
{
	const char *sub = claim(jwt, "sub"), *aud = claim(jwt, "aud");
	const json_t *obo = json_object_get(jwt->payload, "obo");
	struct cbi_who_limit *limit;
	struct cbi_jwt behalf;
	int rc = verify_own(ctx, auth, jwt, &out->expires);

	if (rc < 0)
		return rc;
	if (!is_plugin(sub) || !is_plugin(aud))
		return cb_fail(ctx, CB_EAUTH, "the token names no plugin");
	if (obo) {
		int64_t mine = out->expires;

		rc = json_is_string(obo)
		         ? cbi_jose_read(ctx, json_string_value(obo), &behalf)
		         : CB_ENOENT;
		if (rc == CB_ENOENT)
			return cb_fail(ctx, CB_EAUTH,
			               "the token acts for nobody we know");
		if (rc == CB_OK)
			rc = verify_limited(ctx, auth, &behalf, out);
		if (rc < 0)
			return rc;
		if (mine < out->expires)
			out->expires = mine;
		out->plugin = sub;
	} else {
		out->kind = CBI_WHO_SERVICE;
		out->subject = cb_printf(ctx, "plugin:%s", sub);
	}
	limit = cb_alloc(ctx, sizeof(*limit));
	if (!limit || !out->subject)
		return CB_ENOMEM;
	limit->plugin = aud;
	out->limits = limit;
	out->limits_count = 1;
	return CB_OK;
}

/*
 * The session that a token was made in may be over, and all that a user had
 * until then may have been taken from him.  Of a token without a session the
 * time alone is known, and that by another host's clock.
 */
static bool is_revoked(struct cb_ctx *ctx, struct cbi_auth *auth,
                       const struct cbi_who *who,
                       const struct cbi_memory_note *note)
{
	char what[CBI_AUTH_SID_LEN + 16];
	int64_t skew = CBI_AUTH_SKEW_S * 1000;

	if (who->kind != CBI_WHO_USER || who->personal)
		return false;
	if (note->sid) {
		snprintf(what, sizeof(what), "session:%s", note->sid);
		if (cbi_auth_revoked(ctx, auth, what, 0))
			return true;
	}
	/* As with a session itself: auth/session.c. */
	return cbi_auth_revoked(ctx, auth, who->subject,
	                        note->made_ms + (note->sid ? skew : -skew));
}

static int check_revoked(struct cb_ctx *ctx, struct cbi_auth *auth,
                         const struct cbi_who *who,
                         const struct cbi_memory_note *note)
{
	return is_revoked(ctx, auth, who, note)
	           ? cb_fail(ctx, CB_EAUTH, "the token was revoked")
	           : CB_OK;
}

int cbi_auth_limited(struct cb_ctx *ctx, struct cbi_auth *auth,
                     const char *token, struct cbi_who *out)
{
	struct cbi_who who = { .subject = "" };
	struct cbi_memory_note note = { .sid = NULL };
	struct cbi_jwt jwt;
	int rc = cbi_jose_read(ctx, token, &jwt);

	if (rc == CB_ENOENT)
		return cb_fail(ctx, CB_EAUTH, "no limited token");
	if (rc == CB_OK) {
		note.made_ms = made_ms(&jwt);
		rc = verify_limited(ctx, auth, &jwt, &who);
	}
	if (rc == CB_OK)
		rc = check_revoked(ctx, auth, &who, &note);
	if (rc == CB_OK)
		*out = who;
	return rc;
}

static int verify(struct cb_ctx *ctx, struct cbi_auth *auth, const char *token,
                  struct cbi_memory_note *note, struct cbi_who *out)
{
	struct cbi_jwt jwt;
	int rc = cbi_jose_read(ctx, token, &jwt);
	const char *aud;

	if (rc == CB_ENOENT)
		return cbi_auth_static(ctx, auth, token, out);
	if (rc < 0)
		return rc;
	note->made_ms = made_ms(&jwt);
	note->sid = sid_of(&jwt);
	if (strcmp(jwt.typ, CBI_AUTH_TYP_PLUGIN) == 0)
		return verify_plugin(ctx, auth, &jwt, out);
	aud = claim(&jwt, "aud");
	if (strcmp(jwt.typ, CBI_AUTH_TYP_USER) == 0 ||
	    strcmp(jwt.typ, CBI_AUTH_TYP_LIMITED) == 0 ||
	    (!*jwt.typ && aud && strcmp(aud, CBI_AUTH_AUDIENCE) == 0))
		return verify_user(ctx, auth, &jwt, out);
	return cbi_auth_external(ctx, auth, &jwt, note, out);
}

int cbi_auth_bearer_who(struct cb_ctx *ctx, struct cbi_auth *auth,
                        const char *token, struct cbi_who *out)
{
	struct cbi_memory_note note = cbi_memory_begin();
	struct cbi_who who = { .subject = "" };
	int rc;

	if (cbi_str_starts(token, CBI_AUTH_PERSONAL))
		rc = cbi_auth_personal(ctx, auth, token, &who);
	else if (cbi_memory_find(ctx, auth->memory, token, &who, &note))
		rc = check_revoked(ctx, auth, &who, &note);
	else {
		rc = verify(ctx, auth, token, &note, &who);
		if (rc == CB_OK)
			rc = check_revoked(ctx, auth, &who, &note);
		/* A static token is looked up in no time. */
		if (rc == CB_OK && who.expires)
			cbi_memory_keep(auth->memory, token, &note, &who);
	}
	if (rc == CB_OK)
		*out = who;
	return rc;
}
