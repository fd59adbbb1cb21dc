/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - tool data: what is asked for, and what is kept.
 *
 * A value is kept in Redis inside an envelope (value.h) under a key that
 * names plugin, source, version and source key, each with its length.  The
 * reader's end is ask.h, the end in fetch serve.h, warm.h asks ahead.
 */
#ifndef CB_SOURCE_SOURCE_H
#define CB_SOURCE_SOURCE_H

#include <callboard/ctx.h>

/* A source key is at most so long (callboard/plugin.h). */
#define CB_SOURCE_KEY_MAX 512
#define CB_SOURCE_NAME_MAX 64
#define CB_SOURCE_VERSION_MAX 64

/* One value: borrowed for the call. */
struct cbi_source_ref {
	const char *plugin;
	const char *source;
	const char *version; /* the plugin's: another one's values are misses */
	const char *key;
	const char *pool; /* whose fetch processes are asked */
	int fetchers;     /* how many it has; 0: none, nothing is asked */
};

/* Who wants it, and so how soon: a reader waits, a refresh follows a stale
 * answer, warming is for later. */
enum cbi_source_rank {
	CBI_RANK_READER = 0,
	CBI_RANK_REFRESH,
	CBI_RANK_WARM,
	CBI_RANKS
};

/* Lives with the context that got it. */
struct cbi_source_value {
	int code;         /* CB_OK, CB_ENOENT, or how the tool failed */
	const char *body; /* NUL-terminated, may hold others; "" unless CB_OK */
	size_t len;
	const char *note;    /* the last failure's text, "" for none */
	int64_t fetched_at;  /* wall ms: when the tool said so */
	int64_t fresh_until; /* wall ms */
	int64_t stale_until; /* wall ms: not shown after it */
	bool unkept; /* Redis is away: this host alone has it, for a while */
};

/* Forgets what is kept of ref, of which plugin, source, version and key are
 * looked at: the next reader has it fetched.  With Redis away it stays until
 * it is no longer fresh. */
void cbi_source_forget(struct cb_ctx *ctx, const struct cbi_source_ref *ref);

#endif
