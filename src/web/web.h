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
struct cbi_catalog;
struct cbi_config;
struct cbi_copy;
struct cbi_host;
struct cbi_registry;
struct cbi_router;

struct cbi_web {
	const struct cbi_config *config;
	struct cbi_auth *auth;
	struct cbi_copy *copy; /* NULL: PostgreSQL alone */
	const struct cbi_catalog *catalog;
	struct cbi_registry *registry; /* NULL: no plugins */
	struct cbi_host *host; /* NULL in `core`, which loads no plugin */
	const struct cbi_router *router;
	const char *pool; /* "core", "tools" ... */
};

#endif
