/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - the counter: loads plugins, calls them, and serves what they ask.
 *
 * A plugin is called through here only.  Every call is guarded: the plugin is
 * on, its breaker is closed, the request is not one that crashed it a moment
 * ago; while it runs, the thread's slot on the board says so, so that a crash
 * or a hang is charged to it.
 *
 * The functions of src/callboard/ that plugins call find what they need in
 * ctx->host, which a guarded call sets and takes back.
 */
#ifndef CB_HOST_HOST_H
#define CB_HOST_HOST_H

#include <callboard/plugin.h>

#include "base/ctx.h"

#include <jansson.h>

struct cb_html;
struct cbi_config;
struct cbi_plugin_route;
struct cbi_registry;
struct cbi_registry_filter;
struct cbi_snapshot;

/* The catalog's filter, for cbi_registry_scan and cbi_registry_create. */
const struct cbi_registry_filter *cbi_host_filter(void);

/* ---- Loading ---------------------------------------------------------- */

struct cbi_host;

struct cbi_auth;
struct cbi_catalog;
struct cbi_fresh;
struct cbi_helpers;
struct cbi_http;
struct cbi_http_policy;
struct cbi_served;
struct cbi_source_ref;
struct cbi_source_value;

/* What a host joins; everything outlives it. */
struct cbi_host_joins {
	const struct cbi_config *config;
	struct cbi_registry *registry;
	const struct cbi_catalog *catalog;
	/* cbi_view_by_ref; NULL: cb_entity_get answers CB_ENOTSUP. */
	int (*view)(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
	            const char *ref, struct cbi_served *out,
	            struct cbi_fresh *fresh);
	/* cbi_source_get; NULL: cb_source_text answers CB_EPLACE. */
	int (*value)(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
	             int budget_ms, struct cbi_source_value *out);
	/* Runs shapes; NULL: a fill of a declared plugin with one answers
	 * CB_EPLACE. */
	struct cbi_helpers *shaper;
	/* Where foreign programs are asked, and who signs what they are told of
	 * who asks; NULL but in fetch. */
	struct cbi_http *http;
	struct cbi_auth *auth;
	/* The query of a request as it came, without '?'; NULL but in web. */
	const char *(*query)(const struct cb_req *req);
	/* Charges a plugin (its board row) with the end of a helper; may be
	 * NULL. */
	void (*charge)(int plugin, const char *request_id, const char *what);
};

/* Is a method one of "GET POST"?  HEAD goes with GET. */
bool cbi_host_method(const char *methods, const char *method);

/* Asks a foreign plugin's program for a page: {plugin, path, query, user} > its
 * view model, checked; guarded, only in fetch. */
int cbi_host_foreign_page(struct cb_ctx *ctx, struct cbi_host *host,
                          const json_t *in, json_t **out) CB_USED;

/* Is it a jq program?  helpers is such a pool. */
int cbi_host_compile(struct cb_ctx *ctx, void *helpers,
                     const char *program) CB_USED;
/* A pool of callboard-shape, which was installed with the program that asks.
 */
int cbi_host_shapers(struct cb_ctx *ctx, struct cbi_helpers **out) CB_USED;
/*
 * Runs a program over input in one of them; letter is 'r', or 'c' to compile
 * it only.  CB_ENOENT when it gives no value, CB_EUPSTREAM with what is wrong
 * with it, else as cbi_helpers_ask.
 */
int cbi_shape_run(struct cb_ctx *ctx, struct cbi_helpers *helpers, char letter,
                  const char *program, const char *vars, const char *input,
                  size_t len, int ms, struct cb_buf *out) CB_USED;

/*
 * Loads the checked plugins of a pool into this process and starts them, each
 * in a crash-charged slot of the calling thread (ctx->lane->slot): a plugin
 * that crashes in `start` takes this process with it, and after the third time
 * is in quarantine and left out.  A plugin that cannot be loaded or whose
 * start fails is left out too, and the board says why; CB_OK all the same.
 * One that is off or in quarantine now is loaded when it is first called
 * after somebody enabled it.
 */
int cbi_host_load(struct cb_ctx *ctx, const struct cbi_host_joins *joins,
                  const char *pool, struct cbi_host **out) CB_USED;

/* Calls the plugins' stop.  Nothing is ever unloaded. */
void cbi_host_finish(struct cbi_host *host);

/* ---- Calling ---------------------------------------------------------- */

enum cbi_card_outcome {
	CBI_CARD_DRAWN = 0, /* html holds it */
	CBI_CARD_NOTE,      /* html holds a note: nothing to show here */
	CBI_CARD_PENDING,   /* draw a placeholder that reloads itself */
	CBI_CARD_GREY,      /* draw a grey card; message says why */
	CBI_CARD_GONE,      /* no such card, or its plugin is off */
};

struct cbi_card_result {
	enum cbi_card_outcome outcome;
	const char *title;   /* message id; "" while it is not loaded */
	const char *message; /* for people; "" unless GREY or GONE */
	const char *failure; /* for the log, once; "" for nothing to say */
	int64_t stale_ms;    /* age of the oldest stale value in it, or 0 */
	bool asked;          /* it asked for tool data */
	bool unkept;         /* some of that while Redis is away */
	const json_t *model; /* what DRAWN was drawn from; NULL: by code */
};

/*
 * Draws the body of a card into html, which is new (cbi_html_init; the host
 * also ends it).  Unless the outcome is DRAWN or NOTE, html's buffer is empty
 * afterwards.  What goes wrong is a grey card: ctx is left without a failure.
 * entity may be NULL for places without one.
 */
void cbi_host_draw_card(struct cb_ctx *ctx, struct cbi_host *host,
                        const char *plugin, const char *card,
                        const struct cb_entity *entity, struct cb_html *html,
                        struct cbi_card_result *out);

/*
 * Calls the route of a plugin; html is NULL for an API, and else new and not
 * ended.  CB_ENOENT for no route or a plugin that is off, CB_ENOTSUP for the
 * wrong method, CB_EAWAY while breaker or quarantine keep calls away, or what
 * the handler returned.  *route tells the title, also after a failure of the
 * handler; NULL before one was found.
 */
int cbi_host_route(struct cb_ctx *ctx, struct cbi_host *host,
                   const char *plugin, bool api, const char *path,
                   const char *method, struct cb_req *req, struct cb_html *html,
                   const struct cbi_plugin_route **route) CB_USED;

/*
 * Probes every plugin of the pool that is on and has a probe, one after the
 * other, each within its time; the board says what was found.  Only in fetch
 * processes.  What goes wrong is an ailment: ctx is left without a failure.
 * Returns how many ail.
 */
int cbi_host_probe(struct cb_ctx *ctx, struct cbi_host *host);

/* ---- For fetch and warm ------------------------------------------------ */

/* One source, as fetch needs it. */
struct cbi_host_source {
	const char *plugin, *version, *pool;
	const struct cb_source *source;
	int fresh_s, stale_s; /* from source, or its fresh_key in the config */
	int board;            /* the plugin's row */
};

/* CB_ENOENT: no such plugin here, or no such source; off and quarantined
 * ones are not there either. */
int cbi_host_source(struct cb_ctx *ctx, struct cbi_host *host,
                    const char *plugin, const char *source,
                    struct cbi_host_source *out) CB_USED;

/* Fetches and shapes one value, guarded; only in fetch processes. */
int cbi_host_fill(struct cb_ctx *ctx, struct cbi_host *host, const char *plugin,
                  const char *source, const char *key,
                  struct cb_buf *out) CB_USED;

/*
 * Does what an action of a declared plugin says, guarded; only in fetch
 * processes.  The values it says it changes are forgotten.  CB_ENOENT for no
 * such action, CB_EINVAL for an entity that lacks what it is made of, else as
 * the tool answers.
 */
int cbi_host_act(struct cb_ctx *ctx, struct cbi_host *host, const char *plugin,
                 const char *name, const struct cb_entity *entity) CB_USED;

/* Calls each for every source key of the entity (of one plugin, or of all
 * with NULL); a failing `key` function ends that source alone. */
int cbi_host_keys(struct cb_ctx *ctx, struct cbi_host *host, const char *plugin,
                  const struct cb_entity *entity,
                  int (*each)(struct cb_ctx *ctx, void *arg,
                              const struct cbi_host_source *source,
                              const char *key),
                  void *arg) CB_USED;

/* For cbi_http_place (arg is the host): a fill reaches the connection or the
 * host of its source's hosts_key, nothing else. */
int cbi_host_http_policy(void *host, struct cb_ctx *ctx,
                         struct cbi_http_policy *policy);

/* ---- For web/req.c ----------------------------------------------------- */

/* cb_req_rest of the route being called; NULL outside of one. */
const char *cbi_host_rest(const struct cb_ctx *ctx);

#endif
