/* SPDX-License-Identifier: Apache-2.0 */
/* major - built for another major version. */
#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)state;
	(void)entity;
	(void)html;
	return cb_fail(ctx, CB_EBUG, "nobody may call this");
}

TINY_TABLES("major", draw);

const struct cb_plugin cb_plugin_entry = {
	.abi_major = CB_ABI_MAJOR + 1,
	.abi_minor = 0,
	.size = sizeof(struct cb_plugin),
	.contract = CB_CONTRACT_LEVEL,
	TINY_MEMBERS("major"),
};
