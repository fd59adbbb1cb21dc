/* SPDX-License-Identifier: Apache-2.0 */
/* misnamed - calls itself otherwise than its file. */
#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)state;
	(void)entity;
	(void)html;
	return cb_fail(ctx, CB_EBUG, "nobody may call this");
}

TINY_TABLES("another", draw);

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("another"),
};
