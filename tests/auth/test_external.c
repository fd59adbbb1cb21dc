/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services from elsewhere: backend.auth.externalAccess; and personal tokens.
 * The clock is moved, and an issuer's keys come from a function instead of
 * from fetch.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "tests/lib/cmock.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/personal.h"
#include "base/clock.h"
#include "callboard/json.h"
#include "crypto/crypto.h"
#include "jose/jose.h"
#include "tests/auth/hall.h"

static struct hall hall;
#define ctx hall.ctx
static struct cbi_auth *auth;
static int64_t ahead_s;

/* In place of libc's own, which the house calls. */
int clock_gettime(clockid_t id, struct timespec *out)
{
	static int (*next)(clockid_t, struct timespec *);
	int rc;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
	rc = next(id, out);
	if (id == CLOCK_MONOTONIC)
		out->tv_sec += ahead_s;
	return rc;
}

/* --- an issuer --- */

static struct {
	const char *keys[4]; /* private JWKs */
	size_t count;
	int asked;
	int fails; /* a code */
} issuer;

static json_t *json(const char *text)
{
	json_t *out = NULL;

	assert_int_equal(cb_json_parse(&ctx, text, strlen(text), &out), CB_OK);
	return out;
}

static int fetch_keys(void *arg, struct cb_ctx *at, const char *url,
                      json_t **out)
{
	json_t *set = json("{\"keys\":[]}"), *half;

	(void)arg;
	issuer.asked++;
	if (strcmp(url, "https://idp.example/keys") != 0)
		return cb_fail(at, CB_EDENIED, "another address");
	if (issuer.fails)
		return cb_fail(at, issuer.fails, "the issuer is down");
	for (size_t i = 0; i < issuer.count; i++) {
		if (cbi_jose_public(at, json(issuer.keys[i]), &half) < 0)
			return CB_EBUG;
		json_array_append(json_object_get(set, "keys"), half);
	}
	*out = set;
	return CB_OK;
}

static const char *new_key(const char *kid)
{
	const char *out;

	assert_int_equal(cbi_jose_generate(&ctx, kid, &out), CB_OK);
	return out;
}

static const char *sign(const char *key, const char *kid, const char *claims)
{
	const char *token;
	const char *header =
	    cb_printf(&ctx, "{\"alg\":\"ES256\"%s%s%s}",
	              *kid ? ",\"kid\":\"" : "", kid, *kid ? "\"" : "");

	assert_int_equal(cbi_jose_sign(&ctx, json(key), header, claims, &token),
	                 CB_OK);
	return token;
}

static int who_is(const char *token, struct cbi_who *out)
{
	int rc;

	cb_failure_clear(&ctx);
	out->kind = CBI_WHO_NOBODY;
	rc = cbi_auth_who(&ctx, auth, cb_printf(&ctx, "Bearer %s", token), NULL,
	                  out);
	return rc;
}

#define OPEN(rows) "backend: {auth: {externalAccess: [" rows "]}}\n"
#define IDP                                                             \
	"{type: jwks, options: {url: 'https://idp.example/keys', "      \
	"issuer: 'https://idp.example', audience: 'callboard, other', " \
	"subjectPrefix: idp}, accessRestrictions: [{plugin: catalog, "  \
	"permission: 'catalog.entity.read, catalog.location.read', "    \
	"permissionAttribute: {action: read}}]}"
#define CLAIMS(aud)                                     \
	"{\"iss\":\"https://idp.example\",\"aud\":" aud \
	",\"sub\":\"robot\",\"exp\":9000000000}"
#define GOOD CLAIMS("\"callboard\"")

static void open_with(const char *config)
{
	static const struct cbi_auth_fetch fetch = { .keys = fetch_keys };

	cbi_auth_destroy(auth);
	auth = hall_auth(&hall, config);
	if (!auth)
		fail_msg("%s", cb_failure(&ctx));
	cbi_auth_set_fetch(auth, &fetch);
	memset(&issuer, 0, sizeof(issuer));
}

static void an_issuers_token_is_a_service_within_limits(void **state)
{
	const char *key = new_key("k1");
	struct cbi_who who;

	(void)state;
	open_with(OPEN(IDP));
	issuer.keys[issuer.count++] = key;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(who_is(sign(key, "k1", GOOD), &who), CB_OK);
		assert_int_equal(who.kind, CBI_WHO_SERVICE);
		assert_string_equal(who.subject, "external:idp:robot");
		assert_int_equal(who.limits_count, 1);
		assert_string_equal(who.limits->plugin, "catalog");
		assert_string_equal(who.limits->permissions[1],
		                    "catalog.location.read");
		assert_null(who.limits->permissions[2]);
		assert_string_equal(who.limits->actions[0], "read");
	}
	assert_int_equal(issuer.asked, 1);
	assert_int_equal(
	    who_is(sign(key, "k1", CLAIMS("[\"x\",\"other\"]")), &who), CB_OK);
	/* Without a kid: the only key that fits. */
	assert_int_equal(who_is(sign(key, "", GOOD), &who), CB_OK);
}

static void a_token_for_others_moves_nothing(void **state)
{
	static const char *const claims[] = {
		CLAIMS("\"elsewhere\""),
		CLAIMS("[\"a\",\"b\"]"),
		CLAIMS("7"),
		"{\"iss\":\"https://idp.example\",\"sub\":\"r\",\"exp\":"
		"9000000000}",
		"{\"iss\":\"https://evil.example\",\"aud\":\"callboard\","
		"\"sub\":\"r\",\"exp\":9000000000}",
		"{\"aud\":\"callboard\",\"sub\":\"r\",\"exp\":9000000000}",
		"{\"iss\":\"https://idp.example\",\"aud\":\"callboard\","
		"\"sub\":\"r\",\"exp\":1000000000}",
		"{\"iss\":\"https://idp.example\",\"aud\":\"callboard\","
		"\"sub\":\"r\"}",
		"{\"iss\":\"https://idp.example\",\"aud\":\"callboard\","
		"\"sub\":\"r\",\"exp\":9000000000,\"nbf\":8000000000}",
		"{\"iss\":\"https://idp.example\",\"aud\":\"callboard\","
		"\"exp\":9000000000}",
	};
	const char *key = new_key("k1");
	struct cbi_who who;

	(void)state;
	open_with(OPEN(IDP));
	issuer.keys[issuer.count++] = key;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
		if (who_is(sign(key, "k1", claims[i]), &who) != CB_EAUTH)
			fail_msg("taken: %s", claims[i]);
	assert_int_equal(issuer.asked, 0);
	/* Nor does an algorithm that the row does not allow. */
	open_with(OPEN("{type: jwks, options: {url: "
	               "'https://idp.example/keys', algorithm: RS256}}"));
	issuer.keys[issuer.count++] = key;
	assert_int_equal(who_is(sign(key, "k1", GOOD), &who), CB_EAUTH);
	assert_int_equal(issuer.asked, 0);
}

static void unknown_keys_are_asked_for_once_in_a_while(void **state)
{
	const char *one = new_key("k1"), *two = new_key("k2");
	const char *three = new_key("k3");
	struct cbi_who who;

	(void)state;
	open_with(OPEN(IDP));
	issuer.keys[issuer.count++] = one;
	assert_int_equal(who_is(sign(one, "k1", GOOD), &who), CB_OK);
	issuer.keys[issuer.count++] = two;
	for (int i = 0; i < 20; i++)
		assert_int_equal(who_is(sign(two, "k2", GOOD), &who), CB_EAUTH);
	assert_int_equal(issuer.asked, 1);
	ahead_s += 31;
	assert_int_equal(who_is(sign(two, "k2", GOOD), &who), CB_OK);
	assert_int_equal(issuer.asked, 2);
	/* Down: what is known goes on, what is not is not let in. */
	issuer.fails = CB_EAWAY;
	ahead_s += 31;
	assert_int_equal(who_is(sign(three, "k3", GOOD), &who), CB_EAUTH);
	assert_int_equal(issuer.asked, 3);
	ahead_s += 3600;
	assert_int_equal(who_is(sign(one, "k1", GOOD), &who), CB_OK);
	assert_int_equal(issuer.asked, 4);
	assert_int_equal(who_is(sign(one, "k1", GOOD), &who), CB_OK);
	assert_int_equal(issuer.asked, 4);
}

static void what_the_issuer_took_back_ends(void **state)
{
	const char *one = new_key("k1"), *two = new_key("k2"), *token;
	struct cbi_who who;

	(void)state;
	open_with(OPEN(IDP));
	issuer.keys[issuer.count++] = one;
	token = sign(one, "k1", GOOD);
	assert_int_equal(who_is(token, &who), CB_OK);
	issuer.keys[0] = two;
	assert_int_equal(who_is(token, &who), CB_OK); /* remembered */
	ahead_s += 601;
	/* Another token makes it ask: the set is another one then. */
	assert_int_equal(who_is(sign(two, "k2", GOOD), &who), CB_OK);
	assert_int_equal(who_is(token, &who), CB_EAUTH);
}

static void an_issuer_that_never_answered_is_away(void **state)
{
	const char *key = new_key("k1");
	struct cbi_who who;

	(void)state;
	open_with(OPEN(IDP));
	issuer.fails = CB_EUPSTREAM;
	for (int i = 0; i < 5; i++)
		assert_int_equal(who_is(sign(key, "k1", GOOD), &who), CB_EAWAY);
	assert_int_equal(issuer.asked, 1);
	issuer.fails = CB_OK;
	issuer.keys[issuer.count++] = key;
	ahead_s += 6;
	assert_int_equal(who_is(sign(key, "k1", GOOD), &who), CB_OK);
}

#define LEGACY(claims) sign_legacy("0123456789abcdefghijklmn", claims)

static const char *sign_legacy(const char *secret, const char *claims)
{
	const char *token;
	json_t *key;

	assert_int_equal(cbi_jose_secret(&ctx, secret, strlen(secret), &key),
	                 CB_OK);
	assert_int_equal(
	    cbi_jose_sign(&ctx, key, "{\"alg\":\"HS256\"}", claims, &token),
	    CB_OK);
	return token;
}

static void a_shared_secret_lets_a_backend_in(void **state)
{
	static const char good[] =
	    "{\"sub\":\"backstage-server\",\"exp\":9000000000}";
	struct cbi_who who;

	(void)state;
	/* base64 of the secret above, and of "another" */
	open_with("backend: {auth: {externalAccess: [{type: legacy, options: "
	          "{secret: MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u, subject: "
	          "old}}], keys: [{secret: YW5vdGhlcg==}]}}\n");
	assert_int_equal(who_is(LEGACY(good), &who), CB_OK);
	assert_string_equal(who.subject, "external:old");
	assert_int_equal(who_is(sign_legacy("another", good), &who), CB_OK);
	assert_string_equal(who.subject, "external:backstage-plugin");
	assert_int_equal(who_is(sign_legacy("a third", good), &who), CB_EAUTH);
	assert_int_equal(
	    who_is(LEGACY("{\"sub\":\"ada\",\"exp\":9000000000}"), &who),
	    CB_EAUTH);
	assert_int_equal(
	    who_is(LEGACY("{\"sub\":\"backstage-server\",\"exp\":1}"), &who),
	    CB_EAUTH);
	assert_int_equal(who_is(LEGACY("{\"sub\":\"backstage-server\"}"), &who),
	                 CB_EAUTH);
	assert_int_equal(
	    who_is(LEGACY("{\"sub\":\"backstage-server\",\"aud\":\"x\","
	                  "\"exp\":9000000000}"),
	           &who),
	    CB_EAUTH);
}

/* A public key is no secret: who knows it can make MACs under it. */
static void a_public_key_makes_no_macs(void **state)
{
	const char *key = new_key("k1");
	struct cbi_who who;
	json_t *half;
	char *text;

	(void)state;
	open_with(OPEN(IDP));
	issuer.keys[issuer.count++] = key;
	assert_int_equal(cbi_jose_public(&ctx, json(key), &half), CB_OK);
	text = json_dumps(half, JSON_COMPACT);
	assert_int_equal(who_is(sign_legacy(text, GOOD), &who), CB_EAUTH);
	assert_int_equal(
	    who_is(sign_legacy(cb_json_text(half, "x", ""), GOOD), &who),
	    CB_EAUTH);
	free(text);
	assert_int_equal(issuer.asked, 0);
}

static void rows_are_tried_in_order(void **state)
{
	struct cbi_who who;
	const char *key = new_key("k1");

	(void)state;
	open_with(OPEN(
	    "{type: jwks, options: {url: 'https://down.example/keys'}}, " IDP
	    ", {type: static, options: {token: eyJhbGciOiJ4In0.e30.x, "
	    "subject: odd}}"));
	issuer.keys[issuer.count++] = key;
	assert_int_equal(who_is(sign(key, "k1", GOOD), &who), CB_OK);
	assert_string_equal(who.subject, "external:idp:robot");
	/* What looks like a token and stands there as it is. */
	assert_int_equal(who_is("eyJhbGciOiJ4In0.e30.x", &who), CB_OK);
	assert_string_equal(who.subject, "external:odd");
}

/* --- personal ones --- */

static void put_personal(const char *token, int64_t expires_ms,
                         const char *scope)
{
	unsigned char hash[CB_SHA256_LEN], value[512];
	int n;

	cbi_crypto_sha256(token, strlen(token), hash);
	for (int i = 0; i < 8; i++)
		value[i] =
		    (unsigned char)((uint64_t)expires_ms >> (56 - 8 * i));
	n = snprintf((char *)value + 8, sizeof(value) - 8,
	             "{\"id\":\"p1\",\"owner\":\"user:default/ada\","
	             "\"scope\":%s}",
	             scope);
	hall_put(&hall, HALL_PERSONAL, hash, sizeof(hash), value,
	         8 + (size_t)n);
	hall_again(&hall);
}

static void a_personal_token_is_its_owner_within_its_scope(void **state)
{
	static const char token[] = CBI_AUTH_PERSONAL "abcdefghijklmnop";
	const int64_t now = cbi_clock_wall_ms();
	unsigned char hash[CB_SHA256_LEN];
	struct cbi_who who;

	(void)state;
	open_with(OPEN(IDP));
	assert_int_equal(who_is(token, &who), CB_EAUTH);
	cb_failure_clear(&ctx);
	put_personal(token, now + 60000,
	             "[{\"plugin\":\"catalog\",\"permission\":["
	             "\"catalog.entity.read\"]},{\"permissionAttribute\":"
	             "{\"action\":[\"read\"]}}]");
	assert_int_equal(who_is(token, &who), CB_OK);
	assert_int_equal(who.kind, CBI_WHO_USER);
	assert_string_equal(who.subject, "user:default/ada");
	assert_string_equal(who.personal, "p1");
	assert_int_equal(who.expires, now + 60000);
	assert_int_equal(who.limits_count, 2);
	assert_string_equal(who.limits[0].plugin, "catalog");
	assert_string_equal(who.limits[0].permissions[0],
	                    "catalog.entity.read");
	assert_null(who.limits[0].permissions[1]);
	assert_null(who.limits[1].plugin);
	assert_string_equal(who.limits[1].actions[0], "read");
	put_personal(token, now + 60000, "[]");
	assert_int_equal(who_is(token, &who), CB_OK);
	assert_int_equal(who.limits_count, 0);
	put_personal(token, now - 61000, "[]");
	assert_int_equal(who_is(token, &who), CB_EAUTH);
	/* A scope that is not understood lets nobody in. */
	cb_failure_clear(&ctx);
	put_personal(token, now + 60000, "[{\"plugn\":\"catalog\"}]");
	assert_int_equal(who_is(token, &who), CB_EBUG);
	cb_failure_clear(&ctx);
	cbi_crypto_sha256(token, strlen(token), hash);
	hall_del(&hall, HALL_PERSONAL, hash, sizeof(hash));
	hall_again(&hall);
	assert_int_equal(who_is(token, &who), CB_EAUTH);
	hall_again(&hall);
}

static int start(void **state)
{
	(void)state;
	return hall_open(&hall);
}

static int finish(void **state)
{
	(void)state;
	cbi_auth_destroy(auth);
	return hall_close(&hall);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_issuers_token_is_a_service_within_limits),
		cmocka_unit_test(a_token_for_others_moves_nothing),
		cmocka_unit_test(unknown_keys_are_asked_for_once_in_a_while),
		cmocka_unit_test(what_the_issuer_took_back_ends),
		cmocka_unit_test(an_issuer_that_never_answered_is_away),
		cmocka_unit_test(a_shared_secret_lets_a_backend_in),
		cmocka_unit_test(a_public_key_makes_no_macs),
		cmocka_unit_test(rows_are_tried_in_order),
		cmocka_unit_test(
		    a_personal_token_is_its_owner_within_its_scope),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
