/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rsa.c - signing with somebody's RSA key.  A key is read for each signature:
 * there is one an hour.
 */
#include "crypto/crypto.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#define BITS_MIN 2048

/* Nobody is there to be asked for a pass phrase. */
static int no_phrase(char *buf, int size, int write, void *arg)
{
	(void)buf;
	(void)size;
	(void)write;
	(void)arg;
	return -1;
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key =
	    bio ? PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL) : NULL;

	BIO_free(bio);
	if (key &&
	    (!EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < BITS_MIN ||
	     EVP_PKEY_get_size(key) > CB_RSA_MAX)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	/* The thread's list of errors is nobody's business later on. */
	ERR_clear_error();
	return key;
}

bool cbi_crypto_rsa_key(const char *pem)
{
	EVP_PKEY *key = read_key(pem);

	EVP_PKEY_free(key);
	return key != NULL;
}

bool cbi_crypto_rs256(const char *pem, const void *data, size_t len,
                      unsigned char out[CB_RSA_MAX], size_t *out_len)
{
	EVP_PKEY *key = read_key(pem);
	EVP_MD_CTX *ctx = key ? EVP_MD_CTX_new() : NULL;
	size_t n = CB_RSA_MAX;
	bool done =
	    ctx &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, out, &n, data, len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (done)
		*out_len = n;
	return done;
}
