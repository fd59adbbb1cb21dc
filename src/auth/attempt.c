/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt.c - see attempt.h.
 */
#include "auth/attempt.h"

#include <stdatomic.h>
#include <string.h>

#include "base/board.h"
#include "base/clock.h"
#include "crypto/crypto.h"
#include "redis/redis.h"

#define WINDOW_MS (INT64_C(1000) * CB_ATTEMPT_WINDOW_S)

/* On the board: the window's number in the upper half, how many it has had
 * below.  Two that meet in one place share it, which closes early and never
 * late. */
static int64_t count_here(const unsigned char hash[CB_SHA256_LEN], unsigned n)
{
	_Atomic uint64_t *slot =
	    &cbi_board()
		 ->attempts[(hash[0] << 8 | hash[1]) % CB_BOARD_ATTEMPTS];
	uint64_t window = (uint64_t)(cbi_clock_ms() / WINDOW_MS) << 32;
	uint64_t was = atomic_load(slot), now;

	do
		now = ((was >> 32 << 32) == window ? was : window) + n;
	while (!atomic_compare_exchange_weak(slot, &was, now));
	return (int64_t)(now & UINT32_MAX);
}

/* Names and addresses do not stand in Redis as they are. */
static const char *key_of(struct cb_ctx *ctx, const char *what, const char *who,
                          unsigned char hash[CB_SHA256_LEN])
{
	char hex[CB_SHA256_HEX];
	const char *text = cb_printf(ctx, "%s\n%s", what, who);

	if (!text)
		return NULL;
	cbi_crypto_sha256(text, strlen(text), hash);
	cbi_crypto_hex(hash, 16, hex);
	return cb_printf(ctx, "cb:attempt:%s:%s", what, hex);
}

int cbi_attempt(struct cb_ctx *ctx, const char *what, const char *who, int max,
                int n)
{
	unsigned char hash[CB_SHA256_LEN];
	const char *key = key_of(ctx, what, who, hash);
	int64_t all;

	if (!key)
		return CB_ENOMEM;
	if (cbi_redis_incr(ctx, key, n, WINDOW_MS, &all) != CB_OK)
		all = count_here(hash, (unsigned)n);
	if (all < max + (n > 0))
		return CB_OK;
	return cb_fail(ctx, CB_EBUSY,
	               "too many attempts to sign in: try again in %d minutes",
	               CB_ATTEMPT_WINDOW_S / 60);
}

int cbi_attempt_once(struct cb_ctx *ctx, const char *what, const char *key,
                     int seconds)
{
	unsigned char hash[CB_SHA256_LEN];
	char token[CB_REDIS_TOKEN_LEN];

	key = key_of(ctx, what, key, hash);
	if (!key)
		return CB_ENOMEM;
	/* Nobody unlocks: it ends by itself. */
	return cbi_redis_lock(ctx, key, INT64_C(1000) * seconds, token) ==
	               CB_EBUSY
	           ? CB_ECONFLICT
	           : CB_OK;
}
