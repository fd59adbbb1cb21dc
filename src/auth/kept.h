/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept.h - public keys of others, kept in backend.stateDir/keys, so that a
 * process that begins while their issuer is away knows them.
 *
 * Only fetch and engine processes may write there.  A day old ones are not
 * believed any more, as with what is kept in memory.
 */
#ifndef CB_AUTH_KEPT_H
#define CB_AUTH_KEPT_H

#include <callboard/ctx.h>

#include <jansson.h>

/* Best effort: what cannot be written is not kept.  dir is the state's. */
void cbi_kept_save(struct cb_ctx *ctx, const char *dir, const char *name,
                   const json_t *value);
/* CB_ENOENT, not noted, for one that is not there, too old or broken. */
int cbi_kept_load(struct cb_ctx *ctx, const char *dir, const char *name,
                  json_t **out) CB_USED;

#endif
