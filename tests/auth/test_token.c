/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of users and plugins: made, put together from parts as stock clients
 * do, and refused when they are bad.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "base/clock.h"
#include "callboard/json.h"
#include "crypto/crypto.h"
#include "jose/jose.h"
#include "tests/auth/hall.h"

#define BASE "backend: {baseUrl: 'https://portal.example/x'}\n"
#define ISSUER "https://portal.example/x/api/auth"

static struct hall hall;
#define ctx hall.ctx
static struct cbi_auth *auth;
static const char *jwk; /* of kid "one" */

static const char *ada_owns[] = { "user:default/ada", "group:default/crew" };
static const struct cbi_who ada = {
	.kind = CBI_WHO_USER,
	.subject = "user:default/ada",
	.owns = ada_owns,
	.owns_count = 2,
};

static json_t *json(const char *text)
{
	json_t *out = NULL;

	assert_int_equal(cb_json_parse(&ctx, text, strlen(text), &out), CB_OK);
	return out;
}

static int who_is(const char *token, struct cbi_who *out)
{
	return cbi_auth_who(&ctx, auth, cb_printf(&ctx, "Bearer %s", token),
	                    NULL, out);
}

static const char *issue(const struct cbi_who *who)
{
	const char *token;
	int64_t expires;

	assert_int_equal(cbi_auth_issue(&ctx, auth, who, &token, &expires),
	                 CB_OK);
	return token;
}

static const char *decoded(const char *from)
{
	size_t len = strcspn(from, "."), got;
	unsigned char *out = cb_alloc(&ctx, len + 4);

	assert_true(cbi_crypto_unbase64(CBI_BASE64_URL, from, len, out, &got));
	return (const char *)out;
}

static json_t *claims_of(const char *token)
{
	const char *dot = strchr(token, '.');

	assert_non_null(dot);
	return json(decoded(dot + 1));
}

static void a_users_token_says_what_the_contract_has(void **state)
{
	const char *token = issue(&ada);
	json_t *claims = claims_of(token);
	struct cbi_who who;
	json_int_t now = (json_int_t)(cbi_clock_wall_ms() / 1000);

	(void)state;
	assert_string_equal(decoded(token), "{\"typ\":\"vnd.backstage.user\","
	                                    "\"alg\":\"ES256\",\"kid\":"
	                                    "\"one\"}");
	assert_string_equal(cb_json_text(claims, "iss", ""), ISSUER);
	assert_string_equal(cb_json_text(claims, "aud", ""), "backstage");
	assert_string_equal(cb_json_text(claims, "sub", ""),
	                    "user:default/ada");
	assert_null(json_object_get(claims, "ent"));
	assert_int_equal(json_integer_value(json_object_get(claims, "exp")) -
	                     json_integer_value(json_object_get(claims, "iat")),
	                 3600);
	assert_true(
	    labs((long)(json_integer_value(json_object_get(claims, "iat")) -
	                now)) <= 1);
	assert_int_equal(strlen(cb_json_text(claims, "uip", "")), 86);
	assert_int_equal(who_is(token, &who), CB_OK);
	assert_int_equal(who.kind, CBI_WHO_USER);
	assert_string_equal(who.subject, "user:default/ada");
	assert_null(who.session);
	assert_int_equal(who.expires,
	                 json_integer_value(json_object_get(claims, "exp")) *
	                     1000);
}

/* As a stock backend does it, byte by byte. */
static void the_limited_token_is_made_of_the_users(void **state)
{
	const char *token = issue(&ada), *limited, *by_hand;
	json_t *claims = claims_of(token);
	char head[256], body[256];
	struct cbi_who who;
	const char *text;
	int64_t expires;

	(void)state;
	text = "{\"typ\":\"vnd.backstage.limited-user\",\"alg\":\"ES256\","
	       "\"kid\":\"one\"}";
	cbi_crypto_base64(CBI_BASE64_URL, text, strlen(text), head);
	text = cb_printf(
	    &ctx, "{\"sub\":\"user:default/ada\",\"iat\":%lld,\"exp\":%lld}",
	    json_integer_value(json_object_get(claims, "iat")),
	    json_integer_value(json_object_get(claims, "exp")));
	cbi_crypto_base64(CBI_BASE64_URL, text, strlen(text), body);
	by_hand = cb_printf(&ctx, "%s.%s.%s", head, body,
	                    cb_json_text(claims, "uip", ""));
	assert_int_equal(cbi_auth_limit(&ctx, token, &limited, &expires),
	                 CB_OK);
	assert_string_equal(limited, by_hand);
	assert_int_equal(cbi_auth_limited(&ctx, auth, limited, &who), CB_OK);
	assert_string_equal(who.subject, "user:default/ada");
	assert_int_equal(who.expires, expires);
	/* It is no bearer token, and a user's is no limited one. */
	assert_int_equal(who_is(limited, &who), CB_EAUTH);
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_auth_limited(&ctx, auth, token, &who), CB_EAUTH);
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_auth_limit(&ctx, limited, &limited, &expires),
	                 CB_EINVAL);
	cb_failure_clear(&ctx);
}

static void config_may_have_ownership_in_it(void **state)
{
	struct cbi_auth *old = auth;
	json_t *claims;

	(void)state;
	auth = hall_auth(&hall,
	                 BASE "auth: {omitIdentityTokenOwnershipClaim: false, "
	                      "backstageTokenExpiration: {minutes: 1}}\n");
	claims = claims_of(issue(&ada));
	assert_int_equal(json_array_size(json_object_get(claims, "ent")), 2);
	assert_string_equal(cb_json_text(claims, "ent.1", ""),
	                    "group:default/crew");
	/* Less than ten minutes is ten minutes. */
	assert_int_equal(json_integer_value(json_object_get(claims, "exp")) -
	                     json_integer_value(json_object_get(claims, "iat")),
	                 600);
	cbi_auth_destroy(auth);
	auth = old;
}

static void only_users_have_tokens(void **state)
{
	static const struct cbi_who rows[] = {
		{ .kind = CBI_WHO_NOBODY, .subject = "" },
		{ .kind = CBI_WHO_SERVICE, .subject = "external:ci" },
		{ .kind = CBI_WHO_USER,
		  .subject = "user:default/bob",
		  .viewer = "user:default/ada" },
	};
	const char *token;
	int64_t expires;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    cbi_auth_issue(&ctx, auth, &rows[i], &token, &expires),
		    CB_EDENIED);
		cb_failure_clear(&ctx);
	}
}

static void a_plugin_asks_for_itself_or_for_somebody(void **state)
{
	const char *token;
	struct cbi_who who, soon = ada;

	(void)state;
	assert_int_equal(
	    cbi_auth_issue_plugin(&ctx, auth, "todo", "catalog", NULL, &token),
	    CB_OK);
	for (int i = 0; i < 2; i++) { /* the second time from memory */
		assert_int_equal(who_is(token, &who), CB_OK);
		assert_int_equal(who.kind, CBI_WHO_SERVICE);
		assert_string_equal(who.subject, "plugin:todo");
		assert_int_equal(who.limits_count, 1);
		assert_string_equal(who.limits[0].plugin, "catalog");
		assert_null(who.limits[0].permissions);
	}
	soon.expires = cbi_clock_wall_ms() + 20000;
	assert_int_equal(
	    cbi_auth_issue_plugin(&ctx, auth, "todo", "catalog", &soon, &token),
	    CB_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(who_is(token, &who), CB_OK);
		assert_int_equal(who.kind, CBI_WHO_USER);
		assert_string_equal(who.subject, "user:default/ada");
		assert_string_equal(who.plugin, "todo");
		assert_string_equal(who.limits[0].plugin, "catalog");
		assert_true(who.expires <= soon.expires);
	}
}

/* --- bad ones --- */

struct forgery {
	const char *what;
	const char *header;  /* NULL: a user's, of kid "one" */
	const char *payload; /* %lld: now */
	bool foreign;        /* signed by another key */
};

#define HEAD(typ, kid) \
	"{\"typ\":\"" typ "\",\"alg\":\"ES256\",\"kid\":\"" kid "\"}"
#define BODY(iss, aud, more)                                 \
	"{\"iss\":\"" iss "\",\"sub\":\"user:default/ada\"," \
	"\"aud\":\"" aud "\"" more "}"
#define TIMES ",\"iat\":%lld,\"exp\":9000000000"
#define PLUGIN HEAD("vnd.backstage.plugin", "one")

static const struct forgery forgeries[] = {
	{ "another key", NULL, BODY(ISSUER, "backstage", TIMES), true },
	{ "another kid", HEAD("vnd.backstage.user", "two"),
	  BODY(ISSUER, "backstage", TIMES), false },
	{ "no kid", "{\"typ\":\"vnd.backstage.user\",\"alg\":\"ES256\"}",
	  BODY(ISSUER, "backstage", TIMES), false },
	{ "a kid with a path", HEAD("vnd.backstage.user", "../one"),
	  BODY(ISSUER, "backstage", TIMES), false },
	{ "another issuer", NULL,
	  BODY("https://evil.example/api/auth", "backstage", TIMES), false },
	{ "another audience", NULL, BODY(ISSUER, "other", TIMES), false },
	{ "another typ", HEAD("JWT", "one"), BODY(ISSUER, "backstage", TIMES),
	  false },
	{ "a limited token", HEAD("vnd.backstage.limited-user", "one"),
	  BODY(ISSUER, "backstage", TIMES), false },
	{ "no times", NULL, BODY(ISSUER, "backstage", ""), false },
	{ "no end", NULL, BODY(ISSUER, "backstage", ",\"iat\":%lld"), false },
	{ "no beginning", NULL,
	  BODY(ISSUER, "backstage", ",\"exp\":9000000000"), false },
	{ "expired", NULL,
	  BODY(ISSUER, "backstage", ",\"iat\":1,\"exp\":1000000000"), false },
	{ "from the future", NULL,
	  BODY(ISSUER, "backstage", ",\"iat\":8000000000,\"exp\":9000000000"),
	  false },
	{ "not valid yet", NULL,
	  BODY(ISSUER, "backstage", TIMES ",\"nbf\":9000000000"), false },
	{ "times that are texts", NULL,
	  BODY(ISSUER, "backstage", ",\"iat\":\"%lld\",\"exp\":\"9000000000\""),
	  false },
	{ "no subject", NULL,
	  "{\"iss\":\"" ISSUER "\",\"aud\":\"backstage\"" TIMES "}", false },
	{ "a subject that is a number", NULL,
	  "{\"sub\":7,\"iss\":\"" ISSUER "\",\"aud\":\"backstage\"" TIMES "}",
	  false },
	{ "a plugin of no name", PLUGIN,
	  "{\"sub\":\"To do\",\"aud\":\"catalog\"" TIMES "}", false },
	{ "a plugin for none", PLUGIN, "{\"sub\":\"todo\"" TIMES "}", false },
	{ "a plugin for somebody unknown", PLUGIN,
	  "{\"sub\":\"todo\",\"aud\":\"catalog\",\"obo\":\"x.y.z\"" TIMES "}",
	  false },
	{ "a plugin for a number", PLUGIN,
	  "{\"sub\":\"todo\",\"aud\":\"catalog\",\"obo\":5" TIMES "}", false },
	{ "signed for somebody else", HEAD("", "one"),
	  BODY(ISSUER, "other", TIMES), false },
};

static const char *forge(const struct forgery *f, const char *other)
{
	long long now = (long long)(cbi_clock_wall_ms() / 1000);
	const char *body, *token;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
	body = cb_printf(&ctx, f->payload, now);
#pragma GCC diagnostic pop
	assert_int_equal(cbi_jose_sign(&ctx, json(f->foreign ? other : jwk),
	                               f->header
	                                   ? f->header
	                                   : HEAD("vnd.backstage.user", "one"),
	                               body, &token),
	                 CB_OK);
	return token;
}

static void bad_tokens_are_nobodys(void **state)
{
	const struct forgery right = { "right", NULL,
		                       BODY(ISSUER, "backstage", TIMES),
		                       false };
	const struct forgery old = { "the older form",
		                     "{\"alg\":\"ES256\",\"kid\":\"one\"}",
		                     BODY(ISSUER, "backstage", TIMES), false };
	const char *other, *keep = jwk;
	struct cbi_who who;

	(void)state;
	jwk = cb_strdup(&ctx, jwk);
	assert_int_equal(cbi_jose_generate(&ctx, "one", &other), CB_OK);
	assert_int_equal(who_is(forge(&right, other), &who), CB_OK);
	assert_int_equal(who_is(forge(&old, other), &who), CB_OK);
	for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
		const char *token = forge(&forgeries[i], other);

		/* Twice: what is refused is not remembered either. */
		for (int k = 0; k < 2; k++) {
			who.kind = CBI_WHO_NOBODY;
			if (who_is(token, &who) != CB_EAUTH ||
			    who.kind != CBI_WHO_NOBODY)
				fail_msg("taken: %s", forgeries[i].what);
			/* Nothing of it is told. */
			assert_null(strstr(cb_failure(&ctx), "evil"));
			assert_null(strstr(cb_failure(&ctx), "ada"));
			cb_failure_clear(&ctx);
		}
	}
	jwk = keep;
}

/* Two hosts' clocks differ by a minute at most. */
static void clocks_may_differ_by_a_minute(void **state)
{
	static const struct {
		int iat, exp, code;
	} rows[] = {
		{ 50, 600, CB_OK },
		{ 75, 600, CB_EAUTH },
		{ -600, -50, CB_OK },
		{ -600, -75, CB_EAUTH },
	};
	long long now = (long long)(cbi_clock_wall_ms() / 1000);
	struct cbi_who who;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *token,
		    *body = cb_printf(
			&ctx,
			BODY(ISSUER, "backstage", ",\"iat\":%lld,\"exp\":%lld"),
			now + rows[i].iat, now + rows[i].exp);

		assert_int_equal(
		    cbi_jose_sign(&ctx, json(jwk),
		                  HEAD("vnd.backstage.user", "one"), body,
		                  &token),
		    CB_OK);
		assert_int_equal(who_is(token, &who), rows[i].code);
		cb_failure_clear(&ctx);
	}
}

static void no_letter_of_a_token_may_change(void **state)
{
	char *token = strdup(issue(&ada));
	struct cbi_who who;

	(void)state;
	for (size_t i = 0; token[i]; i++) {
		char was = token[i];

		token[i] = was == 'A' ? 'B' : 'A';
		assert_int_equal(who_is(token, &who), CB_EAUTH);
		hall_again(&hall);
		token[i] = '\0';
		assert_int_equal(i ? who_is(token, &who) : CB_EAUTH, CB_EAUTH);
		hall_again(&hall);
		token[i] = was;
	}
	assert_int_equal(who_is(token, &who), CB_OK);
	free(token);
}

/* --- keys --- */

static const char *kid_of(const char *token)
{
	return cb_json_text(json(decoded(token)), "kid", "");
}

static void a_new_key_waits_and_old_ones_verify(void **state)
{
	struct cbi_who who;
	char *first;
	json_t *set;

	(void)state;
	first = strdup(issue(&ada));
	hall_token_key(&hall, "two", 30, 10800);
	hall_again(&hall);
	assert_string_equal(kid_of(issue(&ada)), "one");
	hall_token_key(&hall, "two", 90, 10800);
	hall_again(&hall);
	assert_string_equal(kid_of(issue(&ada)), "two");
	assert_int_equal(who_is(first, &who), CB_OK);
	assert_int_equal(cbi_auth_public_keys(&ctx, auth, &set), CB_OK);
	assert_int_equal(json_array_size(json_object_get(set, "keys")), 2);
	assert_string_equal(cb_json_text(set, "keys.0.kid", ""), "one");
	assert_null(cb_json_text(set, "keys.0.d", NULL));
	/* Alone, a new key signs at once. */
	hall_del(&hall, HALL_TOKEN_KEY, "two", 3);
	hall_del(&hall, HALL_TOKEN_KEY, "one", 3);
	hall_token_key(&hall, "three", 0, 10800);
	hall_again(&hall);
	assert_string_equal(kid_of(issue(&ada)), "three");
	/* A token does not outlive its key's last day. */
	hall_token_key(&hall, "three", 100, 700);
	hall_again(&hall);
	set = claims_of(issue(&ada));
	assert_true(json_integer_value(json_object_get(set, "exp")) -
	                json_integer_value(json_object_get(set, "iat")) <=
	            600);
	hall_del(&hall, HALL_TOKEN_KEY, "three", 5);
	hall_again(&hall);
	assert_int_equal(
	    cbi_auth_issue(&ctx, auth, &ada, (const char **)&set, &who.expires),
	    CB_EAWAY);
	hall_put_token_key(&hall, "one", 3000, 10800, jwk);
	hall_again(&hall);
	free(first);
}

static void what_is_remembered_ends_with_its_key(void **state)
{
	char *token = strdup(issue(&ada));
	struct cbi_who who;

	(void)state;
	assert_int_equal(who_is(token, &who), CB_OK);
	hall_del(&hall, HALL_TOKEN_KEY, "one", 3);
	hall_again(&hall);
	/* The copy has gone on and the board does not say so yet. */
	assert_int_equal(who_is(token, &who), CB_OK);
	atomic_fetch_add(&cbi_board()->registry_number, 1);
	assert_int_equal(who_is(token, &who), CB_EAUTH);
	hall_again(&hall);
	hall_put_token_key(&hall, "one", 3000, 10800, jwk);
	hall_again(&hall);
	assert_int_equal(who_is(token, &who), CB_OK);
	free(token);
}

/* All that somebody had: also what is remembered, and at once. */
static void what_a_user_lost_is_not_taken(void **state)
{
	static const char *const refs[] = { "user:default/ada",
		                            "user:default/bob" };
	char *token = strdup(issue(&ada));
	struct cbi_who who;
	int64_t before;

	(void)state;
	assert_int_equal(who_is(token, &who), CB_OK);
	for (int i = 0; i < 3; i++) {
		unsigned char value[8];

		before = cbi_clock_wall_ms() - (i == 1 ? 120000 : 0);
		for (int k = 0; k < 8; k++)
			value[k] =
			    (unsigned char)((uint64_t)before >> (56 - 8 * k));
		hall_put(&hall, HALL_REVOKED, refs[i == 2], 16, value, 8);
		hall_again(&hall);
		assert_int_equal(who_is(token, &who), i ? CB_OK : CB_EAUTH);
		hall_again(&hall);
	}
	hall_del(&hall, HALL_REVOKED, refs[0], 16);
	hall_again(&hall);
	free(token);
}

static void a_crowd_of_tokens_is_bounded_and_right(void **state)
{
	char *tokens[300];
	struct cbi_who who;

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct cbi_who one = { .kind = CBI_WHO_USER };

		one.subject = cb_printf(&ctx, "user:default/u%d", i);
		tokens[i] = strdup(issue(&one));
		hall_again(&hall);
	}
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 300; i++) {
			char name[32];

			snprintf(name, sizeof(name), "user:default/u%d", i);
			assert_int_equal(who_is(tokens[i], &who), CB_OK);
			assert_string_equal(who.subject, name);
			hall_again(&hall);
		}
	for (int i = 0; i < 300; i++)
		free(tokens[i]);
}

/* --- guests --- */

static void a_guests_token_ends_with_the_door(void **state)
{
	struct cbi_auth *shut = auth;
	struct cbi_who guest, who;
	char *token;

	(void)state;
	assert_int_equal(cbi_auth_guest_user(&ctx, auth, &guest), CB_EDENIED);
	cb_failure_clear(&ctx);
	auth = hall_auth(&hall, BASE
	                 "auth: {providers: {guest: {"
	                 "dangerouslyAllowOutsideDevelopment: true, "
	                 "ownershipEntityRefs: ['group:default/all']}}}\n");
	assert_int_equal(cbi_auth_guest_user(&ctx, auth, &guest), CB_OK);
	assert_string_equal(guest.subject, "user:development/guest");
	assert_string_equal(guest.owns[0], "group:default/all");
	token = strdup(issue(&guest));
	assert_int_equal(who_is(token, &who), CB_OK);
	assert_int_equal(who.kind, CBI_WHO_GUEST);
	cbi_auth_destroy(auth);
	auth = shut;
	assert_int_equal(who_is(token, &who), CB_EAUTH);
	hall_again(&hall);
	free(token);
	auth = hall_auth(&hall, BASE "auth: {guest: true, providers: {guest: "
	                             "{userEntityRef: 'user:default/g'}}}\n");
	assert_int_equal(cbi_auth_guest_user(&ctx, auth, &guest), CB_OK);
	assert_string_equal(guest.subject, "user:default/g");
	cbi_auth_destroy(auth);
	auth = shut;
}

static int start(void **state)
{
	(void)state;
	if (hall_open(&hall) < 0)
		return -1;
	jwk = strdup(hall_token_key(&hall, "one", 3000, 10800));
	hall_again(&hall);
	auth = hall_auth(&hall, BASE);
	return auth ? 0 : -1;
}

static int finish(void **state)
{
	(void)state;
	cbi_auth_destroy(auth);
	free((char *)(uintptr_t)jwk);
	return hall_close(&hall);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_users_token_says_what_the_contract_has),
		cmocka_unit_test(the_limited_token_is_made_of_the_users),
		cmocka_unit_test(config_may_have_ownership_in_it),
		cmocka_unit_test(only_users_have_tokens),
		cmocka_unit_test(a_plugin_asks_for_itself_or_for_somebody),
		cmocka_unit_test(bad_tokens_are_nobodys),
		cmocka_unit_test(clocks_may_differ_by_a_minute),
		cmocka_unit_test(no_letter_of_a_token_may_change),
		cmocka_unit_test(a_new_key_waits_and_old_ones_verify),
		cmocka_unit_test(what_is_remembered_ends_with_its_key),
		cmocka_unit_test(what_a_user_lost_is_not_taken),
		cmocka_unit_test(a_crowd_of_tokens_is_bounded_and_right),
		cmocka_unit_test(a_guests_token_ends_with_the_door),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
