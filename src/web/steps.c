/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps.c - the table of steps, and a walk along it.
 */
#include "web/steps.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "config/config.h"
#include "db/db.h"
#include "redis/redis.h"
#include "source/ask.h"

/* A larger buffer is given back after its request. */
#define BODY_KEPT_MAX (1 * CB_MIB)
#define HEAD_MAX (64 * CB_KIB)
/* The hard deadline is for what does not look at the soft one. */
#define HARD_MS 2000
#define REQUEST_MS 10000

static int guard(struct cb_req *req)
{
	/* Plugins' breakers are asked by host/, which knows what is called;
	 * here only time is left to judge. */
	if (cb_time_left(req->ctx) == 0)
		return cb_fail(req->ctx, CB_ETIME,
		               "no time was left when the request began");
	return CB_NEXT;
}

static int handle(struct cb_req *req)
{
	int64_t began = cbi_clock_us();
	int rc = req->endpoint->handle(req);

	req->handle_us = cbi_clock_us() - began;
	return rc;
}

struct step {
	int (*run)(struct cb_req *req);
	bool always;
};

static const struct step steps[] = {
	{ cbi_step_read, false },  { cbi_step_who, false },
	{ cbi_step_route, false }, { cbi_step_may, false },
	{ guard, false },          { handle, false },
	{ cbi_step_render, true }, { cbi_step_send, true },
	{ cbi_step_note, true },
};

void cbi_web_lane_init(struct cbi_web_lane *lane, int row, int slot)
{
	memset(lane, 0, sizeof(*lane));
	cbi_lane_init(&lane->lane, CB_ARENA_REQUEST_MAX);
	cbi_buf_init(&lane->body, CB_ARENA_REQUEST_MAX);
	cbi_buf_init(&lane->head, HEAD_MAX);
	lane->lane.slot = slot;
	if (row < 0)
		return;
	lane->process = &cbi_board()->processes[row];
	lane->slot = &lane->process->threads[slot];
}

void cbi_web_lane_idle(struct cbi_web_lane *lane)
{
	cbi_db_idle();
	cbi_redis_lane_finish(&lane->lane);
	cbi_source_lane_finish(&lane->lane);
	cbi_buf_finish(&lane->body);
	cbi_buf_init(&lane->body, CB_ARENA_REQUEST_MAX);
}

void cbi_web_lane_finish(struct cbi_web_lane *lane)
{
	cbi_buf_finish(&lane->body);
	cbi_buf_finish(&lane->head);
	cbi_lane_finish(&lane->lane);
}

static void slot_begin(const struct cbi_web_lane *lane,
                       const struct cb_req *req)
{
	struct cbi_board_thread *slot = lane->slot;
	int64_t now;

	if (!slot)
		return;
	now = cbi_clock_ms();
	cbi_str_copy(slot->request_id, sizeof(slot->request_id),
	             req->ctx->request_id);
	atomic_store(&slot->hard, req->ctx->deadline + HARD_MS);
	atomic_store(&slot->since, now);
}

static void slot_end(const struct cbi_web_lane *lane)
{
	if (!lane->slot)
		return;
	atomic_store(&lane->slot->since, 0);
	atomic_store(&lane->slot->hard, 0);
	atomic_fetch_add_explicit(&lane->process->requests, 1,
	                          memory_order_relaxed);
}

static void walk(struct cb_req *req)
{
	bool made = false;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int rc;

		if (made && !steps[i].always)
			continue;
		rc = steps[i].run(req);
		if (rc == CB_NEXT)
			continue;
		made = true;
		if (rc < 0 && req->code == CB_OK)
			req->code = rc;
	}
}

bool cbi_web_serve(const struct cbi_web *web, struct cbi_web_lane *lane,
                   const struct cbi_port *port)
{
	struct cb_ctx ctx;
	struct cb_req req;

	memset(&req, 0, sizeof(req));
	cbi_ctx_init(&ctx, &lane->lane);
	cbi_buf_clear(&lane->body);
	cbi_buf_clear(&lane->head);
	req.ctx = &ctx;
	req.web = web;
	req.port = port;
	req.began_us = cbi_clock_us();
	req.answer.body = &lane->body;
	req.answer.head = &lane->head;
	ctx.deadline = cbi_clock_ms() +
	               (web->limits ? web->limits->request_ms : REQUEST_MS);
	cbi_trace_take(&req);
	slot_begin(lane, &req);
	walk(&req);
	slot_end(lane);
	cbi_ctx_finish(&ctx);
	if (lane->body.cap > BODY_KEPT_MAX) {
		cbi_buf_finish(&lane->body);
		cbi_buf_init(&lane->body, CB_ARENA_REQUEST_MAX);
	}
	return !req.answer.partial;
}
