/* SPDX-License-Identifier: Apache-2.0 */
/* greedy - writes without end when provoked. */
#include <stdlib.h>
#include <time.h>

#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)ctx;
	if (provoked(state, entity, "callboard.test/greedy")) {
		for (int i = 0; i < 100000; i++)
			cb_html_text(html, "more and more and more");
	}
	cb_html_text(html, "all is well");
	return CB_OK;
}

TINY_TABLES("greedy", draw);

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("greedy"),
};
