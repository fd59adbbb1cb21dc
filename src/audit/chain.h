/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain.h - the audit log proves that nothing in it was changed or taken out.
 *
 * Rows are written without a place (audit.h), so that writers never wait for
 * each other; soon after, an engine seals them: each gets the next number and
 * a hash over the hash before it and all its columns.  Whoever keeps a head
 * (number and hash) elsewhere can later prove the log up to there.  Rows that
 * are not sealed yet are not protected: with an engine running that is about
 * a second.
 */
#ifndef CB_AUDIT_CHAIN_H
#define CB_AUDIT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <callboard/ctx.h>

#include "crypto/crypto.h"

/*
 * Seals at most max rows; *sealed is how many.  One at a time does it in a
 * fleet: who finds another at it seals nothing.  Writes nothing when there is
 * nothing to seal.  Fails as the database does.
 */
int cbi_audit_seal(struct cb_ctx *ctx, size_t max, size_t *sealed) CB_USED;

struct cbi_audit_head {
	int64_t seal; /* 0: the chain is empty */
	char hash[CB_SHA256_HEX];
};

struct cbi_audit_verdict {
	struct cbi_audit_head head; /* the last row that is right */
	int64_t unsealed;           /* rows that wait for their place */
	int64_t oldest_ms;          /* how long the oldest of them waits */
	/* The first place where the chain breaks, 0 for none, and how; lives
	 * with the context. */
	int64_t broken;
	const char *why;
};

/*
 * Walks the whole chain.  known may be a head that was kept elsewhere, NULL
 * for none: the chain is broken as well when it does not hold it.  A broken
 * chain is CB_OK: the verdict tells.
 */
int cbi_audit_verify(struct cb_ctx *ctx, const struct cbi_audit_head *known,
                     struct cbi_audit_verdict *out) CB_USED;

#endif
