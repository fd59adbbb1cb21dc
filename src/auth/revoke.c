/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke.c - what has ended before its time: see auth.h.
 */
#include "auth/auth_priv.h"

#include <string.h>

#include "copy/copy.h"
#include "db/db.h"

bool cbi_auth_revoked(struct cb_ctx *ctx, struct cbi_auth *auth,
                      const char *what, int64_t made_ms)
{
	struct cbi_copy_txn *txn;
	struct cbi_span value;
	uint64_t before = 0;

	if (!auth->copy || auth->revocations < 0)
		return false;
	/* Whoever asks has read a key of the same copy before: that it cannot
	 * be read now is a fault, and then nothing is valid. */
	if (cbi_copy_begin(ctx, auth->copy, &txn) < 0)
		return true;
	if (cbi_copy_get(txn, auth->revocations, what, strlen(what), &value) !=
	        CB_OK ||
	    value.len < 8)
		return false;
	for (int i = 0; i < 8; i++)
		before = before << 8 | (unsigned char)value.ptr[i];
	return made_ms <= (int64_t)before;
}

int cbi_auth_revoke(struct cb_ctx *ctx, const char *what, int64_t until_ms)
{
	static const struct cbi_db_stmt revoke = {
		"auth_revoke",
		"insert into callboard.revocation (what, until) values ($1, "
		"to_timestamp($2::double precision / 1000)) on conflict (what) "
		"do update set before = clock_timestamp(), until = "
		"greatest(revocation.until, excluded.until)",
	};
	const char *params[2] = { what, cbi_db_number(ctx, until_ms) };

	if (!params[1])
		return CB_ENOMEM;
	return cbi_db_query(ctx, &revoke, params, 2, NULL);
}

int cbi_auth_announce(struct cb_ctx *ctx, const char *why, uint64_t *number)
{
	static const struct cbi_db_stmt announce = {
		"auth_announce",
		"select callboard.announce_revoked($1)",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &announce, &why, 1, &result);

	if (rc == CB_OK)
		*number = (uint64_t)cbi_db_int(result, 0, 0);
	return rc;
}
