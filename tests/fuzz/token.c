/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - bearer tokens and limited ones.
 *
 * The first letter says what the rest is: `b` a bearer token as it is, `c` a
 * cookie's limited token; `h` a header and `p` a payload that are signed by a
 * key of ours, so that what is behind the signature is reached (`x` a payload
 * by an issuer's key, `o` what a plugin's token says it acts for); `k` an
 * issuer's set of keys.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/buf.h"
#include "callboard/json.h"
#include "config/config.h"
#include "copy/copy.h"
#include "jose/jose.h"

#define ISSUER "http://localhost:8080/api/auth"
#define KID "00000000-0000-4000-8000-000000000001"
/* The P-256 key of RFC 7515, appendix A.3: nothing of ours is signed by it. */
#define KEY                                                                   \
	"{\"kty\":\"EC\",\"alg\":\"ES256\",\"kid\":\"" KID "\","              \
	"\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRV" \
	"EU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"d\":"   \
	"\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}"
#define HEAD(typ) "{\"typ\":\"" typ "\",\"alg\":\"ES256\",\"kid\":\"" KID "\"}"

static char dir[] = "/tmp/cb-fuzz-XXXXXX";
static struct cbi_auth *auth;
static struct cbi_copy *copy;
static const char *keys = "{\"keys\":[]}";

static void clean(void)
{
	DIR *list = opendir(dir);

	for (struct dirent *one; list && (one = readdir(list));)
		unlinkat(dirfd(list), one->d_name, 0);
	if (list)
		closedir(list);
	rmdir(dir);
}

static int fetch(void *arg, struct cb_ctx *ctx, const char *url, json_t **out)
{
	(void)arg;
	(void)url;
	return cb_json_parse(ctx, keys, strlen(keys), out);
}

static void make_copy(struct cb_ctx *ctx)
{
	static const char *const tables[] = { CB_AUTH_KEY_TABLE,
		                              CB_AUTH_TOKEN_KEY_TABLE };
	static const char row[] = "\0\0\0\0\0\0\0\1\0\0\1\0\0\0\0\0" KEY;
	const struct cbi_copy_config plan = {
		.dir = dir, .tables = tables, .n = 2, .writer = true
	};
	struct cbi_copy_txn *txn;
	bool fresh;

	FUZZ_MUST(cbi_copy_create(ctx, &plan, &copy) == CB_OK);
	FUZZ_MUST(cbi_copy_lock(ctx, copy, &fresh) == CB_OK);
	FUZZ_MUST(cbi_copy_rebuild(ctx, copy, 0) == CB_OK);
	FUZZ_MUST(cbi_copy_write(ctx, copy, &txn) == CB_OK);
	FUZZ_MUST(cbi_copy_put(ctx, txn, 1, KID, strlen(KID), row,
	                       sizeof(row) - 1) == CB_OK);
	FUZZ_MUST(cbi_copy_commit(ctx, txn) == CB_OK);
	FUZZ_MUST(cbi_copy_swap(ctx, copy) == CB_OK);
}

static struct cbi_auth *open_auth(struct cb_ctx *ctx)
{
	static const struct cbi_auth_fetch from = { .keys = fetch };
	char path[64];
	const char *files[] = { path, NULL };
	struct cbi_config *config;
	struct cbi_auth *out;
	struct cb_buf report;
	FILE *file;

	snprintf(path, sizeof(path), "%s/config.yaml", dir);
	file = fopen(path, "w");
	FUZZ_MUST(file);
	fputs("backend: {auth: {externalAccess: [{type: legacy, options: "
	      "{secret: c2VjcmV0, subject: old}}, {type: jwks, options: {url: "
	      "'http://idp.example/'}}]}}\n",
	      file);
	fclose(file);
	cbi_buf_init(&report, CB_MIB);
	FUZZ_MUST(cbi_config_load(ctx, files, &report, &config) == CB_OK);
	cbi_buf_finish(&report);
	FUZZ_MUST(cbi_auth_create(ctx, config, copy, 0, &out) == CB_OK);
	cbi_config_destroy(config);
	cbi_auth_set_fetch(out, &from);
	return out;
}

static void make(struct cb_ctx *ctx)
{
	FUZZ_MUST(mkdtemp(dir));
	atexit(clean);
	make_copy(ctx);
	auth = open_auth(ctx);
}

static const char *sign(struct cb_ctx *ctx, const char *head, const char *body)
{
	const char *token = NULL;
	json_t *key;

	FUZZ_MUST(cb_json_parse(ctx, KEY, strlen(KEY), &key) == CB_OK);
	/* A header of another algorithm signs nothing. */
	if (cbi_jose_sign(ctx, key, head, body, &token) < 0)
		cb_failure_clear(ctx);
	return token;
}

/* ours: it is signed by our key, and so may be somebody's. */
static void bearer(struct cb_ctx *ctx, struct cbi_auth *at, const char *token,
                   bool ours)
{
	struct cbi_who who = { 0 };
	int rc;

	if (!token)
		return;
	rc = cbi_auth_who(ctx, at, cb_printf(ctx, "Bearer %s", token), NULL,
	                  &who);
	if (rc < 0) {
		FUZZ_MUST(rc == CB_EAUTH || rc == CB_EAWAY);
		return;
	}
	/* "Bearer" and blanks are no token. */
	FUZZ_MUST(ours || who.kind == CBI_WHO_NOBODY);
	if (who.kind != CBI_WHO_NOBODY)
		FUZZ_MUST(who.subject && *who.subject && who.expires > 0);
}

static void behalf(struct cb_ctx *ctx, const char *text)
{
	struct cb_buf body;

	cbi_buf_init(&body, CB_MIB);
	cb_buf_text(&body, "{\"sub\":\"todo\",\"aud\":\"catalog\",\"iat\":1,"
	                   "\"exp\":9000000000,\"obo\":");
	cbi_str_json(&body, text, strlen(text));
	cb_buf_text(&body, "}");
	bearer(ctx, auth,
	       sign(ctx, HEAD("vnd.backstage.plugin"), cbi_buf_string(&body)),
	       true);
	cbi_buf_finish(&body);
}

static void cookie(struct cb_ctx *ctx, const char *text)
{
	struct cbi_who who;
	const char *limited;
	int64_t expires;

	FUZZ_MUST(cbi_auth_limited(ctx, auth, text, &who) == CB_EAUTH);
	cb_failure_clear(ctx);
	/* Put together of what was not verified: it must not fall. */
	if (cbi_auth_limit(ctx, text, &limited, &expires) < 0)
		cb_failure_clear(ctx);
}

static void set_of_keys(struct cb_ctx *ctx, const char *text)
{
	/* Another one each time: it remembers the keys. */
	struct cbi_auth *fresh = open_auth(ctx);

	keys = text;
	bearer(ctx, fresh,
	       sign(ctx, "{\"alg\":\"ES256\"}",
	            "{\"sub\":\"a\",\"exp\":9000000000}"),
	       true);
	keys = "{\"keys\":[]}";
	cbi_auth_destroy(fresh);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char user[] =
	    "{\"iss\":\"" ISSUER "\",\"aud\":\"backstage\",\"sub\":\"user:"
	    "default/ada\",\"iat\":1,\"exp\":9000000000}";
	struct cb_ctx *ctx = fuzz_begin();
	const char *text = fuzz_text(ctx, data, size);

	if (!auth)
		make(ctx);
	switch (text[0]) {
	case 'b':
		bearer(ctx, auth, text + 1, false);
		break;
	case 'c':
		cookie(ctx, text + 1);
		break;
	case 'h':
		bearer(ctx, auth, sign(ctx, text + 1, user), true);
		break;
	case 'p':
		bearer(ctx, auth,
		       sign(ctx, HEAD("vnd.backstage.user"), text + 1), true);
		break;
	case 'x':
		bearer(ctx, auth, sign(ctx, "{\"alg\":\"ES256\"}", text + 1),
		       true);
		break;
	case 'o':
		behalf(ctx, text + 1);
		break;
	case 'k':
		set_of_keys(ctx, text + 1);
		break;
	default:
		break;
	}
	fuzz_end(ctx);
	return 0;
}
