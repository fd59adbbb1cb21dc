/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_refresh.c - /api/auth/{provider}/refresh and /logout.
 */
#include <string.h>

#include "web/api/answer.h"
#include "web/api/auth_answer.h"
#include "web/cookie.h"
#include "web/sign_in.h"
#include "web/web.h"

/* What other sites' pages cannot send without asking first. */
static int check_script(struct cb_req *req)
{
	const char *with = cbi_req_header(req, "X-Requested-With");

	if (with && strcmp(with, "XMLHttpRequest") == 0)
		return CB_OK;
	return cb_fail(req->ctx, CB_EAUTH, "Invalid X-Requested-With header");
}

/* Who came through our own door has a session already.  His own: who views as
 * somebody else gets no token of him. */
static int refresh_own(struct cb_req *req, const struct cbi_idp *idp,
                       json_t **out)
{
	const char *own = cbi_sign_in_idp(req);
	const char *self = cbi_sign_in_self(req);

	if (!own || !self || strcmp(own, idp->id) != 0)
		return cb_fail(req->ctx, CB_EAUTH, "Missing session cookie");
	return cbi_sign_in_session(req, self, NULL, NULL, out);
}

static int refresh_header(struct cb_req *req, const struct cbi_idp *idp,
                          json_t **out)
{
	struct cbi_resolved who = { 0 };
	const char *login;
	json_t *person;
	int rc = cbi_sign_in_header(req, idp, &person, &login);

	if (rc == CB_OK && !login)
		return refresh_own(req, idp, out);
	if (rc == CB_OK && idp->rule_count)
		rc = cbi_sign_in_resolve(req, idp, person, &who);
	return rc < 0 ? rc
	              : cbi_sign_in_session(req, who.ref, person, NULL, out);
}

static int refresh_there(struct cb_req *req, const struct cbi_idp *idp,
                         json_t **out)
{
	const char *token =
	    cbi_cookie_long(req, cbi_auth_cookie_of(req, idp, "refresh-token"));
	struct cbi_resolved who = { 0 };
	json_t *found, *person;
	int rc;

	if (!token)
		return refresh_own(req, idp, out);
	rc = cbi_sign_in_call(req, "auth.refresh", idp,
	                      json_pack("{s:s}", "token", token), &found);
	if (rc < 0)
		return rc;
	person = json_object_get(found, "person");
	if (idp->rule_count)
		rc = cbi_sign_in_resolve(req, idp, person, &who);
	if (rc == CB_OK)
		rc = cbi_auth_keep(req, idp, json_object_get(found, "tokens"));
	return rc < 0
	           ? rc
	           : cbi_sign_in_session(req, who.ref, person,
	                                 json_object_get(found, "tokens"), out);
}

int cbi_auth_refresh(struct cb_req *req)
{
	const struct cbi_idp *idp;
	json_t *session;
	int rc = check_script(req);

	if (rc == CB_OK)
		rc = cbi_auth_idp_asked(req, &idp);
	if (rc < 0)
		return rc;
	if (cbi_idp_before_us(idp))
		rc = refresh_header(req, idp, &session);
	else if (idp->kind == CBI_IDP_LDAP)
		rc = refresh_own(req, idp, &session);
	else
		rc = refresh_there(req, idp, &session);
	if (rc < 0) {
		/* As upstream has it, whatever the reason but our own. */
		if (rc != CB_EBUG && rc != CB_ENOMEM)
			req->answer.status = 401;
		return rc;
	}
	return cb_req_json(req, 200, session);
}

int cbi_auth_logout(struct cb_req *req)
{
	const struct cbi_idp *idp;
	const char *own;
	int rc = check_script(req);

	if (rc == CB_OK)
		rc = cbi_auth_idp_asked(req, &idp);
	if (rc == CB_OK)
		rc = cbi_auth_cookie(req, idp, "refresh-token", "", "", 0);
	if (rc == CB_OK)
		rc = cbi_auth_cookie(req, idp, "nonce", "/handler", "", 0);
	own = rc == CB_OK ? cbi_sign_in_idp(req) : NULL;
	if (own && strcmp(own, idp->id) == 0)
		rc = cbi_sign_in_close(req, NULL);
	req->answer.type = CBI_API_JSON;
	return rc;
}
