/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expel.h - all that lets somebody in, ended at once: what is done when
 * somebody leaves, or his laptop was stolen.
 */
#ifndef CB_AUTH_EXPEL_H
#define CB_AUTH_EXPEL_H

#include <stddef.h>
#include <stdint.h>

#include <callboard/ctx.h>

struct cbi_expelled {
	size_t sessions, tokens; /* how many there were */
	uint64_t number;         /* the change's, for the board's `wanted` */
};

/*
 * Ends all sessions of user (a canonical ref), the tokens that front ends got
 * for him, and his personal tokens, in one transaction with its audit row;
 * address is of who does it (NULL: none).  On every host within a second.  He
 * may sign in again, as far as his provider lets him.
 */
int cbi_expel(struct cb_ctx *ctx, const char *user, const char *address,
              struct cbi_expelled *out) CB_USED;

#endif
