/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.c - asks plugins how they and their tools are, outside of requests.
 */
#include "host/host_priv.h"

#include "base/ctx.h"

static int probe(struct cb_ctx *ctx, struct cbi_host *host,
                 struct cbi_loaded *loaded)
{
	struct cbi_call call;
	int rc;

	cbi_guard_enter(ctx, &call, host, loaded);
	call.probing = true;
	rc = loaded->plugin.probe(ctx, loaded->data);
	/* An ailing tool is no reason to keep cards away, and a well one does
	 * not make up for failing cards: the breaker hears nothing of it. */
	cbi_guard_return(ctx, &call);
	if (rc != CB_OK && cb_failure_code(ctx) == CB_OK)
		rc = rc > 0 ? cb_fail(ctx, CB_EBUG, "probe returned %d", rc)
		            : cb_fail(ctx, rc, "probe returned %s",
		                      cb_code_name(rc));
	return rc;
}

/* Written before it was READY, so it may be read from then on. */
static bool has_probe(const struct cbi_loaded *loaded)
{
	return atomic_load(&loaded->state) == CBI_LOADED_READY &&
	       loaded->plugin.probe;
}

int cbi_host_probe(struct cb_ctx *ctx, struct cbi_host *host)
{
	int ailing = 0;

	for (size_t i = 0; i < host->count; i++) {
		struct cbi_loaded *loaded = &host->plugins[i];
		struct cbi_ctx_mark mark;
		int rc;

		cbi_ctx_mark(ctx, &mark);
		rc = cbi_guard_ask(ctx, host, loaded->name, &loaded);
		if (rc == CB_OK && loaded->plugin.probe)
			rc = probe(ctx, host, loaded);
		/* EAWAY of one that runs: it crashed in its last probe. */
		if (has_probe(loaded) && rc != CB_ENOENT) {
			cbi_health_tell(loaded->board, rc == CB_OK,
			                cb_failure(ctx));
			ailing += rc != CB_OK;
		}
		cb_failure_clear(ctx);
		cbi_ctx_rewind(ctx, &mark);
	}
	return ailing;
}
