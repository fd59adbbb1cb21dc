/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.c - tokens, and who sends a request: see auth.h.
 */
#include "auth/auth_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/idp.h"
#include "base/limits.h"
#include "base/str.h"
#include "config/config.h"
#include "copy/copy.h"

/* What the config says of tokens. */
#define ARENA_MAX (4 * CB_MIB)
#define GUEST_PATH "auth.providers.guest"
#define GUEST_REF "user:development/guest"

static int read_guest(struct cb_ctx *ctx, const struct cbi_config *config,
                      struct cbi_auth *auth)
{
	const json_t *owns =
	    cbi_config_get(config, GUEST_PATH ".ownershipEntityRefs");
	const char *ref =
	    cbi_config_text(config, GUEST_PATH ".userEntityRef", GUEST_REF);
	size_t n = json_array_size(owns);
	const char **list =
	    cbi_arena_alloc(&auth->arena, (n + 1) * sizeof(*list));

	auth->guest_tokens =
	    auth->guest ||
	    cbi_config_bool(config,
	                    GUEST_PATH ".dangerouslyAllowOutsideDevelopment",
	                    false);
	auth->guest_ref = cbi_arena_text(&auth->arena, ref, strlen(ref));
	if (!list || !auth->guest_ref)
		return cb_fail(ctx, CB_ENOMEM, "no memory for tokens");
	for (size_t i = 0; i < n; i++) {
		const char *one = json_string_value(json_array_get(owns, i));

		list[i] =
		    one ? cbi_arena_text(&auth->arena, one, strlen(one)) : NULL;
		if (!list[i])
			return cb_fail(ctx, CB_EINVAL,
			               GUEST_PATH ".ownershipEntityRefs: "
			                          "expected a list of refs");
	}
	auth->guest_owns = list;
	auth->guest_owns_count = n;
	return CB_OK;
}

static int read_config(struct cb_ctx *ctx, const struct cbi_config *config,
                       struct cbi_auth *auth)
{
	const struct cbi_settings *s = cbi_config_settings(config);
	const char *issuer = cb_printf(ctx, "%s/api/auth", s->base_url);
	int rc;

	auth->guest = s->guest;
	auth->https = cbi_str_starts(s->base_url, "https://");
	auth->omit_owns = s->omit_owns;
	auth->token_ms = s->token_ms;
	auth->memory = cbi_memory_create();
	if (issuer)
		auth->issuer =
		    cbi_arena_text(&auth->arena, issuer, strlen(issuer));
	if (!auth->memory || !auth->issuer)
		return cb_fail(ctx, CB_ENOMEM, "no memory for tokens");
	rc = read_guest(ctx, config, auth);
	return rc < 0
	           ? rc
	           : cbi_external_read(ctx, config, &auth->arena,
	                               &auth->external, &auth->external_count);
}

int cbi_auth_create(struct cb_ctx *ctx, const struct cbi_config *config,
                    struct cbi_copy *copy, int table, struct cbi_auth **out)
{
	struct cbi_auth *auth = calloc(1, sizeof(*auth));
	int rc;

	if (!auth)
		return cb_fail(ctx, CB_ENOMEM, "no memory for tokens");
	cbi_arena_init(&auth->arena, ARENA_MAX);
	auth->copy = copy;
	auth->table = table;
	auth->token_keys = auth->personal = auth->revocations = -1;
	if (copy) {
		auth->token_keys =
		    cbi_copy_table(copy, CB_AUTH_TOKEN_KEY_TABLE);
		auth->personal = cbi_copy_table(copy, CB_AUTH_PERSONAL_TABLE);
		auth->revocations = cbi_copy_table(copy, CB_AUTH_REVOKED_TABLE);
	}
	rc = read_config(ctx, config, auth);
	if (rc == CB_OK)
		rc = cbi_auth_read_sign_in(ctx, config, auth);
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
	cbi_external_finish(auth->external, auth->external_count);
	cbi_memory_destroy(auth->memory);
	cbi_idps_destroy(auth->idps);
	cbi_arena_finish(&auth->arena);
	free(auth);
}

void cbi_auth_set_fetch(struct cbi_auth *auth,
                        const struct cbi_auth_fetch *fetch)
{
	auth->fetch = *fetch;
}

const struct cbi_idps *cbi_auth_idps(const struct cbi_auth *auth)
{
	return auth->idps;
}

const char *cbi_auth_issuer(const struct cbi_auth *auth)
{
	return auth->issuer;
}

int cbi_auth_guest_user(struct cb_ctx *ctx, const struct cbi_auth *auth,
                        struct cbi_who *out)
{
	if (!auth->guest_tokens)
		return cb_fail(ctx, CB_EDENIED,
		               "the guest provider is not allowed here");
	*out = (struct cbi_who){
		.kind = CBI_WHO_GUEST,
		.subject = auth->guest_ref,
		.owns = auth->guest_owns,
		.owns_count = auth->guest_owns_count,
	};
	return CB_OK;
}

const char *cbi_auth_cookie_name(const struct cbi_auth *auth)
{
	return auth->https ? "__Host-callboard" : "callboard";
}

const char *cbi_auth_bearer(const char *authorization)
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

int cbi_auth_who(struct cb_ctx *ctx, struct cbi_auth *auth,
                 const char *authorization, const char *cookie,
                 struct cbi_who *out)
{
	const char *token =
	    authorization ? cbi_auth_bearer(authorization) : NULL;

	*out = (struct cbi_who){ .subject = "" };
	if (token)
		return cbi_auth_bearer_who(ctx, auth, token, out);
	/* Basic and others are a server-level matter of nginx, not ours: they
	 * say nobody's name here, and do not keep a session out. */
	if (cookie && *cookie)
		return cbi_auth_session(ctx, auth, cookie, out);
	return CB_OK;
}
