/* SPDX-License-Identifier: Apache-2.0 */
/*
 * external_who.c - whether a token is one that backend.auth.externalAccess
 * lets in.
 */
#include "auth/auth_priv.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "jose/jose.h"

#define STATIC_MAX 4096
#define SUBJECT_MAX 500
/* Verified tokens of an issuer are remembered no longer than his keys are
 * believed unasked. */
#define ISSUER_MS 600000
/* Who signed it was a portal's backend, says the older form. */
#define LEGACY_SUBJECT "backstage-server"

static void take(const struct cbi_external *row, const char *subject,
                 struct cbi_who *out)
{
	out->kind = CBI_WHO_SERVICE;
	out->subject = subject;
	out->limits = row->limits;
	out->limits_count = row->limits_count;
}

int cbi_auth_static(struct cb_ctx *ctx, const struct cbi_auth *auth,
                    const char *token, struct cbi_who *out)
{
	unsigned char hash[CB_SHA256_LEN];
	const struct cbi_external *found = NULL;
	size_t len = strlen(token);

	if (len > STATIC_MAX)
		return cb_fail(ctx, CB_EAUTH, "the token is too long");
	cbi_crypto_sha256(token, len, hash);
	/* Hashes: where they differ tells nothing of the token. */
	for (size_t i = 0; i < auth->external_count; i++)
		if (auth->external[i].kind == CBI_EXTERNAL_STATIC &&
		    memcmp(hash, auth->external[i].hash, sizeof(hash)) == 0)
			found = &auth->external[i];
	if (!found)
		return cb_fail(ctx, CB_EAUTH, "nobody here knows this token");
	take(found, found->subject, out);
	return CB_OK;
}

static int try_legacy(struct cb_ctx *ctx, const struct cbi_external *row,
                      const struct cbi_jwt *jwt, struct cbi_who *out)
{
	const char *sub =
	    json_string_value(json_object_get(jwt->payload, "sub"));
	json_t *key;
	int rc;

	if (jwt->alg != CBI_JOSE_HS256 || !sub ||
	    strcmp(sub, LEGACY_SUBJECT) != 0 ||
	    json_object_get(jwt->payload, "aud"))
		return CB_ENOENT;
	rc = cbi_jose_secret(ctx, row->secret, row->secret_len, &key);
	if (rc < 0)
		return rc;
	if (cbi_jose_verify(ctx, jwt, key, CBI_JOSE_HS256) < 0) {
		cb_failure_clear(ctx);
		return CB_ENOENT; /* another row's secret, perhaps */
	}
	rc = cbi_auth_times(ctx, jwt, &out->expires);
	if (rc == CB_OK)
		take(row, row->subject, out);
	return rc;
}

static bool is_in(const char *const *list, const char *text)
{
	for (; *list; list++)
		if (text && strcmp(*list, text) == 0)
			return true;
	return false;
}

static bool is_for(const char *const *wanted, const json_t *aud)
{
	if (json_is_string(aud))
		return is_in(wanted, json_string_value(aud));
	for (size_t i = 0; i < json_array_size(aud); i++)
		if (is_in(wanted, json_string_value(json_array_get(aud, i))))
			return true;
	return false;
}

/* What needs no key comes first, so that a token for others moves nothing. */
static bool concerns(const struct cbi_external *row, const struct cbi_jwt *jwt)
{
	const json_t *iss = json_object_get(jwt->payload, "iss");
	const json_t *aud = json_object_get(jwt->payload, "aud");

	return (jwt->alg & row->algs) &&
	       (!row->issuers || is_in(row->issuers, json_string_value(iss))) &&
	       (!row->audiences || is_for(row->audiences, aud));
}

static int try_jwks(struct cb_ctx *ctx, const struct cbi_auth *auth,
                    const struct cbi_external *row, const struct cbi_jwt *jwt,
                    struct cbi_memory_note *note, struct cbi_who *out)
{
	const char *sub =
	    json_string_value(json_object_get(jwt->payload, "sub"));
	const char *subject;
	const json_t *key;
	int rc;

	if (!concerns(row, jwt))
		return CB_ENOENT;
	if (!sub || !*sub || strlen(sub) > SUBJECT_MAX)
		return cb_fail(ctx, CB_EAUTH, "the token names nobody");
	rc = cbi_auth_times(ctx, jwt, &out->expires);
	if (rc == CB_OK)
		rc = cbi_issuer_key(ctx, auth, row->issuer, jwt, &key,
		                    &note->keys_number);
	if (rc == CB_OK)
		rc = cbi_jose_verify(ctx, jwt, key, row->algs);
	if (rc < 0)
		return rc;
	note->keys = &row->issuer->number;
	note->no_later = cbi_clock_wall_ms() + ISSUER_MS;
	subject = cb_printf(ctx, "%s%s", row->prefix, sub);
	if (!subject)
		return CB_ENOMEM;
	take(row, subject, out);
	return CB_OK;
}

/* The first row that lets it in; else why the nearest one does not: keys that
 * cannot be had are no judgement. */
int cbi_auth_external(struct cb_ctx *ctx, const struct cbi_auth *auth,
                      const struct cbi_jwt *jwt, struct cbi_memory_note *note,
                      struct cbi_who *out)
{
	int worst = CB_ENOENT;
	const char *why = "nobody here knows this token";

	for (size_t i = 0; i < auth->external_count; i++) {
		const struct cbi_external *row = &auth->external[i];
		int rc = row->kind == CBI_EXTERNAL_LEGACY
		             ? try_legacy(ctx, row, jwt, out)
		         : row->kind == CBI_EXTERNAL_JWKS
		             ? try_jwks(ctx, auth, row, jwt, note, out)
		             : CB_ENOENT;

		if (rc == CB_OK)
			return rc;
		if (rc != CB_EAUTH && rc != CB_EAWAY && rc != CB_ENOENT)
			return rc;
		if (rc != CB_ENOENT && worst != CB_EAWAY) {
			worst = rc;
			why = cb_strdup(ctx, cb_failure(ctx));
		}
		cb_failure_clear(ctx);
	}
	if (worst == CB_ENOENT &&
	    cbi_auth_static(ctx, auth, jwt->text, out) == CB_OK)
		return CB_OK;
	cb_failure_clear(ctx);
	return cb_fail(ctx, worst == CB_ENOENT ? CB_EAUTH : worst, "%s",
	               why ? why : "nobody here knows this token");
}
