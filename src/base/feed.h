/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed.h - how files reach the catalog: `provider` reads them, `catalog` asks
 * for them, and neither knows the other.
 */
#ifndef CB_BASE_FEED_H
#define CB_BASE_FEED_H

#include <stdbool.h>

#include <callboard/ctx.h>

#include <jansson.h>

struct cbi_provider_ask {
	const char *type;   /* "file" or "url" */
	const char *target; /* absolute path, glob or address */
	/* The folder that a target out of a file may not leave; NULL for a
	 * target that the config names. */
	const char *root;
	/* What an earlier read left (an object), NULL for none. */
	const json_t *before;
};

/* One file behind the target.  All of it is valid for the call only. */
struct cbi_provider_file {
	const char *target; /* "/srv/catalog/a.yaml": with the type in front
	                     * the location key of what stands in it */
	bool unchanged;     /* text is NULL: as it was at the last read */
	const char *text;   /* NUL-terminated, may hold others */
	size_t len;
	/* CB_OK, or why this file could not be read (text NULL, not
	 * unchanged); problem says it.  The others are read all the same. */
	int code;
	const char *problem;
};

struct cbi_supply_event; /* base/supply.h */

/* What provider/provider.h promises, handed over by who knows both. */
struct cbi_feed {
	void *arg;
	int (*read)(struct cb_ctx *ctx, void *arg,
	            const struct cbi_provider_ask *ask,
	            int (*each)(void *each_arg, struct cb_ctx *ctx,
	                        const struct cbi_provider_file *file),
	            void *each_arg, json_t **after);
	const char *(*resolve)(struct cb_ctx *ctx, void *arg, const char *type,
	                       const char *base, const char *target);
	/* Can what was told of target's repository have changed what stands
	 * at target, an address or pattern?  NULL: nobody knows. */
	bool (*concerned)(struct cb_ctx *ctx, void *arg, const char *target,
	                  const struct cbi_supply_event *event);
};

#endif
