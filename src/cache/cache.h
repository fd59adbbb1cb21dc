/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.h - ready answers, kept in the process.
 *
 * Shared by all threads; the locks are in here.  A kept answer never changes:
 * whoever got it may read it until his context ends, also when it was thrown
 * out meanwhile.  A number given at put and get says what the answer was made
 * of (an entity's version, the change number): another number is a miss.
 *
 * All answers together stay below the ceiling; who was not asked for lately
 * goes first.
 */
#ifndef CB_CACHE_CACHE_H
#define CB_CACHE_CACHE_H

#include <callboard/ctx.h>

#include "base/limits.h"
#include "base/scope.h"
#include "base/str.h"

struct cbi_cache;
struct cbi_cache_key;

/* An answer.  Texts are never NULL in what get returns. */
struct cbi_blob {
	int status; /* HTTP's */
	const char *body;
	size_t len;
	const char *type;    /* Content-Type; NULL: "" */
	const char *etag;    /* as sent, with quotes; NULL: "" */
	const char *headers; /* further lines, each ending CR LF; NULL: "" */
};

/* bytes: the ceiling, overhead included; 0: CB_CACHE_BYTES.  NULL when out of
 * memory. */
struct cbi_cache *cbi_cache_create(size_t bytes);
/* When no context holds an answer any more. */
void cbi_cache_destroy(struct cbi_cache *cache);

/*
 * A key: the scope's class and as-of time, then the text.  There is no other
 * way to make one, so that an answer of one class never reaches another.
 * NULL when out of memory; lives with ctx.
 */
const struct cbi_cache_key *cbi_cache_key(struct cb_ctx *ctx,
                                          const struct cbi_scope *scope,
                                          const char *fmt, ...)
    CB_PRINTF(3, 4) CB_USED;

/* CB_ENOENT, without noting a failure, when there is none with this number.
 * *out lives with ctx. */
int cbi_cache_get(struct cb_ctx *ctx, struct cbi_cache *cache,
                  const struct cbi_cache_key *key, uint64_t number,
                  const struct cbi_blob **out) CB_USED;

/*
 * Keeps a copy of the answer instead of what the key had.  What is larger
 * than an eighth of the ceiling, or finds no memory, is not kept, which is
 * no failure.  out may be NULL; else *out is the kept (or a request's) copy
 * and lives with ctx; CB_ENOMEM only then.
 */
int cbi_cache_put(struct cb_ctx *ctx, struct cbi_cache *cache,
                  const struct cbi_cache_key *key, uint64_t number,
                  const struct cbi_blob *blob,
                  const struct cbi_blob **out) CB_USED;

/*
 * The body as gzip, made when first asked for and kept with it (blob came
 * from get or put of a cache).  CB_ENOENT, not noted, when the body is
 * shorter than 256 bytes or does not become smaller.  Lives with ctx.
 */
int cbi_cache_gzip(struct cb_ctx *ctx, struct cbi_cache *cache,
                   const struct cbi_blob *blob, struct cbi_span *out) CB_USED;

/* Forgets everything. */
void cbi_cache_clear(struct cbi_cache *cache);

/* Bytes and answers kept right now. */
void cbi_cache_usage(struct cbi_cache *cache, size_t *bytes, size_t *count);

#endif
