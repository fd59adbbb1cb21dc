/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto.c - see crypto.h.
 */
#include "crypto/crypto.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

static const char std_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* There is no going on without a hash or random bytes. */
static void need(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "callboard: OpenSSL has no %s\n", what);
	abort();
}

/* Fetched once: OpenSSL looks an algorithm up by name each time, under a
 * lock, which costs more than the sum of a short text. */
static EVP_MD *sha1_md, *sha256_md;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	sha1_md = EVP_MD_fetch(NULL, "SHA1", NULL);
	sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
	need(sha1_md && sha256_md, "SHA-1 and SHA-256");
}

void cbi_crypto_hex(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

void cbi_crypto_sha1_hex(const void *data, size_t len, char out[CB_SHA1_HEX])
{
	unsigned char sum[CB_SHA1_LEN];

	pthread_once(&fetched, fetch);
	need(EVP_Digest(data, len, sum, NULL, sha1_md, NULL), "SHA-1");
	cbi_crypto_hex(sum, sizeof(sum), out);
}

void cbi_crypto_sha256(const void *data, size_t len,
                       unsigned char out[CB_SHA256_LEN])
{
	pthread_once(&fetched, fetch);
	need(EVP_Digest(data, len, out, NULL, sha256_md, NULL), "SHA-256");
}

void cbi_crypto_sha256_hex(const void *data, size_t len,
                           char out[CB_SHA256_HEX])
{
	unsigned char sum[CB_SHA256_LEN];

	cbi_crypto_sha256(data, len, sum);
	cbi_crypto_hex(sum, sizeof(sum), out);
}

void cbi_crypto_hmac_sha256(const void *key, size_t key_len, const void *data,
                            size_t len, unsigned char out[CB_SHA256_LEN])
{
	pthread_once(&fetched, fetch);
	need(key_len <= INT_MAX && HMAC(sha256_md, key, (int)key_len, data, len,
	                                out, NULL) != NULL,
	     "HMAC-SHA-256");
}

void cbi_crypto_random(void *out, size_t len)
{
	need(len <= INT_MAX && RAND_bytes(out, (int)len) == 1, "random bytes");
}

void cbi_crypto_uuid(char out[CB_UUID_TEXT])
{
	static const size_t dashes[] = { 8, 13, 18, 23 };
	unsigned char bytes[16];
	char hex[33];
	size_t from = 0;

	cbi_crypto_random(bytes, sizeof(bytes));
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant */
	cbi_crypto_hex(bytes, sizeof(bytes), hex);
	for (size_t i = 0, dash = 0; i < CB_UUID_TEXT - 1; i++) {
		if (dash < 4 && i == dashes[dash]) {
			out[i] = '-';
			dash++;
		} else {
			out[i] = hex[from++];
		}
	}
	out[CB_UUID_TEXT - 1] = '\0';
}

size_t cbi_crypto_base64(enum cbi_base64 kind, const void *data, size_t len,
                         char *out)
{
	const char *letters =
	    kind == CBI_BASE64_STD ? std_letters : url_letters;
	const unsigned char *in = data;
	size_t n = 0;

	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		unsigned group = (unsigned)in[i] << 16;

		if (have > 1)
			group |= (unsigned)in[i + 1] << 8;
		if (have > 2)
			group |= in[i + 2];
		for (size_t k = 0; k <= have; k++)
			out[n++] = letters[group >> (18 - 6 * k) & 63];
		for (size_t k = have; kind == CBI_BASE64_STD && k < 3; k++)
			out[n++] = '=';
	}
	out[n] = '\0';
	return n;
}

static int value_of(enum cbi_base64 kind, char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (kind == CBI_BASE64_STD ? '+' : '-'))
		return 62;
	if (c == (kind == CBI_BASE64_STD ? '/' : '_'))
		return 63;
	return -1;
}

bool cbi_crypto_unbase64(enum cbi_base64 kind, const char *text, size_t len,
                         unsigned char *out, size_t *out_len)
{
	unsigned bits = 0, have = 0;
	size_t n = 0;

	if (kind == CBI_BASE64_STD) {
		if (len % 4)
			return false;
		for (int i = 0; i < 2 && len && text[len - 1] == '='; i++)
			len--;
	}
	if (len % 4 == 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		int value = value_of(kind, text[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (unsigned)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (unsigned char)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	/* Bits after the last byte: two texts for one value. */
	if (bits)
		return false;
	*out_len = n;
	return true;
}
