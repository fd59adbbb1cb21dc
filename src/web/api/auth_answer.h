/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_answer.h - how /api/auth answers a sign-in that came back: to the
 * window that opened a popup, or by sending the browser on.
 */
#ifndef CB_WEB_API_AUTH_ANSWER_H
#define CB_WEB_API_AUTH_ANSWER_H

#include "auth/flight.h"
#include "auth/resolve.h"
#include "web/req.h"

/* The provider of the path, in the environment of env (NULL: the house's);
 * CB_ENOENT. */
int cbi_auth_idp(struct cb_req *req, const char *env,
                 const struct cbi_idp **out) CB_USED;
/* In that of the query's env, which those with environments need. */
int cbi_auth_idp_asked(struct cb_req *req, const struct cbi_idp **out) CB_USED;

/* A cookie "<provider>-<what>" for the path of that provider and what is
 * below. */
const char *cbi_auth_cookie_of(struct cb_req *req, const struct cbi_idp *idp,
                               const char *what);
int cbi_auth_cookie(struct cb_req *req, const struct cbi_idp *idp,
                    const char *what, const char *below, const char *value,
                    int64_t seconds) CB_USED;
/* The refresh token of tokens, if there is one, as such a cookie. */
int cbi_auth_keep(struct cb_req *req, const struct cbi_idp *idp,
                  const json_t *tokens) CB_USED;

/* auth_refresh.c */
int cbi_auth_refresh(struct cb_req *req);
int cbi_auth_logout(struct cb_req *req);

/* Is it the origin of a page that may sign people in: our own, app.baseUrl's,
 * or one of auth.experimentalExtraAllowedOrigins?  Globs have "*". */
bool cbi_auth_origin_allowed(struct cb_req *req, const char *origin);
/* "https://x:8443" of an address; NULL for what is none. */
const char *cbi_auth_origin_of(struct cb_req *req, const char *url);

/* The popup's page: a script posts answer to origin and closes the window. */
int cbi_auth_popup(struct cb_req *req, const char *origin,
                   const json_t *answer) CB_USED;

/*
 * What ended it otherwise than hoped: rc and the context's failure, which is
 * cleared.  A popup and a stock front end are told by 200 and 302, people who
 * came from our own page by a page of ours; looked (or NULL) is what rules
 * looked at.
 */
int cbi_auth_failed(struct cb_req *req, const struct cbi_idp *idp,
                    const struct cbi_flight *flight, int rc,
                    const struct cbi_resolved *looked) CB_USED;

#endif
