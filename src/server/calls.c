/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.c - see calls.h.
 */
#include "server/calls.h"

#include <string.h>

#include "auth/outside.h"
#include "catalog/entity.h"
#include "catalog/excerpt.h"
#include "catalog/trial.h"
#include "base/limits.h"
#include "config/config.h"
#include "host/host.h"
#include "json/json.h"
#include "provider/provider.h"
#include "scm/git.h"
#include "scm/infer.h"
#include "server/charge.h"
#include "spawn/spawn.h"

int cbi_calls_open(struct cb_ctx *ctx, const struct cbi_config *config,
                   struct cbi_http *http, struct cbi_calls *out)
{
	struct cbi_provider *provider;
	int rc = cbi_provider_create(ctx, config, http, &provider);

	if (rc == CB_OK)
		rc = cbi_ingest_configure(ctx, config, &out->ingest);
	if (rc < 0)
		return rc;
	cbi_provider_feed(provider, &out->ingest.feed);
	out->scm = cbi_provider_scm(provider);
	out->config = config;
	out->http = http;
	return cbi_outside_create(ctx, config, http, &out->outside);
}

static const char *text(const json_t *in, const char *name)
{
	return json_string_value(json_object_get(in, name));
}

/* An array that lives with ctx, also under name in *out. */
static int add_list(struct cb_ctx *ctx, json_t *out, const char *name,
                    json_t **list)
{
	*list = json_array();
	if (!out || !*list || json_object_set_new(out, name, *list))
		return cb_fail(ctx, CB_ENOMEM, "no memory for a reply");
	return CB_OK;
}

static int dry_run(struct cb_ctx *ctx, void *arg, const json_t *in,
                   json_t **out)
{
	const struct cbi_calls *calls = arg;
	const char *type = text(in, "type"), *target = text(in, "target");
	struct cbi_ingest ingest = calls->ingest;
	struct cbi_excerpt excerpt;
	json_t *reply = json_object(), *entities, *errors;
	bool excerpts = json_is_true(json_object_get(in, "excerpts"));
	int rc = cbi_json_keep(ctx, reply);

	if (rc == CB_OK && (!type || !target))
		rc = cb_fail(ctx, CB_EINVAL, "'type' and 'target' are needed");
	if (rc == CB_OK)
		rc = add_list(ctx, reply, "entities", &entities);
	if (rc == CB_OK)
		rc = add_list(ctx, reply, "errors", &errors);
	if (rc == CB_OK && excerpts)
		rc = cbi_excerpt_open(ctx, &calls->ingest.feed, &excerpt,
		                      &ingest.feed);
	if (rc == CB_OK)
		rc = cbi_trial_location(ctx, &ingest, type, target,
		                        text(in, "presence"), entities, errors);
	if (rc == CB_OK && excerpts)
		rc = cbi_excerpt_add(ctx, &excerpt, errors);
	if (rc == CB_OK)
		*out = reply;
	return rc;
}

static int validate(struct cb_ctx *ctx, void *arg, const json_t *in,
                    json_t **out)
{
	const struct cbi_calls *calls = arg;
	const char *location = text(in, "location");
	json_t *entity = json_object_get(in, "entity");
	json_t *reply = json_object(), *errors;
	int rc = cbi_json_keep(ctx, reply);

	if (rc == CB_OK && (!location || !json_is_object(entity)))
		rc = cb_fail(ctx, CB_EINVAL,
		             "'location' and 'entity' are needed");
	if (rc == CB_OK)
		rc = add_list(ctx, reply, "errors", &errors);
	if (rc == CB_OK)
		rc = cbi_trial_entity(ctx, &calls->ingest, location, entity,
		                      errors);
	if (rc == CB_OK)
		*out = reply;
	return rc;
}

/* What a catalog file would bring in; one that cannot be read shows none. */
static int add_file(struct cb_ctx *ctx, const struct cbi_calls *calls,
                    const char *target, json_t *files)
{
	json_t *row = json_object(), *entities, *errors;
	int rc = add_list(ctx, row, "entities", &entities);

	if (rc == CB_OK)
		rc = add_list(ctx, row, "errors", &errors);
	if (rc == CB_OK &&
	    (json_object_set_new(row, "target", json_string(target)) ||
	     json_array_append(files, row)))
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for a reply");
	if (rc == CB_OK &&
	    cbi_trial_location(ctx, &calls->ingest, "url", target, NULL,
	                       entities, errors) < 0) {
		cb_failure_clear(ctx);
		json_array_clear(entities);
	}
	json_decref(row);
	return rc;
}

/* What a repository holds or seems to be: {known: false} of an address that
 * no integration has. */
static int analyze(struct cb_ctx *ctx, void *arg, const json_t *in,
                   json_t **out)
{
	const struct cbi_calls *calls = arg;
	const char *target = text(in, "target");
	json_t *found = NULL, *files = NULL, *url, *reply = json_object();
	size_t i;
	int rc = cbi_json_keep(ctx, reply);

	if (rc == CB_OK && !target)
		rc = cb_fail(ctx, CB_EINVAL, "'target' is needed");
	if (rc < 0)
		return rc;
	*out = reply;
	if (!cbi_scm_knows(calls->scm, target) || cbi_scm_is_git(target))
		return CB_OK;
	rc =
	    cbi_scm_infer(ctx, calls->scm, target, text(in, "catalog"), &found);
	if (rc == CB_EINVAL) {
		cb_failure_clear(ctx);
		return CB_OK;
	}
	if (rc == CB_OK)
		rc = add_list(ctx, reply, "files", &files);
	json_array_foreach(json_object_get(found, "files"), i, url)
	{
		if (rc == CB_OK)
			rc =
			    add_file(ctx, calls, json_string_value(url), files);
	}
	if (rc == CB_OK &&
	    (json_object_set(reply, "proposals",
	                     json_object_get(found, "proposals")) ||
	     json_object_set(reply, "url", json_object_get(found, "url")) ||
	     json_object_set_new(reply, "known", json_true())))
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for a reply");
	return rc;
}

/* What `dot` may use up; a page's graph takes 20 ms and 30 MB. */
#define DOT_MS 3000
#define DOT_MEMORY (512 * CB_MIB)

static int layout(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	static const char *const argv[] = { "dot", "-Tplain", NULL };
	const char *dot = text(in, "dot");
	struct cbi_spawn_ask ask = { .argv = argv,
		                     .in = dot,
		                     .in_len = dot ? strlen(dot) : 0,
		                     .out_max = CB_MIB,
		                     .total_ms = DOT_MS,
		                     .memory_max = DOT_MEMORY,
		                     .file_max = 1 };
	struct cbi_spawn_reply reply;
	int rc;

	(void)arg;
	if (!dot)
		return cb_fail(ctx, CB_EINVAL, "'dot' is needed");
	rc = cbi_spawn_run(ctx, &ask, &reply);
	if (rc == CB_OK && reply.code != 0)
		rc = cb_fail(ctx, CB_EINVAL, "dot exits with %d: %.200s",
		             reply.code, reply.err);
	if (rc < 0)
		return rc;
	*out = json_pack("{s:s}", "plain", reply.out);
	return cbi_json_keep(ctx, *out);
}

/* ---- Identity providers --------------------------------------------------
 */

static int look(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	const struct cbi_calls *calls = arg;

	return cbi_outside_look(ctx, calls->outside, in, out);
}

static int redeem(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	const struct cbi_calls *calls = arg;

	return cbi_outside_redeem(ctx, calls->outside, in, out);
}

static int refresh(struct cb_ctx *ctx, void *arg, const json_t *in,
                   json_t **out)
{
	const struct cbi_calls *calls = arg;

	return cbi_outside_refresh(ctx, calls->outside, in, out);
}

static int bind_as(struct cb_ctx *ctx, void *arg, const json_t *in,
                   json_t **out)
{
	const struct cbi_calls *calls = arg;

	return cbi_outside_bind(ctx, calls->outside, in, out);
}

static int assert_who(struct cb_ctx *ctx, void *arg, const json_t *in,
                      json_t **out)
{
	const struct cbi_calls *calls = arg;

	return cbi_outside_assert(ctx, calls->outside, in, out);
}

/* ---- Plugins --------------------------------------------------------------
 */

static int page(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	const struct cbi_calls *calls = arg;

	return cbi_host_foreign_page(ctx, calls->host, in, out);
}

static int act(struct cb_ctx *ctx, void *arg, const json_t *in, json_t **out)
{
	const struct cbi_calls *calls = arg;
	const char *plugin = text(in, "plugin"), *action = text(in, "action");
	const char *body = text(in, "entity");
	const struct cb_entity *entity = NULL;
	int rc = CB_OK;

	if (!plugin || !action || !calls->host)
		return cb_fail(ctx, CB_EINVAL,
		               "'plugin' and 'action' are needed");
	cbi_charge_thread(ctx->lane->slot);
	if (body)
		rc = cbi_entity_create(ctx, body, strlen(body), &entity);
	if (rc == CB_OK)
		rc = cbi_host_act(ctx, calls->host, plugin, action, entity);
	if (rc < 0)
		return rc;
	*out = json_object();
	return cbi_json_keep(ctx, *out);
}

const struct cbi_call_row cbi_calls_table[] = {
	{ "auth.assert", assert_who },
	{ "auth.bind", bind_as },
	{ "auth.jwks", cbi_call_jwks },
	{ "auth.look", look },
	{ "auth.redeem", redeem },
	{ "auth.refresh", refresh },
	{ "catalog.analyze", analyze },
	{ "catalog.dry-run", dry_run },
	{ "catalog.validate", validate },
	{ "foreign.page", page },
	{ "graph.layout", layout },
	{ "plugin.act", act },
	{ NULL, NULL },
};
