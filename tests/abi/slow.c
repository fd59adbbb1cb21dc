/* SPDX-License-Identifier: Apache-2.0 */
/* slow - takes 700 ms when provoked. */
#include <stdlib.h>
#include <time.h>

#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)ctx;
	if (provoked(state, entity, "callboard.test/slow")) {
		struct timespec wait = { 0, 700000000 };

		nanosleep(&wait, NULL);
	}
	cb_html_text(html, "all is well");
	return CB_OK;
}

TINY_TABLES("slow", draw);

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("slow"),
};
