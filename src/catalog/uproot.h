/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uproot.h - one entity is taken out by its uid, as the contract has it:
 * what still stands in its source comes back, under a new uid.
 */
#ifndef CB_CATALOG_UPROOT_H
#define CB_CATALOG_UPROOT_H

#include <callboard/ctx.h>

/*
 * Removes the entity, also one that is not served yet, as ctx's actor; what it
 * brought in itself loses its parent and stays.  Those that emit it are read
 * anew at once.  One transaction with its audit and change rows; *number is 0
 * when there was no such entity (also for what is no UUID), which is no
 * failure.
 */
int cbi_uproot(struct cb_ctx *ctx, const char *uid, const char *address,
               uint64_t *number) CB_USED;

#endif
