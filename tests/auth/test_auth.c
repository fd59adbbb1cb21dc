/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "config/config.h"
#include "copy/copy.h"
#include "policy/policy.h"

static char dir[] = "/tmp/cb-auth-XXXXXX";
static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cbi_copy *copy;
static const char *const tables[] = { "key" };

static struct cbi_config *config_of(const char *text)
{
	char path[64];
	const char *files[] = { path, NULL };
	struct cbi_config *config = NULL;
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
	unlink(path);
	return config;
}

static struct cbi_auth *auth_of(const char *text)
{
	struct cbi_config *config = config_of(text);
	struct cbi_auth *auth = NULL;

	if (cbi_auth_create(&ctx, config, copy, 0, &auth) < 0)
		auth = NULL;
	cbi_config_destroy(config);
	return auth;
}

static void put_key(const char *id, unsigned char made, const char *secret)
{
	unsigned char value[64] = { 0, 0, 0, 0, 0, 0, 0, made };
	struct cbi_copy_txn *txn;

	memcpy(value + 8, secret, strlen(secret));
	assert_int_equal(cbi_copy_write(&ctx, copy, &txn), CB_OK);
	assert_int_equal(cbi_copy_put(&ctx, txn, 0, id, strlen(id), value,
	                              8 + strlen(secret)),
	                 CB_OK);
	assert_int_equal(cbi_copy_commit(&ctx, txn), CB_OK);
}

static void del_key(const char *id)
{
	struct cbi_copy_txn *txn;

	assert_int_equal(cbi_copy_write(&ctx, copy, &txn), CB_OK);
	assert_int_equal(cbi_copy_del(&ctx, txn, 0, id, strlen(id)), CB_OK);
	assert_int_equal(cbi_copy_commit(&ctx, txn), CB_OK);
}

/* Each request is a context of its own, and sees the keys of its time. */
static void again(void)
{
	cbi_ctx_finish(&ctx);
	cbi_ctx_init(&ctx, &lane);
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

static void bad_rows_are_named(void **state)
{
	static const struct {
		const char *row, *says;
	} rows[] = {
		{ "{type: static, options: {token: short, subject: a}}",
		  "externalAccess.0.options.token" },
		{ "{type: static, options: {token: 'has a space', subject: "
		  "a}}",
		  "without spaces" },
		{ "{type: static, options: {token: long-enough}}",
		  "options.subject" },
		{ "{type: jwks, options: {url: x}}", "expected static" },
		{ "{type: static, options: {token: long-enough, subject: a}, "
		  "accessRestrictions: []}",
		  "not ignored" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
		         "backend:\n  auth:\n    externalAccess:\n      - %s\n",
		         rows[i].row);
		assert_null(auth_of(text));
		assert_non_null(strstr(cb_failure(&ctx), rows[i].says));
		assert_non_null(strstr(cb_failure(&ctx), "config.yaml:4:"));
		again();
	}
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
	put_key("bbb", 2, "another secret");
	again();
	assert_int_equal(cbi_auth_sign(&ctx, auth, "cursor", "text", &two),
	                 CB_OK);
	assert_string_not_equal(one, two);
	assert_true(cbi_auth_signed(&ctx, auth, "cursor", "text", one));
	assert_true(cbi_auth_signed(&ctx, auth, "cursor", "text", two));
	assert_false(cbi_auth_signed(&ctx, auth, "session", "text", two));
	assert_false(cbi_auth_signed(&ctx, auth, "cursor", "texT", two));
	del_key("aaa");
	again();
	assert_false(cbi_auth_signed(&ctx, auth, "cursor", "text", one));
	put_key("aaa", 1, "a secret of the fleet");
	del_key("bbb");
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
	del_key("aaa");
	again();
	assert_int_equal(cbi_auth_guest(&ctx, auth, &cookie), CB_EAWAY);
	put_key("aaa", 1, "a secret of the fleet");
	again();
	cbi_auth_destroy(auth);
}

static void guests_read_and_services_write(void **state)
{
	static const struct {
		enum cbi_who_kind kind;
		int read, write;
		bool all;
	} rows[] = {
		{ CBI_WHO_NOBODY, CB_EAUTH, CB_EAUTH, false },
		{ CBI_WHO_GUEST, CB_OK, CB_EDENIED, true },
		{ CBI_WHO_SERVICE, CB_OK, CB_OK, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbi_who who = { .kind = rows[i].kind, .subject = "x" };
		struct cbi_scope scope;

		assert_int_equal(cbi_policy_may(&ctx, &who, CBI_MAY_READ),
		                 rows[i].read);
		cb_failure_clear(&ctx);
		assert_int_equal(cbi_policy_may(&ctx, &who, CBI_MAY_WRITE),
		                 rows[i].write);
		cb_failure_clear(&ctx);
		assert_int_equal(cbi_policy_scope(&ctx, &who, &scope), CB_OK);
		assert_int_equal(scope.all, rows[i].all);
		assert_string_equal(scope.cls, rows[i].all ? "all" : "none");
	}
}

static int start(void **state)
{
	struct cbi_copy_config config = { .tables = tables,
		                          .n = 1,
		                          .map_size = 16 * CB_MIB,
		                          .writer = true };
	bool fresh;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	config.dir = dir;
	cbi_lane_init(&lane, 16 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	if (cbi_copy_create(&ctx, &config, &copy) < 0 ||
	    cbi_copy_lock(&ctx, copy, &fresh) < 0 ||
	    cbi_copy_rebuild(&ctx, copy, 0) < 0)
		return -1;
	put_key("aaa", 1, "a secret of the fleet");
	if (cbi_copy_swap(&ctx, copy) < 0)
		return -1;
	again();
	return 0;
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
		cmocka_unit_test(a_static_token_is_a_service),
		cmocka_unit_test(bad_rows_are_named),
		cmocka_unit_test(
		    a_guest_session_holds_until_it_is_tampered_with),
		cmocka_unit_test(
		    a_shut_door_makes_no_guest_and_ends_their_sessions),
		cmocka_unit_test(old_keys_verify_and_the_newest_signs),
		cmocka_unit_test(forms_belong_to_their_session),
		cmocka_unit_test(without_a_key_nothing_is_signed),
		cmocka_unit_test(guests_read_and_services_write),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
