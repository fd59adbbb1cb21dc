/* SPDX-License-Identifier: Apache-2.0 */
/* leaver - ends the process in a constructor. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/abi/abi.h"

__attribute__((constructor)) static void begin(void)
{
	exit(0);
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

TINY_TABLES("leaver", draw);

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("leaver"),
};
