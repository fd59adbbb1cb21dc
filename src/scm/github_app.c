/* SPDX-License-Identifier: Apache-2.0 */
/*
 * github_app.c - asking GitHub as an App: a JWT, signed with the App's key,
 * buys a token of the installation at an organisation, which is kept until
 * shortly before it ends.
 *
 *	integrations:
 *	  github:
 *	  - apps:
 *	    - {appId, privateKey, allowedInstallationOwners}
 *
 * Threads share the tokens under one lock, which is not held while GitHub is
 * asked: two may then buy one each, and the later one stays.
 */
#include "scm/scm_priv.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "http/http.h"

#include <callboard/json.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS_MAX 64
/* Who is not installed may be installed soon. */
#define ABSENT_MS 60000
/* Tokens live an hour; a request that begins now shall end with it. */
#define MARGIN_MS (5 * 60 * 1000)
/* GitHub takes ten minutes at most, and clocks differ. */
#define JWT_PAST_S 60
#define JWT_LIFE_S (8 * 60)
#define TOTAL_MS 20000
#define TOKEN_LEN_MAX 1000
#define OWNER_MAX 120

struct token {
	const struct cbi_scm_host *host;
	char owner[OWNER_MAX];
	char *text; /* NULL: there is no installation */
	int64_t until_ms;
};

struct cbi_scm_tokens {
	pthread_mutex_t lock;
	struct token token[TOKENS_MAX];
};

/* ---- the config --------------------------------------------------------- */

/* An id is a number for GitHub and, quoted, a text for some. */
static const char *id_of(struct cb_ctx *ctx, const json_t *app)
{
	const json_t *id = json_object_get(app, "appId");

	if (json_is_integer(id))
		return cb_printf(ctx, "%lld",
		                 (long long)json_integer_value(id));
	return cbi_scm_word(app, "appId");
}

static int wrong(struct cb_ctx *ctx, const char *section, size_t at, size_t i,
                 const char *what)
{
	return cb_fail(ctx, CB_EINVAL, "integrations.%s.%zu.apps.%zu.%s",
	               section, at, i, what);
}

int cbi_scm_app_check(struct cb_ctx *ctx, const struct cbi_scm_host *host,
                      size_t at)
{
	const json_t *apps = json_object_get(host->config, "apps"), *app;
	const char *section = host->kind->section;
	size_t i;

	if (!host->kind->apps || !apps)
		return CB_OK;
	if (!json_is_array(apps))
		return cb_fail(ctx, CB_EINVAL,
		               "integrations.%s.%zu.apps: expected a list",
		               section, at);
	json_array_foreach(apps, i, app)
	{
		const char *key = cbi_scm_word(app, "privateKey");
		const json_t *owners =
		    json_object_get(app, "allowedInstallationOwners");

		if (!id_of(ctx, app))
			return wrong(ctx, section, at, i,
			             "appId: expected the App's number");
		if (!key || !cbi_crypto_rsa_key(key))
			return wrong(ctx, section, at, i,
			             "privateKey: expected an RSA key in PEM, "
			             "of 2,048 bits at least");
		if (owners && !json_is_array(owners))
			return wrong(ctx, section, at, i,
			             "allowedInstallationOwners: expected a "
			             "list of names");
	}
	return CB_OK;
}

int cbi_scm_app_choose(struct cb_ctx *ctx, struct cbi_scm *scm,
                       const struct cbi_scm_host *host, const char *id)
{
	const json_t *apps = json_object_get(host->config, "apps"), *app;
	size_t i;

	json_array_foreach(apps, i, app)
	{
		const char *own = id_of(ctx, app);

		if (own && strcmp(own, id) == 0) {
			scm->hosts[host - scm->hosts].app = app;
			return CB_OK;
		}
	}
	return cb_fail(ctx, CB_EINVAL, "integrations.%s has no app %s for %s",
	               host->kind->section, id, host->name);
}

/* ---- tokens that are kept ----------------------------------------------- */

int cbi_scm_tokens_create(struct cb_ctx *ctx, struct cbi_scm_tokens **out)
{
	struct cbi_scm_tokens *tokens = calloc(1, sizeof(*tokens));

	if (!tokens)
		return cb_fail(ctx, CB_ENOMEM, "no memory for integrations");
	pthread_mutex_init(&tokens->lock, NULL);
	*out = tokens;
	return CB_OK;
}

void cbi_scm_tokens_destroy(struct cbi_scm_tokens *tokens)
{
	if (!tokens)
		return;
	for (size_t i = 0; i < TOKENS_MAX; i++)
		free(tokens->token[i].text);
	pthread_mutex_destroy(&tokens->lock);
	free(tokens);
}

static bool is(const struct token *token, const struct cbi_scm_host *host,
               const char *owner)
{
	return token->host == host && strcmp(token->owner, owner) == 0;
}

/* True when it is known; *out is NULL then for one that is not installed. */
static bool recall(struct cb_ctx *ctx, struct cbi_scm_tokens *tokens,
                   const struct cbi_scm_host *host, const char *owner,
                   const char **out)
{
	bool found = false;

	pthread_mutex_lock(&tokens->lock);
	for (size_t i = 0; i < TOKENS_MAX && !found; i++) {
		const struct token *token = &tokens->token[i];

		found =
		    is(token, host, owner) && cbi_clock_ms() < token->until_ms;
		if (found)
			*out = token->text ? cb_strdup(ctx, token->text) : NULL;
	}
	pthread_mutex_unlock(&tokens->lock);
	return found;
}

/* In the place of its own earlier one, else of the one that ends first. */
static void keep(struct cbi_scm_tokens *tokens, const struct cbi_scm_host *host,
                 const char *owner, const char *text, int64_t until_ms)
{
	struct token *best = &tokens->token[0];

	pthread_mutex_lock(&tokens->lock);
	for (size_t i = 0; i < TOKENS_MAX; i++) {
		struct token *token = &tokens->token[i];

		if (is(token, host, owner)) {
			best = token;
			break;
		}
		if (token->until_ms < best->until_ms)
			best = token;
	}
	free(best->text);
	*best = (struct token){ .host = host,
		                .text = text ? strdup(text) : NULL,
		                .until_ms = until_ms };
	cbi_str_copy(best->owner, sizeof(best->owner), owner);
	pthread_mutex_unlock(&tokens->lock);
}

void cbi_scm_app_forget(const struct cbi_scm *scm,
                        const struct cbi_scm_host *host, const char *owner)
{
	struct cbi_scm_tokens *tokens = scm->tokens;

	pthread_mutex_lock(&tokens->lock);
	for (size_t i = 0; i < TOKENS_MAX; i++)
		if (is(&tokens->token[i], host, owner))
			tokens->token[i].until_ms = 0;
	pthread_mutex_unlock(&tokens->lock);
}

/* ---- asking as the App -------------------------------------------------- */

static char *encode(struct cb_ctx *ctx, const void *data, size_t len)
{
	char *text = cb_alloc(ctx, CB_BASE64_LEN(len));

	if (text)
		cbi_crypto_base64(CBI_BASE64_URL, data, len, text);
	return text;
}

static const char *jwt(struct cb_ctx *ctx, const json_t *app)
{
	static const char head[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
	int64_t now = cbi_clock_wall_ms() / 1000;
	json_t *claims = json_pack(
	    "{s:I, s:I, s:s}", "iat", (json_int_t)(now - JWT_PAST_S), "exp",
	    (json_int_t)(now + JWT_LIFE_S), "iss", id_of(ctx, app));
	char *text = claims ? json_dumps(claims, JSON_COMPACT) : NULL;
	unsigned char sum[CB_RSA_MAX];
	const char *front = NULL, *tail = NULL;
	size_t len;

	json_decref(claims);
	if (text)
		front =
		    cb_printf(ctx, "%s.%s", encode(ctx, head, sizeof(head) - 1),
		              encode(ctx, text, strlen(text)));
	free(text);
	if (front && cbi_crypto_rs256(cbi_scm_word(app, "privateKey"), front,
	                              strlen(front), sum, &len))
		tail = encode(ctx, sum, len);
	return tail ? cb_printf(ctx, "Authorization: Bearer %s.%s", front, tail)
	            : NULL;
}

static int ask(struct cb_ctx *ctx, const struct cbi_scm *scm,
               const struct cbi_scm_host *host, const json_t *app,
               const char *url, bool post, json_t **out)
{
	const char *headers[] = { "Accept: application/vnd.github+json",
		                  jwt(ctx, app), NULL, NULL };
	struct cbi_http_ask what = {
		.url = url,
		.method = post ? "POST" : NULL,
		.headers = headers,
		.body_max = CB_MIB,
		.total_ms = TOTAL_MS,
		.policy = { .hosts = host->hosts, .allow = host->allow },
	};
	struct cbi_http_reply reply;
	int rc;

	if (!url || !headers[1])
		return cb_failure_code(ctx) ? cb_failure_code(ctx) : CB_ENOMEM;
	if (post) {
		headers[2] = "Content-Type: application/json";
		what.body = "{}";
		what.body_len = 2;
	}
	rc = cbi_http_request(ctx, scm->http, &what, &reply);
	return rc == CB_OK ? cb_json_parse(ctx, reply.body, reply.body_len, out)
	                   : rc;
}

/* The installation at an organisation, else at a person's account. */
static int installation(struct cb_ctx *ctx, const struct cbi_scm *scm,
                        const struct cbi_scm_host *host, const json_t *app,
                        const char *owner, json_t **out)
{
	static const char *const sorts[] = { "orgs", "users" };
	const char *name = cbi_scm_encode(ctx, owner, "");
	int rc = CB_ENOENT;

	for (int i = 0; name && rc == CB_ENOENT && i < 2; i++) {
		cb_failure_clear(ctx);
		rc = ask(ctx, scm, host, app,
		         cb_printf(ctx, "%s/%s/%s/installation", host->api,
		                   sorts[i], name),
		         false, out);
	}
	if (rc == CB_OK &&
	    json_is_string(json_object_get(*out, "suspended_at")))
		return cb_fail(ctx, CB_EAUTH,
		               "the App %s is suspended at %s of %s",
		               id_of(ctx, app), owner, host->name);
	return name ? rc : CB_ENOMEM;
}

static int buy(struct cb_ctx *ctx, const struct cbi_scm *scm,
               const struct cbi_scm_host *host, const json_t *app,
               const char *owner, const char **out)
{
	json_t *found, *bought;
	const json_t *id;
	const char *token;
	int64_t ends;
	int rc = installation(ctx, scm, host, app, owner, &found);

	if (rc < 0)
		return rc;
	id = json_object_get(found, "id");
	if (!json_is_integer(id))
		return cb_fail(ctx, CB_EUPSTREAM,
		               "%s answered something that is no installation",
		               host->name);
	rc = ask(ctx, scm, host, app,
	         cb_printf(ctx, "%s/app/installations/%lld/access_tokens",
	                   host->api, (long long)json_integer_value(id)),
	         true, &bought);
	if (rc < 0)
		return rc;
	token = cb_json_text(bought, "token", "");
	if (!*token || strlen(token) > TOKEN_LEN_MAX ||
	    strpbrk(token, " \t\r\n") ||
	    cbi_clock_parse(cb_json_text(bought, "expires_at", ""), &ends) < 0)
		return cb_fail(ctx, CB_EUPSTREAM,
		               "%s answered something that is no token",
		               host->name);
	ends -= cbi_clock_wall_ms() + MARGIN_MS;
	if (ends > 0)
		keep(scm->tokens, host, owner, token, cbi_clock_ms() + ends);
	*out = token;
	return CB_OK;
}

static bool may_have(const json_t *app, const char *owner)
{
	const json_t *owners =
			 json_object_get(app, "allowedInstallationOwners"),
		     *one;
	size_t i;

	json_array_foreach(owners, i, one)
	{
		const char *text = json_string_value(one);

		if (text && cbi_str_casecmp(text, owner) == 0)
			return true;
	}
	return !owners;
}

int cbi_scm_app_token(struct cb_ctx *ctx, const struct cbi_scm *scm,
                      const struct cbi_scm_host *host, const char *owner,
                      const char **out)
{
	const json_t *apps = json_object_get(host->config, "apps"), *app;
	size_t i;

	*out = NULL;
	if (!host->kind->apps || json_array_size(apps) == 0 || !*owner ||
	    strlen(owner) >= OWNER_MAX)
		return CB_OK;
	if (recall(ctx, scm->tokens, host, owner, out))
		return CB_OK;
	json_array_foreach(apps, i, app)
	{
		int rc;

		if ((host->app && host->app != app) || !may_have(app, owner))
			continue;
		rc = buy(ctx, scm, host, app, owner, out);
		if (rc != CB_ENOENT)
			return rc;
		cb_failure_clear(ctx);
	}
	keep(scm->tokens, host, owner, NULL, cbi_clock_ms() + ABSENT_MS);
	return CB_OK;
}
