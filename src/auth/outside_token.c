/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside_token.c - is an ID token the provider's, for us, and of this
 * sign-in?  (OpenID Connect Core, 3.1.3.7.)
 */
#include <string.h>

#include "auth/auth_priv.h"
#include "auth/outside_priv.h"
#include "base/clock.h"
#include "base/str.h"
#include "callboard/json.h"
#include "jose/jose.h"

static int refuse(struct cb_ctx *ctx, const struct cbi_idp *idp,
                  const char *why)
{
	cb_failure_clear(ctx);
	return cb_fail(ctx, CB_EAUTH, "the token of %s %s", idp->title, why);
}

int cbi_outside_pick(struct cb_ctx *ctx, struct cbi_outside *outside,
                     const struct cbi_idp *idp, const char *url,
                     const struct cbi_jwt *jwt, const json_t **key)
{
	json_t *set;
	int rc = cbi_outside_keys(ctx, outside, idp, url, false, &set);

	if (rc < 0)
		return rc;
	*key = cbi_jose_pick(set, jwt);
	if (*key)
		return CB_OK;
	rc = cbi_outside_keys(ctx, outside, idp, url, true, &set);
	if (rc == CB_OK)
		*key = cbi_jose_pick(set, jwt);
	else if (rc != CB_ECHANGED)
		return rc;
	return *key ? CB_OK
	            : refuse(ctx, idp,
	                     "is signed by a key that it does not "
	                     "publish");
}

/* Entra's issuer for all tenants has a place for the token's own. */
static const char *issuer_of(struct cb_ctx *ctx, const char *issuer,
                             const json_t *claims)
{
	const char *hole = strstr(issuer, "{tenantid}");
	const char *tid = json_string_value(json_object_get(claims, "tid"));

	if (!hole || !tid)
		return issuer;
	return cb_printf(ctx, "%.*s%s%s", (int)(hole - issuer), issuer, tid,
	                 hole + strlen("{tenantid}"));
}

static bool is_for(const json_t *claims, const char *client)
{
	const json_t *aud = json_object_get(claims, "aud");
	const char *azp = json_string_value(json_object_get(claims, "azp"));
	const char *one = json_string_value(aud);
	bool found = one && strcmp(one, client) == 0;

	for (size_t i = 0; i < json_array_size(aud); i++) {
		one = json_string_value(json_array_get(aud, i));
		found = found || (one && strcmp(one, client) == 0);
	}
	if (json_array_size(aud) > 1 && !azp)
		return false;
	return found && (!azp || strcmp(azp, client) == 0);
}

static int64_t time_of(const json_t *claims, const char *name)
{
	const json_t *value = json_object_get(claims, name);

	return json_is_number(value) && json_number_value(value) > 0 &&
	               json_number_value(value) < 1e12
	           ? (int64_t)json_number_value(value)
	           : -1;
}

static const char *time_trouble(const json_t *claims)
{
	int64_t now = cbi_clock_wall_ms() / 1000;

	if (time_of(claims, "exp") + CBI_AUTH_SKEW_S < now)
		return "has expired";
	if (time_of(claims, "iat") < 0 ||
	    time_of(claims, "iat") > now + CBI_AUTH_SKEW_S)
		return "is of another time";
	if (json_object_get(claims, "nbf") &&
	    (time_of(claims, "nbf") < 0 ||
	     time_of(claims, "nbf") > now + CBI_AUTH_SKEW_S))
		return "is not valid yet";
	return NULL;
}

static const char *trouble_of(struct cb_ctx *ctx, const struct cbi_idp *idp,
                              json_t *document, const json_t *claims,
                              const char *nonce)
{
	const char *iss = json_string_value(json_object_get(claims, "iss"));
	const char *sub = json_string_value(json_object_get(claims, "sub"));
	const char *said = json_string_value(json_object_get(claims, "nonce"));
	const char *right =
	    issuer_of(ctx, cb_json_text(document, "issuer", ""), claims);

	if (!iss || !right || strcmp(iss, right) != 0)
		return "is another issuer's";
	if (!is_for(claims, idp->client_id))
		return "is for another client";
	if (!sub || !*sub)
		return "is of nobody";
	if (nonce && (!said || !cbi_str_equal_secret(said, nonce)))
		return "is of another sign-in";
	return time_trouble(claims);
}

int cbi_outside_id_token(struct cb_ctx *ctx, struct cbi_outside *outside,
                         const struct cbi_idp *idp, json_t *document,
                         const char *token, const char *nonce,
                         const json_t **claims)
{
	const char *url = cb_json_text(document, "jwks_uri", "");
	const char *trouble;
	const json_t *key;
	struct cbi_jwt jwt;
	int rc = cbi_jose_read(ctx, token, &jwt);

	if (rc == CB_ENOENT || rc == CB_EAUTH)
		return refuse(ctx, idp, "is no token");
	if (rc < 0)
		return rc;
	if (!(jwt.alg & idp->algs))
		return refuse(ctx, idp,
		              "is not signed as this portal expects it");
	rc = cbi_outside_pick(ctx, outside, idp, url, &jwt, &key);
	if (rc < 0)
		return rc;
	if (cbi_jose_verify(ctx, &jwt, key, idp->algs) < 0)
		return refuse(ctx, idp, "has a wrong signature");
	trouble = trouble_of(ctx, idp, document, jwt.payload, nonce);
	if (trouble)
		return refuse(ctx, idp, trouble);
	*claims = jwt.payload;
	return CB_OK;
}
