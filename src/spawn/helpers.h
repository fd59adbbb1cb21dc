/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helpers.h - programs that stay: a few children of one program, each of
 * which answers one question after another.
 *
 * A question and an answer are frames: four bytes of length (little-endian)
 * and so many bytes.  A child that ends, answers too much or too late is
 * killed and its question has failed; the next one gets another child.  They
 * are started when first needed.
 */
#ifndef CB_SPAWN_HELPERS_H
#define CB_SPAWN_HELPERS_H

#include <callboard/buf.h>
#include <callboard/ctx.h>

#include <stdint.h>

struct cbi_helpers;

#define CB_HELPERS_MAX 8

struct cbi_helpers_plan {
	const char *const *argv; /* as in struct cbi_spawn_ask; borrowed */
	int most;                /* children at once, at most CB_HELPERS_MAX */
	size_t memory_max;       /* bytes of address space of each */
	int uses;                /* questions before a child is replaced */
};

/* Before threads use it. */
int cbi_helpers_create(struct cb_ctx *ctx, const struct cbi_helpers_plan *plan,
                       struct cbi_helpers **out) CB_USED;
/* After the last question. */
void cbi_helpers_destroy(struct cbi_helpers *helpers);

/*
 * Asks, from any thread, and waits ms at most, for a free child and for its
 * answer; the bytes are appended to out, whose ceiling is the answer's.
 *
 * CB_OK
 * CB_EBUSY    no child was free in that time
 * CB_ETIME    it was not done in time, and is gone
 * CB_EBUG     it fell over the question; the failure says by which signal
 * CB_ETOOBIG  it answered more than out takes, and is gone
 * CB_ENOTSUP, CB_EAWAY  as cbi_spawn_run
 */
int cbi_helpers_ask(struct cb_ctx *ctx, struct cbi_helpers *helpers,
                    const struct cb_buf *question, int ms,
                    struct cb_buf *out) CB_USED;

#endif
