/* SPDX-License-Identifier: Apache-2.0 */
/* early - crashes in a constructor, as soon as it is loaded. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/abi/abi.h"

__attribute__((constructor)) static void begin(void)
{
	abort();
}

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)ctx;
	(void)state;
	(void)entity;
	(void)html;
	return CB_OK;
}

TINY_TABLES("early", draw);

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("early"),
};
