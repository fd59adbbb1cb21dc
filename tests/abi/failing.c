/* SPDX-License-Identifier: Apache-2.0 */
/* failing - fails when provoked. */
#include <stdlib.h>
#include <time.h>

#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)ctx;
	if (provoked(state, entity, "callboard.test/failing")) {
		return cb_fail(ctx, CB_EBUG, "provoked");
	}
	cb_html_text(html, "all is well");
	return CB_OK;
}

TINY_TABLES("failing", draw);

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("failing"),
};
