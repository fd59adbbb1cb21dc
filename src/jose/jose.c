/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jose.c - see jose.h.
 *
 * libjose writes what it thinks of its input to stderr unless it is told not
 * to: each call gets a config of its own that keeps silent, because its count
 * of users is not safe between threads.
 */
#include "jose/jose.h"

#include <string.h>

#include <callboard/json.h>

#include <jose/b64.h>
#include <jose/cfg.h>
#include <jose/jwk.h>
#include <jose/jws.h>

/* 2,048 bits. */
#define RSA_BYTES_MIN 256
/* HMAC pads a shorter secret with zeros to a block, so that padding it here
 * changes no signature; libjose wants as many bytes as the hash has. */
#define SECRET_MIN 32
#define SECRET_MAX 1024

static const struct {
	const char *name, *kty, *crv;
} algs[] = {
	{ "HS256", "oct", NULL },   { "RS256", "RSA", NULL },
	{ "RS384", "RSA", NULL },   { "RS512", "RSA", NULL },
	{ "PS256", "RSA", NULL },   { "PS384", "RSA", NULL },
	{ "PS512", "RSA", NULL },   { "ES256", "EC", "P-256" },
	{ "ES384", "EC", "P-384" }, { "ES512", "EC", "P-521" },
};
#define ALGS (sizeof(algs) / sizeof(algs[0]))

static void keep_silent(void *misc, const char *file, int line, uint64_t err,
                        const char *fmt, va_list args)
{
	(void)misc;
	(void)file;
	(void)line;
	(void)err;
	(void)fmt;
	(void)args;
}

static jose_cfg_t *open_cfg(void)
{
	jose_cfg_t *cfg = jose_cfg();

	if (cfg)
		jose_cfg_set_err_func(cfg, keep_silent, NULL);
	return cfg;
}

static void drop(void *value)
{
	json_decref(value);
}

/* The value lives with ctx from here on. */
static int keep(struct cb_ctx *ctx, json_t *value)
{
	if (!value)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a key or token");
	return cb_defer(ctx, drop, value);
}

static const char *text_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

unsigned cbi_jose_alg(const char *name)
{
	for (size_t i = 0; name && i < ALGS; i++)
		if (strcmp(algs[i].name, name) == 0)
			return 1u << i;
	return 0;
}

/* --- keys --- */

int cbi_jose_generate(struct cb_ctx *ctx, const char *kid, const char **jwk)
{
	json_t *key = json_pack("{s:s, s:s}", "alg", "ES256", "kid", kid);
	jose_cfg_t *cfg = open_cfg();
	int rc = keep(ctx, key);
	char *text = NULL;

	if (rc == CB_OK && !(cfg && jose_jwk_gen(cfg, key)))
		rc = cb_fail(ctx, CB_EBUG, "libjose makes no ES256 key");
	if (cfg)
		jose_cfg_decref(cfg);
	if (rc < 0)
		return rc;
	/* What it is for is told by alg; key_ops would forbid the public half
	 * to stand for anything. */
	json_object_del(key, "key_ops");
	text = json_dumps(key, JSON_COMPACT);
	*jwk = text ? cb_strdup(ctx, text) : NULL;
	if (text) {
		explicit_bzero(text, strlen(text));
		free(text);
	}
	return *jwk ? CB_OK : cb_fail(ctx, CB_ENOMEM, "no memory for a key");
}

int cbi_jose_public(struct cb_ctx *ctx, const json_t *jwk, json_t **out)
{
	static const char *const members[] = { "kty", "crv", "x",   "y",
		                               "n",   "e",   "kid", "alg" };
	json_t *key = json_object();
	int rc = keep(ctx, key);

	if (rc < 0)
		return rc;
	if (strcmp(text_at(jwk, "kty"), "oct") == 0)
		return cb_fail(ctx, CB_EBUG, "a secret has no public half");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		json_t *value = json_object_get(jwk, members[i]);

		if (value && json_object_set(key, members[i], value))
			return cb_fail(ctx, CB_ENOMEM, "no memory for a key");
	}
	if (json_object_set_new(key, "use", json_string("sig")))
		return cb_fail(ctx, CB_ENOMEM, "no memory for a key");
	*out = key;
	return CB_OK;
}

int cbi_jose_secret(struct cb_ctx *ctx, const void *secret, size_t len,
                    json_t **out)
{
	unsigned char padded[SECRET_MAX] = { 0 };
	json_t *key;
	int rc;

	if (len == 0 || len > sizeof(padded))
		return cb_fail(ctx, CB_EINVAL,
		               "a secret has 1 to %d bytes, not %zu",
		               SECRET_MAX, len);
	memcpy(padded, secret, len);
	key = json_pack(
	    "{s:s, s:s, s:o}", "kty", "oct", "alg", "HS256", "k",
	    jose_b64_enc(padded, len < SECRET_MIN ? SECRET_MIN : len));
	explicit_bzero(padded, sizeof(padded));
	rc = keep(ctx, key);
	if (rc == CB_OK)
		*out = key;
	return rc;
}

/* May a key of this kind make signatures of this algorithm? */
static bool fits(const json_t *jwk, unsigned alg)
{
	const char *own = text_at(jwk, "alg"), *use = text_at(jwk, "use");
	size_t i = 0;

	while (i < ALGS && alg != 1u << i)
		i++;
	if (i == ALGS || strcmp(text_at(jwk, "kty"), algs[i].kty) != 0)
		return false;
	if (*own && strcmp(own, algs[i].name) != 0)
		return false;
	if (*use && strcmp(use, "sig") != 0)
		return false;
	if (algs[i].crv)
		return strcmp(text_at(jwk, "crv"), algs[i].crv) == 0;
	return strcmp(algs[i].kty, "RSA") != 0 ||
	       jose_b64_dec(json_object_get(jwk, "n"), NULL, 0) >=
	           RSA_BYTES_MIN;
}

const json_t *cbi_jose_pick(const json_t *set, const struct cbi_jwt *jwt)
{
	const json_t *keys = json_object_get(set, "keys"), *found = NULL;

	for (size_t i = 0; i < json_array_size(keys); i++) {
		const json_t *key = json_array_get(keys, i);

		if (*jwt->kid) {
			if (strcmp(text_at(key, "kid"), jwt->kid) == 0)
				return key;
		} else if (fits(key, jwt->alg)) {
			if (found)
				return NULL;
			found = key;
		}
	}
	return found;
}

/* --- signing --- */

static const char *join(struct cb_ctx *ctx, const json_t *jws)
{
	return cb_printf(ctx, "%s.%s.%s", text_at(jws, "protected"),
	                 text_at(jws, "payload"), text_at(jws, "signature"));
}

int cbi_jose_sign(struct cb_ctx *ctx, const json_t *jwk, const char *header,
                  const char *payload, const char **token)
{
	json_t *jws = json_pack("{s:o}", "payload",
	                        jose_b64_enc(payload, strlen(payload)));
	/* An object would have its members sorted; a text stands. */
	json_t *sig = json_pack("{s:o}", "protected",
	                        jose_b64_enc(header, strlen(header)));
	jose_cfg_t *cfg = open_cfg();
	int rc = keep(ctx, jws), also = keep(ctx, sig);

	if (rc == CB_OK)
		rc = also;
	if (rc == CB_OK && !(cfg && jose_jws_sig(cfg, jws, sig, jwk)))
		rc = cb_fail(ctx, CB_EBUG, "the key cannot sign");
	if (cfg)
		jose_cfg_decref(cfg);
	if (rc < 0)
		return rc;
	*token = join(ctx, jws);
	return *token ? CB_OK : CB_ENOMEM;
}

/* --- verifying --- */

static int part(struct cb_ctx *ctx, const char *text, size_t len, json_t **out)
{
	size_t need = jose_b64_dec_buf(text, len, NULL, 0);
	char *bytes;

	if (len == 0 || need == SIZE_MAX)
		return CB_ENOENT;
	bytes = cb_alloc(ctx, need + 1);
	if (!bytes)
		return CB_ENOMEM;
	if (jose_b64_dec_buf(text, len, bytes, need) != need ||
	    cb_json_parse(ctx, bytes, need, out) != CB_OK) {
		cb_failure_clear(ctx);
		return CB_ENOENT;
	}
	return json_is_object(*out) ? CB_OK : CB_ENOENT;
}

int cbi_jose_read(struct cb_ctx *ctx, const char *token, struct cbi_jwt *out)
{
	size_t len = strnlen(token, CB_JOSE_TOKEN_MAX + 1);
	size_t head = strcspn(token, "."), body;
	json_t *header, *payload;
	int rc;

	if (len > CB_JOSE_TOKEN_MAX)
		return cb_fail(ctx, CB_EAUTH,
		               "the token is longer than %d characters",
		               CB_JOSE_TOKEN_MAX);
	if (token[head] != '.')
		return CB_ENOENT;
	body = strcspn(token + head + 1, ".");
	if (token[head + 1 + body] != '.')
		return CB_ENOENT;
	rc = part(ctx, token, head, &header);
	if (rc < 0)
		return rc;
	if (!json_is_string(json_object_get(header, "alg")))
		return CB_ENOENT;
	if (json_object_get(header, "crit"))
		return cb_fail(ctx, CB_EAUTH,
		               "the token has critical extensions");
	rc = part(ctx, token + head + 1, body, &payload);
	if (rc == CB_ENOENT)
		return cb_fail(ctx, CB_EAUTH, "the token's payload is broken");
	if (rc < 0)
		return rc;
	*out = (struct cbi_jwt){
		.text = token,
		.head_len = head,
		.body_len = body,
		.header = header,
		.payload = payload,
		.kid = text_at(header, "kid"),
		.typ = text_at(header, "typ"),
		.alg = cbi_jose_alg(text_at(header, "alg")),
	};
	return CB_OK;
}

/* Is there one way only to write these bytes? */
static bool is_canonical(const char *text)
{
	unsigned char bytes[SECRET_MAX];
	char again[SECRET_MAX / 3 * 4 + 8];
	size_t len = strlen(text), n, m;

	n = jose_b64_dec_buf(text, len, NULL, 0);
	if (len == 0 || n > sizeof(bytes) ||
	    jose_b64_dec_buf(text, len, bytes, n) != n)
		return false;
	m = jose_b64_enc_buf(bytes, n, again, sizeof(again));
	return m == len && memcmp(again, text, len) == 0;
}

static bool check(const struct cbi_jwt *jwt, const json_t *jwk)
{
	const char *body = jwt->text + jwt->head_len + 1;
	const char *sig = body + jwt->body_len + 1;
	json_t *jws = json_pack("{s:s%, s:s%, s:s}", "protected", jwt->text,
	                        jwt->head_len, "payload", body, jwt->body_len,
	                        "signature", sig);
	jose_cfg_t *cfg = open_cfg();
	bool good = jws && cfg && jose_jws_ver(cfg, jws, NULL, jwk, true);

	if (cfg)
		jose_cfg_decref(cfg);
	json_decref(jws);
	return good;
}

int cbi_jose_verify(struct cb_ctx *ctx, const struct cbi_jwt *jwt,
                    const json_t *jwk, unsigned allowed)
{
	const char *sig = jwt->text + jwt->head_len + jwt->body_len + 2;

	if (!(jwt->alg & allowed))
		return cb_fail(ctx, CB_EAUTH,
		               "the token's algorithm is not allowed");
	if (!fits(jwk, jwt->alg))
		return cb_fail(ctx, CB_EAUTH,
		               "the token's algorithm is not its key's");
	if (!is_canonical(sig) || !check(jwt, jwk))
		return cb_fail(ctx, CB_EAUTH,
		               "the token's signature is not right");
	return CB_OK;
}
