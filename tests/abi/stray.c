/* SPDX-License-Identifier: Apache-2.0 */
/* stray - uses a function of the house's own, of another release. */
#include "tests/abi/abi.h"

int cbi_inner_function(void);

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)ctx;
	(void)state;
	(void)entity;
	(void)html;
	return cbi_inner_function();
}

TINY_TABLES("stray", draw);

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("stray"),
};
