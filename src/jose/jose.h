/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jose.h - the one door to libjose: keys as JWK, tokens as signed JWT.
 *
 * A token is signed over exactly the bytes it is given, so that the order of
 * a header's members is the caller's.  Who verifies names the algorithms that
 * he allows and brings the key; nothing in a token's header says where a key
 * is to be had (jku, x5u, jwk and x5c are not looked at).
 */
#ifndef CB_JOSE_JOSE_H
#define CB_JOSE_JOSE_H

#include <callboard/ctx.h>

#include <jansson.h>

/* A longer token is refused before any of it is read. */
#define CB_JOSE_TOKEN_MAX 32768

/* Algorithms, one bit each. */
enum cbi_jose_alg {
	CBI_JOSE_HS256 = 1 << 0,
	CBI_JOSE_RS256 = 1 << 1,
	CBI_JOSE_RS384 = 1 << 2,
	CBI_JOSE_RS512 = 1 << 3,
	CBI_JOSE_PS256 = 1 << 4,
	CBI_JOSE_PS384 = 1 << 5,
	CBI_JOSE_PS512 = 1 << 6,
	CBI_JOSE_ES256 = 1 << 7,
	CBI_JOSE_ES384 = 1 << 8,
	CBI_JOSE_ES512 = 1 << 9,
};
/* All that have a public key.  (libjose has no EdDSA.) */
#define CBI_JOSE_PUBLIC 0x3feu

/* The bit of a name ("ES256"), 0 for one that is not known here. */
unsigned cbi_jose_alg(const char *name);

/* A new ES256 key: a private JWK with this kid, as compact JSON. */
int cbi_jose_generate(struct cb_ctx *ctx, const char *kid,
                      const char **jwk) CB_USED;

/* What of a private JWK everybody may see; *out lives with ctx. */
int cbi_jose_public(struct cb_ctx *ctx, const json_t *jwk,
                    json_t **out) CB_USED;

/* header and payload are signed as they stand; header has to name the key's
 * algorithm.  CB_EBUG for a key that cannot sign. */
int cbi_jose_sign(struct cb_ctx *ctx, const json_t *jwk, const char *header,
                  const char *payload, const char **token) CB_USED;

/* A token that was read, not verified; lives with ctx. */
struct cbi_jwt {
	const char *text;
	size_t head_len; /* of the encoded header */
	size_t body_len; /* of the encoded payload */
	const json_t *header, *payload;
	const char *kid, *typ; /* "" for none */
	unsigned alg;          /* 0 for one that is not known here */
};

/*
 * Takes a token apart.  CB_ENOENT, not noted, for a text that is no JWT;
 * CB_EAUTH for one that is too long, has critical extensions (nothing here
 * understands any), or a payload that is no object.
 */
int cbi_jose_read(struct cb_ctx *ctx, const char *token,
                  struct cbi_jwt *out) CB_USED;

/*
 * Is it signed by this key, with one of the allowed algorithms, which has to
 * be the key's own and to fit its type?  CB_EAUTH otherwise.  RSA keys of
 * less than 2,048 bits verify nothing.
 */
int cbi_jose_verify(struct cb_ctx *ctx, const struct cbi_jwt *jwt,
                    const json_t *jwk, unsigned allowed) CB_USED;

/* An HS256 key of a secret, as a JWK; *out lives with ctx. */
int cbi_jose_secret(struct cb_ctx *ctx, const void *secret, size_t len,
                    json_t **out) CB_USED;

/* The key of a JWK set that a token's header asks for: the one with its kid
 * or, where the header names none, the only one that fits its algorithm.
 * NULL for none. */
const json_t *cbi_jose_pick(const json_t *set, const struct cbi_jwt *jwt);

#endif
