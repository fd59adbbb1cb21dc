/* SPDX-License-Identifier: Apache-2.0 */
/*
 * external.h - backend.auth.externalAccess: who asks from elsewhere.  Private
 * to auth/.
 */
#ifndef CB_AUTH_EXTERNAL_H
#define CB_AUTH_EXTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/ctx.h"
#include "base/who.h"
#include "crypto/crypto.h"

struct cbi_auth;
struct cbi_config;
struct cbi_jwt;

enum cbi_external_kind {
	CBI_EXTERNAL_STATIC,
	CBI_EXTERNAL_LEGACY,
	CBI_EXTERNAL_JWKS,
};

/* An issuer's keys, as last fetched. */
struct cbi_issuer {
	const char *url;
	pthread_mutex_t lock; /* held by who fetches; guards what follows */
	char *keys;           /* the set as JSON, NULL before the first */
	int64_t fetched_ms, tried_ms; /* cbi_clock_ms(); 0 never */
	bool failed;                  /* the last try */
	_Atomic uint64_t number;      /* raised when the set changed */
};

struct cbi_external {
	enum cbi_external_kind kind;
	unsigned char hash[CB_SHA256_LEN]; /* STATIC: the token is not kept */
	const void *secret;                /* LEGACY */
	size_t secret_len;
	const char *subject; /* STATIC, LEGACY: "external:<subject>" */
	/* JWKS; lists end with NULL, and NULL does not limit. */
	struct cbi_issuer *issuer;
	const char *const *issuers, *const *audiences;
	unsigned algs;
	const char *prefix; /* "external:" or "external:<prefix>:" */
	const struct cbi_who_limit *limits;
	size_t limits_count;
};

/* All rows of the config, in its order; they live in the arena.  CB_EINVAL
 * names file, line and key path of the first that is not understood. */
int cbi_external_read(struct cb_ctx *ctx, const struct cbi_config *config,
                      struct cbi_arena *arena, struct cbi_external **out,
                      size_t *n) CB_USED;
/* What rows hold beside the arena. */
void cbi_external_finish(struct cbi_external *rows, size_t n);

/* --- limits.c --- */

/* Who says what is wrong with a list, and where: key is below its path, as
 * ".0.plugin".  Returns the code. */
struct cbi_limits_say {
	void *arg;
	int (*bad)(void *arg, struct cb_ctx *ctx, const char *key,
	           const char *what);
	bool plugins; /* each row names a plugin, and none twice */
};

/* Reads accessRestrictions, and the scope of a personal token, into the
 * arena.  No list, or one without rows: *n is 0. */
int cbi_limits_read(struct cb_ctx *ctx, const json_t *list,
                    struct cbi_arena *arena, const struct cbi_limits_say *say,
                    const struct cbi_who_limit **out, size_t *n) CB_USED;

/* A text or a list of texts, each of which may hold several between commas
 * and spaces; *out ends with NULL.  CB_EINVAL, not noted, for anything else
 * and for none at all. */
int cbi_arena_words(struct cb_ctx *ctx, struct cbi_arena *arena,
                    const json_t *value, const char *const **out) CB_USED;
/* NULL without memory. */
char *cbi_arena_text(struct cbi_arena *arena, const char *text, size_t len);

/* --- issuer.c --- */

/* The key of this issuer that the token asks for; *out lives with ctx.
 * CB_EAUTH for one it does not have, CB_EAWAY while its keys cannot be had.
 * number is of the set it is from. */
int cbi_issuer_key(struct cb_ctx *ctx, const struct cbi_auth *auth,
                   struct cbi_issuer *issuer, const struct cbi_jwt *jwt,
                   const json_t **out, uint64_t *number) CB_USED;

#endif
