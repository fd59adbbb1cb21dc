/* SPDX-License-Identifier: Apache-2.0 */
/*
 * warm.h - asks fetch ahead of the readers, for cron.
 *
 * Idempotent: what is fresh is left alone, and a lock per key keeps hosts
 * that run at the same time from repeating each other.
 */
#ifndef CB_SOURCE_WARM_H
#define CB_SOURCE_WARM_H

#include "source/source.h"

struct cbi_warm_result {
	size_t total;
	size_t fetched; /* asked for, and there now; dry run: would be */
	size_t fresh;   /* left alone */
	size_t failed;  /* the tool failed, also when it did a moment ago */
	size_t skipped; /* another host is at it */
};

struct cbi_warm {
	int per_second; /* asks; 0: 10 */
	bool dry_run;   /* looks only */
	/* Called after each key, one at a time, from any of warm's threads;
	 * may be NULL. */
	void (*progress)(void *arg, const struct cbi_warm_result *so_far);
	void *arg;
};

/*
 * Warms n keys; cbi_redis_setup and cbi_source_setup come before.  CB_OK
 * with *out also when some failed (all do when no fetch process answers);
 * CB_EAWAY without Redis: nothing could be kept.
 */
int cbi_source_warm(struct cb_ctx *ctx, const struct cbi_warm *warm,
                    const struct cbi_source_ref *refs, size_t n,
                    struct cbi_warm_result *out) CB_USED;

#endif
