/* SPDX-License-Identifier: Apache-2.0 */
/* failstart - its start fails. */
#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)ctx;
	(void)state;
	(void)entity;
	cb_html_text(html, "all is well");
	return CB_OK;
}

TINY_TABLES("failstart", draw);

static int start(struct cb_ctx *ctx, void *state)
{
	(void)state;
	return cb_fail(ctx, CB_EAWAY, "the engine room is locked");
}

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("failstart"),
	.start = start,
};
