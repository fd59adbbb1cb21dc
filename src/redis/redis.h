/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis.h - the one door to Redis, a cache that may be away.
 *
 * Each lane has a connection, made when first needed.  No call waits longer
 * than 20 ms (nor past ctx's deadline); after three failures in a row the
 * process's breaker opens and calls fail at once for five seconds, then one
 * may try.  Keys are texts, values any bytes.
 *
 * CB_EAWAY is all that can go wrong: not configured, not reachable, slow,
 * refusing (READONLY, OOM) or talking nonsense.  Because everybody goes on
 * without Redis, no failure is noted in ctx; CB_ENOENT and CB_EBUSY are
 * answers and are not noted either.
 */
#ifndef CB_REDIS_REDIS_H
#define CB_REDIS_REDIS_H

#include "base/ctx.h"
#include "base/str.h"

/* A lock's owner; 32 letters and the end. */
#define CB_REDIS_TOKEN_LEN 33

/*
 * Once per process, after fork and before its threads: "unix:/path",
 * "host:port", or "" for none.  CB_EINVAL (noted) for anything else.  A call
 * that takes longer than timeout_ms has failed (1 to CB_REDIS_TIMEOUT_MAX_MS).
 */
int cbi_redis_setup(struct cb_ctx *ctx, const char *address,
                    int timeout_ms) CB_USED;

/* The TCP port that is connected to; 0 for a unix socket or none. */
uint16_t cbi_redis_port(void);

/* Closes the lane's connection.  Before cbi_lane_finish. */
void cbi_redis_lane_finish(struct cbi_lane *lane);

/* Is Redis thought to be there: configured and the breaker closed? */
bool cbi_redis_there(void);
/* Is one configured at all? */
bool cbi_redis_wanted(void);

/* *out lives with ctx; CB_ENOENT when there is none. */
int cbi_redis_get(struct cb_ctx *ctx, const char *key,
                  struct cbi_span *out) CB_USED;
/* n values in one round trip; ptr is NULL where there is none. */
int cbi_redis_mget(struct cb_ctx *ctx, const char *const *keys, size_t n,
                   struct cbi_span *out) CB_USED;
/* px_ms: how long it is kept, milliseconds, at least 1. */
int cbi_redis_set(struct cb_ctx *ctx, const char *key, const void *value,
                  size_t len, int64_t px_ms) CB_USED;
int cbi_redis_del(struct cb_ctx *ctx, const char *key) CB_USED;
/* CB_ENOENT when there is no such key. */
int cbi_redis_expire(struct cb_ctx *ctx, const char *key,
                     int64_t px_ms) CB_USED;

/*
 * A fleet-wide lock that ends by itself after px_ms; CB_EBUSY when somebody
 * has it.  token is filled and needed to give it back; what is not ours any
 * more is left alone (CB_ENOENT).
 */
int cbi_redis_lock(struct cb_ctx *ctx, const char *key, int64_t px_ms,
                   char token[CB_REDIS_TOKEN_LEN]) CB_USED;
int cbi_redis_unlock(struct cb_ctx *ctx, const char *key,
                     const char *token) CB_USED;

/* Adds `by`; the count begins anew px_ms after its first addition.  *out is
 * the sum; for budgets. */
int cbi_redis_incr(struct cb_ctx *ctx, const char *key, int64_t by,
                   int64_t px_ms, int64_t *out) CB_USED;

/* Runs a Lua text on one key with n arguments; *out is its whole number (0
 * for nil).  For what must be one step, such as "set if newer". */
int cbi_redis_eval(struct cb_ctx *ctx, const char *script, const char *key,
                   const struct cbi_span *args, size_t n, int64_t *out) CB_USED;

#endif
