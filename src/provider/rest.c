/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest.c - see rest.h.
 */
#include "provider/rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "base/str.h"
#include "callboard/json.h"
#include "http/http.h"
#include "provider/supply.h"

#define TOTAL_MS 30000
/* A page of a thousand people with all their attributes. */
#define BODY_MAX (8 * CB_MIB)
/* A token is left before it ends: the request takes its time too. */
#define TOKEN_MARGIN_MS 10000
#define TOKEN_LIFE_S 60 /* when the host does not say */
#define PATIENCE_MS (5 * 60 * 1000)
#define NAP_MS 500

/* --- where --- */

static int add_host(struct cb_ctx *ctx, struct cbi_rest *rest, const char *path,
                    const char *url)
{
	const char *host = strstr(url, "://");
	size_t n = 0;

	if (!host ||
	    (!cbi_str_starts(url, "https://") &&
	     !cbi_str_starts(url, "http://")) ||
	    strcspn(host + 3, "/?#") == 0 || strpbrk(url, "?# "))
		return cb_fail(ctx, CB_EINVAL,
		               "%s: expected an http or https address", path);
	host = cb_strndup(ctx, host + 3, strcspn(host + 3, "/"));
	if (!host)
		return CB_ENOMEM;
	while (rest->hosts[n] && strcmp(rest->hosts[n], host) != 0)
		n++;
	if (n == CBI_REST_HOSTS)
		return cb_fail(ctx, CB_EBUG, "too many hosts of one API");
	rest->hosts[n] = host;
	return CB_OK;
}

int cbi_rest_base(struct cb_ctx *ctx, struct cbi_rest *rest,
                  const json_t *settings, const char *path, const char *key,
                  const char *fallback, const char **out)
{
	const char *at = cb_printf(ctx, "%s.%s", path, key), *text;
	int rc = cbi_supply_text(ctx, settings, path, key, fallback, &text);
	size_t len;

	if (rc == CB_OK)
		rc = at ? add_host(ctx, rest, at, text) : CB_ENOMEM;
	if (rc < 0)
		return rc;
	for (len = strlen(text); len > 0 && text[len - 1] == '/';)
		len--;
	*out = cb_strndup(ctx, text, len);
	return *out ? CB_OK : CB_ENOMEM;
}

int cbi_rest_allow(struct cb_ctx *ctx, struct cbi_rest *rest,
                   const json_t *settings, const char *path)
{
	const json_t *list = json_object_get(settings, "allow"), *item;
	size_t i;

	if (list &&
	    (!json_is_array(list) || json_array_size(list) > CBI_REST_ALLOW))
		return cb_fail(ctx, CB_EINVAL,
		               "%s.allow: expected a list of at most %d "
		               "address ranges",
		               path, CBI_REST_ALLOW);
	json_array_foreach(list, i, item)
	{
		rest->allow[i] = json_string_value(item);
		if (!rest->allow[i])
			return cb_fail(ctx, CB_EINVAL,
			               "%s.allow.%zu: expected a range such as "
			               "private or 10.1.0.0/16",
			               path, i);
	}
	return CB_OK;
}

/* --- tokens --- */

static int set_token(struct cb_ctx *ctx, struct cbi_rest *rest,
                     const char *token)
{
	int n = snprintf(rest->auth, sizeof(rest->auth),
	                 "Authorization: Bearer %s", token);

	if (n > 0 && (size_t)n < sizeof(rest->auth) && *token)
		return CB_OK;
	rest->auth[0] = '\0';
	return cb_fail(ctx, CB_EUPSTREAM, "a token of %zu bytes is none",
	               strlen(token));
}

char *cbi_rest_form(struct cb_ctx *ctx, const struct cbi_rest_pair *pairs)
{
	struct cb_buf buf;
	char *text = NULL;
	int rc = CB_OK;

	cbi_buf_init(&buf, CB_MIB);
	for (; pairs->name && rc == CB_OK; pairs++) {
		if (!pairs->value)
			continue;
		cb_buf_printf(&buf, "%s%s=", buf.len ? "&" : "", pairs->name);
		rc = cbi_str_url_encode(&buf, pairs->value, "");
	}
	if (rc == CB_OK && buf.data)
		text = cb_strndup(ctx, buf.data, buf.len);
	cbi_buf_finish(&buf);
	return text;
}

/* Where an address ends for people: what is behind may be a token. */
static int plain(const char *url)
{
	return (int)strcspn(url, "?");
}

static int parse(struct cb_ctx *ctx, const struct cbi_http_reply *reply,
                 const char *url, json_t **out)
{
	if (cb_json_parse(ctx, reply->body, reply->body_len, out) == CB_OK)
		return CB_OK;
	if (cb_failure_code(ctx) == CB_ENOMEM)
		return CB_ENOMEM;
	cb_failure_clear(ctx);
	return cb_fail(ctx, CB_EUPSTREAM, "%.*s: the answer is no JSON",
	               plain(url), url);
}

static int refuse_token(struct cb_ctx *ctx, const struct cbi_rest *rest,
                        const struct cbi_http_reply *reply)
{
	json_t *json = NULL;
	const char *why = "";

	if (parse(ctx, reply, rest->token_url, &json) == CB_OK)
		why = cb_json_text(json, "error_description",
		                   cb_json_text(json, "error", ""));
	cb_failure_clear(ctx);
	return cb_fail(ctx, reply->status < 500 ? CB_EAUTH : CB_EUPSTREAM,
	               "%s answered %d to the credential: %.200s",
	               rest->token_url, reply->status, why);
}

static struct cbi_http_ask ask_of(const struct cbi_rest *rest, const char *url,
                                  const char *const *headers)
{
	return (struct cbi_http_ask){
		.url = url,
		.headers = headers,
		.body_max = BODY_MAX,
		.total_ms = TOTAL_MS,
		.policy = { .hosts = rest->hosts, .allow = rest->allow },
	};
}

static int fetch_token(struct cb_ctx *ctx, struct cbi_rest *rest)
{
	static const char *const headers[] = {
		"Content-Type: application/x-www-form-urlencoded",
		"Accept: application/json", NULL
	};
	struct cbi_http_ask ask = ask_of(rest, rest->token_url, headers);
	struct cbi_http_reply reply;
	const char *token = NULL;
	double life;
	json_t *json;
	int rc;

	ask.method = "POST";
	ask.body = rest->form;
	ask.body_len = strlen(rest->form);
	ask.any_status = true;
	rc = cbi_http_request(ctx, rest->http, &ask, &reply);
	if (rc < 0)
		return rc;
	if (reply.status == 429)
		return cb_fail(ctx, CB_EBUSY, "%s answered 429",
		               rest->token_url);
	if (reply.status != 200)
		return refuse_token(ctx, rest, &reply);
	rc = parse(ctx, &reply, rest->token_url, &json);
	if (rc == CB_OK)
		rc = cbi_rest_text(ctx, json, "access_token", rest->token_url,
		                   &token);
	if (rc < 0)
		return rc;
	life = cb_json_number(json, "expires_in", TOKEN_LIFE_S);
	if (life < 0 || life > 86400)
		life = TOKEN_LIFE_S;
	rest->until_ms =
	    cbi_clock_ms() + (int64_t)(life * 1000) - TOKEN_MARGIN_MS;
	return set_token(ctx, rest, token);
}

/* --- questions --- */

static int request(struct cb_ctx *ctx, struct cbi_rest *rest, const char *url,
                   const char *body, json_t **out)
{
	const char *headers[5] = { "Accept: application/json" };
	struct cbi_http_ask ask = ask_of(rest, url, headers);
	struct cbi_http_reply reply;
	size_t n = 1;
	int rc = CB_OK;

	if (!rest->http)
		return cb_fail(ctx, CB_ENOTSUP, "%.*s cannot be asked here",
		               plain(url), url);
	if (rest->token_url &&
	    (!rest->auth[0] || cbi_clock_ms() >= rest->until_ms))
		rc = fetch_token(ctx, rest);
	if (rc < 0)
		return rc;
	headers[n++] = rest->auth;
	if (rest->header)
		headers[n++] = rest->header;
	if (body) {
		headers[n++] = "Content-Type: application/json";
		ask.method = "POST";
		ask.body = body;
		ask.body_len = strlen(body);
	}
	rc = cbi_http_request(ctx, rest->http, &ask, &reply);
	return rc < 0 ? rc : parse(ctx, &reply, url, out);
}

/* A run that fails because a tool asked to wait would begin anew. */
static int patient(struct cb_ctx *ctx, struct cbi_rest *rest,
                   const struct cbi_supply_run *run, const char *url,
                   const char *body, json_t **out)
{
	int64_t until = cbi_clock_ms() + PATIENCE_MS;
	int rc;

	for (;;) {
		rc = run->alive(run->arg, ctx);
		if (rc == CB_OK)
			rc = request(ctx, rest, url, body, out);
		if (rc != CB_EBUSY || cbi_clock_ms() > until ||
		    cb_time_left(ctx) < 2 * NAP_MS)
			return rc;
		cb_failure_clear(ctx);
		usleep(NAP_MS * 1000);
	}
}

int cbi_rest_ask(struct cb_ctx *ctx, struct cbi_rest *rest,
                 const struct cbi_supply_run *run, const char *url,
                 const json_t *body, json_t **out)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	bool kept = rest->token_url && rest->auth[0];
	int rc;

	if (!url || (body && !text))
		return cb_fail(ctx, CB_ENOMEM, "no memory for a question");
	rc = patient(ctx, rest, run, url, text, out);
	/* It may have been taken back before its time. */
	if (rc == CB_EAUTH && kept) {
		cb_failure_clear(ctx);
		rest->auth[0] = '\0';
		rc = patient(ctx, rest, run, url, text, out);
	}
	/* The next run begins with a new one. */
	if (rc == CB_EAUTH && rest->token_url)
		rest->auth[0] = '\0';
	free(text);
	return rc;
}

/* --- lists --- */

static int one_page(struct cb_ctx *ctx, const struct cbi_rest_list *list,
                    char **at)
{
	const char *next = NULL;
	json_t *rows = NULL, *row;
	int rc = list->page(ctx, list->arg, *at, &rows, &next);
	char *own = NULL;
	size_t i;

	if (rc == CB_OK && !json_is_array(rows))
		rc = cb_fail(ctx, CB_EUPSTREAM, "%.*s: expected a list",
		             plain(*at), *at);
	json_array_foreach(rows, i, row)
	{
		if (rc == CB_OK && !json_is_object(row))
			rc = cb_fail(ctx, CB_EUPSTREAM,
			             "%.*s: expected a list of objects",
			             plain(*at), *at);
		if (rc == CB_OK)
			rc = list->each(ctx, list->arg, row);
	}
	if (rc == CB_OK && next && strcmp(next, *at) == 0)
		rc = cb_fail(ctx, CB_EUPSTREAM, "%.*s: a page leads to itself",
		             plain(*at), *at);
	if (rc == CB_OK && next) {
		own = strdup(next);
		if (!own)
			rc = cb_fail(ctx, CB_ENOMEM, "no memory for a page");
	}
	free(*at);
	*at = own;
	return rc;
}

int cbi_rest_each(struct cb_ctx *ctx, const struct cbi_rest_list *list,
                  const char *first)
{
	char *at = first ? strdup(first) : NULL;
	int rc = at ? CB_OK : cb_fail(ctx, CB_ENOMEM, "no memory for a page");

	while (rc == CB_OK && at) {
		struct cbi_ctx_mark mark;

		cbi_ctx_mark(ctx, &mark);
		rc = one_page(ctx, list, &at);
		cbi_ctx_rewind(ctx, &mark);
	}
	free(at);
	return rc;
}

int cbi_rest_text(struct cb_ctx *ctx, json_t *row, const char *path,
                  const char *what, const char **out)
{
	*out = cb_json_text(row, path, "");
	return **out ? CB_OK
	             : cb_fail(ctx, CB_EUPSTREAM, "%.*s: no %s in an answer",
	                       plain(what), what, path);
}
