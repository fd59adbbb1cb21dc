/* SPDX-License-Identifier: Apache-2.0 */
/* spin - never comes back when provoked. */
#include <stdlib.h>
#include <time.h>

#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)ctx;
	if (provoked(state, entity, "callboard.test/spin")) {
		volatile unsigned n = 0;

		for (;;)
			n++;
	}
	cb_html_text(html, "all is well");
	return CB_OK;
}

TINY_TABLES("spin", draw);

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("spin"),
};
