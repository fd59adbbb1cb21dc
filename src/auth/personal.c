/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal.c - whose personal token this is, by the host's copy.
 *
 * It acts for its owner as far as its scope goes.  Nothing is remembered: the
 * record is one look away, and who was revoked is not in the copy any more.
 * One that is not there while the copy is on its way to what this host has
 * promised (the page that showed a new token did) is waited for.
 */
#include "auth/auth_priv.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "auth/personal.h"
#include "base/board.h"
#include "base/clock.h"
#include "copy/copy.h"
#include "json/json.h"

/* expires_at. */
#define HEAD 8
#define TOKEN_MAX 128
/* How long, and how many threads of a process at once: whoever sends what
 * nobody knows shall not hold them all. */
#define WAIT_MS 1000
#define POLL_MS 5
#define WAITERS_MAX 2

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

/* True when the copy has moved on from `have` to all that was promised. */
static bool await_copy(const struct cb_ctx *ctx, uint64_t have)
{
	static _Atomic int waiters;
	const struct timespec pause = { 0, POLL_MS * 1000000L };
	struct cbi_board *board = cbi_board();
	uint64_t wanted = atomic_load(&board->wanted);
	int64_t until = cbi_clock_ms() + WAIT_MS;
	bool there;

	if (have >= wanted)
		return false;
	if (atomic_fetch_add(&waiters, 1) >= WAITERS_MAX)
		until = 0;
	while (!(there = atomic_load(&board->copy_number) >= wanted) &&
	       cbi_clock_ms() < until && cb_time_left(ctx) > 0)
		nanosleep(&pause, NULL);
	atomic_fetch_sub(&waiters, 1);
	return there;
}

/* CB_ENOENT, not noted, for one that the copy does not have. */
static int find(struct cb_ctx *ctx, const struct cbi_auth *auth,
                const unsigned char hash[CB_SHA256_LEN],
                struct cbi_copy_txn **txn, struct cbi_span *record)
{
	int rc = cbi_copy_begin(ctx, auth->copy, txn);

	if (rc < 0)
		return rc;
	if (cbi_copy_get(*txn, auth->personal, hash, CB_SHA256_LEN, record) < 0)
		return CB_ENOENT;
	return CB_OK;
}

int cbi_auth_personal(struct cb_ctx *ctx, const struct cbi_auth *auth,
                      const char *token, struct cbi_who *out)
{
	size_t len = strnlen(token, TOKEN_MAX + 1);
	unsigned char hash[CB_SHA256_LEN];
	struct cbi_copy_txn *txn;
	struct cbi_span record;
	uint64_t have = atomic_load(&cbi_board()->copy_number);
	int rc;

	if (len > TOKEN_MAX || auth->personal < 0)
		return cb_fail(ctx, CB_EAUTH, "nobody here knows this token");
	cbi_crypto_sha256(token, len, hash);
	rc = find(ctx, auth, hash, &txn, &record);
	if (rc == CB_ENOENT && await_copy(ctx, have)) {
		/* What began earlier does not show it. */
		cbi_copy_end(txn);
		rc = find(ctx, auth, hash, &txn, &record);
	}
	if (rc == CB_ENOENT || (rc == CB_OK && record.len <= HEAD))
		return cb_fail(ctx, CB_EAUTH, "nobody here knows this token");
	if (rc < 0)
		return rc;
	/* The database's clock made the time; ours may be ahead. */
	if (cbi_auth_number(record.ptr) + CBI_AUTH_SKEW_S * 1000 <=
	    cbi_clock_wall_ms())
		return cb_fail(ctx, CB_EAUTH, "the token has expired");
	return take(ctx, record, out);
}
