/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls_jwks.c - the keys of an issuer that backend.auth.externalAccess names.
 *
 * Only addresses of the config are asked: a web process that was taken over
 * could otherwise have anything fetched.  What an issuer said last is kept in
 * a file, so that a reload while he is away does not lose it.
 */
#include "server/calls.h"

#include <string.h>

#include <callboard/log.h>

#include "auth/kept.h"
#include "base/limits.h"
#include "config/config.h"
#include "http/http.h"
#include "json/json.h"

#define ROWS "backend.auth.externalAccess"
#define SET_MAX (256 * CB_KIB)
#define KEYS_MAX 100
#define TOTAL_MS 3000
#define ALLOW_MAX 32

static const json_t *find_options(const struct cbi_config *config,
                                  const char *url)
{
	const json_t *rows = cbi_config_get(config, ROWS);

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *options =
		    json_object_get(json_array_get(rows, i), "options");
		const char *one =
		    json_string_value(json_object_get(options, "url"));

		if (one && strcmp(one, url) == 0)
			return options;
	}
	return NULL;
}

static int read_allow(struct cb_ctx *ctx, const json_t *options,
                      const char *allow[ALLOW_MAX + 1])
{
	const json_t *list = json_object_get(options, "allow");
	size_t n = json_array_size(list);

	if (n > ALLOW_MAX)
		return cb_fail(ctx, CB_EINVAL, "more than %d ranges",
		               ALLOW_MAX);
	for (size_t i = 0; i < n; i++) {
		allow[i] = json_string_value(json_array_get(list, i));
		if (!allow[i])
			return cb_fail(ctx, CB_EINVAL,
			               "a range such as private was expected");
	}
	allow[n] = NULL;
	return CB_OK;
}

static int take_set(struct cb_ctx *ctx, const struct cbi_http_reply *reply,
                    json_t **out)
{
	json_t *set, *keys;
	int rc = cb_json_parse(ctx, reply->body, reply->body_len, &set);

	keys = rc == CB_OK ? json_object_get(set, "keys") : NULL;
	if (rc == CB_EINVAL || (rc == CB_OK && !json_is_array(keys)) ||
	    json_array_size(keys) > KEYS_MAX) {
		cb_failure_clear(ctx);
		return cb_fail(ctx, CB_EUPSTREAM,
		               "the issuer's answer is no JWK set");
	}
	if (rc == CB_OK)
		*out = set;
	return rc;
}

/* The set of before, while the issuer says nothing that can be used. */
static int remember(struct cb_ctx *ctx, const char *dir, const char *url,
                    int rc, json_t **out)
{
	const char *why = cb_strdup(ctx, cb_failure(ctx));

	if (rc != CB_EAWAY && rc != CB_ETIME && rc != CB_EUPSTREAM &&
	    rc != CB_EBUSY)
		return rc;
	cb_failure_clear(ctx);
	if (why && cbi_kept_load(ctx, dir, url, out) == CB_OK) {
		cb_log(ctx, CB_LOG_WARN,
		       "%s: %s; the keys that it had are used", url, why);
		return CB_OK;
	}
	cb_failure_clear(ctx);
	return cb_fail(ctx, rc, "%s", why ? why : "");
}

int cbi_call_jwks(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	const struct cbi_calls *calls = arg;
	const char *url = json_string_value(json_object_get(in, "url"));
	const json_t *options = url ? find_options(calls->config, url) : NULL;
	const char *allow[ALLOW_MAX + 1], *hosts[2] = { NULL, NULL };
	struct cbi_http_ask ask = {
		.url = url,
		.body_max = SET_MAX,
		.total_ms = TOTAL_MS,
		.policy = { .hosts = hosts, .allow = allow },
	};
	struct cbi_http_reply reply;
	const char *host, *state;
	int rc;

	if (!options)
		return cb_fail(ctx, CB_EDENIED,
		               "no issuer of the config has this address");
	host = strstr(url, "://");
	host = host ? host + 3 : url;
	hosts[0] = cb_strndup(ctx, host, strcspn(host, "/?#"));
	if (!hosts[0])
		return CB_ENOMEM;
	rc = read_allow(ctx, options, allow);
	if (rc < 0)
		return rc;
	state = cbi_config_settings(calls->config)->state_dir;
	rc = cbi_http_request(ctx, calls->http, &ask, &reply);
	if (rc == CB_OK)
		rc = take_set(ctx, &reply, out);
	if (rc < 0)
		return remember(ctx, state, url, rc, out);
	cbi_kept_save(ctx, state, url, *out);
	return CB_OK;
}
