/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member.h - who belongs to what, from the relations of the host's copy: for
 * auth/ and policy/, which do not know the catalog.
 *
 * Reads everything, whatever the context's scope sees.
 */
#ifndef CB_CATALOG_MEMBER_H
#define CB_CATALOG_MEMBER_H

#include "base/ctx.h"
#include "base/who.h"

struct cbi_copy_txn;

/* Groups beyond these are not looked for. */
#define CBI_MEMBER_MAX 1000

/*
 * What the n refs belong to: they themselves, then group by group what they
 * are members (memberOf) and children (childOf) of, each once, so that a
 * circle ends.  Those without an entity belong to nothing.  *out lives with
 * ctx.
 */
int cbi_member_of(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                  const char *const *refs, size_t n,
                  const struct cbi_member **out, size_t *count) CB_USED;

/* Whose things are a user's own (struct cbi_who, owns): his, and those of the
 * groups that he is a direct member of, as upstream has it. */
int cbi_catalog_owns(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                     const char *ref, const char *const **out,
                     size_t *n) CB_USED;

/* The change number of what txn shows, and which database it is of: what was
 * found out at another one counts no more.  database is NUL-terminated and
 * lies in 40 bytes. */
uint64_t cbi_member_number(struct cbi_copy_txn *txn, char database[40]);

#endif
