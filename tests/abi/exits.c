/* SPDX-License-Identifier: Apache-2.0 */
/* exits - ends the process when provoked. */
#include <stdlib.h>
#include <time.h>

#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)ctx;
	if (provoked(state, entity, "callboard.test/exits")) {
		exit(3);
	}
	cb_html_text(html, "all is well");
	return CB_OK;
}

TINY_TABLES("exits", draw);

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("exits"),
};
