/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html_room.h - a writer in memory, for the tests of html.
 */
#ifndef CB_TESTS_HTML_ROOM_H
#define CB_TESTS_HTML_ROOM_H

#include "tests/lib/cmock.h"

#include <string.h>

#include "base/ctx.h"
#include "html/addr.h"
#include "html/html.h"

struct room {
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cb_buf buf;
	struct cb_html html;
};

static inline int room_open(void **state)
{
	static struct room room;

	cbi_lane_init(&room.lane, 4 * CB_MIB);
	cbi_ctx_init(&room.ctx, &room.lane);
	cbi_buf_init(&room.buf, CB_MIB);
	cbi_html_init(&room.html, &room.ctx, &room.buf, "t", 3);
	assert_int_equal(cbi_addr_set("", "current"), CB_OK);
	*state = &room;
	return 0;
}

static inline int room_close(void **state)
{
	struct room *room = *state;

	cbi_buf_finish(&room->buf);
	cbi_ctx_finish(&room->ctx);
	cbi_lane_finish(&room->lane);
	return 0;
}

/* What has been written since the last look, everything closed. */
static inline const char *written(struct room *room)
{
	const char *text;

	assert_int_equal(cbi_html_end(&room->html), CB_OK);
	text = cb_strdup(&room->ctx, cbi_buf_string(&room->buf));
	assert_non_null(text);
	cbi_buf_clear(&room->buf);
	return text;
}

#endif
