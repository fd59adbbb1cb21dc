/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis.c - the commands; see redis.h.
 */
#include "redis/redis_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ARGS_MAX 1024
#define NUMBER_MAX 24

static const char unlock_script[] =
    "if redis.call('get', KEYS[1]) == ARGV[1] then "
    "return redis.call('del', KEYS[1]) end return 0";
static const char incr_script[] =
    "local n = redis.call('incrby', KEYS[1], ARGV[1]) "
    "if redis.call('pttl', KEYS[1]) < 0 then "
    "redis.call('pexpire', KEYS[1], ARGV[2]) end return n";

static void number(char out[NUMBER_MAX], int64_t n)
{
	snprintf(out, NUMBER_MAX, "%lld", (long long)n);
}

/* Texts only, ending in NULL. */
static int call_texts(struct cb_ctx *ctx, const char **argv, redisReply **out)
{
	size_t lens[8];
	int argc = 0;

	for (; argv[argc]; argc++)
		lens[argc] = strlen(argv[argc]);
	return cbi_redis_call(ctx, argc, argv, lens, out);
}

/* The reply's text, copied to ctx; other kinds are a foreign value. */
static int take_text(struct cb_ctx *ctx, const redisReply *reply,
                     struct cbi_span *out)
{
	char *copy;

	if (reply->type == REDIS_REPLY_NIL)
		return CB_ENOENT;
	if (reply->type != REDIS_REPLY_STRING)
		return CB_EAWAY;
	copy = cb_strndup(ctx, reply->str, (size_t)reply->len);
	if (!copy)
		return CB_ENOMEM;
	out->ptr = copy;
	out->len = (size_t)reply->len;
	return CB_OK;
}

int cbi_redis_get(struct cb_ctx *ctx, const char *key, struct cbi_span *out)
{
	const char *argv[] = { "GET", key, NULL };
	redisReply *reply;
	int rc;

	rc = call_texts(ctx, argv, &reply);
	if (rc != CB_OK)
		return rc;
	rc = take_text(ctx, reply, out);
	freeReplyObject(reply);
	return rc;
}

int cbi_redis_mget(struct cb_ctx *ctx, const char *const *keys, size_t n,
                   struct cbi_span *out)
{
	const char **argv = cb_alloc(ctx, (n + 1) * sizeof(*argv));
	size_t *lens = cb_alloc(ctx, (n + 1) * sizeof(*lens));
	redisReply *reply;
	int rc;

	if (!argv || !lens)
		return CB_ENOMEM;
	if (n == 0)
		return CB_OK;
	if (n > ARGS_MAX)
		return cb_fail(ctx, CB_ETOOBIG, "%zu keys at once", n);
	argv[0] = "MGET";
	lens[0] = 4;
	for (size_t i = 0; i < n; i++) {
		argv[i + 1] = keys[i];
		lens[i + 1] = strlen(keys[i]);
	}
	rc = cbi_redis_call(ctx, (int)n + 1, argv, lens, &reply);
	if (rc != CB_OK)
		return rc;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != n)
		rc = CB_EAWAY;
	for (size_t i = 0; rc == CB_OK && i < n; i++) {
		out[i].ptr = NULL;
		out[i].len = 0;
		if (take_text(ctx, reply->element[i], &out[i]) == CB_ENOMEM)
			rc = CB_ENOMEM;
	}
	freeReplyObject(reply);
	return rc;
}

int cbi_redis_set(struct cb_ctx *ctx, const char *key, const void *value,
                  size_t len, int64_t px_ms)
{
	char px[NUMBER_MAX];
	const char *argv[] = { "SET", key, value, "PX", px };
	size_t lens[] = { 3, strlen(key), len, 2, 0 };
	redisReply *reply;
	int rc;

	number(px, px_ms > 0 ? px_ms : 1);
	lens[4] = strlen(px);
	rc = cbi_redis_call(ctx, 5, argv, lens, &reply);
	if (rc == CB_OK)
		freeReplyObject(reply);
	return rc;
}

int cbi_redis_del(struct cb_ctx *ctx, const char *key)
{
	const char *argv[] = { "DEL", key, NULL };
	redisReply *reply;
	int rc = call_texts(ctx, argv, &reply);

	if (rc == CB_OK)
		freeReplyObject(reply);
	return rc;
}

int cbi_redis_expire(struct cb_ctx *ctx, const char *key, int64_t px_ms)
{
	char px[NUMBER_MAX];
	const char *argv[] = { "PEXPIRE", key, px, NULL };
	redisReply *reply;
	int rc;

	number(px, px_ms > 0 ? px_ms : 1);
	rc = call_texts(ctx, argv, &reply);
	if (rc != CB_OK)
		return rc;
	rc = reply->integer == 1 ? CB_OK : CB_ENOENT;
	freeReplyObject(reply);
	return rc;
}

static void make_token(char token[CB_REDIS_TOKEN_LEN])
{
	unsigned char bytes[(CB_REDIS_TOKEN_LEN - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort(); /* the kernel always has so few */
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
}

int cbi_redis_lock(struct cb_ctx *ctx, const char *key, int64_t px_ms,
                   char token[CB_REDIS_TOKEN_LEN])
{
	char px[NUMBER_MAX];
	const char *argv[] = { "SET", key, token, "NX", "PX", px, NULL };
	redisReply *reply;
	int rc;

	make_token(token);
	number(px, px_ms > 0 ? px_ms : 1);
	rc = call_texts(ctx, argv, &reply);
	if (rc != CB_OK)
		return rc;
	rc = reply->type == REDIS_REPLY_NIL ? CB_EBUSY : CB_OK;
	freeReplyObject(reply);
	return rc;
}

int cbi_redis_unlock(struct cb_ctx *ctx, const char *key, const char *token)
{
	struct cbi_span arg = { token, strlen(token) };
	int64_t n = 0;
	int rc = cbi_redis_eval(ctx, unlock_script, key, &arg, 1, &n);

	if (rc != CB_OK)
		return rc;
	return n ? CB_OK : CB_ENOENT;
}

int cbi_redis_incr(struct cb_ctx *ctx, const char *key, int64_t by,
                   int64_t px_ms, int64_t *out)
{
	char amount[NUMBER_MAX], px[NUMBER_MAX];
	struct cbi_span args[2] = { { amount, 0 }, { px, 0 } };

	number(amount, by);
	number(px, px_ms > 0 ? px_ms : 1);
	args[0].len = strlen(amount);
	args[1].len = strlen(px);
	return cbi_redis_eval(ctx, incr_script, key, args, 2, out);
}

int cbi_redis_eval(struct cb_ctx *ctx, const char *script, const char *key,
                   const struct cbi_span *args, size_t n, int64_t *out)
{
	const char **argv = cb_alloc(ctx, (n + 4) * sizeof(*argv));
	size_t *lens = cb_alloc(ctx, (n + 4) * sizeof(*lens));
	const char *const head[] = { "EVAL", script, "1", key };
	redisReply *reply;
	int rc;

	if (!argv || !lens)
		return CB_ENOMEM;
	if (n > ARGS_MAX)
		return cb_fail(ctx, CB_ETOOBIG, "%zu arguments at once", n);
	for (size_t i = 0; i < n + 4; i++) {
		argv[i] = i < 4 ? head[i] : args[i - 4].ptr;
		lens[i] = i < 4 ? strlen(head[i]) : args[i - 4].len;
	}
	rc = cbi_redis_call(ctx, (int)n + 4, argv, lens, &reply);
	if (rc != CB_OK)
		return rc;
	if (reply->type == REDIS_REPLY_INTEGER)
		*out = reply->integer;
	else if (reply->type == REDIS_REPLY_NIL)
		*out = 0;
	else
		rc = CB_EAWAY;
	freeReplyObject(reply);
	return rc;
}
