/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web_fill.c - what a web process opens before it serves, and which tables of
 * endpoints its pool answers.
 */
#include "server/web_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "catalog/fresh.h"
#include "html/addr.h"
#include "html/html.h"
#include "json/json.h"
#include "server/rooms.h"
#include "source/call.h"
#include "web/api/api.h"
#include "web/pages/pages.h"
#include "web/steps.h"

#define TABLES_MAX 64
/* How long a request waits for the keys of its token's issuer. */
#define KEYS_MS 4000

static int is_ready(struct cb_ctx *ctx, const struct cbi_web *web)
{
	return cbi_fresh_ready(ctx, web->catalog);
}

static int make_router(struct cb_ctx *ctx, struct cbi_web *web)
{
	const struct cbi_endpoint *tables[TABLES_MAX];
	const struct cbi_endpoint *const *pages;
	struct cbi_router *router;
	size_t n = 0, count;
	int rc;

	tables[n++] = cbi_house_endpoints;
	tables[n++] = cbi_api_plugin_auth;
	if (strcmp(web->pool, "core") == 0) {
		tables[n++] = cbi_api_entities;
		tables[n++] = cbi_api_queries;
		tables[n++] = cbi_api_locations;
		tables[n++] = cbi_api_location_query;
		tables[n++] = cbi_api_judge;
		tables[n++] = cbi_api_unprocessed;
		tables[n++] = cbi_api_permissions;
		tables[n++] = cbi_api_authorize;
		tables[n++] = cbi_api_openapi;
		tables[n++] = cbi_api_search;
		tables[n++] = cbi_api_explain;
		tables[n++] = cbi_api_history;
		tables[n++] = cbi_api_events;
		tables[n++] = cbi_api_auth_token;
		tables[n++] = cbi_api_audit;
		tables[n++] = cbi_api_user_settings;
		tables[n++] = cbi_api_auth_provider;
	} else {
		tables[n++] = cbi_plugin_apis;
	}
	pages = cbi_pages_tables(&count);
	for (size_t i = 0; i < count && n < TABLES_MAX; i++)
		tables[n++] = pages[i];
	rc = cbi_router_create(tables, n, &router);
	if (rc != CB_OK)
		return cb_fail(ctx, rc, "two endpoints share a path");
	web->router = router;
	return CB_OK;
}

/* fetch has the keys of an issuer: a web process opens no connection. */
static int fetch_keys(void *arg, struct cb_ctx *ctx, const char *url,
                      json_t **out)
{
	json_t *in = json_pack("{s:s}", "url", url);
	int rc = cbi_json_keep(ctx, in);

	return rc < 0 ? rc
	              : cbi_source_call(ctx, cbi_config_fetch_pool(arg),
	                                "auth.jwks", in, KEYS_MS, out);
}

static int set_addresses(struct cb_ctx *ctx, const struct cbi_web *web)
{
	const char *release = "current";
	int rc;

	if (cbi_addr_release(ctx, web->settings->asset_dir, &release) != CB_OK)
		cb_failure_clear(ctx);
	rc = cbi_addr_set(web->settings->base_path, release);
	if (rc != CB_OK)
		return cb_fail(ctx, rc, "backend.baseUrl: '%s' is no base path",
		               web->settings->base_path);
	(void)cbi_html_language(web->settings->language); /* config knows it */
	return CB_OK;
}

static int fill(struct cb_ctx *ctx, const struct cbi_start *start,
                struct cbi_web *web)
{
	struct cbi_rooms *rooms = calloc(1, sizeof(*rooms));
	struct cbi_auth_fetch fetch = { .keys = fetch_keys };
	bool core = strcmp(start->pool, "core") == 0;
	int rc;

	if (!rooms)
		return cb_fail(ctx, CB_ENOMEM, "no memory to begin with");
	web->config = start->config;
	web->settings = cbi_config_settings(start->config);
	web->pool = start->pool;
	web->limits = cbi_config_pool(start->config, start->pool);
	web->access_log =
	    cbi_log_level(web->settings->log_level) >= CB_LOG_DEBUG;
	rc = set_addresses(ctx, web);
	if (rc == CB_OK)
		rc =
		    cbi_rooms_open(ctx, start,
		                   core ? CBI_ROOMS_ANSWERS
		                        : CBI_ROOMS_ANSWERS | CBI_ROOMS_PLUGINS,
		                   rooms);
	if (rc != CB_OK)
		return rc;
	fetch.arg = (void *)(uintptr_t)start->config;
	cbi_auth_set_fetch(rooms->auth, &fetch);
	web->auth = rooms->auth;
	web->policy = rooms->policy;
	web->copy = rooms->copy;
	web->cache = rooms->cache;
	cbi_api_sign_cursors(&rooms->catalog, rooms->auth);
	web->catalog = &rooms->catalog;
	web->registry = rooms->registry;
	web->host = rooms->host;
	web->ready = is_ready;
	web->faces = &cbi_page_faces;
	return make_router(ctx, web);
}

int cbi_web_fill(const struct cbi_start *start, struct cbi_web *web)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	cbi_rooms_lane_init(&lane, 0, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	rc = fill(&ctx, start, web);
	if (rc != CB_OK)
		cb_log(NULL, CB_LOG_ERROR, "%s", cb_failure(&ctx));
	cbi_ctx_finish(&ctx);
	cbi_rooms_lane_finish(&lane);
	return rc;
}
