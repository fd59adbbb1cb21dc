/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal.c - whose personal token this is, by the host's copy.
 *
 * It acts for its owner as far as its scope goes.  Nothing is remembered: the
 * record is one look away, and who was revoked is not in the copy any more.
 */
#include "auth/auth_priv.h"

#include <string.h>

#include "auth/personal.h"
#include "base/clock.h"
#include "copy/copy.h"
#include "json/json.h"

/* expires_at. */
#define HEAD 8
#define TOKEN_MAX 128

static int bad_row(void *arg, struct cb_ctx *ctx, const char *key,
                   const char *what)
{
	(void)arg;
	return cb_fail(ctx, CB_EBUG, "scope of a personal token%s: %s", key,
	               what);
}

static int take(struct cb_ctx *ctx, struct cbi_span record, struct cbi_who *out)
{
	const struct cbi_limits_say say = { .bad = bad_row };
	json_t *row;
	int rc = cb_json_parse(ctx, record.ptr + HEAD, record.len - HEAD, &row);

	if (rc < 0)
		return rc;
	out->kind = CBI_WHO_USER;
	out->subject = json_string_value(json_object_get(row, "owner"));
	out->personal = json_string_value(json_object_get(row, "id"));
	out->expires = cbi_auth_number(record.ptr);
	if (!out->subject || !out->personal)
		return cb_fail(ctx, CB_EBUG,
		               "a personal token's row is broken");
	return cbi_limits_read(ctx, json_object_get(row, "scope"),
	                       &ctx->lane->arena, &say, &out->limits,
	                       &out->limits_count);
}

int cbi_auth_personal(struct cb_ctx *ctx, const struct cbi_auth *auth,
                      const char *token, struct cbi_who *out)
{
	size_t len = strnlen(token, TOKEN_MAX + 1);
	unsigned char hash[CB_SHA256_LEN];
	struct cbi_copy_txn *txn;
	struct cbi_span record;
	int rc = CB_OK;

	if (len > TOKEN_MAX || auth->personal < 0)
		return cb_fail(ctx, CB_EAUTH, "nobody here knows this token");
	rc = cbi_copy_begin(ctx, auth->copy, &txn);
	if (rc < 0)
		return rc;
	cbi_crypto_sha256(token, len, hash);
	if (cbi_copy_get(txn, auth->personal, hash, sizeof(hash), &record) <
	        0 ||
	    record.len <= HEAD)
		return cb_fail(ctx, CB_EAUTH, "nobody here knows this token");
	/* The database's clock made the time; ours may be ahead. */
	if (cbi_auth_number(record.ptr) + CBI_AUTH_SKEW_S * 1000 <=
	    cbi_clock_wall_ms())
		return cb_fail(ctx, CB_EAUTH, "the token has expired");
	return take(ctx, record, out);
}
