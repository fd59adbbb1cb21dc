/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto.h - the one door to OpenSSL: hashes, MACs, random bytes, base64.
 *
 * Nothing here fails for the world's reasons: lengths are the caller's, and
 * a system without random bytes or memory for a hash ends the process with a
 * message.  Comparing secrets is cbi_str_equal_secret (base/str.h).
 */
#ifndef CB_CRYPTO_CRYPTO_H
#define CB_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include <callboard/buf.h>

#define CB_SHA1_LEN 20
#define CB_SHA256_LEN 32
/* As lower-case hex, with the end. */
#define CB_SHA1_HEX 41
#define CB_SHA256_HEX 65
#define CB_UUID_TEXT 37

void cbi_crypto_sha1_hex(const void *data, size_t len, char out[CB_SHA1_HEX]);
void cbi_crypto_sha256(const void *data, size_t len,
                       unsigned char out[CB_SHA256_LEN]);
void cbi_crypto_sha256_hex(const void *data, size_t len,
                           char out[CB_SHA256_HEX]);
void cbi_crypto_hmac_sha256(const void *key, size_t key_len, const void *data,
                            size_t len, unsigned char out[CB_SHA256_LEN]);

/* RSA keys of up to 8,192 bits. */
#define CB_RSA_MAX 1024
/* Is it an RSA private key in PEM, without a pass phrase, of 2,048 bits or
 * more? */
bool cbi_crypto_rsa_key(const char *pem);
/* RS256 (PKCS #1 v1.5 over SHA-256); false for what is no such key. */
bool cbi_crypto_rs256(const char *pem, const void *data, size_t len,
                      unsigned char out[CB_RSA_MAX], size_t *out_len);

/* ES256 as JOSE writes it: is it by this public key (P-256, in PEM)? */
#define CB_ES256_LEN 64
bool cbi_crypto_es256(const char *pem, const void *data, size_t len,
                      const unsigned char sig[CB_ES256_LEN]);

/* Fit for keys and tokens. */
void cbi_crypto_random(void *out, size_t len);
/* A random UUID (version 4), lower case. */
void cbi_crypto_uuid(char out[CB_UUID_TEXT]);

/* Lower-case hex; out has room for 2 * len + 1 bytes. */
void cbi_crypto_hex(const void *data, size_t len, char *out);

enum cbi_base64 {
	CBI_BASE64_STD, /* + and /, padded */
	CBI_BASE64_URL, /* - and _, not padded */
};
/* Bytes that encoding len bytes may take, with the end. */
#define CB_BASE64_LEN(len) (((len) + 2) / 3 * 4 + 1)

/* Returns the length written to out, which has room for CB_BASE64_LEN(len)
 * bytes and is ended. */
size_t cbi_crypto_base64(enum cbi_base64 kind, const void *data, size_t len,
                         char *out);
/*
 * The strict way back: only the kind's own letters, no white space, padding
 * exactly where the kind has it, and no set bits after the last byte.  out
 * has room for len / 4 * 3 + 3 bytes.  False for anything else.
 */
bool cbi_crypto_unbase64(enum cbi_base64 kind, const char *text, size_t len,
                         unsigned char *out, size_t *out_len);

#endif
