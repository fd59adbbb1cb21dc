/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside.h - talking to identity providers, in a fetch process.
 *
 * Discovery documents and key sets are kept for an hour, and for a day while
 * the provider does not give new ones.  A key that is not known is asked for
 * anew, at most once in 30 s, so that a rotation is survived and a stranger's
 * tokens are not a way to make us ask.
 *
 * In and out are JSON because they cross to web processes (source/call.h).
 * Nothing of a provider's answer but the names of its errors stands in a
 * failure's text, and no secret.
 */
#ifndef CB_AUTH_OUTSIDE_H
#define CB_AUTH_OUTSIDE_H

#include <callboard/ctx.h>

#include <jansson.h>

struct cbi_config;
struct cbi_http;
struct cbi_outside;

/* Once per process, for its life; config and http outlive it. */
int cbi_outside_create(struct cb_ctx *ctx, const struct cbi_config *config,
                       struct cbi_http *http, struct cbi_outside **out) CB_USED;

/*
 * Each takes {idp, env, ...} and gives what lives with ctx.
 *
 * look      {authorize, issuer, endSession?, issAlways}: where to send people
 * redeem    +{code, verifier, nonce, redirect, iss?} > {person, tokens}
 * refresh   +{token} > {person, tokens}
 * bind      +{user, password} > {person}
 * assert    +{token} > {person}: what a load balancer before us signed
 *
 * person: {email?, username?, id?, name?, picture?, claims}; tokens:
 * {access, id?, refresh?, scope, expires}.
 *
 * CB_EAUTH the provider (or the directory) does not know him, or what it said
 * is not valid; CB_EAWAY, CB_ETIME, CB_EBUSY it cannot be asked now;
 * CB_EUPSTREAM it answers what nobody understands; CB_ENOENT no such provider.
 */
int cbi_outside_look(struct cb_ctx *ctx, struct cbi_outside *outside,
                     const json_t *in, json_t **out) CB_USED;
int cbi_outside_redeem(struct cb_ctx *ctx, struct cbi_outside *outside,
                       const json_t *in, json_t **out) CB_USED;
int cbi_outside_refresh(struct cb_ctx *ctx, struct cbi_outside *outside,
                        const json_t *in, json_t **out) CB_USED;
int cbi_outside_bind(struct cb_ctx *ctx, struct cbi_outside *outside,
                     const json_t *in, json_t **out) CB_USED;

int cbi_outside_assert(struct cb_ctx *ctx, struct cbi_outside *outside,
                       const json_t *in, json_t **out) CB_USED;

#endif
