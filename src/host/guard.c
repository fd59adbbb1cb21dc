/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c - what stands around every call into a plugin.
 *
 * While a plugin runs, the thread's slot on the board holds its row, the
 * request and the time by which it must be back: the master charges crashes
 * and hangs by it.
 */
#include "host/declared.h"

#include <string.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/str.h"

struct cbi_call *cbi_call_of(const struct cb_ctx *ctx)
{
	/* Set by cbi_guard_enter only, from a call that is not const. */
	return (struct cbi_call *)(uintptr_t)ctx->host;
}

int cbi_guard_ask(struct cb_ctx *ctx, struct cbi_host *host, const char *name,
                  struct cbi_loaded **out)
{
	const struct cbi_snapshot *snapshot;
	const struct cbi_plugin_entry *entry;
	struct cbi_loaded *loaded;
	int rc;

	rc = cbi_registry_look(ctx, host->joins.registry, &snapshot);
	if (rc < 0)
		return rc;
	entry = cbi_snapshot_plugin(snapshot, name);
	loaded = cbi_host_find(host, name);
	if (entry && !cbi_host_is_code(entry) &&
	    cbi_host_belongs(entry, host->pool)) {
		rc = cbi_declared_take(ctx, host, entry, &loaded);
		if (rc < 0)
			return rc;
	}
	if (!loaded || !entry || !entry->wanted)
		return cb_fail(ctx, CB_ENOENT, "no plugin '%s' is on here",
		               name);
	if (!cbi_snapshot_on(entry))
		return cb_fail(ctx, CB_EAWAY, "plugin '%s' is in quarantine",
		               name);
	if (cbi_board_is_dead(ctx->request_id, loaded->board))
		return cb_fail(ctx, CB_EAWAY,
		               "plugin '%s' crashed in this request a moment "
		               "ago",
		               name);
	rc = cbi_host_ensure(ctx, host, loaded);
	if (rc == CB_OK)
		*out = loaded;
	return rc;
}

int cbi_guard_permit(struct cb_ctx *ctx, const struct cbi_loaded *loaded)
{
	if (cbi_breaker_before(loaded->board))
		return CB_OK;
	return cb_fail(ctx, CB_EAWAY,
	               "plugin '%s' failed too often and is left alone for a "
	               "while",
	               loaded->name);
}

/* ---- The slot ------------------------------------------------------------ */

static struct cbi_board_thread *slot_of(const struct cb_ctx *ctx,
                                        const struct cbi_host *host)
{
	int slot = ctx->lane->slot;

	if (host->row < 0 || slot < 0 || slot >= CB_BOARD_THREADS)
		return NULL;
	return &cbi_board()->processes[host->row].threads[slot];
}

static void occupy(struct cb_ctx *ctx, struct cbi_call *call)
{
	struct cbi_board_thread *slot = slot_of(ctx, call->host);
	int64_t now = cbi_clock_ms(), hard = now + call->host->plugin_ms;

	if (!slot)
		return;
	call->was_hard = atomic_load(&slot->hard);
	call->was_running = atomic_load(&slot->plugin);
	if (!call->was_running)
		cbi_str_copy(slot->request_id, sizeof(slot->request_id),
		             ctx->request_id);
	if (!atomic_load(&slot->since))
		atomic_store(&slot->since, now);
	/* The request's own deadline may be nearer. */
	if (call->was_hard > 0 && call->was_hard < hard)
		hard = call->was_hard;
	atomic_store(&slot->plugin, (uint32_t)call->loaded->board + 1);
	atomic_store(&slot->hard, hard);
}

static void vacate(struct cb_ctx *ctx, const struct cbi_call *call)
{
	struct cbi_board_thread *slot = slot_of(ctx, call->host);

	if (!slot)
		return;
	atomic_store(&slot->plugin, call->was_running);
	atomic_store(&slot->hard, call->was_hard);
	if (!call->was_hard && !call->was_running)
		atomic_store(&slot->since, 0);
}

void cbi_guard_enter(struct cb_ctx *ctx, struct cbi_call *call,
                     struct cbi_host *host, struct cbi_loaded *loaded)
{
	int64_t until = cbi_clock_ms() + host->plugin_ms;

	memset(call, 0, sizeof(*call));
	call->host = host;
	call->loaded = loaded;
	call->was_host = ctx->host;
	call->was_plugin = ctx->plugin;
	call->was_deadline = ctx->deadline;
	call->began_us = cbi_clock_us();
	ctx->host = call;
	ctx->plugin = loaded->name;
	if (!ctx->deadline || ctx->deadline > until)
		ctx->deadline = until;
	occupy(ctx, call);
}

/* Is it the plugin's own failure, not its tool's or the request's? */
static bool its_own(int rc)
{
	switch (rc) {
	case CB_OK:
	case CB_EINVAL:
	case CB_EAUTH:
	case CB_EDENIED:
	case CB_ENOENT:
	case CB_ECONFLICT:
	case CB_EAWAY:
	case CB_EBUSY:
	case CB_ETIME:
	case CB_EUPSTREAM:
	case CB_ENOKEY:
	case CB_EPENDING:
		return false;
	default:
		return true;
	}
}

void cbi_guard_return(struct cb_ctx *ctx, const struct cbi_call *call)
{
	vacate(ctx, call);
	ctx->host = call->was_host;
	ctx->plugin = call->was_plugin;
	ctx->deadline = call->was_deadline;
}

void cbi_guard_leave(struct cb_ctx *ctx, const struct cbi_call *call, int rc)
{
	struct cbi_board_plugin *row;

	cbi_guard_return(ctx, call);
	cbi_breaker_after(call->loaded->board, !its_own(rc));
	if (call->loaded->board < 0)
		return;
	row = &cbi_board()->plugins[call->loaded->board];
	atomic_fetch_add(&row->calls, 1);
	if (rc == CB_EPENDING)
		atomic_fetch_add(&row->placeholders, 1);
	else if (rc < 0 && rc != CB_ENOKEY)
		atomic_fetch_add(&row->errors, 1);
	cbi_metric_time(&row->draw, cbi_clock_us() - call->began_us);
}

const char *cbi_host_rest(const struct cb_ctx *ctx)
{
	const struct cbi_call *call = cbi_call_of(ctx);

	return call ? call->rest : NULL;
}
