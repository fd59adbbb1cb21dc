/* SPDX-License-Identifier: Apache-2.0 */
/* newer - built for a minor version that this host does not know. */
#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)state;
	(void)entity;
	(void)html;
	return cb_fail(ctx, CB_EBUG, "nobody may call this");
}

TINY_TABLES("newer", draw);

const struct cb_plugin cb_plugin_entry = {
	.abi_major = CB_ABI_MAJOR,
	.abi_minor = CB_ABI_MINOR + 1,
	.size = sizeof(struct cb_plugin) + 8,
	.contract = CB_CONTRACT_LEVEL,
	TINY_MEMBERS("newer"),
};
