/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ec.c - signatures by somebody's P-256 key.
 */
#include "crypto/crypto.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#define HALF (CB_ES256_LEN / 2)

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	char group[32] = "";

	BIO_free(bio);
	if (key &&
	    (!EVP_PKEY_is_a(key, "EC") ||
	     EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME,
	                                    group, sizeof(group), NULL) != 1 ||
	     strcmp(group, "prime256v1") != 0)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

/* JOSE's r and s as OpenSSL takes them; the caller frees *out. */
static int encode(const unsigned char sig[CB_ES256_LEN], unsigned char **out)
{
	BIGNUM *r = BN_bin2bn(sig, HALF, NULL);
	BIGNUM *s = BN_bin2bn(sig + HALF, HALF, NULL);
	ECDSA_SIG *pair = ECDSA_SIG_new();
	int len = -1;

	*out = NULL;
	if (r && s && pair && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL;
		len = i2d_ECDSA_SIG(pair, out);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	return len;
}

bool cbi_crypto_es256(const char *pem, const void *data, size_t len,
                      const unsigned char sig[CB_ES256_LEN])
{
	EVP_PKEY *key = read_key(pem);
	EVP_MD_CTX *ctx = key ? EVP_MD_CTX_new() : NULL;
	unsigned char *der = NULL;
	int n = ctx ? encode(sig, &der) : -1;
	bool good =
	    n > 0 &&
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, der, (size_t)n, data, len) == 1;

	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return good;
}
