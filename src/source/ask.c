/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - see ask.h.
 */
#include "source/ask.h"

#include "base/buf.h"
#include "base/clock.h"
#include "redis/redis.h"
#include "source/call.h"
#include "source/value.h"
#include "source/way.h"
#include "source/wire.h"

#include <stdatomic.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static struct {
	int gate;
	_Atomic int waiting;
} house = { .gate = 1 };

void cbi_source_setup(const char *run_dir, int threads)
{
	cbi_ways_setup(run_dir);
	cbi_call_setup(threads);
	house.gate = threads >= 8 ? threads / 4 : 1;
	atomic_store(&house.waiting, 0);
}

static struct cbi_way *way_of(struct cb_ctx *ctx,
                              const struct cbi_source_ref *ref,
                              const char *redis_key)
{
	uint64_t n;

	if (ref->fetchers < 1)
		return NULL;
	n = XXH64(redis_key, strlen(redis_key), 0) % (uint64_t)ref->fetchers;
	return cbi_way_of(ctx->lane, ref->pool, (int)n);
}

static bool send_ask(struct cb_ctx *ctx, struct cbi_way *way,
                     const struct cbi_wire_head *head,
                     const struct cbi_source_ref *ref, int64_t until)
{
	struct cbi_wire_who who;
	struct cb_buf buf;
	bool sent = false;

	cbi_wire_who_of(ctx, &who);
	cbi_buf_init(&buf, CB_WIRE_HEAD + CB_WIRE_ASK_MAX);
	if (cbi_wire_put_ask(&buf, *head, ref, &who) == CB_OK)
		sent = cbi_way_send(way, buf.data, buf.len, until);
	cbi_buf_finish(&buf);
	return sent;
}

/* The answer of that id; CB_EPENDING closes what may be half read. */
static int take_answer(struct cb_ctx *ctx, struct cbi_way *way, uint32_t id,
                       const char *redis_key, int64_t until,
                       struct cbi_source_value *out)
{
	for (;;) {
		char raw[CB_WIRE_HEAD], *data;
		struct cbi_wire_head head;
		int n = cbi_way_recv(way, raw, sizeof(raw), until);

		if (n == 0)
			return CB_EPENDING;
		if (n < 0 || !cbi_wire_get_head(raw, &head) ||
		    head.kind != CBI_WIRE_ANSWER)
			break;
		data = cb_alloc(ctx, (size_t)head.len + 1);
		if (!data) {
			cbi_way_close(way);
			return CB_ENOMEM;
		}
		if (head.len && cbi_way_recv(way, data, head.len, until) != 1)
			break;
		if (head.id != id)
			continue;
		if (head.len &&
		    cbi_value_decode(data, head.len, redis_key, out))
			return CB_OK;
		return CB_EPENDING;
	}
	cbi_way_close(way);
	return CB_EPENDING;
}

static void tell(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                 const char *redis_key)
{
	struct cbi_wire_head head = { .rank = CBI_RANK_REFRESH,
		                      .flags = CBI_WIRE_NO_ANSWER };
	struct cbi_way *way = way_of(ctx, ref, redis_key);

	/* No waiting: a full socket means that fetch has enough to do. */
	if (way)
		(void)send_ask(ctx, way, &head, ref, 0);
}

static int ask_fetch(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                     const char *redis_key, struct cbi_wire_head head,
                     struct cbi_source_value *out)
{
	struct cbi_way *way = way_of(ctx, ref, redis_key);
	int64_t until;

	if (!way)
		return CB_EPENDING;
	if (cb_time_left(ctx) < head.budget_ms)
		head.budget_ms = (uint32_t)cb_time_left(ctx);
	until = cbi_clock_ms() + head.budget_ms;
	head.id = cbi_way_id(ctx->lane);
	if (!send_ask(ctx, way, &head, ref, until))
		return CB_EPENDING;
	return take_answer(ctx, way, head.id, redis_key, until, out);
}

static int judge(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                 const struct cbi_source_value *value,
                 struct cbi_source_value *out)
{
	if (value->code == CB_OK) {
		*out = *value;
		return CB_OK;
	}
	return cb_fail(ctx, value->code, "%s: %s", ref->source,
	               value->note[0] ? value->note : "no answer");
}

int cbi_source_get(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                   int budget_ms, struct cbi_source_value *out)
{
	struct cbi_wire_head head = { .rank = CBI_RANK_READER,
		                      .budget_ms = (uint32_t)budget_ms };
	char redis_key[CB_SOURCE_REDIS_KEY_MAX];
	struct cbi_source_value value;
	int64_t now = cbi_clock_wall_ms();
	int rc = cbi_value_key(ctx, ref, redis_key);
	bool away;

	if (rc < 0)
		return rc;
	rc = cbi_value_get(ctx, redis_key, &value);
	away = rc == CB_EAWAY && cbi_redis_wanted();
	if (rc == CB_OK && now < value.stale_until) {
		if (now >= value.fresh_until)
			tell(ctx, ref, redis_key);
		return judge(ctx, ref, &value, out);
	}
	if (atomic_fetch_add(&house.waiting, 1) >= house.gate)
		rc = CB_EPENDING;
	else
		rc = ask_fetch(ctx, ref, redis_key, head, &value);
	atomic_fetch_sub(&house.waiting, 1);
	value.unkept = rc == CB_OK && away;
	return rc < 0 ? rc : judge(ctx, ref, &value, out);
}

int cbi_source_ask(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                   enum cbi_source_rank rank, int budget_ms, bool brief,
                   struct cbi_source_value *out)
{
	struct cbi_wire_head head = { .rank = (uint8_t)rank,
		                      .flags = brief ? CBI_WIRE_BRIEF : 0,
		                      .budget_ms = (uint32_t)budget_ms };
	char redis_key[CB_SOURCE_REDIS_KEY_MAX];
	int rc = cbi_value_key(ctx, ref, redis_key);

	if (rc < 0)
		return rc;
	return ask_fetch(ctx, ref, redis_key, head, out);
}
