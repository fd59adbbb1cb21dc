/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/attempt.h"
#include "auth/flight.h"
#include "auth/idp.h"
#include "auth/resolve.h"
#include "base/board.h"
#include "base/clock.h"
#include "json/json.h"
#include "tests/auth/hall.h"

static struct hall hall;

static void again(void)
{
	hall_again(&hall);
}

#define CLIENT "clientId: id, clientSecret: secret"
#define META "metadataUrl: 'https://idp.example/x'"

/* ---- The config ----------------------------------------------------------
 */

static void providers_are_read_by_environment(void **state)
{
	struct cbi_auth *auth =
	    hall_auth(&hall, "auth:\n  environment: production\n  providers:\n"
	                     "    okta: {production: {" CLIENT ", audience: "
	                     "'https://x.okta.com/'}, development: {" CLIENT
	                     ", audience: 'https://y.okta.com'}}\n"
	                     "    github: {" CLIENT "}\n"
	                     "    gitlab: {production: {}}\n"
	                     "    atlassian: {production: {" CLIENT "}}\n"
	                     "    guest: {userEntityRef: 'user:default/x'}\n"
	                     "    keycloak: {type: oidc, " CLIENT ", " META
	                     ", title: Work}\n");
	const struct cbi_idps *idps;
	const struct cbi_idp *idp;

	(void)state;
	assert_non_null(auth);
	idps = cbi_auth_idps(auth);
	assert_int_equal(cbi_idps_all(idps, &idp), 4);
	idp = cbi_idps_find(idps, "okta", NULL);
	assert_string_equal(idp->env, "production");
	assert_string_equal(
	    idp->metadata,
	    "https://x.okta.com/.well-known/openid-configuration");
	idp = cbi_idps_find(idps, "okta", "development");
	assert_string_equal(idp->env, "development");
	assert_null(cbi_idps_find(idps, "okta", "test"));
	assert_non_null(cbi_idps_find(idps, "github", "test"));
	assert_null(cbi_idps_find(idps, "gitlab", NULL));
	assert_false(cbi_idps_has(idps, "atlassian"));
	assert_false(cbi_idps_has(idps, "guest"));
	idp = cbi_idps_find(idps, "keycloak", NULL);
	assert_string_equal(idp->title, "Work");
	/* Without resolvers nobody signs in by it. */
	assert_false(cbi_idps_offers(idps, idp));
	cbi_auth_destroy(auth);
}

static void bad_sections_are_named(void **state)
{
	static const struct {
		const char *section, *says;
	} rows[] = {
		{ "oidc: {clientId: id, " META "}", "clientSecret" },
		{ "oidc: {" CLIENT "}", "oidc.metadataUrl: expected" },
		{ "oidc: {" CLIENT ", metadataUrl: 'file:///x'}",
		  "oidc.metadataUrl: expected" },
		{ "oidc: {" CLIENT ", " META ", tokenSignedResponseAlg: none}",
		  "tokenSignedResponseAlg" },
		{ "oidc: {" CLIENT ", " META ", algorithms: [HS256]}",
		  "algorithms: expected algorithms with a public key" },
		{ "x: {type: smoke, " CLIENT "}", "x.type: unknown" },
		{ "oauth2: {" CLIENT "}", "authorizationUrl" },
		{ "oauth2Proxy: {secret: short}", "oauth2Proxy.secret" },
		{ "ldap: {target: 'http://x', users: {dn: x}}", "ldap.target" },
		{ "ldap: {target: 'ldap://x'}", "ldap.users.dn" },
		{ "ldap: {target: 'ldap://x', users: {dn: x, filter: "
		  "'(uid=x)'}}",
		  "users.filter: expected a filter with {user}" },
		{ "oidc: {" CLIENT ", " META
		  ", signIn: {resolvers: [{resolver: guess}]}}",
		  "resolvers.0.resolver: there is no such" },
		{ "oidc: {" CLIENT ", " META
		  ", signIn: {resolvers: [{resolver: claim, claim: x, "
		  "matches: name, pattern: '('}]}}",
		  "resolvers.0.pattern" },
		{ "oidc: {" CLIENT ", " META
		  ", signIn: {resolvers: [{resolver: claim, claim: x, "
		  "matches: name, pattern: '(a)\\1'}]}}",
		  "does not refer back" },
		{ "oidc: {" CLIENT ", " META
		  ", signIn: {resolvers: [{resolver: claim, claim: x}]}}",
		  "resolvers.0.matches" },
		{ "oidc: {" CLIENT ", " META
		  ", signIn: {resolvers: [{resolver: "
		  "userIdMatchingUserEntityAnnotation}]}}",
		  "resolvers.0.annotation" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text), "auth:\n  providers:\n    %s\n",
		         rows[i].section);
		assert_null(hall_auth(&hall, text));
		if (!strstr(cb_failure(&hall.ctx), rows[i].says))
			fail_msg("%s: %s", rows[i].section,
			         cb_failure(&hall.ctx));
		assert_non_null(
		    strstr(cb_failure(&hall.ctx), "config.yaml:3:"));
		assert_null(strstr(cb_failure(&hall.ctx), "secret-"));
		again();
	}
}

/* ---- Resolvers -------------------------------------------------------------
 */

static const struct {
	const char *ref, *key, *value;
} users[] = {
	{ "user:default/ada", "spec.profile.email", "ada@x.example" },
	{ "user:default/bob", "spec.profile.email", "two@x.example" },
	{ "user:default/eve", "spec.profile.email", "two@x.example" },
	{ "user:default/ada", "metadata.annotations.github.com/user-id", "17" },
};

static int find(struct cb_ctx *c, void *arg, const char *key, const char *value,
                const char *refs[2], size_t *n)
{
	(void)c;
	(void)arg;
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		if (strcmp(users[i].key, key) == 0 &&
		    strcmp(users[i].value, value) == 0 && *n < 2)
			refs[(*n)++] = users[i].ref;
	return CB_OK;
}

static int has(struct cb_ctx *c, void *arg, const char *ref, bool *out)
{
	(void)c;
	(void)arg;
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		*out = *out || strcmp(users[i].ref, ref) == 0;
	return CB_OK;
}

static const struct {
	const char *rules, *person;
	int rc;
	const char *says; /* the ref, or why of the first rule */
} resolutions[] = {
#define EMAIL "{resolver: emailMatchingUserEntityProfileEmail}"
	{ EMAIL, "{'email': 'Ada@X.example'}", CB_OK, "user:default/ada" },
	{ EMAIL, "{'email': 'ada+x@x.example'}", CB_OK, "user:default/ada" },
	{ EMAIL, "{'email': 'two@x.example'}", CB_ECONFLICT, NULL },
	{ EMAIL, "{'email': 'nobody@x.example'}", CB_ENOENT,
	  "No User of the catalog has it." },
	{ EMAIL, "{'claims': {'x': 1}}", CB_ENOENT,
	  "The provider does not say it." },
	{ EMAIL, "{'claims': {'email': 'ada@x.example'}}", CB_ENOENT,
	  "The provider does not say it." },
	{ EMAIL, "{'email': ''}", CB_ENOENT, "The provider does not say it." },
	{ "{resolver: emailMatchingUserEntityProfileEmail, "
	  "allowedDomains: [y.example]}",
	  "{'email': 'ada@x.example'}", CB_ENOENT,
	  "Its domain is not among those allowed." },
	{ "{resolver: emailMatchingUserEntityProfileEmail, "
	  "allowedDomains: [y.example]}",
	  "{'email': 'ada@x.example@y.examples'}", CB_ENOENT,
	  "Its domain is not among those allowed." },
	{ "{resolver: emailLocalPartMatchingUserEntityName}",
	  "{'email': 'ADA@other.example'}", CB_OK, "user:default/ada" },
	{ "{resolver: emailLocalPartMatchingUserEntityName}",
	  "{'email': 'ada'}", CB_ENOENT,
	  "It does not have the form expected." },
	{ "{resolver: usernameMatchingUserEntityName}", "{'username': 'ada'}",
	  CB_OK, "user:default/ada" },
	{ "{resolver: usernameMatchingUserEntityName}",
	  "{'username': '../group:default/ada'}", CB_ENOENT,
	  "No User of the catalog has it." },
	{ "{resolver: userIdMatchingUserEntityAnnotation, annotation: "
	  "github.com/user-id}",
	  "{'id': 17}", CB_OK, "user:default/ada" },
	{ "{resolver: claim, claim: upn, pattern: "
	  "'^X.([a-z]+)$', value: $1, matches: name}",
	  "{'claims': {'upn': 'X-ada'}}", CB_OK, "user:default/ada" },
	{ "{resolver: claim, claim: upn, pattern: '^Y', matches: name}",
	  "{'claims': {'upn': 'X-ada'}}", CB_ENOENT,
	  "It does not have the form expected." },
	{ "{resolver: claim, claim: user.mail, matches: email}",
	  "{'claims': {'user': {'mail': 'ada@x.example'}}}", CB_OK,
	  "user:default/ada" },
	{ "{resolver: usernameMatchingUserEntityName, "
	  "dangerouslyAllowSignInWithoutUserInCatalog: true}",
	  "{'username': 'New.One'}", CB_OK, "user:default/new.one" },
	{ "{resolver: usernameMatchingUserEntityName, "
	  "dangerouslyAllowSignInWithoutUserInCatalog: true}",
	  "{'username': 'a/b'}", CB_ENOENT, "No User of the catalog has it." },
	{ "{resolver: usernameMatchingUserEntityName}, " EMAIL,
	  "{'username': 'zoe', 'email': 'ada@x.example'}", CB_OK,
	  "user:default/ada" },
};

static void resolvers_find_one_user_or_say_why(void **state)
{
	const struct cbi_finder finder = { .find = find, .has = has };

	(void)state;
	for (size_t i = 0; i < sizeof(resolutions) / sizeof(resolutions[0]);
	     i++) {
		char *text =
		    cb_printf(&hall.ctx,
		              "auth: {providers: {oidc: {" CLIENT ", " META
		              ", signIn: {resolvers: [%s]}}}}\n",
		              resolutions[i].rules);
		struct cbi_auth *auth = hall_auth(&hall, text);
		char *json = cb_strdup(&hall.ctx, resolutions[i].person);
		struct cbi_resolved out;
		json_t *person;
		int rc;

		if (!auth)
			fail_msg("%s: %s", resolutions[i].rules,
			         cb_failure(&hall.ctx));
		for (char *at = json; *at; at++)
			*at = *at == '\'' ? '"' : *at;
		person = json_loads(json, 0, NULL);
		assert_non_null(person);
		rc = cbi_resolve(
		    &hall.ctx, cbi_idps_find(cbi_auth_idps(auth), "oidc", NULL),
		    person, &finder, &out);
		if (rc != resolutions[i].rc)
			fail_msg("%s with %s: %d (%s)", resolutions[i].rules,
			         resolutions[i].person, rc,
			         cb_failure(&hall.ctx));
		if (rc == CB_OK)
			assert_string_equal(out.ref, resolutions[i].says);
		else if (rc == CB_ENOENT)
			assert_string_equal(out.looked[0].why,
			                    resolutions[i].says);
		json_decref(person);
		cbi_auth_destroy(auth);
		again();
	}
}

/* ---- Flights ---------------------------------------------------------------
 */

static void a_flight_comes_back_as_it_left(void **state)
{
	struct cbi_auth *auth = hall_auth(&hall, "auth: {guest: true}\n");
	struct cbi_flight flight = { .idp = "oidc",
		                     .env = "test",
		                     .flow = "redirect",
		                     .back = "/a?b=c&d=%20\xc3\xa4" };
	const char *state_text, *cookie;
	struct cbi_flight out;
	char *bad;

	(void)state;
	assert_int_equal(
	    cbi_flight_begin(&hall.ctx, auth, &flight, &state_text, &cookie),
	    CB_OK);
	assert_int_equal(
	    cbi_flight_end(&hall.ctx, auth, "oidc", state_text, cookie, &out),
	    CB_OK);
	assert_string_equal(out.back, flight.back);
	assert_string_equal(out.env, "test");
	assert_null(out.origin);
	assert_string_equal(out.verifier, flight.verifier);
	assert_string_equal(out.nonce, flight.nonce);
	assert_string_not_equal(out.nonce, out.challenge);
	assert_int_equal(
	    cbi_flight_end(&hall.ctx, auth, "okta", state_text, cookie, &out),
	    CB_EDENIED);
	cb_failure_clear(&hall.ctx);
	assert_int_equal(
	    cbi_flight_end(&hall.ctx, auth, "oidc", state_text, NULL, &out),
	    CB_EDENIED);
	cb_failure_clear(&hall.ctx);
	for (size_t i = 0; cookie[i]; i++) {
		bad = cb_strdup(&hall.ctx, cookie);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		assert_int_equal(cbi_flight_end(&hall.ctx, auth, "oidc",
		                                state_text, bad, &out),
		                 CB_EDENIED);
		cb_failure_clear(&hall.ctx);
	}
	for (size_t i = 0; state_text[i]; i++) {
		bad = cb_strdup(&hall.ctx, state_text);
		bad[i] = bad[i] == '6' ? '7' : '6';
		assert_int_equal(
		    cbi_flight_end(&hall.ctx, auth, "oidc", bad, cookie, &out),
		    CB_EDENIED);
		cb_failure_clear(&hall.ctx);
	}
	again();
	cbi_auth_destroy(auth);
}

/* Written by a host whose clock is off by so many seconds. */
static int end_later(struct cbi_auth *auth, int64_t seconds)
{
	const char *verifier = "0123456789012345678901234567890123456789012";
	const char *state_text = "656e763d74657374"; /* env=test */
	const char *ends = cb_printf(
	    &hall.ctx, "%lld",
	    (long long)(cbi_clock_wall_ms() / 1000 + CB_FLIGHT_S + seconds));
	const char *mac;
	struct cbi_flight out;
	int rc;

	assert_int_equal(cbi_auth_sign(&hall.ctx, auth, "flight",
	                               cb_printf(&hall.ctx, "oidc\n%s\n%s\n%s",
	                                         state_text, verifier, ends),
	                               &mac),
	                 CB_OK);
	rc = cbi_flight_end(
	    &hall.ctx, auth, "oidc", state_text,
	    cb_printf(&hall.ctx, "%s.%s.%s", verifier, ends, mac), &out);
	again();
	return rc;
}

static void a_flight_has_ten_minutes_and_clocks_may_differ(void **state)
{
	struct cbi_auth *auth = hall_auth(&hall, "auth: {guest: true}\n");

	(void)state;
	assert_int_equal(end_later(auth, 0), CB_OK);
	assert_int_equal(end_later(auth, 58), CB_OK);
	assert_int_equal(end_later(auth, 70), CB_EDENIED);
	assert_int_equal(end_later(auth, -CB_FLIGHT_S - 58), CB_OK);
	assert_int_equal(end_later(auth, -CB_FLIGHT_S - 70), CB_EDENIED);
	cbi_auth_destroy(auth);
}

/* ---- Sessions --------------------------------------------------------------
 */

#define OIDC                                                               \
	"auth: {guest: true, session: {idle: 1h, absolute: 2h}, "          \
	"providers: {oidc: {" CLIENT ", " META                             \
	", signIn: {resolvers: [{resolver: usernameMatchingUserEntityName" \
	"}]}}}}\n"

static enum cbi_who_kind kind_of(struct cbi_auth *auth, const char *cookie)
{
	struct cbi_who who;

	assert_int_equal(cbi_auth_who(&hall.ctx, auth, NULL, cookie, &who),
	                 CB_OK);
	return who.kind;
}

/* A cookie with a right MAC, as of so many seconds ago. */
static const char *cookie_of(struct cbi_auth *auth, int64_t made, int64_t used)
{
	int64_t now = cbi_clock_wall_ms() / 1000;
	const char *mac,
	    *text = cb_printf(&hall.ctx,
	                      "v2.abcdef.dXNlcjpkZWZhdWx0L2FkYQ.oidc.-.%lld."
	                      "%lld",
	                      (long long)(now - made), (long long)(now - used));

	assert_int_equal(cbi_auth_sign(&hall.ctx, auth, "session", text, &mac),
	                 CB_OK);
	return cb_printf(&hall.ctx, "%s.%s", text, mac);
}

static void a_session_is_its_users_for_as_long_as_config_says(void **state)
{
	struct cbi_auth *auth = hall_auth(&hall, OIDC);
	struct cbi_auth_entry entry = { .user = "user:default/ada",
		                        .idp = "oidc" };
	const char *cookie, *idp, *mark;
	struct cbi_who who;

	(void)state;
	assert_int_equal(cbi_auth_user(&hall.ctx, auth, &entry, &cookie),
	                 CB_OK);
	assert_int_equal(cbi_auth_who(&hall.ctx, auth, NULL, cookie, &who),
	                 CB_OK);
	assert_int_equal(who.kind, CBI_WHO_USER);
	assert_string_equal(who.subject, "user:default/ada");
	assert_string_equal(who.session, entry.id);
	assert_true(who.expires == entry.expires);
	assert_int_equal(
	    cbi_auth_session_of(&hall.ctx, auth, cookie, &idp, &mark), CB_OK);
	assert_string_equal(idp, "oidc");
	assert_null(mark);
	assert_int_equal(kind_of(auth, cookie_of(auth, 10, 10)), CBI_WHO_USER);
	/* A host whose clock is ahead by up to a minute made it. */
	assert_int_equal(kind_of(auth, cookie_of(auth, -58, -58)),
	                 CBI_WHO_USER);
	assert_int_equal(kind_of(auth, cookie_of(auth, -70, -70)),
	                 CBI_WHO_NOBODY);
	assert_int_equal(kind_of(auth, cookie_of(auth, 3700, 3500)),
	                 CBI_WHO_USER);
	assert_int_equal(kind_of(auth, cookie_of(auth, 3700, 3700)),
	                 CBI_WHO_NOBODY);
	assert_int_equal(kind_of(auth, cookie_of(auth, 7300, 10)),
	                 CBI_WHO_NOBODY);
	cbi_auth_destroy(auth);
}

static void a_session_ends_with_its_provider(void **state)
{
	struct cbi_auth *auth = hall_auth(&hall, OIDC);
	struct cbi_auth *none = hall_auth(&hall, "auth: {guest: true}\n");

	(void)state;
	assert_int_equal(kind_of(none, cookie_of(auth, 1, 1)), CBI_WHO_NOBODY);
	cbi_auth_destroy(auth);
	cbi_auth_destroy(none);
}

static void what_was_revoked_is_over(void **state)
{
	struct cbi_auth *auth = hall_auth(&hall, OIDC);
	char hash[65], before[8] = { 0 };
	int64_t now = cbi_clock_wall_ms();
	const char *key;

	(void)state;
	assert_int_equal(kind_of(auth, cookie_of(auth, 1, 1)), CBI_WHO_USER);
	for (int i = 0; i < 8; i++)
		before[i] = (char)(now >> (56 - 8 * i));
	/* All that its user had two minutes ago; later ones are good, and
	 * those within what clocks may differ by: they are named one by one. */
	now -= 120000;
	for (int i = 0; i < 8; i++)
		before[i] = (char)(now >> (56 - 8 * i));
	hall_put(&hall, HALL_REVOKED, "user:default/ada", 16, before, 8);
	again();
	assert_int_equal(kind_of(auth, cookie_of(auth, 190, 1)),
	                 CBI_WHO_NOBODY);
	assert_int_equal(kind_of(auth, cookie_of(auth, 130, 1)), CBI_WHO_USER);
	assert_int_equal(kind_of(auth, cookie_of(auth, 1, 1)), CBI_WHO_USER);
	/* This one, whatever its host's clock said. */
	cbi_auth_session_hash("abcdef", hash);
	key = cb_printf(&hall.ctx, "session:%s", hash);
	hall_put(&hall, HALL_REVOKED, key, strlen(key), before, 8);
	again();
	assert_int_equal(kind_of(auth, cookie_of(auth, 1, 1)), CBI_WHO_NOBODY);
	cbi_auth_destroy(auth);
}

static void a_header_s_session_is_marked_with_its_login(void **state)
{
	struct cbi_auth *auth =
	    hall_auth(&hall, "auth: {providers: {header: {secret: "
	                     "0123456789abcdef}}}\n");
	struct cbi_auth_entry entry = { .user = "user:default/ada",
		                        .idp = "header",
		                        .login = "ada@x.example" };
	const char *cookie, *idp, *mark;

	(void)state;
	assert_int_equal(cbi_auth_user(&hall.ctx, auth, &entry, &cookie),
	                 CB_OK);
	assert_int_equal(
	    cbi_auth_session_of(&hall.ctx, auth, cookie, &idp, &mark), CB_OK);
	assert_true(cbi_auth_marks(mark, "ada@x.example"));
	assert_false(cbi_auth_marks(mark, "eve@x.example"));
	cbi_auth_destroy(auth);
}

/* ---- Attempts --------------------------------------------------------------
 */

/* Without Redis: how many of n the board lets through, in a process of their
 * own. */
static int let_through(int n)
{
	pid_t child = fork();
	int status, let = 0;

	assert_true(child >= 0);
	if (child == 0) {
		while (n-- > 0)
			let += cbi_attempt(&hall.ctx, "name", "ada", 10, 1) ==
			       CB_OK;
		_exit(let);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_host_counts_attempts_for_all_its_processes(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/board", hall.dir);
	assert_int_equal(cbi_board_attach(path, true), 0);
	assert_int_equal(let_through(6), 6);
	assert_int_equal(let_through(6), 4);
	assert_int_equal(let_through(1), 0);
	assert_int_equal(cbi_attempt(&hall.ctx, "name", "ada", 10, 0),
	                 CB_EBUSY);
	again();
	assert_int_equal(cbi_attempt(&hall.ctx, "name", "bob", 10, 1), CB_OK);
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
		cmocka_unit_test(providers_are_read_by_environment),
		cmocka_unit_test(bad_sections_are_named),
		cmocka_unit_test(resolvers_find_one_user_or_say_why),
		cmocka_unit_test(a_flight_comes_back_as_it_left),
		cmocka_unit_test(
		    a_flight_has_ten_minutes_and_clocks_may_differ),
		cmocka_unit_test(
		    a_session_is_its_users_for_as_long_as_config_says),
		cmocka_unit_test(a_session_ends_with_its_provider),
		cmocka_unit_test(what_was_revoked_is_over),
		cmocka_unit_test(a_header_s_session_is_marked_with_its_login),
		cmocka_unit_test(a_host_counts_attempts_for_all_its_processes),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
