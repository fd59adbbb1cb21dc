/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.c - tokens, and who sends a request: see auth.h.
 */
#include "auth/auth_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "config/config.h"

#define ROWS "backend.auth.externalAccess"
#define TOKEN_MIN 8
#define TOKEN_MAX 4096
#define SUBJECT_MAX 200

static int bad(struct cb_ctx *ctx, const struct cbi_config *config, size_t row,
               const char *key, const char *what)
{
	char path[128];
	struct cbi_config_pos at;

	snprintf(path, sizeof(path), ROWS ".%zu%s", row, key);
	at = cbi_config_where(config, path);
	return cb_fail(ctx, CB_EINVAL, "%s:%d:%d: %s: %s", at.file, at.line,
	               at.column, path, what);
}

static int read_token(struct cb_ctx *ctx, const struct cbi_config *config,
                      size_t row, const json_t *value,
                      struct cbi_auth_token *out)
{
	const json_t *options = json_object_get(value, "options");
	const char *type = json_string_value(json_object_get(value, "type"));
	const char *token =
	    json_string_value(json_object_get(options, "token"));
	const char *subject =
	    json_string_value(json_object_get(options, "subject"));
	char name[SUBJECT_MAX + 16];

	if (!type || strcmp(type, "static") != 0)
		return bad(ctx, config, row, ".type",
		           "expected static, the only type served yet");
	if (json_object_get(value, "accessRestrictions"))
		return bad(ctx, config, row, ".accessRestrictions",
		           "not served yet, and not ignored either");
	if (!token || strlen(token) < TOKEN_MIN || strlen(token) > TOKEN_MAX ||
	    strpbrk(token, " \t\r\n"))
		return bad(ctx, config, row, ".options.token",
		           "expected at least 8 characters without spaces");
	if (!subject || !*subject || strlen(subject) > SUBJECT_MAX ||
	    strpbrk(subject, " \t\r\n"))
		return bad(ctx, config, row, ".options.subject",
		           "expected a name without spaces");
	cbi_crypto_sha256(token, strlen(token), out->hash);
	snprintf(name, sizeof(name), "external:%s", subject);
	out->subject = strdup(name);
	return out->subject ? CB_OK
	                    : cb_fail(ctx, CB_ENOMEM, "no memory for tokens");
}

int cbi_auth_create(struct cb_ctx *ctx, const struct cbi_config *config,
                    struct cbi_copy *copy, int table, struct cbi_auth **out)
{
	const struct cbi_settings *s = cbi_config_settings(config);
	const json_t *rows = cbi_config_get(config, ROWS);
	size_t n = json_array_size(rows);
	struct cbi_auth *auth = calloc(1, sizeof(*auth));
	int rc = CB_OK;

	if (auth)
		auth->tokens = calloc(n + 1, sizeof(*auth->tokens));
	if (!auth || !auth->tokens) {
		free(auth);
		return cb_fail(ctx, CB_ENOMEM, "no memory for tokens");
	}
	auth->copy = copy;
	auth->table = table;
	auth->guest = s->guest;
	auth->https = cbi_str_starts(s->base_url, "https://");
	for (; auth->count < n && rc == CB_OK; auth->count++)
		rc = read_token(ctx, config, auth->count,
		                json_array_get(rows, auth->count),
		                &auth->tokens[auth->count]);
	if (rc < 0) {
		cbi_auth_destroy(auth);
		return rc;
	}
	*out = auth;
	return CB_OK;
}

void cbi_auth_destroy(struct cbi_auth *auth)
{
	if (!auth)
		return;
	for (size_t i = 0; i < auth->count; i++)
		free((char *)auth->tokens[i].subject);
	free(auth->tokens);
	free(auth);
}

const char *cbi_auth_cookie_name(const struct cbi_auth *auth)
{
	return auth->https ? "__Host-callboard" : "callboard";
}

/* The token behind "Bearer", NULL for another scheme. */
static const char *bearer(const char *authorization)
{
	while (*authorization == ' ')
		authorization++;
	if (strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	authorization += 7;
	while (*authorization == ' ')
		authorization++;
	return *authorization ? authorization : NULL;
}

static int by_token(struct cb_ctx *ctx, const struct cbi_auth *auth,
                    const char *token, struct cbi_who *out)
{
	unsigned char hash[CB_SHA256_LEN];
	const struct cbi_auth_token *found = NULL;
	size_t len = strlen(token);

	if (len > TOKEN_MAX)
		return cb_fail(ctx, CB_EAUTH, "the token is too long");
	cbi_crypto_sha256(token, len, hash);
	/* Hashes: where they differ tells nothing of the token. */
	for (size_t i = 0; i < auth->count; i++)
		if (memcmp(hash, auth->tokens[i].hash, sizeof(hash)) == 0)
			found = &auth->tokens[i];
	if (!found)
		return cb_fail(ctx, CB_EAUTH, "nobody here knows this token");
	out->kind = CBI_WHO_SERVICE;
	out->subject = found->subject;
	return CB_OK;
}

int cbi_auth_who(struct cb_ctx *ctx, struct cbi_auth *auth,
                 const char *authorization, const char *cookie,
                 struct cbi_who *out)
{
	const char *token = authorization ? bearer(authorization) : NULL;

	out->kind = CBI_WHO_NOBODY;
	out->subject = "";
	out->session = NULL;
	if (token)
		return by_token(ctx, auth, token, out);
	/* Basic and others are a server-level matter of nginx, not ours: they
	 * say nobody's name here, and do not keep a session out. */
	if (cookie && *cookie)
		return cbi_auth_session(ctx, auth, cookie, out);
	return CB_OK;
}
