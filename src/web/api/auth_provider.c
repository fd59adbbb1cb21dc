/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_provider.c - /api/auth/{provider}: start and handler/frame, as
 * Backstage's front end asks them, and for our own sign-in page.
 */
#include <string.h>

#include "auth/attempt.h"
#include "html/addr.h"
#include "json/json.h"
#include "web/api/answer.h"
#include "web/api/api.h"
#include "web/api/auth_answer.h"
#include "web/sign_in.h"
#include "web/web.h"

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* ---- start ----------------------------------------------------------------
 */

/* Both sets, each scope once. */
static const char *scopes(struct cb_req *req, const char *all, const char *more)
{
	while (all && more && *more) {
		size_t len = strcspn(more, " ");
		const char *at = all;

		while (at && len) {
			size_t have = strcspn(at, " ");

			if (have == len && strncmp(at, more, len) == 0)
				break;
			at = at[have] ? at + have + 1 : NULL;
		}
		if (len && !at)
			all = cb_printf(req->ctx, "%s%s%.*s", all,
			                *all ? " " : "", (int)len, more);
		more += len + (more[len] != '\0');
	}
	return all;
}

/* Where it is to end: a path of ours, or a page of the front end's origin. */
static int read_flight(struct cb_req *req, const struct cbi_idp *idp,
                       struct cbi_flight *flight)
{
	const char *back = cbi_req_query(req, "return");
	const char *origin;

	flight->idp = idp->id;
	flight->env = idp->env;
	flight->flow = cbi_req_query(req, "flow");
	flight->scope = scopes(req, idp->scope, cbi_req_query(req, "scope"));
	if (back) {
		flight->back = cbi_addr_local(back);
		flight->scope = idp->scope;
		flight->flow = "redirect";
		return CB_OK;
	}
	flight->scope = scopes(req, flight->scope, idp->scope_more);
	flight->origin = cbi_req_query(req, "origin");
	flight->redirect = cbi_req_query(req, "redirectUrl");
	if (!flight->flow)
		flight->flow = "popup";
	if (strcmp(flight->flow, "popup") != 0 &&
	    strcmp(flight->flow, "redirect") != 0)
		return cb_fail(req->ctx, CB_EINVAL,
		               "'flow' is popup or redirect");
	origin = strcmp(flight->flow, "popup") == 0
	             ? flight->origin
	             : cbi_auth_origin_of(req, flight->redirect);
	if (!origin)
		return cb_fail(req->ctx, CB_EINVAL,
		               flight->redirect
		                   ? "'redirectUrl' is no address"
		                   : "'origin', 'redirectUrl' or 'return' is "
		                     "needed");
	if (!cbi_auth_origin_allowed(req, origin))
		return cb_fail(req->ctx, CB_EDENIED,
		               "Origin '%.100s' is not allowed", origin);
	return CB_OK;
}

/* Backstage's own front end is asked with prompt=none unless config says
 * otherwise; people who stand at our door have no session to be quiet about. */
static const char *prompt(const struct cbi_idp *idp,
                          const struct cbi_flight *flight)
{
	const char *said = idp->prompt;

	if (said && strcmp(said, "auto") == 0)
		return NULL;
	if (flight->back && (!said || strcmp(said, "none") == 0))
		return NULL;
	if (!said && strcmp(idp->id, "oidc") == 0)
		return "none";
	return said;
}

static int send_there(struct cb_req *req, const struct cbi_idp *idp,
                      const struct cbi_flight *flight, const char *state,
                      const char *where)
{
	const char *const params[][2] = {
		{ "client_id", idp->client_id },
		{ "redirect_uri", cbi_sign_in_callback(req, idp) },
		{ "response_type", "code" },
		{ "scope", *flight->scope ? flight->scope : NULL },
		{ "state", state },
		{ "nonce", idp->kind == CBI_IDP_OIDC ? flight->nonce : NULL },
		{ "code_challenge", flight->challenge },
		{ "code_challenge_method", "S256" },
		{ "prompt", prompt(idp, flight) },
	};

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		where =
		    cbi_addr_with(req->ctx, where, params[i][0], params[i][1]);
	if (!flight->back)
		where = cb_printf(req->ctx, "%s%s", where, idp->extra);
	if (!where || cb_failure_code(req->ctx))
		return CB_ENOMEM;
	req->answer.status = 302;
	return cbi_req_add_header(req, "Location", where);
}

static int start(struct cb_req *req)
{
	struct cbi_flight flight = { 0 };
	const char *state, *cookie, *where;
	const struct cbi_idp *idp;
	json_t *look;
	int rc = cbi_req_query(req, "return") ? cbi_auth_idp(req, NULL, &idp)
	                                      : cbi_auth_idp_asked(req, &idp);

	if (rc < 0)
		return rc;
	if (idp->kind > CBI_IDP_OAUTH)
		return cb_fail(req->ctx, CB_ENOTSUP, "%s sends nobody anywhere",
		               idp->id);
	rc = read_flight(req, idp, &flight);
	if (rc == CB_OK)
		rc = cbi_sign_in_call(req, "auth.look", idp, NULL, &look);
	if (rc == CB_OK)
		rc = cbi_flight_begin(req->ctx, req->web->auth, &flight, &state,
		                      &cookie);
	if (rc == CB_OK)
		rc = cbi_auth_cookie(req, idp, "nonce", "/handler", cookie,
		                     CB_FLIGHT_S);
	/* People at our door get a page; a program its status. */
	if (rc < 0)
		return flight.back
		           ? cbi_auth_failed(req, idp, &flight, rc, NULL)
		           : rc;
	where = text(look, "authorize");
	return send_there(req, idp, &flight, state, where ? where : "");
}

/* ---- handler/frame ---------------------------------------------------------
 */

/* "access_denied" and its like. */
static int said_no(struct cb_req *req, const struct cbi_idp *idp,
                   const char *error)
{
	size_t len = strspn(error, "abcdefghijklmnopqrstuvwxyz_");

	return cb_fail(req->ctx, CB_EDENIED, "%s says no: %s", idp->title,
	               len && !error[len] && len < 60 ? error : "no reason");
}

static int redeem(struct cb_req *req, const struct cbi_idp *idp,
                  const struct cbi_flight *flight, json_t **out)
{
	const char *error = cbi_req_query(req, "error");
	const char *code = cbi_req_query(req, "code");

	if (error)
		return said_no(req, idp, error);
	if (!code || !*code)
		return cb_fail(req->ctx, CB_EINVAL,
		               "the answer of %s has no code", idp->title);
	/* Their codes work once; with Redis this is known before they are
	 * asked. */
	if (cbi_attempt_once(req->ctx, "flight", flight->verifier,
	                     CB_FLIGHT_S) != CB_OK)
		return cb_failure_code(req->ctx)
		           ? CB_ENOMEM
		           : cb_fail(req->ctx, CB_EDENIED,
		                     "this answer was used before");
	return cbi_sign_in_call(req, "auth.redeem", idp,
	                        json_pack("{s:s, s:s, s:s, s:s, s:s*}", "code",
	                                  code, "verifier", flight->verifier,
	                                  "nonce", flight->nonce, "redirect",
	                                  cbi_sign_in_callback(req, idp), "iss",
	                                  cbi_req_query(req, "iss")),
	                        out);
}

static int tell(struct cb_req *req, const struct cbi_idp *idp,
                const struct cbi_flight *flight, const char *ref,
                const json_t *found)
{
	const json_t *tokens = json_object_get(found, "tokens");
	json_t *session, *answer;
	int rc;

	if (flight->back)
		return cbi_req_redirect(req, flight->back);
	rc = cbi_auth_keep(req, idp, tokens);
	if (rc == CB_OK && strcmp(flight->flow, "redirect") == 0) {
		req->answer.status = 302;
		return cbi_req_add_header(req, "Location", flight->redirect);
	}
	if (rc == CB_OK)
		rc = cbi_sign_in_session(req, ref,
		                         json_object_get(found, "person"),
		                         tokens, &session);
	if (rc < 0)
		return rc;
	answer = json_pack("{s:s, s:O}", "type", "authorization_response",
	                   "response", session);
	rc = cbi_json_keep(req->ctx, answer);
	return rc < 0 ? rc : cbi_auth_popup(req, flight->origin, answer);
}

static int come_back(struct cb_req *req, const struct cbi_idp *idp,
                     const struct cbi_flight *flight, struct cbi_resolved *who)
{
	json_t *found;
	int rc = redeem(req, idp, flight, &found);

	if (rc == CB_OK && idp->rule_count)
		rc = cbi_sign_in_resolve(req, idp,
		                         json_object_get(found, "person"), who);
	if (rc == CB_OK && who->ref)
		rc = cbi_sign_in_open(
		    req, idp, who->ref, NULL,
		    text(json_object_get(found, "tokens"), "id"));
	return rc < 0 ? rc : tell(req, idp, flight, who->ref, found);
}

static int frame(struct cb_req *req)
{
	const char *state = cbi_req_query(req, "state");
	struct cbi_flight flight = { 0 };
	struct cbi_resolved who = { 0 };
	const struct cbi_idp *idp = NULL;
	int rc = cbi_auth_idp(req, NULL, &idp);

	/* The environment is in the state. */
	if (state && cbi_flight_peek(req->ctx, state, &flight) == CB_OK) {
		cb_failure_clear(req->ctx);
		rc = cbi_auth_idp(req, flight.env, &idp);
	}
	if (rc < 0)
		return rc;
	if (idp->kind > CBI_IDP_OAUTH)
		return cb_fail(req->ctx, CB_ENOTSUP, "%s sends nobody back",
		               idp->id);
	rc = cbi_sign_in_attempt(req, NULL);
	if (rc == CB_OK)
		rc = cbi_flight_end(
		    req->ctx, req->web->auth, idp->id, state ? state : "",
		    cbi_req_cookie(req, cbi_auth_cookie_of(req, idp, "nonce")),
		    &flight);
	if (rc == CB_OK)
		rc = cbi_auth_cookie(req, idp, "nonce", "/handler", "", 0);
	if (rc == CB_OK)
		rc = come_back(req, idp, &flight, &who);
	if (rc == CB_OK)
		return rc;
	cbi_sign_in_missed(req);
	return cbi_auth_failed(req, idp, &flight, rc, &who);
}

#define ROW(m, p, n, h)                                                     \
	{                                                                   \
		.path = "/api/auth/{provider}/" p, .method = m,             \
		.access = CBI_ACCESS_OPEN, .face = CBI_FACE_API, .name = n, \
		.handle = h, .proof = CBI_PROOF_NONE,                       \
	}

const struct cbi_endpoint cbi_api_auth_provider[] = {
	ROW("GET", "start", "auth-start", start),
	ROW("GET", "handler/frame", "auth-frame", frame),
	ROW("GET", "refresh", "auth-refresh", cbi_auth_refresh),
	ROW("POST", "refresh", "auth-refresh-post", cbi_auth_refresh),
	ROW("POST", "logout", "auth-logout", cbi_auth_logout),
	{ .path = NULL },
};
