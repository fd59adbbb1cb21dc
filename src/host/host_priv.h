/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_priv.h - what the files of the counter share.
 */
#ifndef CB_HOST_HOST_PRIV_H
#define CB_HOST_HOST_PRIV_H

#include <stdatomic.h>

#include "base/board.h"
#include "host/host.h"
#include "registry/registry.h"

enum cbi_loaded_state {
	CBI_LOADED_NOT = 0, /* not yet: it was off or in quarantine */
	CBI_LOADED_STARTING,
	CBI_LOADED_READY,
	CBI_LOADED_BROKEN, /* the board says why */
};

/* One plugin of this process's pool. */
struct cbi_loaded {
	const char *name; /* lives with the manifest */
	json_t *manifest; /* a reference of its own; a declared one's is its
	                   * snapshot's */
	int board;        /* its row */
	_Atomic int state;
	/* Written by the one who starts it, before READY. */
	struct cb_plugin plugin; /* newer fields than it knew are zero */
	void *data;              /* its state */
};

struct cbi_host {
	struct cbi_host_joins joins;
	char *pool;
	int fetchers; /* fetch processes of the pool */
	int plugin_ms;
	int row; /* this process's on the board, -1 for none */
	struct cbi_loaded *plugins;
	size_t count;
};

/* One guarded call: what ctx->host points at while a plugin runs. */
struct cbi_call {
	struct cbi_host *host;
	struct cbi_loaded *loaded;
	const struct cb_source *filling; /* while `fill` runs */
	const struct cb_source *acting;  /* an action, in the shape of one */
	const struct cb_source *asking;  /* while `key` runs */
	const struct cb_card *drawing;   /* while `draw` runs */
	const struct cb_route *routing;  /* while `handle` runs */
	bool probing;                    /* while `probe` runs */
	const char *rest;                /* of a route */
	const json_t *model;             /* the view model that was drawn */
	int64_t stale_ms;
	bool asked, unkept;
	/* What guard.c puts back. */
	const void *was_host;
	const char *was_plugin;
	int64_t was_deadline, was_hard, began_us;
	uint32_t was_running;
};

/* ---- load.c -------------------------------------------------------------- */

/* One with code, by name, whatever its state; NULL for none in this pool. */
struct cbi_loaded *cbi_host_find(struct cbi_host *host, const char *name);

/* Is it of the pool?  One that was moved belongs to both, until nginx has
 * followed; a refused one to none. */
bool cbi_host_belongs(const struct cbi_plugin_entry *entry, const char *pool);
/* Does it come as a file that is loaded? */
bool cbi_host_is_code(const struct cbi_plugin_entry *entry);

/* Makes sure that it runs: CB_OK, CB_EPENDING while another thread starts
 * it, CB_EAWAY when it could not be started. */
int cbi_host_ensure(struct cb_ctx *ctx, struct cbi_host *host,
                    struct cbi_loaded *loaded);

/* ---- source.c ------------------------------------------------------------ */

/* The row of a config key; NULL for none. */
const struct cb_key *cbi_host_key(const struct cbi_loaded *loaded,
                                  const char *name);

/* ---- guard.c ------------------------------------------------------------- */

/*
 * Is it there to be called?  CB_OK, or: CB_ENOENT off, CB_EAWAY quarantine or
 * not started, CB_EPENDING being started.  Failures but CB_EPENDING are noted.
 */
int cbi_guard_ask(struct cb_ctx *ctx, struct cbi_host *host, const char *name,
                  struct cbi_loaded **out) CB_USED;

/* Last before a call, for it may be the breaker's one try: CB_OK, CB_EAWAY. */
int cbi_guard_permit(struct cb_ctx *ctx,
                     const struct cbi_loaded *loaded) CB_USED;

/* Around every call into a plugin; leave counts, and tells the breaker. */
void cbi_guard_enter(struct cb_ctx *ctx, struct cbi_call *call,
                     struct cbi_host *host, struct cbi_loaded *loaded);
void cbi_guard_leave(struct cb_ctx *ctx, const struct cbi_call *call, int rc);
/* Leaves without counting: starting, and asking for source keys. */
void cbi_guard_return(struct cb_ctx *ctx, const struct cbi_call *call);

/* The call that ctx is in, NULL outside of one. */
struct cbi_call *cbi_call_of(const struct cb_ctx *ctx);

#endif
