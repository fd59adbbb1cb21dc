/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - tokens that were verified, remembered by this process until they
 * expire.
 *
 * An entry holds while nothing changed that its verification looked at: the
 * number of the last change of keys, personal tokens and revocations that this
 * host follows, and the set of its issuer's keys.  So it outlives neither.
 */
#ifndef CB_AUTH_MEMORY_H
#define CB_AUTH_MEMORY_H

#include <stdatomic.h>

#include <callboard/ctx.h>

#include "base/who.h"

struct cbi_memory;

/* What a verification was made of, taken before it begins. */
struct cbi_memory_note {
	uint64_t registry; /* the board's number */
	/* The issuer's set of keys and its number; NULL for none. */
	const _Atomic uint64_t *keys;
	uint64_t keys_number;
	int64_t no_later; /* wall time it is forgotten at; 0 for none */
	int64_t made_ms;  /* a user's token: when it was made, */
	const char *sid;  /* and in which session, as its hash; NULL: none */
};
struct cbi_memory_note cbi_memory_begin(void);

/* NULL when out of memory. */
struct cbi_memory *cbi_memory_create(void);
void cbi_memory_destroy(struct cbi_memory *memory);

/* False when it is not known, or not any more; what *out points to lives with
 * ctx, or with the process.  Whether the user has lost it since is for the
 * caller to look up: made_ms and sid of *note are filled for that. */
bool cbi_memory_find(struct cb_ctx *ctx, struct cbi_memory *memory,
                     const char *token, struct cbi_who *out,
                     struct cbi_memory_note *note);

/* Keeps it in place of an older one; who has a time of expiry, and limits
 * that are either the process's own or name one plugin and no more.  Without
 * memory nothing is kept. */
void cbi_memory_keep(struct cbi_memory *memory, const char *token,
                     const struct cbi_memory_note *note,
                     const struct cbi_who *who);

#endif
