/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - who asks: anonymous, a guest's session, or a service's token.
 *
 * A session is a cookie with id, user and times under a MAC whose keys the
 * fleet shares (table signing_key, read from the host's copy), so it is valid
 * on every host and with the stores away.  CSRF tokens and cursors are signed
 * by the same keys, each with its own purpose.
 */
#ifndef CB_AUTH_AUTH_H
#define CB_AUTH_AUTH_H

#include <callboard/ctx.h>

#include "base/who.h"

struct cbi_config;
struct cbi_copy;

/* What the process knows of tokens, read-only after create; keys are read
 * from the copy at each use.  A row of backend.auth.externalAccess that is
 * not understood is CB_EINVAL and named with file, line and key path. */
struct cbi_auth;
int cbi_auth_create(struct cb_ctx *ctx, const struct cbi_config *config,
                    struct cbi_copy *copy, int table,
                    struct cbi_auth **out) CB_USED;
void cbi_auth_destroy(struct cbi_auth *auth);

/* The key table of the copy: the follower puts each row of signing_key under
 * its id (36 letters), as 8 bytes created_at (milliseconds since the epoch,
 * big-endian) and the secret.  table is the index of "key" in the copy. */
#define CB_AUTH_KEY_TABLE "key"

/*
 * Who sends this Authorization header or, without one, this session cookie.
 * CB_OK with NOBODY when there is neither or the cookie is not valid any
 * more; CB_EAUTH for a bearer token that nobody knows (other schemes are the
 * web server's matter); CB_EAWAY for a cookie while no signing key is known.
 */
int cbi_auth_who(struct cb_ctx *ctx, struct cbi_auth *auth,
                 const char *authorization, const char *cookie,
                 struct cbi_who *out) CB_USED;

/* A new guest session's cookie value; CB_EDENIED when the door is shut,
 * CB_EAWAY while no signing key is known. */
int cbi_auth_guest(struct cb_ctx *ctx, struct cbi_auth *auth,
                   const char **cookie) CB_USED;

/*
 * The cookie's value anew, so that a session in use does not become idle (8 h
 * without a request end it, 24 h in any case); NULL in *fresh when the given
 * one is still young enough.
 */
int cbi_auth_renew(struct cb_ctx *ctx, struct cbi_auth *auth,
                   const char *cookie, const char **fresh) CB_USED;

/* The cookie's name: "__Host-callboard" for an https base URL, else
 * "callboard". */
const char *cbi_auth_cookie_name(const struct cbi_auth *auth);

/* A token for forms of this session; and whether one is valid. */
int cbi_auth_csrf(struct cb_ctx *ctx, struct cbi_auth *auth,
                  const struct cbi_who *who, const char **token) CB_USED;
bool cbi_auth_csrf_valid(struct cb_ctx *ctx, struct cbi_auth *auth,
                         const struct cbi_who *who, const char *token);

/* Signs text for a purpose ("cursor"): base64url of a MAC, 43 characters.
 * CB_EAWAY while no signing key is known. */
int cbi_auth_sign(struct cb_ctx *ctx, struct cbi_auth *auth,
                  const char *purpose, const char *text,
                  const char **mac) CB_USED;
bool cbi_auth_signed(struct cb_ctx *ctx, struct cbi_auth *auth,
                     const char *purpose, const char *text, const char *mac);

#endif
