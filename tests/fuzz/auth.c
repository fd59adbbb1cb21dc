/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.c - who asks: Authorization headers, cookies of sessions and of
 * sign-ins under way, CSRF tokens.
 *
 * The first letter says what the rest is: `a` a header; `c` a session's
 * cookie, `s` one that is given a right MAC (so that what is behind it is
 * reached); `l` a state, a line end and the cookie of its flight, `r` the same
 * with a right MAC; `f` a form's token, `g` a session's id and a token for it.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "auth/flight.h"
#include "base/buf.h"
#include "base/clock.h"
#include "config/config.h"
#include "copy/copy.h"

#define BOB "user:default/bob"

static char dir[] = "/tmp/cb-fuzz-XXXXXX";
static struct cbi_auth *auth;
static struct cbi_copy *copy;

static void clean(void)
{
	DIR *list = opendir(dir);

	for (struct dirent *one; list && (one = readdir(list));)
		unlinkat(dirfd(list), one->d_name, 0);
	if (list)
		closedir(list);
	rmdir(dir);
}

static void make_copy(struct cb_ctx *ctx)
{
	static const char *const tables[] = { CB_AUTH_KEY_TABLE,
		                              CB_AUTH_REVOKED_TABLE };
	/* For ever, all that bob has. */
	static const char end[] = "\x7f\0\0\0\0\0\0\0";
	static const char row[] = "\0\0\0\0\0\0\0\1a secret of the fleet";
	const struct cbi_copy_config plan = {
		.dir = dir, .tables = tables, .n = 2, .writer = true
	};
	struct cbi_copy_txn *txn;
	bool fresh;

	FUZZ_MUST(cbi_copy_create(ctx, &plan, &copy) == CB_OK);
	FUZZ_MUST(cbi_copy_lock(ctx, copy, &fresh) == CB_OK);
	FUZZ_MUST(cbi_copy_rebuild(ctx, copy, 0) == CB_OK);
	FUZZ_MUST(cbi_copy_write(ctx, copy, &txn) == CB_OK);
	FUZZ_MUST(cbi_copy_put(ctx, txn, 0, "aaa", 3, row, sizeof(row) - 1) ==
	          CB_OK);
	FUZZ_MUST(cbi_copy_put(ctx, txn, 1, BOB, strlen(BOB), end, 8) == CB_OK);
	FUZZ_MUST(cbi_copy_commit(ctx, txn) == CB_OK);
	FUZZ_MUST(cbi_copy_swap(ctx, copy) == CB_OK);
}

static void make(struct cb_ctx *ctx)
{
	char path[64];
	const char *files[] = { path, NULL };
	struct cbi_config *config;
	struct cb_buf report;
	FILE *file;

	FUZZ_MUST(mkdtemp(dir));
	atexit(clean);
	snprintf(path, sizeof(path), "%s/config.yaml", dir);
	file = fopen(path, "w");
	FUZZ_MUST(file);
	/* Sessions live as long as they can, so that times matter less. */
	fputs("auth: {guest: true, session: {idle: 30d, absolute: 30d}, "
	      "providers: {oidc: {clientId: id, clientSecret: x, metadataUrl: "
	      "'https://idp.example/x'}}}\n"
	      "backend: {auth: {externalAccess: [{type: "
	      "static, options: {token: secret-token, subject: ci}}]}}\n",
	      file);
	fclose(file);
	make_copy(ctx);
	cbi_buf_init(&report, CB_MIB);
	FUZZ_MUST(cbi_config_load(ctx, files, &report, &config) == CB_OK);
	cbi_buf_finish(&report);
	FUZZ_MUST(cbi_auth_create(ctx, config, copy, 0, &auth) == CB_OK);
	cbi_config_destroy(config);
}

static void header(struct cb_ctx *ctx, const char *text)
{
	struct cbi_who who = { 0 };
	int rc = cbi_auth_who(ctx, auth, text, NULL, &who);

	if (rc < 0)
		FUZZ_MUST(rc == CB_EAUTH);
	else if (who.kind != CBI_WHO_NOBODY)
		FUZZ_MUST(strstr(text, "secret-token"));
}

/* Each "@" of a text that is signed is a moment in which it is good. */
static const char *with_times(struct cb_ctx *ctx, const char *text)
{
	const char *now =
	    cb_printf(ctx, "%lld", (long long)(cbi_clock_wall_ms() / 1000));
	const char *out = "", *at;

	while ((at = strchr(text, '@')) && strlen(out) < 4096) {
		out = cb_printf(ctx, "%s%.*s%s", out, (int)(at - text), text,
		                now);
		FUZZ_MUST(out);
		text = at + 1;
	}
	return cb_printf(ctx, "%s%s", out, text);
}

static void cookie(struct cb_ctx *ctx, const char *text, bool valid)
{
	struct cbi_who who = { 0 };
	const char *mac, *fresh, *idp, *mark;

	if (valid) {
		text = with_times(ctx, text);
		if (cbi_auth_sign(ctx, auth, "session", text, &mac) < 0) {
			cb_failure_clear(ctx); /* longer than what is signed */
			return;
		}
		text = cb_printf(ctx, "%s.%s", text, mac);
		FUZZ_MUST(text);
	}
	FUZZ_MUST(cbi_auth_who(ctx, auth, NULL, text, &who) == CB_OK);
	FUZZ_MUST(valid || who.kind == CBI_WHO_NOBODY);
	if (who.kind == CBI_WHO_NOBODY)
		return;
	FUZZ_MUST(who.session && who.subject && *who.subject);
	FUZZ_MUST(strcmp(who.subject, BOB) != 0);
	FUZZ_MUST(cbi_auth_session_of(ctx, auth, text, &idp, &mark) == CB_OK);
	FUZZ_MUST((who.kind == CBI_WHO_USER) == (idp != NULL));
	FUZZ_MUST(cbi_auth_renew(ctx, auth, text, &fresh) == CB_OK);
	if (fresh)
		FUZZ_MUST(cbi_auth_who(ctx, auth, NULL, fresh, &who) == CB_OK &&
		          who.kind != CBI_WHO_NOBODY);
}

static const char *sign_flight(struct cb_ctx *ctx, const char *state,
                               const char *rest)
{
	const char *dot = strchr(rest, '.'), *text, *mac;
	const char *verifier, *ends;

	if (!dot)
		return rest;
	verifier = cb_strndup(ctx, rest, (size_t)(dot - rest));
	ends = with_times(ctx, dot + 1);
	text = cb_printf(ctx, "oidc\n%s\n%s\n%s", state, verifier, ends);
	FUZZ_MUST(verifier && ends && text);
	if (cbi_auth_sign(ctx, auth, "flight", text, &mac) < 0) {
		cb_failure_clear(ctx); /* longer than what is signed */
		return rest;
	}
	return cb_printf(ctx, "%s.%s.%s", verifier, ends, mac);
}

static void flight(struct cb_ctx *ctx, char *text, bool valid)
{
	char *end = strchr(text, '\n');
	struct cbi_flight out;
	const char *cookie;
	int rc;

	if (!end)
		return;
	*end = '\0';
	cookie = valid ? sign_flight(ctx, text, end + 1) : end + 1;
	if (cbi_flight_peek(ctx, text, &out) < 0)
		cb_failure_clear(ctx);
	rc = cbi_flight_end(ctx, auth, "oidc", text, cookie, &out);
	FUZZ_MUST(rc == CB_OK || rc == CB_EDENIED);
	FUZZ_MUST(valid || rc == CB_EDENIED);
	if (rc == CB_OK) {
		FUZZ_MUST(out.verifier && out.challenge && out.nonce);
		FUZZ_MUST(strlen(out.challenge) == 43);
		/* It is no other provider's. */
		rc = cbi_flight_end(ctx, auth, "okta", text, cookie, &out);
		FUZZ_MUST(rc == CB_EDENIED);
	}
	cb_failure_clear(ctx);
}

/* A token is good for the session that it was made for, and no other. */
static void form(struct cb_ctx *ctx, char *text)
{
	struct cbi_who who = { .kind = CBI_WHO_USER, .session = text };
	struct cbi_who other = who;
	char *end = strchr(text, '\n');
	const char *right;

	if (!end)
		return;
	*end = '\0';
	other.session = cb_printf(ctx, "%sx", text);
	if (cbi_auth_csrf(ctx, auth, &who, &right) < 0) {
		cb_failure_clear(ctx);
		return;
	}
	FUZZ_MUST(cbi_auth_csrf_valid(ctx, auth, &who, right));
	FUZZ_MUST(!cbi_auth_csrf_valid(ctx, auth, &other, right));
	FUZZ_MUST(cbi_auth_csrf_valid(ctx, auth, &who, end + 1) ==
	          (strcmp(end + 1, right) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cbi_who guest = { .kind = CBI_WHO_GUEST,
		                              .session = "abc" };
	struct cb_ctx *ctx = fuzz_begin();
	char *text = fuzz_text(ctx, data, size);

	if (!auth)
		make(ctx);
	switch (text[0]) {
	case 'a':
		header(ctx, text + 1);
		break;
	case 'c':
		cookie(ctx, text + 1, false);
		break;
	case 's':
		cookie(ctx, text + 1, true);
		break;
	case 'l':
		flight(ctx, text + 1, false);
		break;
	case 'r':
		flight(ctx, text + 1, true);
		break;
	case 'g':
		form(ctx, text + 1);
		break;
	case 'f':
		FUZZ_MUST(!cbi_auth_csrf_valid(ctx, auth, &guest, text + 1));
		break;
	default:
		break;
	}
	fuzz_end(ctx);
	return 0;
}
