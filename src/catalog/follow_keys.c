/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_keys.c - keys of the fleet and personal tokens, from PostgreSQL into
 * the copy; and the making of keys, by whichever host's follower comes first.
 *
 * All times are the database's: hosts whose clocks differ agree on what is
 * due.  A new key is followed before it signs (auth/), so that whoever meets
 * its first signature knows it.
 */
#include <string.h>

#include "audit/audit.h"
#include "catalog/follow_priv.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "jose/jose.h"

#define SECRET_LEN 32
/* Keys of MACs sign for a day; the last cookie of one may be made two days
 * after it, where hosts hear of its successor late, and live on. */
#define MAC_SIGNS "interval '1 day'"
#define MAC_OVER                                                \
	"created_at < clock_timestamp() - interval '2 days' - " \
	"$1::float8 * interval '1 millisecond'"

#define EPOCH_MS(column) "(extract(epoch from " column ") * 1000)::bigint"

/* --- into the copy --- */

/* Up to two times, then a text or bytes. */
static int put_timed(struct cb_ctx *ctx, struct cbi_copy_txn *txn, int table,
                     struct cbi_span key, const int64_t *times, size_t n,
                     struct cbi_span value)
{
	unsigned char *record = cb_alloc(ctx, 8 * n + value.len);

	if (!record)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++)
		cbi_layout_number((uint64_t)times[i], record + 8 * i);
	memcpy(record + 8 * n, value.ptr, value.len);
	return cbi_copy_put(ctx, txn, table, key.ptr, key.len, record,
	                    8 * n + value.len);
}

static int put_macs(struct cb_ctx *ctx, struct cbi_copy_txn *txn)
{
	static const struct cbi_db_stmt fetch = {
		"catalog_keys",
		"select id::text, " EPOCH_MS(
		    "created_at") ", secret from "
				  "callboard.signing_key",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &fetch, NULL, 0, &result);

	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(result); i++) {
		struct cbi_span id = { cbi_db_text(result, i, 0),
			               cbi_db_len(result, i, 0) };
		const int64_t made = cbi_db_int(result, i, 1);
		const unsigned char *secret;
		struct cbi_span value;

		rc = cbi_db_bytes(ctx, result, i, 2, &secret, &value.len);
		value.ptr = (const char *)secret;
		if (rc == CB_OK)
			rc = put_timed(ctx, txn, CBI_TABLE_KEY, id, &made, 1,
			               value);
	}
	return rc;
}

static int put_tokens(struct cb_ctx *ctx, struct cbi_copy_txn *txn)
{
	static const struct cbi_db_stmt fetch = {
		"catalog_token_keys",
		"select kid, " EPOCH_MS("made_at") ", " EPOCH_MS(
		    "expires_at") ", jwk from callboard.token_key",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &fetch, NULL, 0, &result);

	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(result); i++) {
		const int64_t times[] = { cbi_db_int(result, i, 1),
			                  cbi_db_int(result, i, 2) };
		struct cbi_span kid = { cbi_db_text(result, i, 0),
			                cbi_db_len(result, i, 0) };
		struct cbi_span jwk = { cbi_db_text(result, i, 3),
			                cbi_db_len(result, i, 3) };

		rc = put_timed(ctx, txn, CBI_TABLE_TOKEN_KEY, kid, times, 2,
		               jwk);
	}
	return rc;
}

static int put_personal(struct cb_ctx *ctx, struct cbi_copy_txn *txn)
{
	static const struct cbi_db_stmt fetch = {
		"catalog_personal_tokens",
		"select hash, " EPOCH_MS(
		    "expires_at") ", json_build_object("
				  "'id', id, 'owner', owner, 'scope', "
				  "scope::json)::text "
				  "from callboard.personal_token where "
				  "expires_at > clock_timestamp()",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &fetch, NULL, 0, &result);

	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(result); i++) {
		const int64_t expires = cbi_db_int(result, i, 1);
		struct cbi_span value = { cbi_db_text(result, i, 2),
			                  cbi_db_len(result, i, 2) };
		const unsigned char *hash;
		struct cbi_span key;

		rc = cbi_db_bytes(ctx, result, i, 0, &hash, &key.len);
		key.ptr = (const char *)hash;
		if (rc == CB_OK)
			rc = put_timed(ctx, txn, CBI_TABLE_PERSONAL, key,
			               &expires, 1, value);
	}
	return rc;
}

int cbi_follow_keys(struct cb_ctx *ctx, struct cbi_copy_txn *txn)
{
	int rc = put_macs(ctx, txn);

	if (rc == CB_OK)
		rc = put_tokens(ctx, txn);
	if (rc == CB_OK)
		rc = put_personal(ctx, txn);
	return rc;
}

/* --- rotation --- */

struct rotation {
	/* Texts of milliseconds: how long a cookie lives, and a token. */
	const char *cookie, *token_life;
	bool mac, token; /* one is due */
	bool old;        /* something is over */
};

/* What is due or over, in one look. */
static int look(struct cb_ctx *ctx, struct rotation *r)
{
	static const struct cbi_db_stmt due = {
		"catalog_key_due",
		"select not exists (select from callboard.signing_key where "
		"created_at > clock_timestamp() - " MAC_SIGNS "), not exists "
		"(select from callboard.token_key where made_at > "
		"clock_timestamp() - $2::float8 * interval '1 millisecond'), "
		"exists (select from callboard.signing_key where " MAC_OVER
		") or exists (select from callboard.token_key where "
		"expires_at < clock_timestamp())",
	};
	const char *params[2] = { r->cookie, r->token_life };
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &due, params, 2, &result);

	if (rc < 0)
		return rc;
	r->mac = cbi_db_bool(result, 0, 0);
	r->token = cbi_db_bool(result, 0, 1);
	r->old = cbi_db_bool(result, 0, 2);
	return CB_OK;
}

static int note(struct cb_ctx *ctx, const char *object)
{
	const struct cbi_audit entry = {
		.action = "key.rotate",
		.object = object,
		.after = "{\"made\":true}",
	};

	return cbi_audit_write(ctx, &entry);
}

static int make_mac(struct cb_ctx *ctx)
{
	static const struct cbi_db_stmt make = {
		"catalog_key_make",
		"insert into callboard.signing_key (secret) values "
		"($1::bytea)",
	};
	unsigned char secret[SECRET_LEN];
	const char *param;
	int rc;

	cbi_crypto_random(secret, sizeof(secret));
	param = cbi_db_bytea(ctx, secret, sizeof(secret));
	if (!param)
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &make, &param, 1, NULL);
	return rc < 0 ? rc : note(ctx, "mac");
}

static int make_token(struct cb_ctx *ctx, const char *life)
{
	static const struct cbi_db_stmt make = {
		"catalog_token_key_make",
		"insert into callboard.token_key (kid, jwk, expires_at) values "
		"($1, $2, clock_timestamp() + $3::float8 * interval '3 "
		"milliseconds')",
	};
	char kid[CB_UUID_TEXT];
	const char *params[3] = { kid, NULL, life };
	int rc;

	cbi_crypto_uuid(kid);
	rc = cbi_jose_generate(ctx, kid, &params[1]);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &make, params, 3, NULL);
	return rc < 0 ? rc : note(ctx, cb_printf(ctx, "token/%s", kid));
}

/* After the new ones: there is always one left. */
static int remove_old(struct cb_ctx *ctx, const struct rotation *r)
{
	static const struct cbi_db_stmt macs = {
		"catalog_key_remove",
		"delete from callboard.signing_key where " MAC_OVER,
	};
	static const struct cbi_db_stmt tokens = {
		"catalog_token_key_remove",
		"delete from callboard.token_key where expires_at < "
		"clock_timestamp()",
	};
	int rc = cbi_db_query(ctx, &macs, &r->cookie, 1, NULL);

	return rc < 0 ? rc : cbi_db_query(ctx, &tokens, NULL, 0, NULL);
}

static int rotate(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt lock = {
		"catalog_key_lock",
		"select pg_advisory_xact_lock(hashtext('callboard.key'))",
	};
	struct rotation *r = arg;
	int rc = cbi_db_query(ctx, &lock, NULL, 0, NULL);

	/* Another host's follower may have been here first. */
	if (rc == CB_OK)
		rc = look(ctx, r);
	if (rc < 0 || !(r->mac || r->token || r->old))
		return rc;
	if (r->mac)
		rc = make_mac(ctx);
	if (rc == CB_OK && r->token)
		rc = make_token(ctx, r->token_life);
	if (rc == CB_OK)
		rc = remove_old(ctx, r);
	return rc < 0 ? rc : cbi_db_registry_change(ctx, "signing keys", NULL);
}

int cbi_follow_rotate(struct cb_ctx *ctx, const struct cbi_follower *f)
{
	struct rotation r = {
		.cookie = cbi_db_number(ctx, f->cookie_ms),
		.token_life = cbi_db_number(ctx, f->token_ms),
	};
	const char *actor = ctx->actor;
	int rc;

	if (!r.cookie || !r.token_life)
		return CB_ENOMEM;
	rc = look(ctx, &r);
	if (rc < 0 || !(r.mac || r.token || r.old))
		return rc;
	ctx->actor = "service:follower";
	rc = cbi_db_transact(ctx, rotate, &r);
	ctx->actor = actor;
	return rc;
}
