/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web_fill.c - what a web process opens before it serves, and which tables of
 * endpoints its pool answers.
 */
#include "server/web_priv.h"

#include "base/ctx.h"
#include "base/log.h"
#include "config/config.h"
#include "html/addr.h"
#include "web/steps.h"

static int fill(struct cb_ctx *ctx, const struct cbi_start *start,
                struct cbi_web *web)
{
	static const struct cbi_endpoint *const tables[] = {
		cbi_house_endpoints,
	};
	struct cbi_router *router;
	const char *release;
	int rc;

	web->config = start->config;
	web->settings = cbi_config_settings(start->config);
	web->pool = start->pool;
	web->access_log =
	    cbi_log_level(web->settings->log_level) >= CB_LOG_DEBUG;
	if (cbi_addr_release(ctx, web->settings->asset_dir, &release) !=
	    CB_OK) {
		cb_failure_clear(ctx);
		release = "current";
	}
	rc = cbi_addr_set(web->settings->base_path, release);
	if (rc != CB_OK)
		return cb_fail(ctx, rc, "backend.baseUrl: '%s' is no base path",
		               web->settings->base_path);
	rc = cbi_router_create(tables, sizeof(tables) / sizeof(tables[0]),
	                       &router);
	if (rc != CB_OK)
		return cb_fail(ctx, rc, "two endpoints share a path");
	web->router = router;
	return CB_OK;
}

int cbi_web_fill(const struct cbi_start *start, struct cbi_web *web)
{
	struct cbi_lane lane;
	struct cb_ctx ctx;
	int rc;

	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	rc = fill(&ctx, start, web);
	if (rc != CB_OK)
		cb_log(&ctx, CB_LOG_ERROR, "%s", cb_failure(&ctx));
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return rc;
}
