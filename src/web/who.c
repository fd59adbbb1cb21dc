/* SPDX-License-Identifier: Apache-2.0 */
/*
 * who.c - the second step: who asks, and so what he may see.
 */
#include "web/steps.h"

#include "auth/auth.h"
#include "web/may.h"
#include "web/sign_in.h"

int cbi_step_who(struct cb_req *req)
{
	struct cbi_auth *auth = req->web->auth;
	const char *cookie;
	int rc;

	req->who.subject = "";
	if (auth) {
		cookie = cbi_req_cookie(req, cbi_auth_cookie_name(auth));
		/* The web server before us vouches for somebody else now. */
		if (cbi_sign_in_other(req, cookie))
			cookie = NULL;
		rc = cbi_auth_who(req->ctx, auth,
		                  cbi_req_header(req, "Authorization"), cookie,
		                  &req->who);
		if (rc < 0 && rc != CB_EAUTH)
			return rc;
		/* An open door is open to those with an old key, too: only
		 * `may`, which knows the endpoint, says no. */
		if (rc == CB_EAUTH) {
			req->who_code = rc;
			cb_failure_clear(req->ctx);
		}
	}
	/* Who really acts, also when he looks as somebody else. */
	req->ctx->actor = req->who.subject;
	rc = cbi_view_as_who(req);
	return rc < 0 ? rc
	              : cbi_policy_scope(req->ctx, req->web->policy, &req->who,
	                                 &req->ctx->scope);
}
