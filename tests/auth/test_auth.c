/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/auth/hall.h"

static struct hall hall;
#define ctx hall.ctx

static struct cbi_auth *auth_of(const char *text)
{
	return hall_auth(&hall, text);
}

static void again(void)
{
	hall_again(&hall);
}

#define ROW                                                                  \
	"backend: {auth: {externalAccess: [{type: static, options: {token: " \
	"secret-token, subject: ci}}]}}\n"

static void a_static_token_is_a_service(void **state)
{
	struct cbi_auth *auth = auth_of(ROW);
	struct cbi_who who;

	(void)state;
	assert_non_null(auth);
	assert_int_equal(
	    cbi_auth_who(&ctx, auth, "Bearer secret-token", NULL, &who), CB_OK);
	assert_int_equal(who.kind, CBI_WHO_SERVICE);
	assert_string_equal(who.subject, "external:ci");
	assert_int_equal(
	    cbi_auth_who(&ctx, auth, "bEARER  secret-token", NULL, &who),
	    CB_OK);
	assert_int_equal(who.kind, CBI_WHO_SERVICE);
	assert_int_equal(
	    cbi_auth_who(&ctx, auth, "Bearer secret-toke", NULL, &who),
	    CB_EAUTH);
	cb_failure_clear(&ctx);
	assert_int_equal(
	    cbi_auth_who(&ctx, auth, "Bearer secret-token2", NULL, &who),
	    CB_EAUTH);
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_auth_who(&ctx, auth, "Basic c2VjcmV0", NULL, &who),
	                 CB_OK);
	assert_int_equal(who.kind, CBI_WHO_NOBODY);
	assert_int_equal(cbi_auth_who(&ctx, auth, NULL, NULL, &who), CB_OK);
	assert_int_equal(who.kind, CBI_WHO_NOBODY);
	cbi_auth_destroy(auth);
}

#define JWKS "{type: jwks, options: {url: 'https://idp.example/keys'"

static void bad_rows_are_named(void **state)
{
	static const struct {
		const char *row, *says;
	} rows[] = {
		{ "{type: static, options: {token: short, subject: a}}",
		  "externalAccess.0.options.token: expected" },
		{ "{type: static, options: {token: 'has a space', subject: "
		  "a}}",
		  "without spaces" },
		{ "{type: static, options: {token: long-enough}}",
		  "options.subject" },
		{ "{type: static, options: {token: long-enough, subject: a, "
		  "tokne: x}}",
		  "options.tokne: not known: expected one of token subject" },
		{ "{type: static, options: {token: long-enough, subject: a}, "
		  "accessRestriction: []}",
		  "externalAccess.0.accessRestriction: not known" },
		{ "{type: oauth}", "expected static, legacy or jwks" },
		{ "{type: legacy, options: {secret: 'n*t base64', subject: "
		  "a}}",
		  "options.secret: expected a secret in base64" },
		{ "{type: legacy, options: {secret: c2VjcmV0}}",
		  "options.subject" },
		{ "{type: jwks, options: {url: ftp://x}}",
		  "options.url: expected the address" },
		{ JWKS ", algorithm: HS256}}",
		  "options.algorithm: expected RS256" },
		{ JWKS ", algorithm: [RS256, none]}}", "expected RS256" },
		{ JWKS ", audience: {a: b}}}", "options.audience: expected" },
		{ JWKS ", issuer: []}}", "options.issuer: expected" },
		{ JWKS ", subjectPrefix: 'a:b'}}", "options.subjectPrefix" },
		{ JWKS ", secret: x}}", "options.secret: not known" },
		{ JWKS "}, accessRestrictions: {plugin: catalog}}",
		  "accessRestrictions: expected a list" },
		{ JWKS "}, accessRestrictions: [{permission: a}]}",
		  "accessRestrictions.0.plugin: expected" },
		{ JWKS "}, accessRestrictions: [{plugin: a}, {plugin: a}]}",
		  "accessRestrictions.1.plugin: this plugin has a row" },
		{ JWKS "}, accessRestrictions: [{plugin: a, permissions: b}]}",
		  "accessRestrictions.0.permissions: not known" },
		{ JWKS "}, accessRestrictions: [{plugin: a, permission: []}]}",
		  "accessRestrictions.0.permission: expected" },
		{ JWKS "}, accessRestrictions: [{plugin: a, "
		       "permissionAttribute: {action: write}}]}",
		  "permissionAttribute.action: expected create" },
		{ JWKS "}, accessRestrictions: [{plugin: a, "
		       "permissionAttribute: {actoin: read}}]}",
		  "expected 'action' and nothing else" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
		         "backend:\n  auth:\n    externalAccess:\n      - %s\n",
		         rows[i].row);
		if (hall_auth(&hall, text))
			fail_msg("taken: %s", rows[i].row);
		if (!strstr(cb_failure(&ctx), rows[i].says) ||
		    !strstr(cb_failure(&ctx), "config.yaml:4:"))
			fail_msg("%s: %s", rows[i].row, cb_failure(&ctx));
		/* What is wrong is said, what is secret is not. */
		assert_null(strstr(cb_failure(&ctx), "long-enough"));
		again();
	}
	assert_null(auth_of("backend: {auth: {keys: [{secret: '?'}]}}\n"));
	assert_non_null(strstr(cb_failure(&ctx), "backend.auth.keys.0.secret"));
	again();
}

static void a_guest_session_holds_until_it_is_tampered_with(void **state)
{
	struct cbi_auth *auth = auth_of("auth: {guest: true}\n");
	struct cbi_who who;
	const char *cookie, *fresh;
	char *bad;

	(void)state;
	assert_int_equal(cbi_auth_guest(&ctx, auth, &cookie), CB_OK);
	assert_int_equal(cbi_auth_who(&ctx, auth, NULL, cookie, &who), CB_OK);
	assert_int_equal(who.kind, CBI_WHO_GUEST);
	assert_string_equal(who.subject, "user:default/guest");
	assert_int_equal(cbi_auth_renew(&ctx, auth, cookie, &fresh), CB_OK);
	assert_null(fresh);
	for (size_t i = 0; cookie[i]; i++) {
		bad = cb_strdup(&ctx, cookie);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		assert_int_equal(cbi_auth_who(&ctx, auth, NULL, bad, &who),
		                 CB_OK);
		assert_int_equal(who.kind, CBI_WHO_NOBODY);
		bad[i] = '\0';
		assert_int_equal(cbi_auth_who(&ctx, auth, NULL, bad, &who),
		                 CB_OK);
		assert_int_equal(who.kind, CBI_WHO_NOBODY);
	}
	cbi_auth_destroy(auth);
}

static void a_shut_door_makes_no_guest_and_ends_their_sessions(void **state)
{
	struct cbi_auth *open = auth_of("auth: {guest: true}\n");
	struct cbi_auth *shut = auth_of("auth: {guest: false}\n");
	struct cbi_who who;
	const char *cookie, *other;

	(void)state;
	assert_int_equal(cbi_auth_guest(&ctx, open, &cookie), CB_OK);
	assert_int_equal(cbi_auth_guest(&ctx, shut, &other), CB_EDENIED);
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_auth_who(&ctx, shut, NULL, cookie, &who), CB_OK);
	assert_int_equal(who.kind, CBI_WHO_NOBODY);
	cbi_auth_destroy(open);
	cbi_auth_destroy(shut);
}

static void old_keys_verify_and_the_newest_signs(void **state)
{
	struct cbi_auth *auth = auth_of("auth: {guest: true}\n");
	const char *one, *two;

	(void)state;
	assert_int_equal(cbi_auth_sign(&ctx, auth, "cursor", "text", &one),
	                 CB_OK);
	one = strdup(one);
	/* A new one waits for hosts that hear of it later. */
	hall_key(&hall, "bbb", cbi_clock_wall_ms() - 50000, "another secret");
	again();
	assert_int_equal(cbi_auth_sign(&ctx, auth, "cursor", "text", &two),
	                 CB_OK);
	assert_string_equal(one, two);
	hall_key(&hall, "bbb", cbi_clock_wall_ms() - 70000, "another secret");
	again();
	assert_int_equal(cbi_auth_sign(&ctx, auth, "cursor", "text", &two),
	                 CB_OK);
	assert_string_not_equal(one, two);
	assert_true(cbi_auth_signed(&ctx, auth, "cursor", "text", one));
	assert_true(cbi_auth_signed(&ctx, auth, "cursor", "text", two));
	assert_false(cbi_auth_signed(&ctx, auth, "session", "text", two));
	assert_false(cbi_auth_signed(&ctx, auth, "cursor", "texT", two));
	hall_del(&hall, HALL_KEY, "aaa", 3);
	again();
	assert_false(cbi_auth_signed(&ctx, auth, "cursor", "text", one));
	hall_key(&hall, "aaa", 1, "a secret of the fleet");
	hall_del(&hall, HALL_KEY, "bbb", 3);
	again();
	free((char *)one);
	cbi_auth_destroy(auth);
}

static void forms_belong_to_their_session(void **state)
{
	struct cbi_auth *auth = auth_of("auth: {guest: true}\n");
	struct cbi_who one = { .kind = CBI_WHO_GUEST, .session = "abc" };
	struct cbi_who two = { .kind = CBI_WHO_GUEST, .session = "abd" };
	struct cbi_who service = { .kind = CBI_WHO_SERVICE };
	const char *token;

	(void)state;
	assert_int_equal(cbi_auth_csrf(&ctx, auth, &one, &token), CB_OK);
	assert_true(cbi_auth_csrf_valid(&ctx, auth, &one, token));
	assert_false(cbi_auth_csrf_valid(&ctx, auth, &two, token));
	assert_false(cbi_auth_csrf_valid(&ctx, auth, &one, ""));
	assert_false(cbi_auth_csrf_valid(&ctx, auth, &one, NULL));
	assert_false(cbi_auth_csrf_valid(&ctx, auth, &service, token));
	assert_int_equal(cbi_auth_csrf(&ctx, auth, &service, &token),
	                 CB_EDENIED);
	cbi_auth_destroy(auth);
}

static void without_a_key_nothing_is_signed(void **state)
{
	struct cbi_auth *auth = auth_of("auth: {guest: true}\n");
	const char *cookie;

	(void)state;
	hall_del(&hall, HALL_KEY, "aaa", 3);
	again();
	assert_int_equal(cbi_auth_guest(&ctx, auth, &cookie), CB_EAWAY);
	hall_key(&hall, "aaa", 1, "a secret of the fleet");
	again();
	cbi_auth_destroy(auth);
}

/* ---- What has ended --------------------------------------------------------
 */

static const struct cbi_who ada = { .kind = CBI_WHO_USER,
	                            .subject = "user:default/ada" };

static char *issue(struct cbi_auth *auth, const struct cbi_who *who,
                   int64_t *expires)
{
	const char *token;

	assert_int_equal(cbi_auth_issue(&ctx, auth, who, &token, expires),
	                 CB_OK);
	return strdup(token);
}

/* One of ada's that was made in a session, which ends in so many seconds. */
static char *session_token(struct cbi_auth *auth, const char *session,
                           int64_t left)
{
	int64_t expires, end = cbi_clock_wall_ms() + left * 1000;
	struct cbi_who who = ada;
	char *token;

	who.session = session;
	who.expires = end;
	token = issue(auth, &who, &expires);
	/* No longer than that may last in any case. */
	assert_true(expires <= end && expires > cbi_clock_wall_ms() + 500000);
	return token;
}

static int who_is(struct cbi_auth *auth, const char *token)
{
	struct cbi_who who;
	int rc;

	rc = cbi_auth_who(&ctx, auth, cb_printf(&ctx, "Bearer %s", token), NULL,
	                  &who);
	if (rc == CB_OK)
		assert_null(who.session);
	again();
	return rc;
}

static void put_revoked(const char *what, int64_t before)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)before >> (56 - 8 * i));
	hall_put(&hall, HALL_REVOKED, what, strlen(what), bytes, 8);
	again();
}

static void a_token_ends_with_the_session_it_was_made_in(void **state)
{
	struct cbi_auth *auth = auth_of("auth: {guest: true}\n");
	int64_t now = cbi_clock_wall_ms(), expires;
	char *one, *two, *after, *free_one, what[80] = "session:";

	(void)state;
	hall_token_key(&hall, "one", 3000, 10800);
	again();
	one = session_token(auth, "one", 600);
	two = session_token(auth, "two", 86400);
	free_one = issue(auth, &ada, &expires);
	/* Twice: the second time it is remembered. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(who_is(auth, one), CB_OK);
	cbi_auth_session_hash("one", what + strlen(what));
	put_revoked(what, now);
	assert_int_equal(who_is(auth, one), CB_EAUTH);
	assert_int_equal(who_is(auth, two), CB_OK);
	/* All that was hers: what she gets in a session after that is good at
	 * once, and what has none may be of a host whose clock is ahead. */
	put_revoked("user:default/ada", now - 2000);
	assert_int_equal(who_is(auth, free_one), CB_EAUTH);
	after = session_token(auth, "three", 600);
	assert_int_equal(who_is(auth, after), CB_OK);
	put_revoked("user:default/ada", now + 70000);
	assert_int_equal(who_is(auth, after), CB_EAUTH);
	free(one);
	free(two);
	free(after);
	free(free_one);
	cbi_auth_destroy(auth);
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
		cmocka_unit_test(a_static_token_is_a_service),
		cmocka_unit_test(bad_rows_are_named),
		cmocka_unit_test(
		    a_guest_session_holds_until_it_is_tampered_with),
		cmocka_unit_test(
		    a_shut_door_makes_no_guest_and_ends_their_sessions),
		cmocka_unit_test(old_keys_verify_and_the_newest_signs),
		cmocka_unit_test(forms_belong_to_their_session),
		cmocka_unit_test(without_a_key_nothing_is_signed),
		cmocka_unit_test(a_token_ends_with_the_session_it_was_made_in),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
