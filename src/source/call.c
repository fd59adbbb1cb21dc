/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - see call.h.
 *
 * A way whose reply did not come is closed: the next frame on it would be
 * taken for another's.
 */
#include "source/call.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "json/json.h"
#include "source/way.h"
#include "source/wire.h"

#include <callboard/json.h>

#include <stdatomic.h>
#include <string.h>

static struct {
	int gate;
	_Atomic int waiting;
} house = { .gate = 1 };

void cbi_call_setup(int threads)
{
	house.gate = threads >= 4 ? threads / 2 : 1;
	atomic_store(&house.waiting, 0);
}

/* CB_OK with the payload of the reply to id. */
static int take_frame(struct cb_ctx *ctx, struct cbi_way *way, uint32_t id,
                      int64_t until, const char **payload, size_t *len)
{
	for (;;) {
		char raw[CB_WIRE_HEAD], *data;
		struct cbi_wire_head head;
		int n = cbi_way_recv(way, raw, sizeof(raw), until);

		if (n == 0)
			return CB_ETIME;
		if (n < 0 || !cbi_wire_get_head(raw, &head))
			return CB_EAWAY;
		data = cb_alloc(ctx, (size_t)head.len + 1);
		if (!data)
			return CB_ENOMEM;
		if (head.len && cbi_way_recv(way, data, head.len, until) != 1)
			return cbi_clock_ms() < until ? CB_EAWAY : CB_ETIME;
		/* An answer that an earlier ask did not wait for. */
		if (head.id != id || head.kind != CBI_WIRE_REPLY)
			continue;
		*payload = data;
		*len = head.len;
		return CB_OK;
	}
}

static int judge(struct cb_ctx *ctx, const char *name, const char *payload,
                 size_t len, json_t **out)
{
	const char *text;
	int code;

	if (len == 0)
		return cb_fail(ctx, CB_EBUSY, "%s: fetch has too much to do",
		               name);
	if (!cbi_wire_get_reply(payload, len, &code, &text, &len))
		return cb_fail(ctx, CB_EBUG, "%s: no reply", name);
	if (code == CB_OK)
		return cb_json_parse(ctx, text, len, out);
	return cb_fail(ctx, code < 0 ? code : CB_EBUG, "%.*s", (int)len, text);
}

static int exchange(struct cb_ctx *ctx, const char *pool, const char *name,
                    const struct cb_buf *frame, struct cbi_way *way,
                    uint32_t id, int64_t until, json_t **out)
{
	const char *payload = NULL;
	size_t len = 0;
	int rc = CB_EAWAY;

	if (cbi_way_send(way, frame->data, frame->len, until))
		rc = take_frame(ctx, way, id, until, &payload, &len);
	if (rc == CB_OK)
		return judge(ctx, name, payload, len, out);
	cbi_way_close(way);
	if (rc == CB_ENOMEM)
		return rc;
	if (rc == CB_ETIME)
		return cb_fail(ctx, rc, "%s took too long", name);
	return cb_fail(ctx, CB_EAWAY, "no fetch process of pool %s answers",
	               pool);
}

static int call(struct cb_ctx *ctx, const char *pool, const char *name,
                const struct cb_buf *json, int budget_ms, json_t **out)
{
	struct cbi_way *way = cbi_way_of(ctx->lane, pool, 0);
	struct cbi_wire_head head = { .budget_ms = (uint32_t)budget_ms };
	struct cbi_wire_call wire = { .json = json->data, .len = json->len };
	struct cb_buf frame;
	int rc;

	if (!way)
		return cb_fail(ctx, CB_EAWAY, "no fetch process in pool %s",
		               pool);
	cbi_str_copy(wire.name, sizeof(wire.name), name);
	cbi_wire_who_of(ctx, &wire.who);
	head.id = cbi_way_id(ctx->lane);
	cbi_buf_init(&frame, CB_WIRE_HEAD + CB_WIRE_CALL_MAX);
	rc = cbi_wire_put_call(&frame, head, &wire);
	if (rc == CB_OK)
		rc = exchange(ctx, pool, name, &frame, way, head.id,
		              cbi_clock_ms() + budget_ms, out);
	else
		rc = cb_fail(ctx, rc, "%s is asked too much at once", name);
	cbi_buf_finish(&frame);
	return rc;
}

int cbi_source_call(struct cb_ctx *ctx, const char *pool, const char *name,
                    const json_t *in, int budget_ms, json_t **out)
{
	struct cb_buf json;
	int rc;

	if (cb_time_left(ctx) < budget_ms)
		budget_ms = (int)cb_time_left(ctx);
	if (atomic_fetch_add(&house.waiting, 1) >= house.gate) {
		rc = cb_fail(ctx, CB_EBUSY, "too many wait for fetch");
	} else {
		cbi_buf_init(&json, CB_CALL_IN_MAX);
		rc = cb_json_write(&json, in);
		rc = rc == CB_OK
		         ? call(ctx, pool, name, &json, budget_ms, out)
		         : cb_fail(ctx, rc, "%s is asked too much at once",
		                   name);
		cbi_buf_finish(&json);
	}
	atomic_fetch_sub(&house.waiting, 1);
	return rc;
}
