/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What load balancers sign about somebody: ALB, with its padding and a key in
 * PEM, and IAP.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "auth/assertion.h"
#include "auth/idp.h"
#include "base/clock.h"
#include "callboard/json.h"
#include "crypto/crypto.h"
#include "tests/auth/hall.h"

static struct hall hall;
#define ctx hall.ctx

#define ARN "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/a/b"
#define BALANCERS                                                     \
	"auth: {providers: {awsAlb: {issuer: 'https://sso.example', " \
	"region: eu-west-1, signer: '" ARN "'}, gcpIap: {audience: "  \
	"'/projects/1/global/backendServices/2'}}}\n"
#define IAP_KEY "12345678-1234-1234-1234-123456789012"

/* Base64 as ALB has it: with its padding. */
static const char *padded(const void *data, size_t len)
{
	char *out = cb_alloc(&ctx, CB_BASE64_LEN(len) + 4);
	size_t n = cbi_crypto_base64(CBI_BASE64_URL, data, len, out);

	while (n % 4)
		out[n++] = '=';
	out[n] = '\0';
	return out;
}

/* JOSE's form of a signature over text. */
static void sign_raw(EVP_PKEY *key, const char *text, unsigned char raw[64])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char der[80];
	const unsigned char *at = der;
	size_t len = sizeof(der);
	ECDSA_SIG *sig;

	assert_int_equal(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key),
	                 1);
	assert_int_equal(EVP_DigestSign(md, der, &len,
	                                (const unsigned char *)text,
	                                strlen(text)),
	                 1);
	sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(md);
}

static json_t *pem_of(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;
	json_t *out;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	len = BIO_get_mem_data(bio, &text);
	out = json_stringn(text, (size_t)len);
	BIO_free(bio);
	return out;
}

/* Texts have ' for ", and @ for a time so many seconds from now. */
static const char *quoted(const char *text, int64_t seconds)
{
	const char *hole = strchr(text, '@');
	char *out =
	    hole ? cb_printf(&ctx, "%.*s%lld%s", (int)(hole - text), text,
	                     (long long)(cbi_clock_wall_ms() / 1000 + seconds),
	                     hole + 1)
		 : cb_strdup(&ctx, text);

	for (char *c = out; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	return out;
}

static int check(const struct cbi_idp *idp, const char *token,
                 const json_t *key)
{
	struct cbi_assertion one;
	int rc = cbi_assertion_read(&ctx, token, &one);

	return rc < 0 ? rc : cbi_assertion_check(&ctx, idp, &one, key);
}

#define ALB_HEAD                                                            \
	"{'typ':'JWT','kid':'k','alg':'ES256','iss':'https://sso.example'," \
	"'client':'c','signer':'" ARN "','exp':@}"
#define ALB_BODY \
	"{'sub':'ada','email':'a@x.example','iss':'https://sso.example'}"

static void what_alb_signs_is_looked_at(void **state)
{
	static const struct {
		const char *head, *body;
		int64_t left;
		const char *why; /* NULL: it is taken */
	} rows[] = {
		{ ALB_HEAD, ALB_BODY, 120, NULL },
		{ ALB_HEAD, ALB_BODY, -50, NULL }, /* clocks differ */
		{ ALB_HEAD, ALB_BODY, -70, "has expired" },
		{ ALB_HEAD, "{'sub':'ada','exp':1,'iss':'https://sso.example'}",
		  120, "has expired" },
		{ ALB_HEAD, "{'sub':'ada','iss':'https://evil.example'}", 120,
		  "of another issuer" },
		{ ALB_HEAD, "{'email':'a@x.example'}", 120, "about nobody" },
		{ "{'alg':'ES256','kid':'k','iss':'https://sso.example',"
		  "'signer':'" ARN "x','exp':@}",
		  ALB_BODY, 120, "another load balancer's" },
		{ "{'alg':'ES256','kid':'k','iss':'https://sso.example',"
		  "'exp':@}",
		  ALB_BODY, 120, "another load balancer's" },
		{ "{'alg':'none','kid':'k','signer':'" ARN "','exp':@}",
		  ALB_BODY, 120, "not signed with ES256" },
		{ "{'alg':'HS256','kid':'k','signer':'" ARN "','exp':@}",
		  ALB_BODY, 120, "not signed with ES256" },
		{ "{'alg':'ES256','crit':['x'],'exp':@}", ALB_BODY, 120,
		  "critical" },
	};
	struct cbi_auth *auth = hall_auth(&hall, BALANCERS);
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	json_t *pem = pem_of(key), *wrong = pem_of(other);
	const struct cbi_idp *idp =
	    cbi_idps_find(cbi_auth_idps(auth), "awsAlb", NULL);

	(void)state;
	assert_int_equal(idp->kind, CBI_IDP_SIGNED);
	assert_string_equal(
	    idp->keys_url,
	    "https://public-keys.auth.elb.eu-west-1.amazonaws.com");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *head = quoted(rows[i].head, rows[i].left);
		const char *body = quoted(rows[i].body, 0);
		char *text =
		    cb_printf(&ctx, "%s.%s", padded(head, strlen(head)),
		              padded(body, strlen(body)));
		unsigned char sig[64];
		char *token;
		int rc;

		sign_raw(key, text, sig);
		token = cb_printf(&ctx, "%s.%s", text, padded(sig, 64));
		rc = check(idp, token, pem);
		if ((rc == CB_OK) != !rows[i].why ||
		    (rows[i].why && !strstr(cb_failure(&ctx), rows[i].why)))
			fail_msg("%zu: %d %s", i, rc, cb_failure(&ctx));
		cb_failure_clear(&ctx);
		assert_int_equal(check(idp, token, wrong), CB_EAUTH);
		cb_failure_clear(&ctx);
		/* One letter of what is signed, of the padding, and cut. */
		token[10] = token[10] == 'A' ? 'B' : 'A';
		assert_int_equal(check(idp, token, pem), CB_EAUTH);
		token[strlen(token) - 30] = '\0';
		cb_failure_clear(&ctx);
		assert_int_equal(check(idp, token, pem), CB_EAUTH);
		hall_again(&hall);
	}
	assert_string_equal(
	    cbi_assertion_subject(
		&ctx, cb_printf(&ctx, "%s.%s.x", padded("{\"alg\":\"x\"}", 11),
	                        padded("{\"sub\":\"ada\"}", 13))),
	    "ada");
	assert_null(cbi_assertion_subject(&ctx, "a=b.c.d"));
	hall_again(&hall);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	json_decref(pem);
	json_decref(wrong);
	cbi_auth_destroy(auth);
}

static void what_iap_signs_is_looked_at(void **state)
{
#define IAP(iss, aud)                                      \
	"{'exp':@,'iss':'" iss                             \
	"','aud':'/projects/1/global/backendServices/" aud \
	"','sub':'accounts.google.com:1','email':'a@x.example'}"
	static const struct {
		const char *body;
		int64_t left;
		const char *why;
	} rows[] = {
		{ IAP("https://cloud.google.com/iap", "2"), 60, NULL },
		{ IAP("https://cloud.google.com/iap", "3"), 60, "for others" },
		{ IAP("https://evil.example", "2"), 60, "of another issuer" },
		{ IAP("https://cloud.google.com/iap", "2"), -70,
		  "has expired" },
	};
	struct cbi_auth *auth = hall_auth(&hall, BALANCERS);
	const struct cbi_idp *idp =
	    cbi_idps_find(cbi_auth_idps(auth), "gcpIap", NULL);

	(void)state;
	assert_string_equal(idp->header, "X-Goog-Iap-Jwt-Assertion");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *jwk, *token, *second;
		json_t *key, *other;
		int rc;

		assert_int_equal(cbi_jose_generate(&ctx, IAP_KEY, &jwk), CB_OK);
		assert_int_equal(cbi_jose_generate(&ctx, IAP_KEY, &second),
		                 CB_OK);
		assert_int_equal(cb_json_parse(&ctx, jwk, strlen(jwk), &key),
		                 CB_OK);
		assert_int_equal(
		    cb_json_parse(&ctx, second, strlen(second), &other), CB_OK);
		assert_int_equal(
		    cbi_jose_sign(&ctx, key,
		                  "{\"alg\":\"ES256\",\"kid\":\"" IAP_KEY "\"}",
		                  quoted(rows[i].body, rows[i].left), &token),
		    CB_OK);
		rc = check(idp, token, key);
		if ((rc == CB_OK) != !rows[i].why ||
		    (rows[i].why && !strstr(cb_failure(&ctx), rows[i].why)))
			fail_msg("%zu: %d %s", i, rc, cb_failure(&ctx));
		cb_failure_clear(&ctx);
		assert_int_equal(check(idp, token, other), CB_EAUTH);
		hall_again(&hall);
	}
	cbi_auth_destroy(auth);
}

static void balancers_are_named_in_full(void **state)
{
	static const char *const rows[][2] = {
		{ "awsAlb: {issuer: x, region: eu-west-1}", "awsAlb.signer" },
		{ "awsAlb: {region: eu-west-1, signer: x}", "awsAlb.issuer" },
		{ "awsAlb: {issuer: x, signer: x}", "awsAlb.region" },
		{ "awsAlb: {issuer: x, signer: x, region: 'evil.example/'}",
		  "awsAlb.region" },
		{ "gcpIap: {jwtHeader: x}", "gcpIap.audience" },
		{ "gcpIap: {audience: x, keysUrl: 'file:///x'}",
		  "gcpIap.keysUrl" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbi_auth *auth = hall_auth(
		    &hall,
		    cb_printf(&ctx, "auth: {providers: {%s}}\n", rows[i][0]));

		if (auth)
			fail_msg("%s is taken", rows[i][0]);
		if (!strstr(cb_failure(&ctx), rows[i][1]))
			fail_msg("%s: %s", rows[i][0], cb_failure(&ctx));
		cbi_auth_destroy(auth);
		hall_again(&hall);
	}
}

static int start(void **state)
{
	(void)state;
	return hall_open(&hall);
}

static int finish(void **state)
{
	(void)state;
	return hall_close(&hall);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_alb_signs_is_looked_at),
		cmocka_unit_test(what_iap_signs_is_looked_at),
		cmocka_unit_test(balancers_are_named_in_full),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
