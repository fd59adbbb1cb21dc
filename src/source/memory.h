/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - the few values a fetch process keeps itself, for when Redis is
 * away: least recently used go first.  Any thread.  Internal to the room.
 */
#ifndef CB_SOURCE_MEMORY_H
#define CB_SOURCE_MEMORY_H

#include "source/source.h"

struct cbi_serve_memory;

/* max in bytes, keys and envelopes together.  NULL without memory. */
struct cbi_serve_memory *cbi_serve_memory_create(size_t max);
void cbi_serve_memory_destroy(struct cbi_serve_memory *memory);

/* A copy that lives with ctx; CB_ENOENT, CB_ENOMEM. */
int cbi_serve_memory_get(struct cb_ctx *ctx, struct cbi_serve_memory *memory,
                         const char *redis_key,
                         struct cbi_source_value *out) CB_USED;
/* Unless a newer one is there.  Without memory nothing is kept. */
void cbi_serve_memory_put(struct cbi_serve_memory *memory,
                          const char *redis_key,
                          const struct cbi_source_value *value);

#endif
