/* SPDX-License-Identifier: Apache-2.0 */
/* plain - behaves. */
#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)ctx;
	(void)state;
	cb_html_text(html, entity ? cb_entity_ref(entity) : "nobody");
	return CB_OK;
}

TINY_TABLES("plain", draw);

static int page(struct cb_ctx *ctx, void *state, struct cb_req *req,
                struct cb_html *html)
{
	(void)state;
	(void)req;
	(void)ctx;
	cb_html_text(html, "a plain page");
	return CB_OK;
}

static const struct cb_route routes[] = {
	{
	    .path = "",
	    .title = "Plain",
	    .methods = "GET",
	    .needs = "plain.read",
	    .nav = "Plain",
	    .handle = page,
	},
	CB_END,
};

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("plain"),
	.routes = routes,
};
