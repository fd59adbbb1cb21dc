/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "auth/flight.h"
#include "auth/idp.h"
#include "auth/resolve.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "config/config.h"
#include "copy/copy.h"
#include "json/json.h"

static char dir[] = "/tmp/cb-sign-in-XXXXXX";
static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cbi_copy *copy;
static const char *const tables[] = { "key", "revoked" };

static struct cbi_auth *auth_of(const char *text)
{
	char path[64];
	const char *files[] = { path, NULL };
	struct cbi_config *config = NULL;
	struct cbi_auth *auth = NULL;
	struct cb_buf report;
	FILE *file;

	snprintf(path, sizeof(path), "%s/config.yaml", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	cbi_buf_init(&report, CB_MIB);
	if (cbi_config_load(&ctx, files, &report, &config) < 0)
		fail_msg("%s", cbi_buf_string(&report));
	cbi_buf_finish(&report);
	if (cbi_auth_create(&ctx, config, copy, 0, &auth) < 0)
		auth = NULL;
	cbi_config_destroy(config);
	unlink(path);
	return auth;
}

static void again(void)
{
	cbi_ctx_finish(&ctx);
	cbi_ctx_init(&ctx, &lane);
}

static void put(int table, const char *key, const char *value, size_t len)
{
	struct cbi_copy_txn *txn;

	assert_int_equal(cbi_copy_write(&ctx, copy, &txn), CB_OK);
	assert_int_equal(
	    cbi_copy_put(&ctx, txn, table, key, strlen(key), value, len),
	    CB_OK);
	assert_int_equal(cbi_copy_commit(&ctx, txn), CB_OK);
	again();
}

#define CLIENT "clientId: id, clientSecret: secret"
#define META "metadataUrl: 'https://idp.example/x'"

/* ---- The config ----------------------------------------------------------
 */

static void providers_are_read_by_environment(void **state)
{
	struct cbi_auth *auth = auth_of(
	    "auth:\n  environment: production\n  providers:\n"
	    "    okta: {production: {" CLIENT ", audience: "
	    "'https://x.okta.com/'}, development: {" CLIENT
	    ", audience: 'https://y.okta.com'}}\n"
	    "    github: {" CLIENT "}\n"
	    "    gitlab: {production: {}}\n"
	    "    atlassian: {production: {" CLIENT "}}\n"
	    "    guest: {userEntityRef: 'user:default/x'}\n"
	    "    keycloak: {type: oidc, " CLIENT ", " META ", title: Work}\n");
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
		assert_null(auth_of(text));
		if (!strstr(cb_failure(&ctx), rows[i].says))
			fail_msg("%s: %s", rows[i].section, cb_failure(&ctx));
		assert_non_null(strstr(cb_failure(&ctx), "config.yaml:3:"));
		assert_null(strstr(cb_failure(&ctx), "secret-"));
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
		    cb_printf(&ctx,
		              "auth: {providers: {oidc: {" CLIENT ", " META
		              ", signIn: {resolvers: [%s]}}}}\n",
		              resolutions[i].rules);
		struct cbi_auth *auth = auth_of(text);
		char *json = cb_strdup(&ctx, resolutions[i].person);
		struct cbi_resolved out;
		json_t *person;
		int rc;

		if (!auth)
			fail_msg("%s: %s", resolutions[i].rules,
			         cb_failure(&ctx));
		for (char *at = json; *at; at++)
			*at = *at == '\'' ? '"' : *at;
		person = json_loads(json, 0, NULL);
		assert_non_null(person);
		rc = cbi_resolve(
		    &ctx, cbi_idps_find(cbi_auth_idps(auth), "oidc", NULL),
		    person, &finder, &out);
		if (rc != resolutions[i].rc)
			fail_msg("%s with %s: %d (%s)", resolutions[i].rules,
			         resolutions[i].person, rc, cb_failure(&ctx));
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
	struct cbi_auth *auth = auth_of("auth: {guest: true}\n");
	struct cbi_flight flight = { .idp = "oidc",
		                     .env = "test",
		                     .flow = "redirect",
		                     .back = "/a?b=c&d=%20\xc3\xa4" };
	const char *state_text, *cookie;
	struct cbi_flight out;
	char *bad;

	(void)state;
	assert_int_equal(
	    cbi_flight_begin(&ctx, auth, &flight, &state_text, &cookie), CB_OK);
	assert_int_equal(
	    cbi_flight_end(&ctx, auth, "oidc", state_text, cookie, &out),
	    CB_OK);
	assert_string_equal(out.back, flight.back);
	assert_string_equal(out.env, "test");
	assert_null(out.origin);
	assert_string_equal(out.verifier, flight.verifier);
	assert_string_equal(out.nonce, flight.nonce);
	assert_string_not_equal(out.nonce, out.challenge);
	assert_int_equal(
	    cbi_flight_end(&ctx, auth, "okta", state_text, cookie, &out),
	    CB_EDENIED);
	cb_failure_clear(&ctx);
	assert_int_equal(
	    cbi_flight_end(&ctx, auth, "oidc", state_text, NULL, &out),
	    CB_EDENIED);
	cb_failure_clear(&ctx);
	for (size_t i = 0; cookie[i]; i++) {
		bad = cb_strdup(&ctx, cookie);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		assert_int_equal(
		    cbi_flight_end(&ctx, auth, "oidc", state_text, bad, &out),
		    CB_EDENIED);
		cb_failure_clear(&ctx);
	}
	for (size_t i = 0; state_text[i]; i++) {
		bad = cb_strdup(&ctx, state_text);
		bad[i] = bad[i] == '6' ? '7' : '6';
		assert_int_equal(
		    cbi_flight_end(&ctx, auth, "oidc", bad, cookie, &out),
		    CB_EDENIED);
		cb_failure_clear(&ctx);
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
	    &ctx, "%lld",
	    (long long)(cbi_clock_wall_ms() / 1000 + CB_FLIGHT_S + seconds));
	const char *mac;
	struct cbi_flight out;
	int rc;

	assert_int_equal(cbi_auth_sign(&ctx, auth, "flight",
	                               cb_printf(&ctx, "oidc\n%s\n%s\n%s",
	                                         state_text, verifier, ends),
	                               &mac),
	                 CB_OK);
	rc = cbi_flight_end(&ctx, auth, "oidc", state_text,
	                    cb_printf(&ctx, "%s.%s.%s", verifier, ends, mac),
	                    &out);
	again();
	return rc;
}

static void a_flight_has_ten_minutes_and_clocks_may_differ(void **state)
{
	struct cbi_auth *auth = auth_of("auth: {guest: true}\n");

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

	assert_int_equal(cbi_auth_who(&ctx, auth, NULL, cookie, &who), CB_OK);
	return who.kind;
}

/* A cookie with a right MAC, as of so many seconds ago. */
static const char *cookie_of(struct cbi_auth *auth, int64_t made, int64_t used)
{
	int64_t now = cbi_clock_wall_ms() / 1000;
	const char *mac,
	    *text = cb_printf(&ctx,
	                      "v2.abcdef.dXNlcjpkZWZhdWx0L2FkYQ.oidc.-.%lld."
	                      "%lld",
	                      (long long)(now - made), (long long)(now - used));

	assert_int_equal(cbi_auth_sign(&ctx, auth, "session", text, &mac),
	                 CB_OK);
	return cb_printf(&ctx, "%s.%s", text, mac);
}

static void a_session_is_its_users_for_as_long_as_config_says(void **state)
{
	struct cbi_auth *auth = auth_of(OIDC);
	struct cbi_auth_entry entry = { .user = "user:default/ada",
		                        .idp = "oidc" };
	const char *cookie, *idp, *mark;
	struct cbi_who who;

	(void)state;
	assert_int_equal(cbi_auth_user(&ctx, auth, &entry, &cookie), CB_OK);
	assert_int_equal(cbi_auth_who(&ctx, auth, NULL, cookie, &who), CB_OK);
	assert_int_equal(who.kind, CBI_WHO_USER);
	assert_string_equal(who.subject, "user:default/ada");
	assert_string_equal(who.session, entry.id);
	assert_true(who.expires == entry.expires);
	assert_int_equal(cbi_auth_session_of(&ctx, auth, cookie, &idp, &mark),
	                 CB_OK);
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
	struct cbi_auth *auth = auth_of(OIDC);
	struct cbi_auth *none = auth_of("auth: {guest: true}\n");

	(void)state;
	assert_int_equal(kind_of(none, cookie_of(auth, 1, 1)), CBI_WHO_NOBODY);
	cbi_auth_destroy(auth);
	cbi_auth_destroy(none);
}

static void what_was_revoked_is_over(void **state)
{
	struct cbi_auth *auth = auth_of(OIDC);
	char hash[65], before[8] = { 0 };
	int64_t now = cbi_clock_wall_ms();
	const char *key;

	(void)state;
	assert_int_equal(kind_of(auth, cookie_of(auth, 1, 1)), CBI_WHO_USER);
	for (int i = 0; i < 8; i++)
		before[i] = (char)(now >> (56 - 8 * i));
	/* All that its user had two minutes ago; later ones are good. */
	now -= 120000;
	for (int i = 0; i < 8; i++)
		before[i] = (char)(now >> (56 - 8 * i));
	put(1, "user:default/ada", before, 8);
	assert_int_equal(kind_of(auth, cookie_of(auth, 130, 1)),
	                 CBI_WHO_NOBODY);
	assert_int_equal(kind_of(auth, cookie_of(auth, 1, 1)), CBI_WHO_USER);
	/* This one, whatever its host's clock said. */
	cbi_auth_session_hash("abcdef", hash);
	key = cb_printf(&ctx, "session:%s", hash);
	key = strdup(key);
	put(1, key, before, 8);
	free((char *)key);
	assert_int_equal(kind_of(auth, cookie_of(auth, 1, 1)), CBI_WHO_NOBODY);
	cbi_auth_destroy(auth);
}

static void a_header_s_session_is_marked_with_its_login(void **state)
{
	struct cbi_auth *auth = auth_of("auth: {providers: {header: {secret: "
	                                "0123456789abcdef}}}\n");
	struct cbi_auth_entry entry = { .user = "user:default/ada",
		                        .idp = "header",
		                        .login = "ada@x.example" };
	const char *cookie, *idp, *mark;

	(void)state;
	assert_int_equal(cbi_auth_user(&ctx, auth, &entry, &cookie), CB_OK);
	assert_int_equal(cbi_auth_session_of(&ctx, auth, cookie, &idp, &mark),
	                 CB_OK);
	assert_true(cbi_auth_marks(mark, "ada@x.example"));
	assert_false(cbi_auth_marks(mark, "eve@x.example"));
	cbi_auth_destroy(auth);
}

static int start(void **state)
{
	struct cbi_copy_config config = { .tables = tables,
		                          .n = 2,
		                          .map_size = 16 * CB_MIB,
		                          .writer = true };
	static const char key[] = "\0\0\0\0\0\0\0\1a secret of the fleet";
	bool fresh;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	config.dir = dir;
	cbi_lane_init(&lane, 64 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	if (cbi_copy_create(&ctx, &config, &copy) < 0 ||
	    cbi_copy_lock(&ctx, copy, &fresh) < 0 ||
	    cbi_copy_rebuild(&ctx, copy, 0) < 0)
		return -1;
	put(0, "aaa", key, sizeof(key) - 1);
	return cbi_copy_swap(&ctx, copy);
}

static int finish(void **state)
{
	struct dirent *entry;
	DIR *folder;

	(void)state;
	cbi_ctx_finish(&ctx);
	cbi_copy_lane_finish(&lane);
	cbi_copy_destroy(copy);
	cbi_lane_finish(&lane);
	folder = opendir(dir);
	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	return rmdir(dir);
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
	};

	return cmocka_run_group_tests(tests, start, finish);
}
