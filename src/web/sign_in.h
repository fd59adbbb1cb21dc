/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign_in.h - what pages and /api/auth do alike: from what a provider says of
 * somebody to a session, and back out.
 */
#ifndef CB_WEB_SIGN_IN_H
#define CB_WEB_SIGN_IN_H

#include <jansson.h>

#include "auth/idp.h"
#include "auth/resolve.h"
#include "web/req.h"

/* A house call of auth/outside.h ("auth.redeem") for a provider; more (taken
 * over, NULL for none) are its other members. */
int cbi_sign_in_call(struct cb_req *req, const char *name,
                     const struct cbi_idp *idp, json_t *more,
                     json_t **out) CB_USED;

/* May he try?  CB_EBUSY, and an answer of 429 with Retry-After, after too
 * many failures from his address or attempts by name (NULL: none), of which
 * this is one. */
int cbi_sign_in_attempt(struct cb_req *req, const char *name) CB_USED;
/* It failed, for the reason that is noted: counts against the address, and
 * goes into the audit log. */
void cbi_sign_in_missed(struct cb_req *req);

/* Whom the web server before us names, if its secret is right, or the load
 * balancer, if its signature is: NULL for nobody.  person as in
 * auth/resolve.h.  CB_EAUTH for what is signed and not right. */
int cbi_sign_in_header(struct cb_req *req, const struct cbi_idp *idp,
                       json_t **person, const char **login) CB_USED;
/* Does it name somebody else than whoever's session this is? */
bool cbi_sign_in_other(struct cb_req *req, const char *cookie);

/* Whom the catalog knows by it; auth/resolve.h says how it fails. */
int cbi_sign_in_resolve(struct cb_req *req, const struct cbi_idp *idp,
                        const json_t *person, struct cbi_resolved *out) CB_USED;

/* A new session for ref, in its table and as the answer's cookie; the old one
 * of this browser ends.  login as in struct cbi_auth_entry, id_token for the
 * provider's sign-out; both may be NULL. */
int cbi_sign_in_open(struct cb_req *req, const struct cbi_idp *idp,
                     const char *ref, const char *login,
                     const char *id_token) CB_USED;
/* Ends the session of who asks, and takes the cookie back.  *hash (may be
 * NULL) is what it is kept as; NULL for a guest's. */
int cbi_sign_in_close(struct cb_req *req, const char **hash) CB_USED;

/* Who has the session, also while he views the portal as somebody else: a
 * User's ref; NULL for guests and for who came with a token. */
const char *cbi_sign_in_self(const struct cb_req *req);
/* By which provider the session of who asks was opened; NULL: none. */
const char *cbi_sign_in_idp(struct cb_req *req);

/* The User of a ref, whatever the scope sees; NULL in *out for none. */
struct cb_entity;
int cbi_sign_in_user(struct cb_req *req, const char *ref,
                     const struct cb_entity **out) CB_USED;

/* {profile, providerInfo?, backstageIdentity?}: the contract's session.  ref
 * NULL: no identity; person NULL: the profile is the catalog's. */
int cbi_sign_in_session(struct cb_req *req, const char *ref,
                        const json_t *person, const json_t *tokens,
                        json_t **out) CB_USED;

/* Where the provider sends people back to. */
const char *cbi_sign_in_callback(struct cb_req *req, const struct cbi_idp *idp);

/* The page that says why it did not work (web/pages/sign_in_failed.c); looked
 * (or NULL) is what rules looked at. */
int cbi_page_sign_in_failed(struct cb_req *req, const char *title,
                            const char *message, int status,
                            const struct cbi_resolved *looked) CB_USED;

#endif
