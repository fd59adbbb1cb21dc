/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - the envelope of a kept value, and its keys.
 *
 * Magic, version, state, the three times, lengths, and a checksum over all
 * of it and the key: what was cut, changed, written by another version or
 * put under another key does not parse.  Internal to the room.
 */
#ifndef CB_SOURCE_VALUE_H
#define CB_SOURCE_VALUE_H

#include "source/source.h"

#include "base/limits.h"

#include <callboard/buf.h>

/* Longest Redis key: fixed parts, four lengths and texts. */
#define CB_SOURCE_REDIS_KEY_MAX                            \
	(64 + CB_SOURCE_KEY_MAX + 2 * CB_SOURCE_NAME_MAX + \
	 CB_SOURCE_VERSION_MAX)
/* Longest note kept. */
#define CB_SOURCE_NOTE_MAX 512
#define CB_SOURCE_HEAD 72
#define CB_SOURCE_ENVELOPE_MAX \
	(CB_SOURCE_HEAD + CB_TOOL_BODY_MAX + CB_SOURCE_NOTE_MAX)

/* CB_EINVAL when a part is empty or too long. */
int cbi_value_key(struct cb_ctx *ctx, const struct cbi_source_ref *ref,
                  char out[CB_SOURCE_REDIS_KEY_MAX]) CB_USED;

/* The same without a context: false then. */
bool cbi_value_key_of(const struct cbi_source_ref *ref,
                      char out[CB_SOURCE_REDIS_KEY_MAX]);

int cbi_value_encode(const struct cbi_source_value *value,
                     const char *redis_key, struct cb_buf *out) CB_USED;

/* False for what is no envelope of this key; texts point into data, which
 * must be followed by a NUL. */
bool cbi_value_decode(const char *data, size_t len, const char *redis_key,
                      struct cbi_source_value *out);

/* Reads from Redis: CB_OK, CB_ENOENT (also for what does not parse, which is
 * counted) or CB_EAWAY. */
int cbi_value_get(struct cb_ctx *ctx, const char *redis_key,
                  struct cbi_source_value *out) CB_USED;

/* Writes to Redis unless a newer one stands there; CB_EAWAY. */
int cbi_value_put(struct cb_ctx *ctx, const char *redis_key,
                  const struct cbi_source_value *value) CB_USED;

/* ms, up to a tenth more or less. */
int64_t cbi_value_jitter(int64_t ms);
/* Between least and most. */
int64_t cbi_value_between(int64_t least, int64_t most);

#endif
