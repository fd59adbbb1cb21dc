/* SPDX-License-Identifier: Apache-2.0 */
/*
 * external.c - the rows of backend.auth.externalAccess and backend.auth.keys,
 * and whether a token is one of theirs.
 */
#include "auth/auth_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "config/config.h"
#include "jose/jose.h"

#define ROWS "backend.auth.externalAccess"
#define OLD_ROWS "backend.auth.keys"
#define TOKEN_MIN 8
#define TOKEN_MAX 4096
#define SUBJECT_MAX 200
#define SECRET_MAX 512

/* Where a row stands, for what is said of it. */
struct place {
	const struct cbi_config *config;
	const char *base; /* "backend.auth.externalAccess.2" */
};

static int bad(struct cb_ctx *ctx, const struct place *place, const char *key,
               const char *what)
{
	char path[256];
	struct cbi_config_pos at;

	snprintf(path, sizeof(path), "%s%s", place->base, key);
	at = cbi_config_where(place->config, path);
	return cb_fail(ctx, CB_EINVAL, "%s:%d:%d: %s: %s", at.file, at.line,
	               at.column, path, what);
}

static int bad_limit(void *arg, struct cb_ctx *ctx, const char *key,
                     const char *what)
{
	const struct place *place = arg;
	char path[128];

	snprintf(path, sizeof(path), ".accessRestrictions%s", key);
	return bad(ctx, place, path, what);
}

/* No other keys than these, between spaces. */
static int check_keys(struct cb_ctx *ctx, const struct place *place,
                      const char *below, const json_t *object,
                      const char *known)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		char word[64], key[128], what[256];

		snprintf(word, sizeof(word), " %.50s ", name);
		if (strstr(known, word))
			continue;
		snprintf(key, sizeof(key), "%s.%.50s", below, name);
		snprintf(what, sizeof(what), "not known: expected one of%s",
		         known);
		return bad(ctx, place, key, what);
	}
	return CB_OK;
}

static int read_subject(struct cb_ctx *ctx, const struct place *place,
                        struct cbi_arena *arena, const json_t *options,
                        const char **out)
{
	const char *subject =
	    json_string_value(json_object_get(options, "subject"));
	char name[SUBJECT_MAX + 16];

	if (!subject || !*subject || strlen(subject) > SUBJECT_MAX ||
	    strpbrk(subject, " \t\r\n"))
		return bad(ctx, place, ".options.subject",
		           "expected a name without spaces");
	snprintf(name, sizeof(name), "external:%s", subject);
	*out = cbi_arena_text(arena, name, strlen(name));
	return *out ? CB_OK : cb_fail(ctx, CB_ENOMEM, "no memory for tokens");
}

static int read_static(struct cb_ctx *ctx, const struct place *place,
                       struct cbi_arena *arena, const json_t *options,
                       struct cbi_external *out)
{
	const char *token =
	    json_string_value(json_object_get(options, "token"));
	int rc = check_keys(ctx, place, ".options", options, " token subject ");

	if (rc < 0)
		return rc;
	if (!token || strlen(token) < TOKEN_MIN || strlen(token) > TOKEN_MAX ||
	    strpbrk(token, " \t\r\n"))
		return bad(ctx, place, ".options.token",
		           "expected at least 8 characters without spaces");
	cbi_crypto_sha256(token, strlen(token), out->hash);
	return read_subject(ctx, place, arena, options, &out->subject);
}

static int read_secret(struct cb_ctx *ctx, const struct place *place,
                       const char *key, struct cbi_arena *arena,
                       const json_t *options, struct cbi_external *out)
{
	const char *text =
	    json_string_value(json_object_get(options, "secret"));
	size_t len = text ? strlen(text) : 0;
	unsigned char *bytes;

	if (len == 0 || len > SECRET_MAX)
		return bad(ctx, place, key, "expected a secret in base64");
	bytes = cbi_arena_alloc(arena, len / 4 * 3 + 4);
	if (!bytes)
		return cb_fail(ctx, CB_ENOMEM, "no memory for tokens");
	if (!cbi_crypto_unbase64(CBI_BASE64_STD, text, len, bytes,
	                         &out->secret_len) ||
	    out->secret_len == 0)
		return bad(ctx, place, key, "expected a secret in base64");
	out->secret = bytes;
	return CB_OK;
}

static int read_legacy(struct cb_ctx *ctx, const struct place *place,
                       struct cbi_arena *arena, const json_t *options,
                       struct cbi_external *out)
{
	int rc =
	    check_keys(ctx, place, ".options", options, " secret subject ");

	if (rc == CB_OK)
		rc = read_secret(ctx, place, ".options.secret", arena, options,
		                 out);
	return rc < 0 ? rc
	              : read_subject(ctx, place, arena, options, &out->subject);
}

/* An optional text or list of texts below options. */
static int read_words(struct cb_ctx *ctx, const struct place *place,
                      struct cbi_arena *arena, const json_t *options,
                      const char *name, const char *const **out)
{
	const json_t *value = json_object_get(options, name);
	char key[64];
	int rc;

	if (!value)
		return CB_OK;
	rc = cbi_arena_words(ctx, arena, value, out);
	snprintf(key, sizeof(key), ".options.%s", name);
	return rc == CB_EINVAL
	           ? bad(ctx, place, key, "expected a text or a list of texts")
	           : rc;
}

static int read_algs(struct cb_ctx *ctx, const struct place *place,
                     struct cbi_arena *arena, const json_t *options,
                     unsigned *out)
{
	const char *const *names = NULL;
	int rc = read_words(ctx, place, arena, options, "algorithm", &names);

	*out = names ? 0 : CBI_JOSE_PUBLIC;
	for (; rc == CB_OK && names && *names; names++) {
		unsigned alg = cbi_jose_alg(*names) & CBI_JOSE_PUBLIC;

		if (!alg)
			return bad(ctx, place, ".options.algorithm",
			           "expected RS256, RS384, RS512, PS256, "
			           "PS384, PS512, ES256, ES384 or ES512");
		*out |= alg;
	}
	return rc;
}

static int read_issuer(struct cb_ctx *ctx, const struct place *place,
                       struct cbi_arena *arena, const json_t *options,
                       struct cbi_external *out)
{
	const char *url = json_string_value(json_object_get(options, "url"));

	if (!url || strlen(url) > CB_URL_MAX ||
	    !(cbi_str_starts(url, "https://") ||
	      cbi_str_starts(url, "http://")) ||
	    strpbrk(url, " \t\r\n"))
		return bad(ctx, place, ".options.url",
		           "expected the address of a JWK set");
	out->issuer = cbi_arena_alloc(arena, sizeof(*out->issuer));
	if (!out->issuer)
		return cb_fail(ctx, CB_ENOMEM, "no memory for tokens");
	pthread_mutex_init(&out->issuer->lock, NULL);
	out->issuer->url = cbi_arena_text(arena, url, strlen(url));
	return out->issuer->url
	           ? CB_OK
	           : cb_fail(ctx, CB_ENOMEM, "no memory for tokens");
}

static int read_jwks(struct cb_ctx *ctx, const struct place *place,
                     struct cbi_arena *arena, const json_t *options,
                     struct cbi_external *out)
{
	const json_t *prefix = json_object_get(options, "subjectPrefix");
	const char *text = json_string_value(prefix);
	char name[SUBJECT_MAX + 16];
	int rc = check_keys(ctx, place, ".options", options,
	                    " url issuer algorithm audience subjectPrefix "
	                    "allow ");

	if (rc == CB_OK)
		rc = read_issuer(ctx, place, arena, options, out);
	if (rc == CB_OK)
		rc = read_words(ctx, place, arena, options, "issuer",
		                &out->issuers);
	if (rc == CB_OK)
		rc = read_words(ctx, place, arena, options, "audience",
		                &out->audiences);
	if (rc == CB_OK)
		rc = read_algs(ctx, place, arena, options, &out->algs);
	if (rc < 0)
		return rc;
	if (prefix && (!text || !*text || strlen(text) > SUBJECT_MAX ||
	               strpbrk(text, " \t\r\n:")))
		return bad(ctx, place, ".options.subjectPrefix",
		           "expected a name without spaces and colons");
	snprintf(name, sizeof(name), "external:%s%s", text ? text : "",
	         text ? ":" : "");
	out->prefix = cbi_arena_text(arena, name, strlen(name));
	return out->prefix ? CB_OK
	                   : cb_fail(ctx, CB_ENOMEM, "no memory for tokens");
}

static int read_row(struct cb_ctx *ctx, const struct place *place,
                    struct cbi_arena *arena, const json_t *row,
                    struct cbi_external *out)
{
	static const struct {
		const char *type;
		enum cbi_external_kind kind;
		int (*read)(struct cb_ctx *ctx, const struct place *place,
		            struct cbi_arena *arena, const json_t *options,
		            struct cbi_external *out);
	} kinds[] = {
		{ "static", CBI_EXTERNAL_STATIC, read_static },
		{ "legacy", CBI_EXTERNAL_LEGACY, read_legacy },
		{ "jwks", CBI_EXTERNAL_JWKS, read_jwks },
	};
	const char *type = json_string_value(json_object_get(row, "type"));
	struct cbi_limits_say say = { (void *)(uintptr_t)place, bad_limit,
		                      true };
	int rc = check_keys(ctx, place, "", row,
	                    " type options accessRestrictions ");
	size_t i = 0;

	while (i < 3 && (!type || strcmp(kinds[i].type, type) != 0))
		i++;
	if (rc == CB_OK && i == 3)
		return bad(ctx, place, ".type",
		           "expected static, legacy or jwks");
	if (rc < 0)
		return rc;
	out->kind = kinds[i].kind;
	rc = kinds[i].read(ctx, place, arena, json_object_get(row, "options"),
	                   out);
	return rc < 0 ? rc
	              : cbi_limits_read(
			    ctx, json_object_get(row, "accessRestrictions"),
			    arena, &say, &out->limits, &out->limits_count);
}

/* The form of before: {secret}. */
static int read_old(struct cb_ctx *ctx, const struct place *place,
                    struct cbi_arena *arena, const json_t *row,
                    struct cbi_external *out)
{
	int rc = check_keys(ctx, place, "", row, " secret ");

	out->kind = CBI_EXTERNAL_LEGACY;
	out->subject = "external:backstage-plugin";
	return rc < 0 ? rc
	              : read_secret(ctx, place, ".secret", arena, row, out);
}

int cbi_external_read(struct cb_ctx *ctx, const struct cbi_config *config,
                      struct cbi_arena *arena, struct cbi_external **out,
                      size_t *n)
{
	const json_t *rows = cbi_config_get(config, ROWS);
	const json_t *old = cbi_config_get(config, OLD_ROWS);
	size_t many = json_array_size(rows), all = many + json_array_size(old);
	struct cbi_external *list =
	    cbi_arena_alloc(arena, (all + 1) * sizeof(*list));
	int rc = CB_OK;

	if (!list)
		return cb_fail(ctx, CB_ENOMEM, "no memory for tokens");
	*out = list;
	for (*n = 0; *n < all && rc == CB_OK; (*n)++) {
		bool first = *n < many;
		char base[64];
		struct place place = { config, base };
		size_t at = first ? *n : *n - many;

		snprintf(base, sizeof(base), "%s.%zu", first ? ROWS : OLD_ROWS,
		         at);
		rc = first ? read_row(ctx, &place, arena,
		                      json_array_get(rows, at), &list[*n])
		           : read_old(ctx, &place, arena,
		                      json_array_get(old, at), &list[*n]);
	}
	return rc;
}

void cbi_external_finish(struct cbi_external *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].secret)
			explicit_bzero((void *)(uintptr_t)rows[i].secret,
			               rows[i].secret_len);
		if (!rows[i].issuer)
			continue;
		free(rows[i].issuer->keys);
		pthread_mutex_destroy(&rows[i].issuer->lock);
	}
}
