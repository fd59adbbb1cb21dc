/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_priv.h - what the files of redis/ share: link.c carries a command to
 * the server and its reply back, redis.c knows the commands.
 */
#ifndef CB_REDIS_REDIS_PRIV_H
#define CB_REDIS_REDIS_PRIV_H

#include "redis/redis.h"

#include <hiredis/hiredis.h>

/* Failures in a row that open the breaker, and for how long. */
#define CB_REDIS_FAILURES 3
#define CB_REDIS_OPEN_MS 5000

/*
 * One command, within the time a call has.  CB_OK with a reply that is no
 * error, to be freed by the caller; else CB_EAWAY.
 */
int cbi_redis_call(struct cb_ctx *ctx, int argc, const char **argv,
                   const size_t *lens, redisReply **out) CB_USED;

#endif
