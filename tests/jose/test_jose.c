/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens and keys.  Those of RFC 7515's appendix A are what others made.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/limits.h"
#include "callboard/json.h"
#include "jose/jose.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;

#define RFC_BODY                                                       \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l" \
	"eGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define RFC_HS256                                            \
	"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_BODY \
	".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define RFC_OCT                                                             \
	"{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQ" \
	"Lr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}"
#define RFC_RS256                                                        \
	"eyJhbGciOiJSUzI1NiJ9." RFC_BODY                                 \
	".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZ" \
	"mh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbK" \
	"BYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1" \
	"L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6B" \
	"fI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhW" \
	"kWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define RFC_RSA                                                           \
	"{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJc" \
	"yQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT" \
	"-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-" \
	"bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665x" \
	"smtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8" \
	"NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\","         \
	"\"e\":\"AQAB\"}"
#define RFC_ES256                                                      \
	"eyJhbGciOiJFUzI1NiJ9." RFC_BODY                               \
	".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8" \
	"ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define RFC_EC                                                           \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tL" \
	"e1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6p" \
	"CyStikYjKIWI5a0\"}"
#define EVERY (CBI_JOSE_PUBLIC | CBI_JOSE_HS256)

static json_t *json(const char *text)
{
	json_t *out = NULL;

	assert_int_equal(cb_json_parse(&ctx, text, strlen(text), &out), CB_OK);
	return out;
}

static int verify(const char *token, const char *key, unsigned allowed)
{
	struct cbi_jwt jwt;
	int rc = cbi_jose_read(&ctx, token, &jwt);

	if (rc == CB_OK)
		rc = cbi_jose_verify(&ctx, &jwt, json(key), allowed);
	return rc;
}

static void others_tokens_are_verified(void **state)
{
	(void)state;
	assert_int_equal(verify(RFC_HS256, RFC_OCT, CBI_JOSE_HS256), CB_OK);
	assert_int_equal(verify(RFC_RS256, RFC_RSA, CBI_JOSE_RS256), CB_OK);
	assert_int_equal(verify(RFC_ES256, RFC_EC, CBI_JOSE_PUBLIC), CB_OK);
}

static void an_algorithm_is_allowed_and_the_keys_own(void **state)
{
	static const struct {
		const char *token, *key;
		unsigned allowed;
		const char *says;
	} rows[] = {
		{ RFC_ES256, RFC_EC, CBI_JOSE_RS256, "not allowed" },
		{ RFC_HS256, RFC_OCT, CBI_JOSE_PUBLIC, "not allowed" },
		{ RFC_HS256, RFC_RSA, EVERY, "not its key's" },
		{ RFC_HS256, RFC_EC, EVERY, "not its key's" },
		{ RFC_RS256, RFC_OCT, EVERY, "not its key's" },
		{ RFC_RS256, RFC_EC, EVERY, "not its key's" },
		/* alg none, with and without a signature */
		{ "eyJhbGciOiJub25lIn0." RFC_BODY ".", RFC_EC, EVERY,
		  "not allowed" },
		{ "eyJhbGciOiJub25lIn0." RFC_BODY ".AAAA", RFC_EC, EVERY,
		  "not allowed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    verify(rows[i].token, rows[i].key, rows[i].allowed),
		    CB_EAUTH);
		assert_non_null(strstr(cb_failure(&ctx), rows[i].says));
		cb_failure_clear(&ctx);
	}
}

static void what_a_key_says_of_itself_holds(void **state)
{
	char key[512];

	(void)state;
	snprintf(key, sizeof(key), "{\"alg\":\"ES384\",%s", &RFC_EC[1]);
	assert_int_equal(verify(RFC_ES256, key, EVERY), CB_EAUTH);
	snprintf(key, sizeof(key), "{\"use\":\"enc\",%s", &RFC_EC[1]);
	assert_int_equal(verify(RFC_ES256, key, EVERY), CB_EAUTH);
	snprintf(key, sizeof(key), "{\"use\":\"sig\",\"alg\":\"ES256\",%s",
	         &RFC_EC[1]);
	assert_int_equal(verify(RFC_ES256, key, EVERY), CB_OK);
	cb_failure_clear(&ctx);
	/* 512 bits of RSA. */
	assert_int_equal(
	    verify(RFC_RS256,
	           "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"3bF8-0jPzdhWM7Tpf"
	           "w1K9yg2vNlu2dQ0-M2f3-dZNw6cKcm0bqcQmHcnT8xsoWBHtPvVvZuiGJ"
	           "QyVVvPHGnYYQ\"}",
	           EVERY),
	    CB_EAUTH);
	assert_non_null(strstr(cb_failure(&ctx), "not its key's"));
	cb_failure_clear(&ctx);
}

static void no_bit_of_a_token_may_flip(void **state)
{
	char token[sizeof(RFC_ES256)];

	(void)state;
	for (size_t i = 0; i < strlen(RFC_ES256); i++)
		for (int bit = 0; bit < 7; bit++) {
			strcpy(token, RFC_ES256);
			token[i] = (char)(token[i] ^ 1 << bit);
			assert_int_not_equal(verify(token, RFC_EC, EVERY),
			                     CB_OK);
			cb_failure_clear(&ctx);
			cbi_ctx_finish(&ctx);
			cbi_ctx_init(&ctx, &lane);
		}
	for (size_t i = 0; i < strlen(RFC_ES256); i++) {
		strcpy(token, RFC_ES256);
		token[i] = '\0';
		assert_int_not_equal(verify(token, RFC_EC, EVERY), CB_OK);
		cb_failure_clear(&ctx);
	}
	assert_int_not_equal(verify(RFC_ES256 "=", RFC_EC, EVERY), CB_OK);
	cb_failure_clear(&ctx);
	assert_int_not_equal(verify(RFC_ES256 ".", RFC_EC, EVERY), CB_OK);
	cb_failure_clear(&ctx);
	assert_int_not_equal(verify(RFC_ES256 "A", RFC_EC, EVERY), CB_OK);
	cb_failure_clear(&ctx);
}

static void what_is_no_token_is_told_apart(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ "", CB_ENOENT },
		{ "secret-token", CB_ENOENT },
		{ "a.b", CB_ENOENT },
		{ "..", CB_ENOENT },
		{ "a.b.c", CB_ENOENT },
		{ "bm90IGpzb24.e30.AA", CB_ENOENT },
		{ "e30.e30.AA", CB_ENOENT },                 /* no alg */
		{ "W10.e30.AA", CB_ENOENT },                 /* no object */
		{ "eyJhbGciOjF9.e30.AA", CB_ENOENT },        /* alg: 1 */
		{ "eyJhbGciOiJFUzI1NiJ9.W10.AA", CB_EAUTH }, /* a list */
		{ "eyJhbGciOiJFUzI1NiJ9..AA", CB_EAUTH },
		{ "eyJhbGciOiJFUzI1NiJ9.bm90IGpzb24.AA", CB_EAUTH },
		/* {"alg":"ES256","crit":["x"]} */
		{ "eyJhbGciOiJFUzI1NiIsImNyaXQiOlsieCJdfQ.e30.AA", CB_EAUTH },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbi_jwt jwt;

		assert_int_equal(cbi_jose_read(&ctx, rows[i].text, &jwt),
		                 rows[i].code);
		assert_int_equal(cb_failure_code(&ctx),
		                 rows[i].code == CB_ENOENT ? CB_OK : CB_EAUTH);
		cb_failure_clear(&ctx);
	}
}

static void a_megabyte_is_refused_unread(void **state)
{
	char *token = malloc(CB_MIB + 1);
	struct cbi_jwt jwt;

	(void)state;
	assert_non_null(token);
	memset(token, 'a', CB_MIB);
	token[CB_MIB] = '\0';
	assert_int_equal(cbi_jose_read(&ctx, token, &jwt), CB_EAUTH);
	assert_non_null(strstr(cb_failure(&ctx), "longer"));
	cb_failure_clear(&ctx);
	token[CB_JOSE_TOKEN_MAX] = '\0';
	assert_int_equal(cbi_jose_read(&ctx, token, &jwt), CB_ENOENT);
	free(token);
}

static void a_token_is_signed_over_exactly_its_bytes(void **state)
{
	static const char header[] =
	    "{\"typ\":\"vnd.backstage.user\",\"alg\":\"ES256\",\"kid\":\"k\"}";
	/* base64url of these bytes, not of what a library made of them */
	static const char prefix[] =
	    "eyJ0eXAiOiJ2bmQuYmFja3N0YWdlLnVzZXIiLCJhbGciOiJFUzI1NiIsImtpZCI6"
	    "ImsifQ.eyJzdWIiOiJhIiwgImIiOjF9.";
	const char *jwk, *token, *dot;
	json_t *half;
	struct cbi_jwt jwt;

	(void)state;
	assert_int_equal(cbi_jose_generate(&ctx, "k", &jwk), CB_OK);
	assert_int_equal(cbi_jose_sign(&ctx, json(jwk), header,
	                               "{\"sub\":\"a\", \"b\":1}", &token),
	                 CB_OK);
	assert_int_equal(strncmp(token, prefix, strlen(prefix)), 0);
	dot = strrchr(token, '.');
	assert_int_equal(strlen(dot + 1), 86);
	assert_int_equal(cbi_jose_read(&ctx, token, &jwt), CB_OK);
	assert_string_equal(jwt.kid, "k");
	assert_string_equal(jwt.typ, "vnd.backstage.user");
	assert_int_equal(jwt.alg, CBI_JOSE_ES256);
	assert_int_equal(cbi_jose_public(&ctx, json(jwk), &half), CB_OK);
	assert_int_equal(cbi_jose_verify(&ctx, &jwt, half, CBI_JOSE_ES256),
	                 CB_OK);
	assert_null(json_object_get(half, "d"));
	assert_non_null(json_object_get(json(jwk), "d"));
	assert_string_equal(cb_json_text(half, "use", ""), "sig");
	/* The public half signs nothing. */
	assert_int_equal(cbi_jose_sign(&ctx, half, header, "{}", &token),
	                 CB_EBUG);
	cb_failure_clear(&ctx);
}

static void a_header_names_no_key(void **state)
{
	const char *jwk, *other, *token;
	char header[1024];
	json_t *half;
	char *text;

	(void)state;
	assert_int_equal(cbi_jose_generate(&ctx, "evil", &jwk), CB_OK);
	assert_int_equal(cbi_jose_generate(&ctx, "ours", &other), CB_OK);
	assert_int_equal(cbi_jose_public(&ctx, json(jwk), &half), CB_OK);
	text = json_dumps(half, JSON_COMPACT);
	snprintf(header, sizeof(header),
	         "{\"alg\":\"ES256\",\"kid\":\"ours\",\"jku\":\"http://x/\","
	         "\"jwk\":%s}",
	         text);
	free(text);
	assert_int_equal(cbi_jose_sign(&ctx, json(jwk), header, "{}", &token),
	                 CB_OK);
	assert_int_equal(verify(token, jwk, EVERY), CB_OK);
	assert_int_equal(verify(token, other, EVERY), CB_EAUTH);
	cb_failure_clear(&ctx);
}

static void short_secrets_make_the_same_signatures(void **state)
{
	static const char header[] = "{\"alg\":\"HS256\"}";
	const char *token;
	struct cbi_jwt jwt;
	json_t *key;

	(void)state;
	assert_int_equal(cbi_jose_secret(&ctx, "secret", 6, &key), CB_OK);
	assert_int_equal(cbi_jose_sign(&ctx, key, header, "{}", &token), CB_OK);
	/* printf 'eyJhbGciOiJIUzI1NiJ9.e30' | openssl dgst -sha256 -hmac
	 * secret -binary | basenc --base64url */
	assert_string_equal(token,
	                    "eyJhbGciOiJIUzI1NiJ9.e30."
	                    "XmNK3GpH3Ys_7wsYBfq4C3M6goz71I7dTgUkuIa5lyQ");
	assert_int_equal(cbi_jose_read(&ctx, token, &jwt), CB_OK);
	assert_int_equal(cbi_jose_verify(&ctx, &jwt, key, CBI_JOSE_HS256),
	                 CB_OK);
	assert_int_equal(cbi_jose_secret(&ctx, "", 0, &key), CB_EINVAL);
	cb_failure_clear(&ctx);
}

static void a_set_has_the_key_that_a_token_asks_for(void **state)
{
	json_t *set =
	    json("{\"keys\":[{\"kid\":\"a\",\"kty\":\"RSA\"}," RFC_EC ",7]}");
	struct cbi_jwt jwt = { .kid = "a", .alg = CBI_JOSE_ES256 };

	(void)state;
	assert_ptr_equal(cbi_jose_pick(set, &jwt),
	                 json_array_get(json_object_get(set, "keys"), 0));
	jwt.kid = "b";
	assert_null(cbi_jose_pick(set, &jwt));
	jwt.kid = "";
	assert_ptr_equal(cbi_jose_pick(set, &jwt),
	                 json_array_get(json_object_get(set, "keys"), 1));
	set = json("{\"keys\":[" RFC_EC "," RFC_EC "]}");
	assert_null(cbi_jose_pick(set, &jwt));
	assert_null(cbi_jose_pick(json("{}"), &jwt));
}

static int start(void **state)
{
	(void)state;
	cbi_lane_init(&lane, 16 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_tokens_are_verified),
		cmocka_unit_test(an_algorithm_is_allowed_and_the_keys_own),
		cmocka_unit_test(what_a_key_says_of_itself_holds),
		cmocka_unit_test(no_bit_of_a_token_may_flip),
		cmocka_unit_test(what_is_no_token_is_told_apart),
		cmocka_unit_test(a_megabyte_is_refused_unread),
		cmocka_unit_test(a_token_is_signed_over_exactly_its_bytes),
		cmocka_unit_test(a_header_names_no_key),
		cmocka_unit_test(short_secrets_make_the_same_signatures),
		cmocka_unit_test(a_set_has_the_key_that_a_token_asks_for),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
