/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_answer.c - see auth_answer.h.
 */
#include "web/api/auth_answer.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "html/addr.h"
#include "html/html.h"
#include "json/json.h"
#include "web/api/error.h"
#include "web/cookie.h"
#include "web/sign_in.h"
#include "web/web.h"

/* ---- Providers ------------------------------------------------------------
 */

/* The provider of the path, in the environment of env. */
int cbi_auth_idp(struct cb_req *req, const char *env,
                 const struct cbi_idp **out)
{
	const struct cbi_idps *idps = cbi_auth_idps(req->web->auth);
	const char *id = req->args[0];
	const struct cbi_idp *idp;

	if (!cbi_idps_has(idps, id))
		return cb_fail(req->ctx, CB_ENOENT,
		               "Unknown auth provider '%.40s'", id);
	idp = cbi_idps_find(idps, id, env);
	if (!idp)
		return cb_fail(req->ctx, CB_ENOENT,
		               "%s has no configuration for environment "
		               "'%.40s'",
		               id, env ? env : "");
	*out = idp;
	return CB_OK;
}

/* For those whose config has environments a client must name one. */
int cbi_auth_idp_asked(struct cb_req *req, const struct cbi_idp **out)
{
	const char *env = cbi_req_query(req, "env");
	int rc = cbi_auth_idp(req, env, out);

	if (rc == CB_OK && !env && *(*out)->env &&
	    (*out)->kind <= CBI_IDP_OAUTH)
		return cb_fail(
		    req->ctx, CB_EINVAL,
		    "Must specify 'env' query to select environment");
	return rc;
}

const char *cbi_auth_cookie_of(struct cb_req *req, const struct cbi_idp *idp,
                               const char *what)
{
	return cb_printf(req->ctx, "%s-%s", idp->id, what);
}

int cbi_auth_cookie(struct cb_req *req, const struct cbi_idp *idp,
                    const char *what, const char *below, const char *value,
                    int64_t seconds)
{
	const struct cbi_cookie cookie = {
		.name = cbi_auth_cookie_of(req, idp, what),
		.value = value,
		.path = cb_printf(req->ctx, "/api/auth/%s%s", idp->id, below),
		.seconds = seconds,
	};

	if (!cookie.name || !cookie.path || !value)
		return CB_ENOMEM;
	return cbi_cookie_set_long(req, &cookie);
}

/* For a stock front end: what it asks to refresh with. */
int cbi_auth_keep(struct cb_req *req, const struct cbi_idp *idp,
                  const json_t *tokens)
{
	const char *token =
	    json_string_value(json_object_get(tokens, "refresh"));

	return token ? cbi_auth_cookie(req, idp, "refresh-token", "", token,
	                               idp->refresh_s)
	             : CB_OK;
}

/* ---- Origins --------------------------------------------------------------
 */

const char *cbi_auth_origin_of(struct cb_req *req, const char *url)
{
	const char *host;
	size_t len;

	if (!url || !(cbi_str_starts(url, "https://") ||
	              cbi_str_starts(url, "http://")))
		return NULL;
	host = strstr(url, "://") + 3;
	len = strspn(host, "abcdefghijklmnopqrstuvwxyz"
	                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:[]_");
	/* "https://ours@theirs/" and a backslash end the host elsewhere. */
	if (!len || (host[len] && !strchr("/?#", host[len])))
		return NULL;
	return cb_strndup(req->ctx, url, (size_t)(host - url) + len);
}

/* A star stands for anything but a slash. */
static bool fits(const char *pattern, const char *text)
{
	for (; *pattern && *pattern != '*'; pattern++, text++)
		if (*pattern != *text)
			return false;
	if (!*pattern)
		return !*text;
	for (;; text++) {
		if (fits(pattern + 1, text))
			return true;
		if (!*text || *text == '/')
			return false;
	}
}

bool cbi_auth_origin_allowed(struct cb_req *req, const char *origin)
{
	const json_t *more = cbi_config_get(
	    req->web->config, "auth.experimentalExtraAllowedOrigins");
	const char *const ours[] = {
		req->web->settings->base_url,
		cbi_config_text(req->web->config, "app.baseUrl", NULL),
	};
	const char *own = cbi_auth_origin_of(req, origin);

	/* It has to be an origin and nothing more. */
	if (!own || strcmp(own, origin) != 0)
		return false;
	for (size_t i = 0; i < 2; i++) {
		const char *one = cbi_auth_origin_of(req, ours[i]);

		if (one && strcmp(one, origin) == 0)
			return true;
	}
	for (size_t i = 0; i < json_array_size(more); i++) {
		const char *one = json_string_value(json_array_get(more, i));

		if (one && fits(one, origin))
			return true;
	}
	return false;
}

/* ---- The popup's page ------------------------------------------------------
 */

#define SCRIPT_HEAD \
	"(function () {\n  var answer = JSON.parse(decodeURIComponent('"
#define SCRIPT_MIDDLE "'));\n  var origin = decodeURIComponent('"
#define SCRIPT_TAIL                                                        \
	"');\n  var to = window.opener || window.parent;\n"                \
	"  to.postMessage({ type: 'config_info', targetOrigin: origin }, " \
	"'*');\n  to.postMessage(answer, origin);\n"                       \
	"  setTimeout(function () { window.close(); }, 100);\n}());\n"

/* Everything but letters, digits and -._~ is encoded: nothing of it can end
 * the text or the script. */
static int write_script(struct cb_req *req, const char *origin,
                        const json_t *answer, struct cb_buf *out)
{
	struct cb_buf text;
	int rc;

	cbi_buf_init(&text, CB_MIB);
	rc = cbi_json_canonical(&text, answer);
	cb_buf_text(out, SCRIPT_HEAD);
	cbi_str_url_encode(out, cbi_buf_string(&text), "");
	cb_buf_text(out, SCRIPT_MIDDLE);
	cbi_str_url_encode(out, origin, "");
	cb_buf_text(out, SCRIPT_TAIL);
	cbi_buf_finish(&text);
	if (rc < 0 || out->failed)
		return cb_fail(req->ctx, CB_ETOOBIG,
		               "the session is too large to be told");
	return CB_OK;
}

int cbi_auth_popup(struct cb_req *req, const char *origin, const json_t *answer)
{
	unsigned char hash[CB_SHA256_LEN];
	char text[CB_BASE64_LEN(CB_SHA256_LEN)];
	struct cb_buf script, *body = req->answer.body;
	const char *csp;
	int rc;

	cbi_buf_init(&script, 4 * CB_MIB);
	rc = write_script(req, origin, answer, &script);
	if (rc < 0) {
		cbi_buf_finish(&script);
		return rc;
	}
	cbi_crypto_sha256(script.data, script.len, hash);
	cbi_crypto_base64(CBI_BASE64_STD, hash, sizeof(hash), text);
	cbi_buf_clear(body);
	cb_buf_text(body, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
	                  "<meta charset=\"utf-8\"><title>");
	cb_buf_text(body, cb_tr(req->ctx, "Signing in"));
	cb_buf_text(body, "</title></head><body><script>");
	cb_buf_add(body, script.data, script.len);
	cb_buf_text(body, "</script></body></html>\n");
	cbi_buf_finish(&script);
	req->answer.status = 200;
	req->answer.type = "text/html; charset=utf-8";
	csp = cb_printf(req->ctx,
	                "default-src 'none'; script-src 'sha256-%s'; base-uri "
	                "'none'; form-action 'none'",
	                text);
	if (!csp)
		return CB_ENOMEM;
	rc = cbi_req_add_header(req, "Content-Security-Policy", csp);
	if (rc == CB_OK)
		rc = cbi_req_add_header(req, "X-Frame-Options", "sameorigin");
	return rc;
}

/* ---- Failures -------------------------------------------------------------
 */

static int post_error(struct cb_req *req, const char *origin, int status,
                      const char *message)
{
	json_t *answer = json_pack(
	    "{s:s, s:{s:s, s:s}}", "type", "authorization_response", "error",
	    "name", cbi_api_error_name(status), "message", message);
	int rc = cbi_json_keep(req->ctx, answer);

	return rc < 0 ? rc : cbi_auth_popup(req, origin, answer);
}

static int send_error(struct cb_req *req, const char *url, const char *message)
{
	const char *to = cbi_addr_with(req->ctx, url, "error", message);

	req->answer.status = 302;
	return cbi_req_add_header(req, "Location", to);
}

int cbi_auth_failed(struct cb_req *req, const struct cbi_idp *idp,
                    const struct cbi_flight *flight, int rc,
                    const struct cbi_resolved *looked)
{
	int status = req->answer.status >= 400 ? req->answer.status
	                                       : cbi_api_status(rc, 413);
	const char *message = cb_strdup(req->ctx, cb_failure(req->ctx));
	bool ours = flight->back || !flight->flow;

	if (status >= 500)
		cb_log(req->ctx, CB_LOG_WARN, "sign-in by %s: %s",
		       idp ? idp->id : "?", message ? message : "");
	if (status == 500 || !message)
		message = "the portal could not do it";
	cb_failure_clear(req->ctx);
	if (!ours && strcmp(flight->flow, "popup") == 0 && flight->origin &&
	    cbi_auth_origin_allowed(req, flight->origin))
		return post_error(req, flight->origin, status, message);
	if (!ours && flight->redirect && flight->verifier)
		return send_error(req, flight->redirect, message);
	/* The page is there; who he is is not known. */
	if (status == 404 || status == 409)
		status = 403;
	return cbi_page_sign_in_failed(req, idp ? idp->title : "", message,
	                               status, looked);
}
