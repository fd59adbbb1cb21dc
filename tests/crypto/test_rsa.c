/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto/crypto.h"

/* In PEM; the caller frees it. */
static char *pem_of(EVP_PKEY *key, const char *phrase)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *copy;
	long len;

	assert_int_equal(PEM_write_bio_PrivateKey(
			     bio, key, phrase ? EVP_aes_128_cbc() : NULL, NULL,
			     0, NULL, (void *)(uintptr_t)phrase),
	                 1);
	len = BIO_get_mem_data(bio, &text);
	copy = strndup(text, (size_t)len);
	BIO_free(bio);
	return copy;
}

static void what_is_signed_can_be_verified(void **state)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sum[CB_RSA_MAX];
	char *pem = pem_of(key, NULL);
	size_t len;

	(void)state;
	assert_true(cbi_crypto_rsa_key(pem));
	assert_true(cbi_crypto_rs256(pem, "abc", 3, sum, &len));
	assert_int_equal(len, 256);
	EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key);
	assert_int_equal(
	    EVP_DigestVerify(ctx, sum, len, (const unsigned char *)"abc", 3),
	    1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	free(pem);
}

static void other_keys_are_refused(void **state)
{
	EVP_PKEY *small = EVP_RSA_gen(1024), *curve = EVP_EC_gen("P-256");
	EVP_PKEY *good = EVP_RSA_gen(2048);
	char *texts[] = { pem_of(small, NULL), pem_of(curve, NULL),
		          pem_of(good, "secret"), strdup(""),
		          strdup("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"
		                 "-----END RSA PRIVATE KEY-----\n") };
	unsigned char sum[CB_RSA_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_false(cbi_crypto_rsa_key(texts[i]));
		assert_false(cbi_crypto_rs256(texts[i], "abc", 3, sum, &len));
		free(texts[i]);
	}
	EVP_PKEY_free(small);
	EVP_PKEY_free(curve);
	EVP_PKEY_free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_signed_can_be_verified),
		cmocka_unit_test(other_keys_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
