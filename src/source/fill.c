/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.c - see fill.h.
 *
 * Errors are data.  A 404 is kept for a minute; any other failure for 10 to
 * 30 s, and where a good value is still within its stale time that one is
 * kept instead, with the failure's text beside it and its age unchanged.
 *
 * A value's time is when its flight began: a host that slept between the
 * tool's answer and the write cannot pass for the newer one.
 */
#include "source/fill.h"

#include "base/board.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "redis/redis.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* A fill may ask several times; each ask has CB_TOOL_TOTAL_MS. */
#define FILL_MS 8000
/* Past this the process is replaced. */
#define HARD_MS 12000
/* Longer than any fill, so a living owner keeps it. */
#define LOCK_MS 13000
#define OTHER_HOST_MS 1000
#define OTHER_HOST_STEP_MS 25
#define ABSENT_MS 60000
#define FAILED_LEAST_MS 10000
#define FAILED_MOST_MS 30000

struct run {
	struct cb_ctx *ctx;
	const struct cbi_filler *filler;
	const struct cbi_wire_ask *ask;
	const char *key; /* in Redis */
	int64_t began;   /* wall ms */
	struct cbi_fill_info info;
	bool have_last;
	struct cbi_source_value last; /* good, within its stale time */
};

static int kept(struct run *run, struct cbi_source_value *out)
{
	struct cbi_source_value older;
	int rc = cbi_value_get(run->ctx, run->key, out);

	if (rc == CB_OK)
		return rc;
	/* Deleted from Redis means wanted anew, but what was good may still
	 * stand in for a tool that fails. */
	if (cbi_serve_memory_get(run->ctx, run->filler->memory, run->key,
	                         &older) < 0)
		return CB_ENOENT;
	if (rc == CB_EAWAY) {
		*out = older;
		return CB_OK;
	}
	if (older.code == CB_OK && !run->have_last) {
		run->last = older;
		run->have_last = true;
	}
	return CB_ENOENT;
}

/* True when *out is fresh. */
static bool look(struct run *run, struct cbi_source_value *out)
{
	int64_t now = cbi_clock_wall_ms();

	if (kept(run, out) != CB_OK)
		return false;
	if (now < out->fresh_until)
		return true;
	if (out->code == CB_OK) {
		run->last = *out;
		run->have_last = true;
	}
	return false;
}

static bool wait_for_other_host(struct run *run, struct cbi_source_value *out)
{
	const struct timespec step = { 0, OTHER_HOST_STEP_MS * 1000000L };
	int64_t until = cbi_clock_ms() + OTHER_HOST_MS;

	while (cbi_clock_ms() < until) {
		nanosleep(&step, NULL);
		if (look(run, out))
			return true;
	}
	return false;
}

static struct cbi_board_thread *slot(const struct run *run)
{
	int row = run->filler->serve->board_row;
	int thread = run->ctx->lane->slot;

	if (row < 0 || thread < 0 || thread >= CB_BOARD_THREADS)
		return NULL;
	return &cbi_board()->processes[row].threads[thread];
}

static int call_fill(struct run *run, int plugin, struct cb_buf *body)
{
	const struct cbi_fill_table *table = &run->filler->serve->table;
	struct cbi_board_thread *thread = slot(run);
	int rc;

	if (thread && plugin >= 0) {
		int64_t now = cbi_clock_ms();

		cbi_str_copy(thread->request_id, sizeof(thread->request_id),
		             run->ask->who.request_id);
		atomic_store(&thread->plugin, (uint32_t)plugin + 1);
		atomic_store(&thread->hard, now + HARD_MS);
		atomic_store(&thread->since, now);
	}
	rc = table->fill(table->arg, run->ctx, run->ask->plugin,
	                 run->ask->source, run->ask->key, body);
	if (thread && plugin >= 0) {
		atomic_store(&thread->since, 0);
		atomic_store(&thread->hard, 0);
		atomic_store(&thread->plugin, 0);
	}
	return rc == CB_OK ? body->failed : rc;
}

static int guarded_fill(struct run *run, struct cb_buf *body)
{
	int plugin = cbi_board_plugin(run->ask->plugin);
	struct cb_ctx *ctx = run->ctx;
	int rc;

	if (plugin >= 0 && cbi_board_is_dead(run->ask->who.request_id, plugin))
		return cb_fail(ctx, CB_EBUG,
		               "%s crashed on this request a moment ago",
		               run->ask->plugin);
	ctx->plugin = run->ask->plugin;
	ctx->deadline = cbi_clock_ms() + FILL_MS;
	rc = call_fill(run, plugin, body);
	ctx->plugin = "";
	ctx->deadline = 0;
	if (plugin >= 0) {
		struct cbi_board_plugin *row = &cbi_board()->plugins[plugin];

		atomic_fetch_add(&row->fetches, 1);
		if (rc < 0 && rc != CB_ENOENT)
			atomic_fetch_add(&row->errors, 1);
	}
	return rc;
}

static void good(struct run *run, const struct cb_buf *body,
                 struct cbi_source_value *out)
{
	int64_t now = cbi_clock_wall_ms();

	*out = (struct cbi_source_value){
		.body = cbi_buf_string(body),
		.len = body->len,
		.note = "",
		.fetched_at = run->began,
	};
	out->fresh_until =
	    now + cbi_value_jitter((int64_t)run->info.fresh * 1000);
	out->stale_until = out->fresh_until +
	                   cbi_value_jitter((int64_t)run->info.stale * 1000);
}

static void bad(struct run *run, int rc, struct cbi_source_value *out)
{
	int64_t now = cbi_clock_wall_ms();
	const char *note = cb_strdup(run->ctx, cb_failure(run->ctx));
	int64_t again =
	    rc == CB_ENOENT
		? now + cbi_value_jitter(ABSENT_MS)
		: now + cbi_value_between(FAILED_LEAST_MS, FAILED_MOST_MS);

	/* These two are not a tool's answers and would be read as none. */
	if (rc == CB_EPENDING || rc == CB_ENOKEY)
		rc = CB_EBUG;
	if (!note || !*note)
		note = cb_code_name(rc);
	cb_failure_clear(run->ctx);
	if (rc != CB_ENOENT && run->have_last && now < run->last.stale_until) {
		*out = run->last;
		out->note = note;
		out->fresh_until =
		    again < out->stale_until ? again : out->stale_until;
		return;
	}
	*out = (struct cbi_source_value){
		.code = rc,
		.body = "",
		.note = note,
		.fetched_at = run->began,
		.fresh_until = again,
		.stale_until = again,
	};
}

static void finish_body(void *ptr)
{
	cbi_buf_finish(ptr);
}

static int fetch(struct run *run, struct cbi_source_value *out)
{
	struct cb_buf *body = cb_alloc(run->ctx, sizeof(*body));
	int rc;

	if (!body)
		return CB_ENOMEM;
	cbi_buf_init(body, CB_TOOL_BODY_MAX);
	rc = cb_defer(run->ctx, finish_body, body);
	if (rc < 0)
		return rc;
	run->began = cbi_clock_wall_ms();
	rc = guarded_fill(run, body);
	if (rc == CB_OK)
		good(run, body, out);
	else
		bad(run, rc, out);
	cbi_serve_memory_put(run->filler->memory, run->key, out);
	/* Redis away: the memory above is what there is. */
	(void)!cbi_value_put(run->ctx, run->key, out);
	return CB_OK;
}

static int with_lock(struct run *run, enum cbi_source_rank rank,
                     struct cbi_source_value *out)
{
	char token[CB_REDIS_TOKEN_LEN], name[CB_SOURCE_REDIS_KEY_MAX + 8];
	int locked, rc;

	snprintf(name, sizeof(name), "cb:lock:%s", run->key);
	locked = cbi_redis_lock(run->ctx, name, LOCK_MS, token);
	if (locked == CB_EBUSY) {
		if (rank == CBI_RANK_REFRESH)
			return CB_EPENDING;
		return wait_for_other_host(run, out) ? CB_OK : CB_EPENDING;
	}
	/* Its last owner may have filled it between our look and the lock. */
	rc = locked == CB_OK && look(run, out) ? CB_OK : fetch(run, out);
	if (locked == CB_OK)
		(void)!cbi_redis_unlock(run->ctx, name, token);
	return rc;
}

int cbi_fill_run(struct cb_ctx *ctx, const struct cbi_filler *filler,
                 const struct cbi_flight *flight, struct cbi_source_value *out)
{
	struct run run = {
		.ctx = ctx,
		.filler = filler,
		.ask = cbi_flight_ask(flight),
		.key = cbi_flight_key(flight),
	};
	const struct cbi_fill_table *table = &filler->serve->table;
	int rc;

	cbi_wire_who_into(&run.ask->who, ctx);
	rc = table->find(table->arg, run.ask->plugin, run.ask->source,
	                 &run.info);
	/* Another version of the plugin runs in the process that asked: its
	 * values are not ours to make. */
	if (rc < 0 || strcmp(run.info.version, run.ask->version) != 0)
		return CB_EPENDING;
	if (look(&run, out))
		return CB_OK;
	return with_lock(&run, cbi_flight_rank(filler->queue, flight), out);
}
