/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - the fleet's ES256 keys, as the host's copy has them.
 *
 * A new key waits before it signs, so that hosts which hear of it later, or
 * whose clock is behind, know it when they meet it.  Whatever the copy holds
 * verifies: the follower takes out what is over.
 */
#include "auth/auth_priv.h"

#include <string.h>

#include "base/clock.h"
#include "copy/copy.h"
#include "jose/jose.h"
#include "json/json.h"

/* made_at and expires_at. */
#define HEAD 16

int64_t cbi_auth_number(const char *bytes)
{
	const unsigned char *at = (const unsigned char *)bytes;
	uint64_t out = 0;

	for (int i = 0; i < 8; i++)
		out = out << 8 | at[i];
	return (int64_t)out;
}

static int parse(struct cb_ctx *ctx, struct cbi_span value, json_t **out)
{
	int rc = cb_json_parse(ctx, value.ptr + HEAD, value.len - HEAD, out);

	if (rc < 0) {
		/* What it says of the place may quote the key. */
		cb_failure_clear(ctx);
		return cb_fail(ctx, CB_EBUG, "a key of tokens is broken");
	}
	return CB_OK;
}

/* The newest that is old enough; else the oldest, which others know best. */
int cbi_auth_signer(struct cb_ctx *ctx, const struct cbi_auth *auth,
                    json_t **jwk, int64_t *expires_ms)
{
	int64_t ripe = cbi_clock_wall_ms() - CBI_AUTH_RIPE_MS, best = 0;
	struct cbi_span key, value, chosen = { NULL, 0 };
	struct cbi_copy_cursor *cursor;
	struct cbi_copy_txn *txn;
	int rc = auth->token_keys < 0 ? CB_EAWAY
	                              : cbi_copy_begin(ctx, auth->copy, &txn);

	if (rc == CB_OK)
		rc =
		    cbi_copy_seek(ctx, txn, auth->token_keys, NULL, 0, &cursor);
	if (rc < 0)
		return cb_fail(ctx, rc, "no key of tokens is known yet");
	while (cbi_copy_next(cursor, &key, &value)) {
		int64_t made;

		if (value.len <= HEAD)
			continue;
		made = cbi_auth_number(value.ptr);
		if (!chosen.ptr ||
		    (made <= ripe && (best > ripe || made > best)) ||
		    (made > ripe && best > ripe && made < best)) {
			chosen = value;
			best = made;
		}
	}
	if (!chosen.ptr)
		return cb_fail(ctx, CB_EAWAY, "no key of tokens is known yet");
	*expires_ms = cbi_auth_number(chosen.ptr + 8);
	return parse(ctx, chosen, jwk);
}

int cbi_auth_verifier(struct cb_ctx *ctx, const struct cbi_auth *auth,
                      const char *kid, json_t **jwk)
{
	struct cbi_copy_txn *txn;
	struct cbi_span value;
	size_t len = strlen(kid);
	int rc;

	if (auth->token_keys < 0)
		return cb_fail(ctx, CB_EAWAY, "no key of tokens is known yet");
	rc = cbi_copy_begin(ctx, auth->copy, &txn);
	if (rc < 0)
		return rc;
	if (len == 0 || len > CBI_AUTH_KID_MAX ||
	    cbi_copy_get(txn, auth->token_keys, kid, len, &value) < 0 ||
	    value.len <= HEAD)
		return cb_fail(ctx, CB_EAUTH,
		               "the token's key is none of ours");
	return parse(ctx, value, jwk);
}

int cbi_auth_public_keys(struct cb_ctx *ctx, struct cbi_auth *auth,
                         json_t **out)
{
	json_t *set = json_pack("{s:[]}", "keys"), *jwk, *half;
	struct cbi_copy_cursor *cursor;
	struct cbi_copy_txn *txn;
	struct cbi_span key, value;
	int rc = cbi_json_keep(ctx, set);

	if (rc == CB_OK && auth->token_keys >= 0)
		rc = cbi_copy_begin(ctx, auth->copy, &txn);
	if (rc < 0 || auth->token_keys < 0) {
		*out = set;
		return rc;
	}
	rc = cbi_copy_seek(ctx, txn, auth->token_keys, NULL, 0, &cursor);
	while (rc == CB_OK && cbi_copy_next(cursor, &key, &value)) {
		if (value.len <= HEAD)
			continue;
		rc = parse(ctx, value, &jwk);
		if (rc == CB_OK)
			rc = cbi_jose_public(ctx, jwk, &half);
		if (rc == CB_OK &&
		    json_array_append(json_object_get(set, "keys"), half))
			rc = cb_fail(ctx, CB_ENOMEM, "no memory for keys");
	}
	if (rc == CB_OK)
		*out = set;
	return rc;
}
