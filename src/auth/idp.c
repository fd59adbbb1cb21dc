/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idp.c - the table of identity providers: see idp.h.
 */
#include "auth/idp.h"

#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "config/config.h"

#define PROVIDERS "auth.providers"
#define ID_MAX 32
#define IDPS_MAX 64
#define ARENA_MAX (1 * CB_MIB)

struct cbi_idps {
	struct cbi_lane lane;
	struct cb_ctx ctx; /* holds the texts */
	const char *environment;
	struct cbi_idp rows[IDPS_MAX];
	size_t count;
};

static bool is_id(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len <= ID_MAX &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                  "0123456789_-") == len;
}

static int add(struct cb_ctx *ctx, struct cbi_idps *idps,
               const struct cbi_config *config, const char *id, const char *env,
               const json_t *json)
{
	const char *path =
	    cb_printf(ctx, PROVIDERS ".%s%s%s", id, *env ? "." : "", env);
	struct cbi_idp *idp = &idps->rows[idps->count];
	int rc;

	if (!path)
		return CB_ENOMEM;
	if (!is_id(id) || idps->count == IDPS_MAX)
		return cbi_idp_bad(ctx, config, path, "",
		                   "expected at most 64 providers, whose ids "
		                   "have up to 32 letters, digits, - and _");
	idp->id = cb_strdup(&idps->ctx, id);
	idp->env = cb_strdup(&idps->ctx, env);
	if (!idp->id || !idp->env)
		return cb_fail(ctx, CB_ENOMEM, "no memory for providers");
	rc = cbi_idp_read(ctx, &idps->ctx, config, json, path, idp);
	/* What a section that was left out has is used again. */
	if (rc == CB_OK && idp->kind)
		idps->count++;
	else
		cbi_idp_rules_free(idp);
	return rc;
}

/* Environments are objects, settings mostly are not. */
static bool has_environments(const json_t *json)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)json, key, value)
	{
		if (!json_is_object(value) || strcmp(key, "signIn") == 0)
			return false;
	}
	return json_object_size(json) > 0;
}

int cbi_idps_create(struct cb_ctx *ctx, const struct cbi_config *config,
                    struct cbi_idps **out)
{
	struct cbi_idps *idps = calloc(1, sizeof(*idps));
	const char *id, *env;
	json_t *json, *section;
	int rc = CB_OK;

	if (!idps)
		return cb_fail(ctx, CB_ENOMEM, "no memory for providers");
	cbi_lane_init(&idps->lane, ARENA_MAX);
	cbi_ctx_init(&idps->ctx, &idps->lane);
	idps->environment =
	    cb_strdup(&idps->ctx, cbi_config_text(config, "auth.environment",
	                                          "development"));
	json_object_foreach(cbi_config_get(config, PROVIDERS), id, json)
	{
		if (rc < 0 || !json_is_object(json) || strcmp(id, "guest") == 0)
			continue;
		if (!has_environments(json)) {
			rc = add(ctx, idps, config, id, "", json);
			continue;
		}
		json_object_foreach(json, env, section)
		{
			if (rc == CB_OK)
				rc = add(ctx, idps, config, id, env, section);
		}
	}
	if (rc == CB_OK && !idps->environment)
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for providers");
	if (rc < 0) {
		cbi_idps_destroy(idps);
		return rc;
	}
	*out = idps;
	return CB_OK;
}

void cbi_idps_destroy(struct cbi_idps *idps)
{
	if (!idps)
		return;
	for (size_t i = 0; i < idps->count; i++)
		cbi_idp_rules_free(&idps->rows[i]);
	cbi_ctx_finish(&idps->ctx);
	cbi_lane_finish(&idps->lane);
	free(idps);
}

size_t cbi_idps_all(const struct cbi_idps *idps, const struct cbi_idp **out)
{
	*out = idps->rows;
	return idps->count;
}

static bool is_here(const struct cbi_idps *idps, const struct cbi_idp *idp)
{
	return !*idp->env || strcmp(idp->env, idps->environment) == 0;
}

const struct cbi_idp *cbi_idps_find(const struct cbi_idps *idps, const char *id,
                                    const char *env)
{
	for (size_t i = 0; id && i < idps->count; i++) {
		const struct cbi_idp *idp = &idps->rows[i];

		if (strcmp(idp->id, id) != 0)
			continue;
		if (env ? !*idp->env || strcmp(idp->env, env) == 0
		        : is_here(idps, idp))
			return idp;
	}
	return NULL;
}

bool cbi_idps_has(const struct cbi_idps *idps, const char *id)
{
	for (size_t i = 0; id && i < idps->count; i++)
		if (strcmp(idps->rows[i].id, id) == 0)
			return true;
	return false;
}

bool cbi_idp_before_us(const struct cbi_idp *idp)
{
	return idp->kind == CBI_IDP_HEADER || idp->kind == CBI_IDP_SIGNED;
}

bool cbi_idps_offers(const struct cbi_idps *idps, const struct cbi_idp *idp)
{
	return idp->rule_count > 0 && is_here(idps, idp);
}
