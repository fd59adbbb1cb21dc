/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign_in.c - who somebody is to the catalog, and his session: see sign_in.h.
 */
#include "web/sign_in.h"

#include <limits.h>
#include <string.h>

#include "auth/assertion.h"
#include "auth/attempt.h"
#include "auth/sessions.h"
#include "base/board.h"
#include "base/clock.h"
#include "base/str.h"
#include "catalog/entity.h"
#include "catalog/query.h"
#include "catalog/view.h"
#include "config/config.h"
#include "json/json.h"
#include "web/api/answer.h"
#include "web/cookie.h"
#include "web/web.h"

int cbi_sign_in_call(struct cb_req *req, const char *name,
                     const struct cbi_idp *idp, json_t *more, json_t **out)
{
	json_t *in = json_pack("{s:s, s:s}", "idp", idp->id, "env", idp->env);

	if (in && more && json_object_update(in, more)) {
		json_decref(in);
		in = NULL;
	}
	json_decref(more);
	return cbi_api_call(req, name, in, out);
}

const char *cbi_sign_in_callback(struct cb_req *req, const struct cbi_idp *idp)
{
	if (idp->callback)
		return idp->callback;
	return cb_printf(req->ctx, "%s/api/auth/%s/handler/frame",
	                 req->web->settings->base_url, idp->id);
}

/* ---- How often ----------------------------------------------------------- */

static int count(struct cb_req *req, const char *what, const char *who, int max,
                 int n)
{
	int rc = cbi_attempt(req->ctx, what, who, max, n);
	const char *retry;

	if (rc != CB_EBUSY)
		return rc;
	retry = cb_printf(req->ctx, "%d", CB_ATTEMPT_WINDOW_S);
	req->answer.status = 429;
	if (!retry || cbi_req_add_header(req, "Retry-After", retry) < 0)
		return CB_ENOMEM;
	return rc;
}

int cbi_sign_in_attempt(struct cb_req *req, const char *name)
{
	int rc = count(req, "address", req->address, CB_ATTEMPT_ADDRESS, 0);
	char *low;

	if (rc < 0 || !name)
		return rc;
	low = cb_strdup(req->ctx, name);
	if (!low)
		return CB_ENOMEM;
	/* Directories do not tell "Ada" from "ada". */
	cbi_str_lower(low);
	return count(req, "name", low, CB_ATTEMPT_NAME, 1);
}

void cbi_sign_in_missed(struct cb_req *req)
{
	req->refused = cb_strdup(req->ctx, cb_failure(req->ctx));
	req->missed = true;
	/* That it was one too many is told to the next one. */
	(void)!cbi_attempt(req->ctx, "address", req->address, INT_MAX - 1, 1);
}

/* ---- The web server before us -------------------------------------------- */

/* Fetch has the keys.  Whoever sends what is not right is counted. */
static int take_signed(struct cb_req *req, const struct cbi_idp *idp,
                       json_t **person, const char **login)
{
	const char *token = cbi_req_header(req, idp->header);
	json_t *found, *claims;
	int rc;

	if (!token)
		return CB_OK;
	rc = cbi_sign_in_attempt(req, NULL);
	if (rc == CB_OK) {
		rc = cbi_sign_in_call(req, "auth.assert", idp,
		                      json_pack("{s:s}", "token", token),
		                      &found);
		if (rc == CB_EAUTH)
			cbi_sign_in_missed(req);
	}
	if (rc < 0)
		return rc;
	*person = json_object_get(found, "person");
	claims = json_object_get(*person, "claims");
	*login = json_string_value(json_object_get(claims, "sub"));
	return CB_OK;
}

static int take_named(struct cb_req *req, const struct cbi_idp *idp,
                      json_t **person, const char **login)
{
	const char *secret = cbi_req_server(req, "CB_AUTH_SECRET");
	const char *user = cbi_req_server(req, "CB_AUTH_USER");
	const char *email = cbi_req_server(req, "CB_AUTH_EMAIL");
	const char *name = cbi_req_server(req, "CB_AUTH_NAME");
	const char *groups = cbi_req_server(req, "CB_AUTH_GROUPS");

	if (!secret || !idp->secret ||
	    !cbi_str_equal_secret(secret, idp->secret) || (!user && !email))
		return CB_OK;
	*login = user ? user : email;
	*person = json_pack(
	    "{s:s*, s:s*, s:s*, s:s, s:{s:s*, s:s*, s:s*, s:s*}}", "email",
	    email, "username", user, "name", name, "id", *login, "claims",
	    "user", user, "email", email, "name", name, "groups", groups);
	/* What is no UTF-8 is nobody's name. */
	if (!*person) {
		*login = NULL;
		return CB_OK;
	}
	return cbi_json_keep(req->ctx, *person);
}

int cbi_sign_in_header(struct cb_req *req, const struct cbi_idp *idp,
                       json_t **person, const char **login)
{
	*person = NULL;
	*login = NULL;
	return idp->kind == CBI_IDP_SIGNED
	           ? take_signed(req, idp, person, login)
	           : take_named(req, idp, person, login);
}

/* Is there anything that may name somebody? */
static bool is_named(struct cb_req *req, const struct cbi_idps *idps)
{
	const struct cbi_idp *rows;
	size_t n = cbi_idps_all(idps, &rows);

	if (cbi_req_server(req, "CB_AUTH_SECRET"))
		return true;
	for (size_t i = 0; i < n; i++)
		if (rows[i].kind == CBI_IDP_SIGNED &&
		    cbi_req_header(req, rows[i].header))
			return true;
	return false;
}

/* Whom it names now; of what is signed that is not verified, because it can
 * only end the session. */
static const char *named_now(struct cb_req *req, const struct cbi_idp *idp)
{
	const char *token, *login = NULL;
	json_t *person;

	if (idp->kind == CBI_IDP_SIGNED) {
		token = cbi_req_header(req, idp->header);
		return token ? cbi_assertion_subject(req->ctx, token) : NULL;
	}
	/* Without memory nobody is who he was. */
	return take_named(req, idp, &person, &login) < 0 ? "" : login;
}

bool cbi_sign_in_other(struct cb_req *req, const char *cookie)
{
	const struct cbi_idps *idps = cbi_auth_idps(req->web->auth);
	const char *id, *mark, *login;
	const struct cbi_idp *idp;

	/* Nobody is named: no need to read the cookie once more. */
	if (!cookie || !is_named(req, idps) ||
	    cbi_auth_session_of(req->ctx, req->web->auth, cookie, &id, &mark) <
	        0)
		return false;
	idp = cbi_idps_find(idps, id, NULL);
	if (!idp || !cbi_idp_before_us(idp) || !mark)
		return false;
	login = named_now(req, idp);
	return login && !cbi_auth_marks(mark, login);
}

/* ---- The catalog --------------------------------------------------------- */

struct found {
	struct cb_ctx *ctx;
	const char **refs;
	size_t n;
};

static int begin(void *arg, bool more)
{
	(void)arg;
	(void)more;
	return CB_OK;
}

static int take(void *arg, struct cbi_span body)
{
	struct found *found = arg;
	const struct cb_entity *entity;
	int rc = cbi_entity_create(found->ctx, body.ptr, body.len, &entity);

	if (rc < 0 || found->n == 2)
		return rc;
	found->refs[found->n] = cb_strdup(found->ctx, cb_entity_ref(entity));
	return found->refs[found->n++] ? CB_OK : CB_ENOMEM;
}

/* Who signs in sees nothing yet, but has to be found. */
static struct cbi_scope see_all(struct cb_ctx *ctx)
{
	struct cbi_scope before = ctx->scope;

	memset(&ctx->scope, 0, sizeof(ctx->scope));
	ctx->scope.cls = "all";
	ctx->scope.all = true;
	return before;
}

static int find(struct cb_ctx *ctx, void *arg, const char *key,
                const char *value, const char *refs[2], size_t *n)
{
	static const char *const user = "user";
	const struct cb_req *req = arg;
	const struct cbi_filter leaves[2] = {
		{ .op = CBI_FILTER_IN,
		  .key = "kind",
		  .values = &user,
		  .value_count = 1 },
		{ .op = CBI_FILTER_IN,
		  .key = key,
		  .values = &value,
		  .value_count = 1 },
	};
	const struct cbi_filter *const children[2] = { &leaves[0], &leaves[1] };
	const struct cbi_filter all = { .op = CBI_FILTER_ALL,
		                        .children = children,
		                        .child_count = 2 };
	const struct cbi_list list = { .filter = &all,
		                       .paged = true,
		                       .limit = 2 };
	struct found found = { ctx, refs, 0 };
	struct cbi_scope before = see_all(ctx);
	struct cbi_fresh fresh;
	int rc = cbi_list_run(ctx, req->web->catalog, &list, begin, take,
	                      &found, &fresh);

	ctx->scope = before;
	*n = found.n;
	return rc;
}

int cbi_sign_in_user(struct cb_req *req, const char *ref,
                     const struct cb_entity **out)
{
	struct cbi_scope before = see_all(req->ctx);
	struct cbi_served served;
	struct cbi_fresh fresh;
	int rc =
	    cbi_view_by_ref(req->ctx, req->web->catalog, ref, &served, &fresh);

	req->ctx->scope = before;
	*out = NULL;
	if (rc == CB_ENOENT) {
		cb_failure_clear(req->ctx);
		return CB_OK;
	}
	return rc < 0
	           ? rc
	           : cbi_entity_create(req->ctx, served.body, served.len, out);
}

static int has(struct cb_ctx *ctx, void *arg, const char *ref, bool *out)
{
	const struct cb_entity *entity;
	int rc = cbi_sign_in_user(arg, ref, &entity);

	(void)ctx;
	*out = rc == CB_OK && entity;
	return rc;
}

int cbi_sign_in_resolve(struct cb_req *req, const struct cbi_idp *idp,
                        const json_t *person, struct cbi_resolved *out)
{
	const struct cbi_finder finder = { .arg = req,
		                           .find = find,
		                           .has = has };

	return cbi_resolve(req->ctx, idp, person, &finder, out);
}

const char *cbi_sign_in_self(const struct cb_req *req)
{
	if (!req->who.session)
		return NULL;
	if (req->who.viewer)
		return req->who.viewer;
	return req->who.kind == CBI_WHO_USER ? req->who.subject : NULL;
}

/* ---- Sessions ------------------------------------------------------------ */

static const char *hash_of(struct cb_req *req, const char *id)
{
	char *hash = cb_alloc(req->ctx, 65);

	if (hash)
		cbi_auth_session_hash(id, hash);
	return hash;
}

int cbi_sign_in_open(struct cb_req *req, const struct cbi_idp *idp,
                     const char *ref, const char *login, const char *id_token)
{
	const char *agent = cbi_req_header(req, "User-Agent"), *cookie;
	const char *old = NULL;
	struct cbi_auth_entry *entry = cb_alloc(req->ctx, sizeof(*entry));
	struct cbi_session_row row = {
		.subject = ref,
		.idp = idp->id,
		.address = req->address,
		.agent = agent ? agent : "",
		.id_token = id_token,
	};
	uint64_t number = 0;
	int rc;

	if (!entry)
		return CB_ENOMEM;
	*entry = (struct cbi_auth_entry){ .user = ref,
		                          .idp = idp->id,
		                          .login = login };
	rc = cbi_auth_user(req->ctx, req->web->auth, entry, &cookie);
	if (rc < 0)
		return rc;
	row.hash = hash_of(req, entry->id);
	row.expires = entry->expires;
	if (cbi_sign_in_self(req))
		old = hash_of(req, req->who.session);
	if (!row.hash)
		return CB_ENOMEM;
	rc = cbi_sessions_open(req->ctx, &row, old, &number);
	if (rc < 0)
		return rc;
	req->opened = entry;
	if (number)
		cbi_board_raise(&cbi_board()->wanted, number);
	return cbi_cookie_session(req, cookie);
}

int cbi_sign_in_close(struct cb_req *req, const char **hash)
{
	uint64_t number = 0;
	const char *own = NULL;
	int rc = CB_OK;

	if (cbi_sign_in_self(req)) {
		own = hash_of(req, req->who.session);
		if (!own)
			return CB_ENOMEM;
		rc = cbi_sessions_end(req->ctx, own, cbi_sign_in_self(req),
		                      req->address, &number);
		/* Ended from elsewhere meanwhile: so be it. */
		if (rc == CB_ENOENT) {
			cb_failure_clear(req->ctx);
			rc = CB_OK;
		}
	}
	if (rc < 0)
		return rc;
	if (number)
		cbi_board_raise(&cbi_board()->wanted, number);
	if (hash)
		*hash = own;
	return cbi_cookie_session(req, NULL);
}

const char *cbi_sign_in_idp(struct cb_req *req)
{
	const char *cookie, *idp, *mark;

	if (!cbi_sign_in_self(req))
		return NULL;
	cookie = cbi_req_cookie(req, cbi_auth_cookie_name(req->web->auth));
	if (!cookie || cbi_auth_session_of(req->ctx, req->web->auth, cookie,
	                                   &idp, &mark) < 0) {
		cb_failure_clear(req->ctx);
		return NULL;
	}
	return idp;
}
