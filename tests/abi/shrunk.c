/* SPDX-License-Identifier: Apache-2.0 */
/* shrunk - says that its descriptor is smaller than any was. */
#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)state;
	(void)entity;
	(void)html;
	return cb_fail(ctx, CB_EBUG, "nobody may call this");
}

TINY_TABLES("shrunk", draw);

const struct cb_plugin cb_plugin_entry = {
	.abi_major = CB_ABI_MAJOR,
	.abi_minor = CB_ABI_MINOR,
	.size = 40,
	.contract = CB_CONTRACT_LEVEL,
	TINY_MEMBERS("shrunk"),
};
