/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idp_read.c - one section of `auth.providers`: see idp.h.
 */
#include "auth/idp_priv.h"

#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "config/config.h"
#include "jose/jose.h"

/* As Backstage has it: 1,000 days. */
#define REFRESH_S (INT64_C(1000) * 86400)

/* What an id of Backstage's stands for. */
static const struct known {
	const char *id, *title;
	enum cbi_idp_kind kind;
	const char *metadata, *scope, *scope_more, *extra;
} known[] = {
	{ "oidc", "OpenID Connect", CBI_IDP_OIDC, NULL, "openid profile email",
	  "", "" },
	{ "okta", "Okta", CBI_IDP_OIDC, NULL, "openid profile email",
	  "offline_access", "" },
	{ "auth0", "Auth0", CBI_IDP_OIDC, NULL, "openid profile email",
	  "offline_access", "" },
	{ "onelogin", "OneLogin", CBI_IDP_OIDC, NULL, "openid profile email",
	  "", "" },
	{ "google", "Google", CBI_IDP_OIDC,
	  "https://accounts.google.com/.well-known/openid-configuration",
	  "openid profile email", "", "&access_type=offline" },
	{ "microsoft", "Microsoft", CBI_IDP_OIDC, NULL, "openid profile email",
	  "offline_access", "" },
	{ "github", "GitHub", CBI_IDP_OAUTH, NULL, "read:user user:email", "",
	  "" },
	{ "gitlab", "GitLab", CBI_IDP_OAUTH, NULL, "read_user", "", "" },
	{ "oauth2", "OAuth", CBI_IDP_OAUTH, NULL, "", "", "" },
	{ "oauth2Proxy", "Single sign-on", CBI_IDP_HEADER, NULL, "", "", "" },
	{ "awsAlb", "Single sign-on", CBI_IDP_HEADER, NULL, "", "", "" },
	{ "gcpIap", "Single sign-on", CBI_IDP_HEADER, NULL, "", "", "" },
	{ "cfaccess", "Single sign-on", CBI_IDP_HEADER, NULL, "", "", "" },
	{ "easyAuth", "Single sign-on", CBI_IDP_HEADER, NULL, "", "", "" },
	{ "header", "Single sign-on", CBI_IDP_HEADER, NULL, "", "", "" },
	{ "ldap", "your directory account", CBI_IDP_LDAP, NULL, "", "", "" },
};

static const struct known *known_as(const char *id)
{
	for (size_t i = 0; id && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].id, id) == 0)
			return &known[i];
	return NULL;
}

int cbi_idp_bad(struct cb_ctx *ctx, const struct cbi_config *config,
                const char *path, const char *key, const char *what)
{
	const char *at = cb_printf(ctx, "%s%s%s", path, *key ? "." : "", key);
	struct cbi_config_pos pos;

	if (!at)
		return CB_ENOMEM;
	pos = cbi_config_where(config, at);
	return cb_fail(ctx, CB_EINVAL, "%s:%d:%d: %s: %s", pos.file, pos.line,
	               pos.column, at, what);
}

const char *const *cbi_idp_list(struct cb_ctx *keep, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t n = 0, max = text ? strlen(text) : json_array_size(value);
	const char **list =
	    max ? cb_alloc(keep, (max + 1) * sizeof(*list)) : NULL;

	if (!list)
		return NULL;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (json_string_value(json_array_get(value, i)))
			list[n++] = cb_strdup(
			    keep, json_string_value(json_array_get(value, i)));
	while (text && *text) {
		size_t len = strcspn(text, " ,");

		if (len)
			list[n++] = cb_strndup(keep, text, len);
		text += len + (text[len] != '\0');
	}
	return n ? list : NULL;
}

const char *cbi_idp_text(const struct cbi_idp_section *s, const char *key)
{
	const char *value = json_string_value(json_object_get(s->json, key));

	return value && *value ? cb_strdup(s->keep, value) : NULL;
}

int cbi_idp_say(const struct cbi_idp_section *s, const char *key,
                const char *what)
{
	return cbi_idp_bad(s->ctx, s->config, s->path, key, what);
}

bool cbi_idp_is_url(const char *url)
{
	return url && (cbi_str_starts(url, "https://") ||
	               cbi_str_starts(url, "http://"));
}

/* base without slashes at its end, and what follows. */
static const char *below(const struct cbi_idp_section *s, const char *base,
                         const char *path)
{
	size_t len = strlen(base);

	while (len && base[len - 1] == '/')
		len--;
	return cb_printf(s->keep, "%.*s%s", (int)len, base, path);
}

#define DISCOVERY "/.well-known/openid-configuration"

/* Where the discovery document is: as given, or by the vendor's own keys. */
static int find_metadata(const struct cbi_idp_section *s)
{
	const char *id = s->as, *base;
	const char *server = cbi_idp_text(s, "authServerId");

	if (cbi_idp_text(s, "metadataUrl"))
		s->idp->metadata = cbi_idp_text(s, "metadataUrl");
	base = cbi_idp_text(s, "issuer");
	if (!s->idp->metadata && base)
		s->idp->metadata = below(s, base, DISCOVERY);
	base = cbi_idp_text(s, "audience");
	if (!s->idp->metadata && base && strcmp(id, "okta") == 0)
		s->idp->metadata = below(
		    s, base,
		    server ? cb_printf(s->keep, "/oauth2/%s" DISCOVERY, server)
			   : DISCOVERY);
	base = cbi_idp_text(s, "domain");
	if (!s->idp->metadata && base && strcmp(id, "auth0") == 0)
		s->idp->metadata =
		    cb_printf(s->keep, "https://%s" DISCOVERY, base);
	base = cbi_idp_text(s, "tenantId");
	if (!s->idp->metadata && base && strcmp(id, "microsoft") == 0) {
		s->idp->metadata = cb_printf(
		    s->keep,
		    "https://login.microsoftonline.com/%s/v2.0" DISCOVERY,
		    base);
		/* A tenant's own people have addresses that it gave them;
		 * those of any tenant may write what they like. */
		s->idp->trust_email = strcmp(base, "common") != 0 &&
		                      strcmp(base, "organizations") != 0 &&
		                      strcmp(base, "consumers") != 0;
	}
	if (!cbi_idp_is_url(s->idp->metadata))
		return cbi_idp_say(s, "metadataUrl",
		                   "expected the address of the provider's "
		                   "openid-configuration");
	return CB_OK;
}

static int read_algs(const struct cbi_idp_section *s)
{
	const char *one = cbi_idp_text(s, "tokenSignedResponseAlg");
	const char *const *list =
	    cbi_idp_list(s->keep, json_object_get(s->json, "algorithms"));

	s->idp->algs = one ? cbi_jose_alg(one) : list ? 0 : CBI_JOSE_RS256;
	for (; list && *list; list++) {
		unsigned alg = cbi_jose_alg(*list);

		if (!alg)
			return cbi_idp_say(s, "algorithms",
			                   "unknown algorithm");
		s->idp->algs |= alg;
	}
	/* A shared secret signs nothing here: whoever has it is a client. */
	if (!s->idp->algs || (s->idp->algs & ~CBI_JOSE_PUBLIC))
		return cbi_idp_say(
		    s, one ? "tokenSignedResponseAlg" : "algorithms",
		    "expected algorithms with a public key, as RS256");
	return CB_OK;
}

static int read_oauth_urls(const struct cbi_idp_section *s)
{
	struct cbi_idp *idp = s->idp;
	const char *base = cbi_idp_text(s, "enterpriseInstanceUrl");

	idp->authorize_url = cbi_idp_text(s, "authorizationUrl");
	idp->token_url = cbi_idp_text(s, "tokenUrl");
	idp->user_url = cbi_idp_text(s, "userInfoUrl");
	if (strcmp(s->as, "github") == 0) {
		idp->user_url = base ? below(s, base, "/api/v3/user")
		                     : "https://api.github.com/user";
		base = base ? base : "https://github.com";
		idp->authorize_url = below(s, base, "/login/oauth/authorize");
		idp->token_url = below(s, base, "/login/oauth/access_token");
		idp->emails_url =
		    cb_printf(s->keep, "%s/emails", idp->user_url);
	} else if (strcmp(s->as, "gitlab") == 0) {
		base = cbi_idp_text(s, "audience");
		base = base ? base : "https://gitlab.com";
		idp->authorize_url = below(s, base, "/oauth/authorize");
		idp->token_url = below(s, base, "/oauth/token");
		idp->user_url = below(s, base, "/api/v4/user");
	}
	if (!cbi_idp_is_url(idp->authorize_url) ||
	    !cbi_idp_is_url(idp->token_url))
		return cbi_idp_say(s, "authorizationUrl",
		                   "authorizationUrl and tokenUrl are needed");
	if (!cbi_idp_is_url(idp->user_url))
		return cbi_idp_say(
		    s, "userInfoUrl",
		    "expected the address that says who a token is of");
	return CB_OK;
}

static int read_client(const struct cbi_idp_section *s)
{
	struct cbi_idp *idp = s->idp;
	const char *const *more =
	    cbi_idp_list(s->keep, json_object_get(s->json, "additionalScopes"));
	const char *method = cbi_idp_text(s, "tokenEndpointAuthMethod");
	const json_t *duration = json_object_get(s->json, "sessionDuration");

	idp->client_id = cbi_idp_text(s, "clientId");
	idp->client_secret = cbi_idp_text(s, "clientSecret");
	if (!idp->client_id || !idp->client_secret)
		return cbi_idp_say(s,
		                   idp->client_id ? "clientSecret" : "clientId",
		                   "clientId and clientSecret are both needed");
	for (; more && *more; more++)
		idp->scope = cb_printf(s->keep, "%s%s%s", idp->scope,
		                       *idp->scope ? " " : "", *more);
	idp->prompt = cbi_idp_text(s, "prompt");
	idp->callback = cbi_idp_text(s, "callbackUrl");
	if (idp->callback && !cbi_idp_is_url(idp->callback))
		return cbi_idp_say(s, "callbackUrl", "expected an address");
	idp->secret_post = idp->kind == CBI_IDP_OAUTH;
	if (method) {
		idp->secret_post = strcmp(method, "client_secret_post") == 0;
		if (!idp->secret_post &&
		    strcmp(method, "client_secret_basic") != 0)
			return cbi_idp_say(s, "tokenEndpointAuthMethod",
			                   "expected client_secret_basic or "
			                   "client_secret_post");
	}
	idp->refresh_s = REFRESH_S;
	if (duration) {
		idp->refresh_s = cbi_config_duration(duration) / 1000;
		if (idp->refresh_s <= 0)
			return cbi_idp_say(s, "sessionDuration",
			                   "expected a duration such as 24h");
	}
	if (idp->kind == CBI_IDP_OAUTH)
		return read_oauth_urls(s);
	return find_metadata(s) == CB_OK ? read_algs(s) : CB_EINVAL;
}

static const char *inner(const struct cbi_idp_section *s, const char *object,
                         const char *key)
{
	const char *value = json_string_value(
	    json_object_get(json_object_get(s->json, object), key));

	return value && *value ? cb_strdup(s->keep, value) : NULL;
}

static int read_ldap(const struct cbi_idp_section *s)
{
	struct cbi_idp *idp = s->idp;
	const json_t *tls = json_object_get(s->json, "tls");

	idp->ldap.url = cbi_idp_text(s, "target");
	idp->ldap.dn = inner(s, "bind", "dn");
	idp->ldap.secret = inner(s, "bind", "secret");
	idp->ldap.ca = inner(s, "tls", "ca");
	idp->ldap.cert = inner(s, "tls", "certs");
	idp->ldap.key = inner(s, "tls", "keys");
	idp->ldap.unverified =
	    json_is_false(json_object_get(tls, "rejectUnauthorized"));
	idp->ldap.start_tls = json_is_true(json_object_get(tls, "startTls"));
	idp->base = inner(s, "users", "dn");
	idp->filter = inner(s, "users", "filter");
	idp->user_attr = inner(s, "users", "username");
	if (!idp->user_attr)
		idp->user_attr = "uid";
	if (!idp->filter)
		idp->filter = cb_printf(s->keep, "(%s={user})", idp->user_attr);
	if (!cbi_ldap_is_url(idp->ldap.url ? idp->ldap.url : ""))
		return cbi_idp_say(s, "target",
		                   "expected an ldap:// or ldaps:// URL");
	if (!idp->base)
		return cbi_idp_say(s, "users.dn", "expected where people are");
	if (!idp->filter || !strstr(idp->filter, "{user}"))
		return cbi_idp_say(s, "users.filter",
		                   "expected a filter with {user}");
	if ((idp->ldap.dn == NULL) != (idp->ldap.secret == NULL))
		return cbi_idp_say(s, "bind", "dn and secret are both needed");
	return CB_OK;
}

static int read_section(const struct cbi_idp_section *s, const struct known *as)
{
	struct cbi_idp *idp = s->idp;
	const char *title = cbi_idp_text(s, "title");
	int rc;

	idp->kind = as->kind;
	idp->title = title ? title : as->title;
	idp->metadata = as->metadata;
	idp->scope = as->scope;
	idp->scope_more = as->scope_more;
	idp->extra = as->extra;
	idp->trust_email = json_is_true(json_object_get(s->json, "trustEmail"));
	idp->allow = cbi_idp_list(s->keep, json_object_get(s->json, "allow"));
	idp->ca = cbi_idp_text(s, "ca");
	if (idp->ca && *idp->ca != '/')
		return cbi_idp_say(s, "ca", "expected the path of a file");
	if (as->kind == CBI_IDP_HEADER)
		rc = cbi_idp_read_before(s);
	else if (as->kind == CBI_IDP_LDAP)
		rc = read_ldap(s);
	else
		rc = read_client(s);
	if (rc == CB_OK)
		rc = cbi_idp_rules(s->ctx, s->keep, s->config, s->json, s->path,
		                   idp);
	return rc;
}

int cbi_idp_read(struct cb_ctx *ctx, struct cb_ctx *keep,
                 const struct cbi_config *config, const json_t *json,
                 const char *path, struct cbi_idp *idp)
{
	const char *type = json_string_value(json_object_get(json, "type"));
	const struct known *as = known_as(type ? type : idp->id);
	const struct cbi_idp_section s = { ctx,  keep, config,          json,
		                           path, idp,  as ? as->id : "" };
	int rc;

	if (type && !as)
		return cbi_idp_say(&s, "type", "unknown type of provider");
	if (!as ||
	    (as->kind <= CBI_IDP_OAUTH && !cbi_idp_text(&s, "clientId") &&
	     !cbi_idp_text(&s, "clientSecret")))
		return CB_OK;
	rc = read_section(&s, as);
	if (rc == CB_OK && cb_failure_code(keep))
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for providers");
	return rc;
}
