/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assertion.c - see assertion.h.
 */
#include "auth/assertion.h"

#include <string.h>

#include "auth/auth_priv.h"

/* ALB pads its base64, which no JWT has: without that it is one. */
static const char *without_padding(struct cb_ctx *ctx, const char *text)
{
	char *out = cb_alloc(ctx, strlen(text) + 1), *at = out;

	for (; out && *text; text++) {
		if (*text != '=')
			*at++ = *text;
		else if (text[1] && text[1] != '=' && text[1] != '.')
			return "";
	}
	return out;
}

int cbi_assertion_read(struct cb_ctx *ctx, const char *text,
                       struct cbi_assertion *out)
{
	const char *plain;
	int rc;

	if (strnlen(text, CB_JOSE_TOKEN_MAX + 1) > CB_JOSE_TOKEN_MAX)
		return cb_fail(ctx, CB_EAUTH, "the assertion is too long");
	plain = without_padding(ctx, text);
	if (!plain)
		return CB_ENOMEM;
	rc = cbi_jose_read(ctx, plain, &out->jwt);
	if (rc == CB_ENOENT)
		return cb_fail(ctx, CB_EAUTH, "the assertion is no token");
	out->text = text;
	return rc;
}

const char *cbi_assertion_subject(struct cb_ctx *ctx, const char *text)
{
	struct cbi_assertion one;

	if (cbi_assertion_read(ctx, text, &one) < 0) {
		cb_failure_clear(ctx);
		return NULL;
	}
	return json_string_value(json_object_get(one.jwt.payload, "sub"));
}

/* Over the text as it came, by a key in PEM. */
static bool is_signed(const struct cbi_assertion *a, const char *pem)
{
	const char *last = strrchr(a->text, '.');
	const char *plain = strrchr(a->jwt.text, '.') + 1;
	unsigned char sig[CB_ES256_LEN + 3];
	size_t len = strlen(plain), n;

	return len <= CB_BASE64_LEN(CB_ES256_LEN) &&
	       cbi_crypto_unbase64(CBI_BASE64_URL, plain, len, sig, &n) &&
	       n == CB_ES256_LEN &&
	       cbi_crypto_es256(pem, a->text, (size_t)(last - a->text), sig);
}

static const char *text_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* ALB says who it is in the header, IAP whom it speaks to in the payload. */
static const char *trouble_of(const struct cbi_idp *idp,
                              const struct cbi_jwt *jwt)
{
	const char *iss = text_at(jwt->payload, "iss");

	if (idp->signer &&
	    strcmp(text_at(jwt->header, "signer"), idp->signer) != 0)
		return "another load balancer's";
	if (idp->signer && !*iss)
		iss = text_at(jwt->header, "iss");
	if (strcmp(iss, idp->issuer) != 0)
		return "of another issuer";
	if (idp->audience &&
	    strcmp(text_at(jwt->payload, "aud"), idp->audience) != 0)
		return "for others";
	if (!*text_at(jwt->payload, "sub"))
		return "about nobody";
	return NULL;
}

int cbi_assertion_check(struct cb_ctx *ctx, const struct cbi_idp *idp,
                        const struct cbi_assertion *a, const json_t *key)
{
	struct cbi_jwt times = a->jwt;
	const char *trouble;
	int64_t expires;
	int rc = CB_OK;

	if (a->jwt.alg != CBI_JOSE_ES256)
		return cb_fail(ctx, CB_EAUTH,
		               "the assertion is not signed with ES256");
	if (!json_is_string(key))
		rc = cbi_jose_verify(ctx, &a->jwt, key, CBI_JOSE_ES256);
	else if (!is_signed(a, json_string_value(key)))
		rc = cb_fail(ctx, CB_EAUTH,
		             "the assertion's signature is not right");
	if (rc < 0)
		return rc;
	trouble = trouble_of(idp, &a->jwt);
	if (trouble)
		return cb_fail(ctx, CB_EAUTH, "the assertion is %s", trouble);
	/* ALB promises the time in the header. */
	if (!json_object_get(times.payload, "exp"))
		times.payload = times.header;
	return cbi_auth_times(ctx, &times, &expires);
}
