/* SPDX-License-Identifier: Apache-2.0 */
/* crashstart - crashes in start when `always` is set. */
#include <signal.h>

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

TINY_TABLES("crashstart", draw);

static int start(struct cb_ctx *ctx, void *state)
{
	const struct tiny *tiny = state;

	(void)ctx;
	if (tiny->always)
		raise(SIGSEGV);
	return CB_OK;
}

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("crashstart"),
	.start = start,
};
