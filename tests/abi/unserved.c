/* SPDX-License-Identifier: Apache-2.0 */
/* unserved - wants a schedule, which this host does not serve yet. */
#include "tests/abi/abi.h"

static int draw(struct cb_ctx *ctx, void *state, const struct cb_entity *entity,
                struct cb_html *html)
{
	(void)ctx;
	(void)state;
	(void)entity;
	(void)html;
	return CB_OK;
}

TINY_TABLES("unserved", draw);

static int tidy(struct cb_ctx *ctx, void *state)
{
	(void)ctx;
	(void)state;
	return CB_OK;
}

static const struct cb_schedule schedules[] = {
	{ .name = "tidy", .every = "1h", .run = tidy },
	CB_END,
};

const struct cb_plugin cb_plugin_entry = {
	CB_PLUGIN_HEAD,
	TINY_MEMBERS("unserved"),
	.schedules = schedules,
};
