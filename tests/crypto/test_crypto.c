/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "crypto/crypto.h"

/* FIPS 180 and RFC 4231 give these. */
static void sums_are_the_published_ones(void **state)
{
	char sha1[CB_SHA1_HEX], sha256[CB_SHA256_HEX];
	unsigned char mac[CB_SHA256_LEN];

	(void)state;
	cbi_crypto_sha1_hex("abc", 3, sha1);
	assert_string_equal(sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	cbi_crypto_sha256_hex("abc", 3, sha256);
	assert_string_equal(sha256, "ba7816bf8f01cfea414140de5dae2223"
	                            "b00361a396177a9cb410ff61f20015ad");
	cbi_crypto_sha256_hex("", 0, sha256);
	assert_string_equal(sha256, "e3b0c44298fc1c149afbf4c8996fb924"
	                            "27ae41e4649b934ca495991b7852b855");
	cbi_crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28,
	                       mac);
	cbi_crypto_hex(mac, sizeof(mac), sha256);
	assert_string_equal(sha256, "5bdcc146bf60754e6a042426089575c7"
	                            "5a003f089d2739839dec58b964ec3843");
}

static void uuids_are_of_version_four(void **state)
{
	char one[CB_UUID_TEXT], two[CB_UUID_TEXT];

	(void)state;
	for (int i = 0; i < 100; i++) {
		cbi_crypto_uuid(one);
		cbi_crypto_uuid(two);
		assert_int_equal(strlen(one), 36);
		assert_int_equal(strspn(one, "0123456789abcdef-"), 36);
		assert_int_equal(one[8], '-');
		assert_int_equal(one[23], '-');
		assert_int_equal(one[14], '4');
		assert_non_null(strchr("89ab", one[19]));
		assert_string_not_equal(one, two);
	}
}

static void base64_goes_both_ways(void **state)
{
	unsigned char in[64], back[70];
	char text[CB_BASE64_LEN(64)];
	size_t len;

	(void)state;
	for (int round = 0; round < 200; round++) {
		size_t n = (size_t)round % 64;

		cbi_crypto_random(in, sizeof(in));
		for (int kind = 0; kind < 2; kind++) {
			len = cbi_crypto_base64((enum cbi_base64)kind, in, n,
			                        text);
			assert_int_equal(len, strlen(text));
			assert_true(cbi_crypto_unbase64((enum cbi_base64)kind,
			                                text, len, back, &len));
			assert_int_equal(len, n);
			assert_memory_equal(back, in, n);
		}
	}
	cbi_crypto_base64(CBI_BASE64_STD, "\xfb\xff\xfe\xff", 4, text);
	assert_string_equal(text, "+//+/w==");
	cbi_crypto_base64(CBI_BASE64_URL, "\xfb\xff\xfe\xff", 4, text);
	assert_string_equal(text, "-__-_w");
}

static void what_is_not_base64_is_refused(void **state)
{
	static const char *const std[] = {
		"A",        "AA",   "AAA",  "A===", "AA=A",  "AB==",  "AAB=",
		"AA==AA==", "AA A", "AAA-", "====", "\nAAA", "AAA\n",
	};
	static const char *const url[] = { "A",    "AB",    "AAB", "AA==",
		                           "AAA+", "AAAAA", " AAA" };
	unsigned char out[64];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(std) / sizeof(std[0]); i++)
		assert_false(cbi_crypto_unbase64(CBI_BASE64_STD, std[i],
		                                 strlen(std[i]), out, &len));
	for (size_t i = 0; i < sizeof(url) / sizeof(url[0]); i++)
		assert_false(cbi_crypto_unbase64(CBI_BASE64_URL, url[i],
		                                 strlen(url[i]), out, &len));
	assert_true(cbi_crypto_unbase64(CBI_BASE64_URL, "", 0, out, &len));
	assert_int_equal(len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_the_published_ones),
		cmocka_unit_test(uuids_are_of_version_four),
		cmocka_unit_test(base64_goes_both_ways),
		cmocka_unit_test(what_is_not_base64_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
