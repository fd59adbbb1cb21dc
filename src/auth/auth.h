/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - who asks: anonymous, somebody's session, or a token of a user, a
 * plugin or a service; and the making of tokens.
 *
 * A session is a cookie with id, user and times under a MAC whose keys the
 * fleet shares (table signing_key, read from the host's copy), so it is valid
 * on every host and with the stores away.  CSRF tokens and cursors are signed
 * by the same keys, each with its own purpose.
 */
#ifndef CB_AUTH_AUTH_H
#define CB_AUTH_AUTH_H

#include <callboard/ctx.h>

#include <jansson.h>

#include "base/who.h"

struct cbi_config;
struct cbi_copy;
struct cbi_idps;

/* What the process knows of tokens; keys are read from the copy at each use.  A
 * row of backend.auth.externalAccess that is not understood is CB_EINVAL and
 * named with file, line and key path. */
struct cbi_auth;
int cbi_auth_create(struct cb_ctx *ctx, const struct cbi_config *config,
                    struct cbi_copy *copy, int table,
                    struct cbi_auth **out) CB_USED;
void cbi_auth_destroy(struct cbi_auth *auth);

/* The key table of the copy: the follower puts each row of signing_key under
 * its id (36 letters), as 8 bytes created_at (milliseconds since the epoch,
 * big-endian) and the secret.  table is the index of "key" in the copy.  Tables
 * "token_key" (kid: made_at, expires_at, the private JWK) and "personal_token"
 * (SHA-256: expires_at, JSON) are found by their names, and may be absent. */
#define CB_AUTH_KEY_TABLE "key"
#define CB_AUTH_TOKEN_KEY_TABLE "token_key"
#define CB_AUTH_PERSONAL_TABLE "personal_token"

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
 * The cookie's value anew, so that a session in use does not become idle
 * (auth.session.idle without a request end it, auth.session.absolute in any
 * case); NULL in *fresh when the given
 * one is still young enough.
 */
int cbi_auth_renew(struct cb_ctx *ctx, struct cbi_auth *auth,
                   const char *cookie, const char **fresh) CB_USED;

/* --- tokens --- */

/* How an issuer's keys are had: a JWK set from an address, by who may go out.
 * *out lives with ctx.  Set before the process has threads; without it an
 * issuer's tokens are CB_EAWAY. */
struct cbi_auth_fetch {
	void *arg;
	int (*keys)(void *arg, struct cb_ctx *ctx, const char *url,
	            json_t **out);
};
void cbi_auth_set_fetch(struct cbi_auth *auth,
                        const struct cbi_auth_fetch *fetch);

/* The token of an Authorization header, NULL for another scheme. */
const char *cbi_auth_bearer(const char *authorization);

/*
 * A user's token in the form stock clients know, as long as
 * auth.backstageTokenExpiration says.  CB_EDENIED for who is no user, and for
 * one who looks as somebody else; CB_EAWAY while no key is known.  Its
 * ownership claims are user->owns, unless config leaves them out.  With
 * user->session it ends with that, also when that is ended early.
 */
int cbi_auth_issue(struct cb_ctx *ctx, struct cbi_auth *auth,
                   const struct cbi_who *user, const char **token,
                   int64_t *expires_ms) CB_USED;
/* A token of a plugin for another one; on behalf of user unless that is NULL,
 * and then no longer than user's own credential. */
int cbi_auth_issue_plugin(struct cb_ctx *ctx, struct cbi_auth *auth,
                          const char *plugin, const char *target,
                          const struct cbi_who *user,
                          const char **token) CB_USED;
/* The limited token of a user's token that was verified; CB_EINVAL for one
 * that has none. */
int cbi_auth_limit(struct cb_ctx *ctx, const char *token, const char **limited,
                   int64_t *expires_ms) CB_USED;
/* Whose limited token (the cookie backstage-auth) this is; CB_EAUTH for any
 * other. */
int cbi_auth_limited(struct cb_ctx *ctx, struct cbi_auth *auth,
                     const char *token, struct cbi_who *out) CB_USED;

/* The JWK set that verifies tokens of ours. */
int cbi_auth_public_keys(struct cb_ctx *ctx, struct cbi_auth *auth,
                         json_t **out) CB_USED;
/* The issuer of users' tokens: <backend.baseUrl>/api/auth. */
const char *cbi_auth_issuer(const struct cbi_auth *auth);

/* Who comes through the guest door by auth.providers.guest, for a token;
 * CB_EDENIED when that is shut.  owns is what config gives him. */
int cbi_auth_guest_user(struct cb_ctx *ctx, const struct cbi_auth *auth,
                        struct cbi_who *out) CB_USED;

/* ---- Who signed in (auth/idp.h says by whom) ---------------------------- */

/* The providers of the config; lives with auth. */
const struct cbi_idps *cbi_auth_idps(const struct cbi_auth *auth);

/* A session's id: 16 bytes as base64url, and the end. */
#define CB_AUTH_SESSION_ID 23

struct cbi_auth_entry {
	const char *user; /* his ref */
	const char *idp;  /* the provider's id */
	/* What the web server before us calls him, when it is that which
	 * vouches for him: another name ends the session.  NULL otherwise. */
	const char *login;
	/* Filled: the new session's. */
	char id[CB_AUTH_SESSION_ID];
	int64_t made, expires;
};

/* A new session's cookie value for somebody who is known now. */
int cbi_auth_user(struct cb_ctx *ctx, struct cbi_auth *auth,
                  struct cbi_auth_entry *entry, const char **cookie) CB_USED;
/* By which provider a session was opened (NULL: the guest door, or it is not
 * valid), and the mark of its login (NULL: none). */
int cbi_auth_session_of(struct cb_ctx *ctx, struct cbi_auth *auth,
                        const char *cookie, const char **idp,
                        const char **mark) CB_USED;
bool cbi_auth_marks(const char *mark, const char *login);
/* What a session's id is kept as: 64 hex letters and the end. */
void cbi_auth_session_hash(const char *id, char out[65]);

/* ---- What has ended before its time -------------------------------------
 *
 * A credential is named by a text: "session:<hash>", "token:<id>", and a
 * user's ref for all that is his.  Rows of table revocation reach every
 * host's copy within a second. */
#define CB_AUTH_REVOKED_TABLE "revoked"

/* Has this been revoked since it was made?  Read from the copy. */
bool cbi_auth_revoked(struct cb_ctx *ctx, struct cbi_auth *auth,
                      const char *what, int64_t made_ms);
/* Revokes what was made until now, in the open transaction; nothing that it
 * speaks of is valid after until. */
int cbi_auth_revoke(struct cb_ctx *ctx, const char *what,
                    int64_t until_ms) CB_USED;
/* Tells the followers: the last statement of that transaction.  *number is
 * the change's, for the board's `wanted` after the commit. */
int cbi_auth_announce(struct cb_ctx *ctx, const char *why,
                      uint64_t *number) CB_USED;

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
