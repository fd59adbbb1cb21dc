/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - the versions of an entity: listing them, comparing two, taking
 * one back, and forgetting old ones.
 *
 * A ref's versions go on when the entity was deleted and came back; a
 * deletion is a version, too.  The change number that wrote a version names
 * it: a change writes one version of a ref.
 */
#ifndef CB_CATALOG_HISTORY_H
#define CB_CATALOG_HISTORY_H

#include "base/ctx.h"
#include "base/str.h"

#include <jansson.h>

struct cbi_version {
	int64_t number; /* 0: there is none */
	/* The first millisecond in which it was so, for ?at=. */
	int64_t from_ms;
	int64_t to_ms; /* 0: it is so still */
	bool gone;     /* the entity was deleted here */
	bool now;      /* what is served now */
	const char *uid, *source, *cause, *actor;
	struct cbi_span body; /* as it was served; empty when gone, in lists */
};

/* Of a canonical ref, newest first: up to n with a number below `before` (0:
 * from the newest); *more tells whether there are older ones.  CB_ENOENT when
 * nothing was ever called so, as far as is kept. */
int cbi_history_list(struct cb_ctx *ctx, const char *ref, int64_t before,
                     size_t n, struct cbi_version **out, size_t *count,
                     bool *more) CB_USED;

/* One version with its body.  CB_ENOENT. */
int cbi_history_get(struct cb_ctx *ctx, const char *ref, int64_t number,
                    struct cbi_version *out) CB_USED;
/* The one before number; out->number is 0 when there is none. */
int cbi_history_before(struct cb_ctx *ctx, const char *ref, int64_t number,
                       struct cbi_version *out) CB_USED;

/* A version as YAML, without what changes with each (etag); "" when there is
 * no body.  Lives with ctx. */
int cbi_history_yaml(struct cb_ctx *ctx, const struct cbi_version *version,
                     const char **out) CB_USED;

/* number, from, to, gone, now, uid, source, cause, actor as an object, a new
 * reference; NULL when out of memory. */
json_t *cbi_history_json(const struct cbi_version *version);

/*
 * Brings a deleted entity back as it was in that version, held by the house
 * until a source brings the ref in again, or somebody deletes it.  Of a
 * Location that somebody had registered, the location is registered again
 * instead.  Audit and change in one transaction; *number as with locations.
 *
 * CB_ENOENT    there is no such version
 * CB_ECONFLICT something is called so now, the version is a deletion, or it
 *              came from the configuration or a provider, which say what is
 */
int cbi_history_restore(struct cb_ctx *ctx, const char *ref, int64_t number,
                        const char *address, uint64_t *brought) CB_USED;

/* Can it be, whoever asks?  NULL, or why not; lives with ctx.  ctx holds no
 * failure afterwards. */
const char *cbi_history_restore_why(struct cb_ctx *ctx, const char *ref,
                                    const struct cbi_version *version);

/*
 * Forgets versions that were over before keep_ms ago, and deletions of before
 * then, at most `most` at once; what is served now stays.  Times before that
 * can no longer be asked for.  Also lets go of what was restored and has
 * another source by now, or what was confirmed (inferred.h).
 */
int cbi_history_expire(struct cb_ctx *ctx, int64_t keep_ms, size_t most,
                       size_t *removed) CB_USED;
int cbi_history_settle(struct cb_ctx *ctx) CB_USED;

#endif
