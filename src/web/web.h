/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web.h - what a web process knows for all its requests.
 *
 * Filled once by `server` after the fork, read-only afterwards; everything
 * outlives the process's threads.
 */
#ifndef CB_WEB_WEB_H
#define CB_WEB_WEB_H

#include "web/req.h"

struct cbi_auth;
struct cbi_cache;
struct cbi_catalog;
struct cbi_config;
struct cbi_copy;
struct cbi_host;
struct cbi_policy;
struct cbi_registry;
struct cbi_router;
struct cbi_settings;

/* How failures look to people; filled by web/pages.  Each makes the whole
 * answer but for the status, which is set.  message is for people. */
struct cbi_faces {
	int (*error_page)(struct cb_req *req, int status, const char *message);
	/* A grey card, sent with 200. */
	int (*error_fragment)(struct cb_req *req, const char *message);
};

struct cbi_web {
	const struct cbi_config *config;
	const struct cbi_settings *settings;
	struct cbi_auth *auth;     /* NULL in tests: nobody is known */
	struct cbi_policy *policy; /* NULL in tests: what is built in */
	struct cbi_copy *copy;     /* NULL: PostgreSQL alone */
	struct cbi_cache *cache;
	const struct cbi_catalog *catalog;
	struct cbi_registry *registry; /* NULL: no plugins */
	struct cbi_host *host; /* NULL in `core`, which loads no plugin */
	const struct cbi_router *router;
	const struct cbi_faces *faces; /* NULL: plain ones */
	const char *pool;              /* "core", "tools" ... */
	const struct cbi_pool *limits; /* the pool's; NULL in tests: usual */
	/* Can this process answer?  CB_OK, or CB_EAWAY with a text; NULL:
	 * always. */
	int (*ready)(struct cb_ctx *ctx, const struct cbi_web *web);
	bool access_log; /* one line per request, not only for failures */
};

#endif
