/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.c - who asks: Authorization headers, session cookies, CSRF tokens.
 *
 * The first letter says what the rest is: `a` a header, `c` a cookie, `s` a
 * cookie that is given a right MAC (so that what is behind it is reached),
 * `f` a form's token.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/buf.h"
#include "config/config.h"
#include "copy/copy.h"

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
	static const char *const tables[] = { CB_AUTH_KEY_TABLE };
	static const char row[] = "\0\0\0\0\0\0\0\1a secret of the fleet";
	const struct cbi_copy_config plan = {
		.dir = dir, .tables = tables, .n = 1, .writer = true
	};
	struct cbi_copy_txn *txn;
	bool fresh;

	FUZZ_MUST(cbi_copy_create(ctx, &plan, &copy) == CB_OK);
	FUZZ_MUST(cbi_copy_lock(ctx, copy, &fresh) == CB_OK);
	FUZZ_MUST(cbi_copy_rebuild(ctx, copy, 0) == CB_OK);
	FUZZ_MUST(cbi_copy_write(ctx, copy, &txn) == CB_OK);
	FUZZ_MUST(cbi_copy_put(ctx, txn, 0, "aaa", 3, row, sizeof(row) - 1) ==
	          CB_OK);
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
	fputs("auth: {guest: true}\nbackend: {auth: {externalAccess: [{type: "
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

static void cookie(struct cb_ctx *ctx, const char *text, bool valid)
{
	struct cbi_who who = { 0 };
	const char *mac, *fresh;

	if (valid) {
		FUZZ_MUST(cbi_auth_sign(ctx, auth, "session", text, &mac) ==
		          CB_OK);
		text = cb_printf(ctx, "%s.%s", text, mac);
		FUZZ_MUST(text);
	}
	FUZZ_MUST(cbi_auth_who(ctx, auth, NULL, text, &who) == CB_OK);
	FUZZ_MUST(valid || who.kind == CBI_WHO_NOBODY);
	if (who.kind == CBI_WHO_NOBODY)
		return;
	FUZZ_MUST(cbi_auth_renew(ctx, auth, text, &fresh) == CB_OK);
	if (fresh)
		FUZZ_MUST(cbi_auth_who(ctx, auth, NULL, fresh, &who) == CB_OK &&
		          who.kind != CBI_WHO_NOBODY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cbi_who guest = { .kind = CBI_WHO_GUEST,
		                              .session = "abc" };
	struct cb_ctx *ctx = fuzz_begin();
	const char *text = fuzz_text(ctx, data, size);

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
	case 'f':
		FUZZ_MUST(!cbi_auth_csrf_valid(ctx, auth, &guest, text + 1));
		break;
	default:
		break;
	}
	fuzz_end(ctx);
	return 0;
}
