/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside.c - codes and refresh tokens for who somebody is: see outside.h.
 */
#include "auth/outside_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "callboard/json.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "json/json.h"

#define FORM_MAX (64 * CB_KIB)
/* GitHub's tokens do not expire: they are their own refresh tokens, marked as
 * Backstage marks them. */
#define OWN_TOKEN "access-token-v2."

static void destroy(struct cbi_outside *outside)
{
	const struct cbi_idp *rows;
	size_t n;

	n = outside->idps ? cbi_idps_all(outside->idps, &rows) : 0;
	for (size_t i = 0; i < n; i++) {
		if (outside->documents)
			free(outside->documents[i].text);
		if (outside->keys)
			free(outside->keys[i].text);
	}
	free(outside->documents);
	free(outside->keys);
	cbi_idps_destroy(outside->idps);
	pthread_mutex_destroy(&outside->lock);
	free(outside);
}

int cbi_outside_create(struct cb_ctx *ctx, const struct cbi_config *config,
                       struct cbi_http *http, struct cbi_outside **out)
{
	struct cbi_outside *outside = calloc(1, sizeof(*outside));
	const struct cbi_idp *rows;
	size_t n;
	int rc;

	if (!outside)
		return cb_fail(ctx, CB_ENOMEM, "no memory for providers");
	pthread_mutex_init(&outside->lock, NULL);
	outside->http = http;
	outside->state_dir = cbi_config_settings(config)->state_dir;
	rc = cbi_idps_create(ctx, config, &outside->idps);
	if (rc == CB_OK) {
		n = cbi_idps_all(outside->idps, &rows);
		outside->documents = calloc(n + 1, sizeof(struct cbi_kept));
		outside->keys = calloc(n + 1, sizeof(struct cbi_kept));
		if (!outside->documents || !outside->keys)
			rc = cb_fail(ctx, CB_ENOMEM, "no memory for providers");
	}
	if (rc < 0) {
		destroy(outside);
		return rc;
	}
	*out = outside;
	return CB_OK;
}

static const char *text(const json_t *in, const char *name)
{
	return json_string_value(json_object_get(in, name));
}

int cbi_outside_idp(struct cb_ctx *ctx, const struct cbi_outside *outside,
                    const json_t *in, const struct cbi_idp **out)
{
	const char *id = text(in, "idp"), *env = text(in, "env");

	*out = cbi_idps_find(outside->idps, id, env);
	return *out ? CB_OK
	            : cb_fail(ctx, CB_ENOENT, "there is no such provider");
}

int cbi_outside_look(struct cb_ctx *ctx, struct cbi_outside *outside,
                     const json_t *in, json_t **out)
{
	const struct cbi_idp *idp;
	json_t *document;
	int rc = cbi_outside_idp(ctx, outside, in, &idp);

	if (rc < 0)
		return rc;
	if (idp->kind == CBI_IDP_OAUTH) {
		*out = json_pack("{s:s}", "authorize", idp->authorize_url);
		return cbi_json_keep(ctx, *out);
	}
	if (idp->kind != CBI_IDP_OIDC)
		return cb_fail(ctx, CB_ENOTSUP, "nobody is sent to it");
	rc = cbi_outside_document(ctx, outside, idp, &document);
	if (rc < 0)
		return rc;
	*out = json_pack(
	    "{s:s, s:s, s:s*, s:b}", "authorize",
	    cb_json_text(document, "authorization_endpoint", ""), "issuer",
	    cb_json_text(document, "issuer", ""), "endSession",
	    cb_json_text(document, "end_session_endpoint", NULL), "issAlways",
	    json_is_true(json_object_get(
		document, "authorization_response_iss_parameter_supported")));
	return cbi_json_keep(ctx, *out);
}

static void add(struct cb_buf *form, const char *name, const char *value)
{
	if (!value)
		return;
	cb_buf_printf(form, "%s%s=", form->len ? "&" : "", name);
	cbi_str_url_encode(form, value, "");
}

/* RFC 6749, 2.3.1: both are encoded as in a form first. */
static int basic(struct cb_ctx *ctx, const struct cbi_idp *idp,
                 const char **header)
{
	struct cb_buf both;
	char *coded = NULL;

	cbi_buf_init(&both, FORM_MAX);
	cbi_str_url_encode(&both, idp->client_id, "");
	cb_buf_text(&both, ":");
	cbi_str_url_encode(&both, idp->client_secret, "");
	if (!both.failed)
		coded = cb_alloc(ctx, CB_BASE64_LEN(both.len));
	if (coded)
		cbi_crypto_base64(CBI_BASE64_STD, both.data, both.len, coded);
	cbi_buf_finish(&both);
	*header =
	    coded ? cb_printf(ctx, "Authorization: Basic %s", coded) : NULL;
	return *header ? CB_OK
	               : cb_fail(ctx, CB_ENOMEM, "no memory for a header");
}

/* "invalid_grant" and its like; what else it says is not shown. */
static const char *error_name(struct cb_ctx *ctx, const json_t *said)
{
	const char *error = text(said, "error");
	size_t len = error ? strspn(error, "abcdefghijklmnopqrstuvwxyz_") : 0;

	return len && !error[len] && len < 60 ? cb_strdup(ctx, error)
	                                      : "no reason";
}

static int ask_tokens(struct cb_ctx *ctx, struct cbi_outside *outside,
                      const struct cbi_idp *idp, const char *url,
                      struct cb_buf *form, json_t **out)
{
	struct cbi_outside_ask ask = { .url = url };
	int rc = CB_OK;

	if (idp->secret_post) {
		add(form, "client_id", idp->client_id);
		add(form, "client_secret", idp->client_secret);
	} else {
		rc = basic(ctx, idp, &ask.header);
	}
	if (rc == CB_OK && form->failed)
		rc = cb_fail(ctx, CB_EINVAL, "too much to ask for");
	if (rc < 0)
		return rc;
	ask.body = form->data;
	rc = cbi_outside_ask(ctx, outside, idp, &ask, out);
	/* GitHub says errors with 200. */
	if (rc == CB_OK && !text(*out, "access_token"))
		rc = cb_fail(ctx, CB_EAUTH, "%s does not take it: %s (%d)",
		             idp->title, error_name(ctx, *out), ask.status);
	return rc;
}

static int write_reply(struct cb_ctx *ctx, json_t *person, const json_t *said,
                       const char *refresh, json_t **out)
{
	const json_t *expires = json_object_get(said, "expires_in");

	*out = json_pack(
	    "{s:O, s:{s:s, s:s*, s:s*, s:s, s:I}}", "person", person, "tokens",
	    "access", text(said, "access_token"), "id", text(said, "id_token"),
	    "refresh", refresh, "scope",
	    text(said, "scope") ? text(said, "scope") : "", "expires",
	    json_is_number(expires) ? (json_int_t)json_number_value(expires)
				    : (json_int_t)3600);
	return cbi_json_keep(ctx, *out);
}

/* From what the token endpoint said to who it is. */
static int finish(struct cb_ctx *ctx, struct cbi_outside *outside,
                  const struct cbi_idp *idp, json_t *document,
                  const json_t *said, const char *nonce, const char *old,
                  json_t **out)
{
	const char *id_token = text(said, "id_token");
	const char *access = text(said, "access_token");
	const char *refresh = text(said, "refresh_token");
	const json_t *claims = NULL;
	json_t *person;
	int rc = CB_OK;

	if (idp->kind == CBI_IDP_OIDC && nonce && !id_token)
		return cb_fail(ctx, CB_EAUTH, "%s gives no ID token",
		               idp->title);
	if (idp->kind == CBI_IDP_OIDC && id_token)
		rc = cbi_outside_id_token(ctx, outside, idp, document, id_token,
		                          nonce, &claims);
	if (rc == CB_OK)
		rc = cbi_outside_person(ctx, outside, idp, document, access,
		                        claims, &person);
	if (rc < 0)
		return rc;
	if (!refresh)
		refresh = old;
	if (!refresh && idp->emails_url &&
	    !json_object_get(said, "expires_in")) {
		refresh = cb_printf(ctx, OWN_TOKEN "%s", access);
		if (!refresh)
			return CB_ENOMEM;
	}
	return write_reply(ctx, person, said, refresh, out);
}

int cbi_outside_redeem(struct cb_ctx *ctx, struct cbi_outside *outside,
                       const json_t *in, json_t **out)
{
	const struct cbi_idp *idp;
	const char *iss = text(in, "iss"), *url;
	json_t *document = NULL, *said;
	struct cb_buf form;
	int rc = cbi_outside_idp(ctx, outside, in, &idp);

	if (rc == CB_OK && idp->kind == CBI_IDP_OIDC)
		rc = cbi_outside_document(ctx, outside, idp, &document);
	if (rc < 0)
		return rc;
	/* RFC 9207: an answer that another provider sent us. */
	if (document &&
	    (iss ? strcmp(iss, cb_json_text(document, "issuer", "")) != 0
	         : json_is_true(json_object_get(
		       document,
		       "authorization_response_iss_parameter_supported"))))
		return cb_fail(ctx, CB_EAUTH,
		               "the answer comes from another issuer than %s",
		               idp->title);
	url = document ? cb_json_text(document, "token_endpoint", "")
	               : idp->token_url;
	cbi_buf_init(&form, FORM_MAX);
	add(&form, "grant_type", "authorization_code");
	add(&form, "code", text(in, "code"));
	add(&form, "redirect_uri", text(in, "redirect"));
	add(&form, "code_verifier", text(in, "verifier"));
	rc = ask_tokens(ctx, outside, idp, url, &form, &said);
	cbi_buf_finish(&form);
	if (rc < 0)
		return rc;
	return finish(ctx, outside, idp, document, said,
	              text(in, "nonce") ? text(in, "nonce") : "", NULL, out);
}

int cbi_outside_refresh(struct cb_ctx *ctx, struct cbi_outside *outside,
                        const json_t *in, json_t **out)
{
	const struct cbi_idp *idp;
	const char *token = text(in, "token");
	json_t *document = NULL, *said;
	struct cb_buf form;
	int rc = cbi_outside_idp(ctx, outside, in, &idp);

	if (rc == CB_OK && !token)
		rc = cb_fail(ctx, CB_EINVAL, "'token' is needed");
	if (rc == CB_OK && idp->kind == CBI_IDP_OIDC)
		rc = cbi_outside_document(ctx, outside, idp, &document);
	if (rc < 0)
		return rc;
	if (!document && cbi_str_starts(token, OWN_TOKEN)) {
		said = json_pack("{s:s}", "access_token",
		                 token + strlen(OWN_TOKEN));
		rc = cbi_json_keep(ctx, said);
		return rc < 0 ? rc
		              : finish(ctx, outside, idp, NULL, said, NULL,
		                       token, out);
	}
	cbi_buf_init(&form, FORM_MAX);
	add(&form, "grant_type", "refresh_token");
	add(&form, "refresh_token", token);
	rc = ask_tokens(ctx, outside, idp,
	                document ? cb_json_text(document, "token_endpoint", "")
	                         : idp->token_url,
	                &form, &said);
	cbi_buf_finish(&form);
	return rc < 0 ? rc
	              : finish(ctx, outside, idp, document, said, NULL, token,
	                       out);
}
