/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooms.h - the rooms that a process works with, opened after its fork and
 * before its threads, closed by its end alone.
 */
#ifndef CB_SERVER_ROOMS_H
#define CB_SERVER_ROOMS_H

#include "base/ctx.h"
#include "catalog/catalog.h"
#include "server/child.h"

struct cbi_auth;
struct cbi_cache;
struct cbi_copy;
struct cbi_host;
struct cbi_http;
struct cbi_policy;
struct cbi_registry;

struct cbi_rooms {
	struct cbi_copy *copy;
	struct cbi_auth *auth;
	struct cbi_policy *policy; /* with auth */
	struct cbi_cache *cache;
	struct cbi_catalog catalog;
	struct cbi_registry *registry;
	struct cbi_host *host; /* NULL unless plugins were asked for */
	struct cbi_http *http; /* NULL unless asked for */
};

enum {
	CBI_ROOMS_ANSWERS = 1, /* auth and cache */
	CBI_ROOMS_PLUGINS = 2, /* the plugins of start's pool are loaded */
	CBI_ROOMS_HTTP = 4,    /* the outside may be reached */
};

/* Stores need not be there.  rooms must not move afterwards. */
int cbi_rooms_open(struct cb_ctx *ctx, const struct cbi_start *start, int what,
                   struct cbi_rooms *rooms) CB_USED;

/* A lane and its context for a process's own thread; finish closes what the
 * rooms hung onto the lane. */
void cbi_rooms_lane_init(struct cbi_lane *lane, int slot, size_t arena_max);
void cbi_rooms_lane_finish(struct cbi_lane *lane);

#endif
