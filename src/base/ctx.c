/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctx.c - contexts and lanes: see callboard/ctx.h and base/ctx.h.
 */
#include "base/ctx.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

struct cbi_defer {
	struct cbi_defer *next;
	void (*fn)(void *ptr);
	void *ptr;
};

void cbi_lane_init(struct cbi_lane *lane, size_t arena_limit)
{
	memset(lane, 0, sizeof(*lane));
	cbi_arena_init(&lane->arena, arena_limit);
	lane->slot = -1;
}

void cbi_lane_finish(struct cbi_lane *lane)
{
	assert(!lane->db && !lane->redis && !lane->copy && !lane->asker);
	cbi_arena_finish(&lane->arena);
}

void cbi_ctx_init(struct cb_ctx *ctx, struct cbi_lane *lane)
{
	/* Not a memset of the whole: the failure buffer alone is 512 bytes. */
	ctx->lane = lane;
	ctx->deadline = 0;
	ctx->request_id[0] = '\0';
	ctx->traceparent[0] = '\0';
	ctx->actor = "";
	ctx->plugin = "";
	ctx->scope.cls = "all";
	ctx->scope.all = true;
	ctx->scope.as_of = 0;
	ctx->host = NULL;
	ctx->defers = NULL;
	ctx->code = CB_OK;
	ctx->failure[0] = '\0';
}

void cbi_ctx_finish(struct cb_ctx *ctx)
{
	struct cbi_defer *defer = ctx->defers;

	ctx->defers = NULL;
	for (; defer; defer = defer->next)
		defer->fn(defer->ptr);
	cbi_arena_reset(&ctx->lane->arena);
}

void cbi_ctx_mark(const struct cb_ctx *ctx, struct cbi_ctx_mark *mark)
{
	cbi_arena_mark(&ctx->lane->arena, &mark->arena);
	mark->defers = ctx->defers;
}

void cbi_ctx_rewind(struct cb_ctx *ctx, const struct cbi_ctx_mark *mark)
{
	while (ctx->defers != mark->defers) {
		struct cbi_defer *defer = ctx->defers;

		ctx->defers = defer->next;
		defer->fn(defer->ptr);
	}
	cbi_arena_rewind(&ctx->lane->arena, &mark->arena);
}

void *cb_alloc(struct cb_ctx *ctx, size_t size)
{
	void *ptr = cbi_arena_alloc(&ctx->lane->arena, size);

	if (!ptr)
		cb_fail(ctx, CB_ENOMEM, "out of memory for %zu more bytes",
		        size);
	return ptr;
}

char *cb_strndup(struct cb_ctx *ctx, const char *text, size_t len)
{
	char *copy = cb_alloc(ctx, len + 1);

	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

char *cb_strdup(struct cb_ctx *ctx, const char *text)
{
	return cb_strndup(ctx, text, strlen(text));
}

char *cb_printf(struct cb_ctx *ctx, const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0) {
		cb_fail(ctx, CB_EBUG, "bad format '%s'", fmt);
		return NULL;
	}
	text = cb_alloc(ctx, (size_t)len + 1);
	if (!text)
		return NULL;
	va_start(args, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	return text;
}

int cb_defer(struct cb_ctx *ctx, void (*fn)(void *ptr), void *ptr)
{
	struct cbi_defer *defer = cb_alloc(ctx, sizeof(*defer));

	if (!defer) {
		fn(ptr);
		return CB_ENOMEM;
	}
	defer->fn = fn;
	defer->ptr = ptr;
	defer->next = ctx->defers;
	ctx->defers = defer;
	return CB_OK;
}

/* Like cb_fail, with a va_list. */
static CB_PRINTF(3, 0) int note_failure(struct cb_ctx *ctx, int code,
                                        const char *fmt, va_list args)
{
	assert(code < 0);
	if (ctx->code != CB_OK)
		return code;
	ctx->code = code;
	vsnprintf(ctx->failure, sizeof(ctx->failure), fmt, args);
	return code;
}

int cb_fail(struct cb_ctx *ctx, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note_failure(ctx, code, fmt, args);
	va_end(args);
	return code;
}

const char *cb_failure(const struct cb_ctx *ctx)
{
	return ctx->failure;
}

int cb_failure_code(const struct cb_ctx *ctx)
{
	return ctx->code;
}

void cb_failure_clear(struct cb_ctx *ctx)
{
	ctx->code = CB_OK;
	ctx->failure[0] = '\0';
}

const char *cb_code_name(int code)
{
	static const struct {
		int code;
		const char *name;
	} names[] = {
		{ CB_OK, "OK" },           { CB_EINVAL, "EINVAL" },
		{ CB_EAUTH, "EAUTH" },     { CB_EDENIED, "EDENIED" },
		{ CB_ENOENT, "ENOENT" },   { CB_ECONFLICT, "ECONFLICT" },
		{ CB_ETOOBIG, "ETOOBIG" }, { CB_ENOTSUP, "ENOTSUP" },
		{ CB_EAWAY, "EAWAY" },     { CB_EBUSY, "EBUSY" },
		{ CB_ETIME, "ETIME" },     { CB_ENOMEM, "ENOMEM" },
		{ CB_EBUG, "EBUG" },       { CB_EUPSTREAM, "EUPSTREAM" },
		{ CB_ENOKEY, "ENOKEY" },   { CB_EPENDING, "EPENDING" },
		{ CB_EPLACE, "EPLACE" },   { CB_ECHANGED, "ECHANGED" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].name;
	return "EUNKNOWN";
}

int64_t cb_time_left(const struct cb_ctx *ctx)
{
	int64_t left;

	if (!ctx->deadline)
		return INT64_MAX;
	left = ctx->deadline - cbi_clock_ms();
	return left > 0 ? left : 0;
}

const char *cb_request_id(const struct cb_ctx *ctx)
{
	return ctx->request_id;
}

const char *cb_actor(const struct cb_ctx *ctx)
{
	return ctx->actor;
}
