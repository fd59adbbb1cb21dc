/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - making tokens of the three kinds that stock clients know.
 *
 * A user's token holds `uip`, the signature of the limited token that whoever
 * has it can put together by himself: header {typ, alg, kid} and payload
 * {sub, iat, exp} in exactly this order, without spaces.  One that is made in
 * a session names that by its hash (`sid`), and ends with it.
 */
#include "auth/auth_priv.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "jose/jose.h"

/* A plugin's token lives as long as one request may take, and some more. */
#define PLUGIN_S 3600
#define PAYLOAD_MAX (64 * CB_KIB)

/* What signs, from when until when (seconds). */
struct term {
	json_t *jwk;
	const char *kid;
	int64_t from, until;
};

static int open_term(struct cb_ctx *ctx, const struct cbi_auth *auth,
                     int64_t life_s, int64_t no_later_ms, struct term *out)
{
	int64_t expires;
	int rc = cbi_auth_signer(ctx, auth, &out->jwk, &expires);

	if (rc < 0)
		return rc;
	out->kid = json_string_value(json_object_get(out->jwk, "kid"));
	out->from = cbi_clock_wall_ms() / 1000;
	out->until = out->from + life_s;
	/* Nobody could verify it any more; a key that is over already is one
	 * that nobody can replace just now. */
	if (expires / 1000 > out->from && expires / 1000 < out->until)
		out->until = expires / 1000;
	if (no_later_ms && no_later_ms / 1000 < out->until)
		out->until = no_later_ms / 1000;
	return out->kid ? CB_OK
	                : cb_fail(ctx, CB_EBUG, "a key of tokens has no kid");
}

static int sign(struct cb_ctx *ctx, const struct term *term, const char *typ,
                struct cb_buf *payload, const char **token)
{
	const char *header =
	    cb_printf(ctx, "{\"typ\":\"%s\",\"alg\":\"ES256\",\"kid\":\"%s\"}",
	              typ, term->kid);
	int rc = payload->failed;

	if (rc == CB_OK && !header)
		rc = CB_ENOMEM;
	if (rc == CB_OK)
		rc = cbi_jose_sign(ctx, term->jwk, header,
		                   cbi_buf_string(payload), token);
	cbi_buf_finish(payload);
	return rc;
}

static void member(struct cb_buf *buf, const char *name, const char *text)
{
	cb_buf_printf(buf, "%s\"%s\":", buf->len > 1 ? "," : "", name);
	cbi_str_json(buf, text, strlen(text));
}

static void times(struct cb_buf *buf, const struct term *term)
{
	cb_buf_printf(buf, ",\"iat\":%lld,\"exp\":%lld", (long long)term->from,
	              (long long)term->until);
}

static int sign_limited(struct cb_ctx *ctx, const struct term *term,
                        const char *subject, const char **token)
{
	struct cb_buf payload;

	cbi_buf_init(&payload, PAYLOAD_MAX);
	cb_buf_text(&payload, "{");
	member(&payload, "sub", subject);
	times(&payload, term);
	cb_buf_text(&payload, "}");
	return sign(ctx, term, CBI_AUTH_TYP_LIMITED, &payload, token);
}

static void add_owns(struct cb_buf *buf, const struct cbi_who *user)
{
	cb_buf_text(buf, ",\"ent\":[");
	for (size_t i = 0; i < user->owns_count; i++) {
		if (i)
			cb_buf_text(buf, ",");
		cbi_str_json(buf, user->owns[i], strlen(user->owns[i]));
	}
	cb_buf_text(buf, "]");
}

static int check_user(struct cb_ctx *ctx, const struct cbi_who *user)
{
	if (user->kind != CBI_WHO_USER && user->kind != CBI_WHO_GUEST)
		return cb_fail(ctx, CB_EDENIED,
		               "only users have tokens of users");
	if (user->viewer)
		return cb_fail(ctx, CB_EDENIED,
		               "nobody gets a token of who he looks as");
	return CB_OK;
}

int cbi_auth_issue(struct cb_ctx *ctx, struct cbi_auth *auth,
                   const struct cbi_who *user, const char **token,
                   int64_t *expires_ms)
{
	struct term term;
	struct cb_buf payload;
	char sid[CB_SHA256_HEX];
	const char *limited;
	int rc = check_user(ctx, user);

	if (rc == CB_OK)
		rc = open_term(ctx, auth, auth->token_ms / 1000,
		               user->session ? user->expires : 0, &term);
	if (rc == CB_OK)
		rc = sign_limited(ctx, &term, user->subject, &limited);
	if (rc < 0)
		return rc;
	cbi_buf_init(&payload, PAYLOAD_MAX);
	cb_buf_text(&payload, "{");
	/* Claims of one's own stand first, as upstream puts them. */
	if (user->session && user->kind == CBI_WHO_USER) {
		cbi_auth_session_hash(user->session, sid);
		member(&payload, "sid", sid);
	}
	member(&payload, "iss", auth->issuer);
	member(&payload, "sub", user->subject);
	if (!auth->omit_owns)
		add_owns(&payload, user);
	member(&payload, "aud", CBI_AUTH_AUDIENCE);
	times(&payload, &term);
	member(&payload, "uip", strrchr(limited, '.') + 1);
	cb_buf_text(&payload, "}");
	rc = sign(ctx, &term, CBI_AUTH_TYP_USER, &payload, token);
	if (rc == CB_OK)
		*expires_ms = term.until * 1000;
	return rc;
}

int cbi_auth_issue_plugin(struct cb_ctx *ctx, struct cbi_auth *auth,
                          const char *plugin, const char *target,
                          const struct cbi_who *user, const char **token)
{
	struct term term;
	struct cb_buf payload;
	const char *limited = NULL;
	int rc = user ? check_user(ctx, user) : CB_OK;

	if (rc == CB_OK)
		rc = open_term(ctx, auth, PLUGIN_S, user ? user->expires : 0,
		               &term);
	if (rc == CB_OK && user)
		rc = sign_limited(ctx, &term, user->subject, &limited);
	if (rc < 0)
		return rc;
	cbi_buf_init(&payload, PAYLOAD_MAX);
	cb_buf_text(&payload, "{");
	member(&payload, "sub", plugin);
	member(&payload, "aud", target);
	times(&payload, &term);
	if (limited)
		member(&payload, "obo", limited);
	cb_buf_text(&payload, "}");
	return sign(ctx, &term, CBI_AUTH_TYP_PLUGIN, &payload, token);
}

/* Put together as everybody who holds the user's token can. */
int cbi_auth_limit(struct cb_ctx *ctx, const char *token, const char **limited,
                   int64_t *expires_ms)
{
	char head[CB_BASE64_LEN(CBI_AUTH_KID_MAX + 80)];
	const char *sub, *uip, *text;
	struct cb_buf payload;
	char *encoded;
	int64_t iat, exp;
	struct cbi_jwt jwt;
	size_t len;
	int rc = cbi_jose_read(ctx, token, &jwt);

	if (rc < 0)
		return cb_fail(ctx, CB_EAUTH, "no user's token");
	sub = json_string_value(json_object_get(jwt.payload, "sub"));
	uip = json_string_value(json_object_get(jwt.payload, "uip"));
	iat = json_integer_value(json_object_get(jwt.payload, "iat"));
	exp = json_integer_value(json_object_get(jwt.payload, "exp"));
	if (!sub || !uip || strlen(jwt.kid) > CBI_AUTH_KID_MAX)
		return cb_fail(ctx, CB_EINVAL,
		               "this token has no limited form");
	text = cb_printf(ctx,
	                 "{\"typ\":\"" CBI_AUTH_TYP_LIMITED
	                 "\",\"alg\":\"ES256\",\"kid\":\"%s\"}",
	                 jwt.kid);
	if (!text)
		return CB_ENOMEM;
	cbi_crypto_base64(CBI_BASE64_URL, text, strlen(text), head);
	cbi_buf_init(&payload, PAYLOAD_MAX);
	cb_buf_text(&payload, "{");
	member(&payload, "sub", sub);
	times(&payload, &(struct term){ .from = iat, .until = exp });
	cb_buf_text(&payload, "}");
	len = payload.len;
	encoded = cb_alloc(ctx, CB_BASE64_LEN(len));
	if (encoded)
		cbi_crypto_base64(CBI_BASE64_URL, cbi_buf_string(&payload), len,
		                  encoded);
	cbi_buf_finish(&payload);
	if (!encoded)
		return CB_ENOMEM;
	*limited = cb_printf(ctx, "%s.%s.%s", head, encoded, uip);
	*expires_ms = exp * 1000;
	return *limited ? CB_OK : CB_ENOMEM;
}
