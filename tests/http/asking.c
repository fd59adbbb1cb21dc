/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asking.c - see asking.h.
 */
#include "tests/lib/cmock.h"
#include "tests/http/asking.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

struct tool tool, other;

/* A table whose %d are the ports of both tools. */
void enter_with(struct asking *room, const char *format)
{
	const int ports[] = { tool.port, other.port };
	char text[2000], *out = text;
	json_t *json;

	for (int n = 0; *format;) {
		if (strncmp(format, "%d", 2) == 0) {
			out += snprintf(out, 8, "%d", ports[n++]);
			format += 2;
		} else {
			*out++ = *format++;
		}
	}
	*out = '\0';
	json = json_loads(text, 0, NULL);
	assert_non_null(json);
	cbi_lane_init(&room->lane, 16 * CB_MIB);
	cbi_ctx_init(&room->ctx, &room->lane);
	assert_int_equal(cbi_http_create(&room->ctx, json, &room->http), CB_OK);
	json_decref(json);
}

void enter(struct asking *room)
{
	enter_with(room, "{\"tool\": {\"baseUrl\": \"http://127.0.0.1:%d/\","
	                 " \"allow\": [\"loopback\"]},"
	                 " \"other\": {\"baseUrl\": \"http://127.0.0.1:%d\","
	                 " \"allow\": [\"loopback\"], \"timeout\": \"1s\"}}");
}

void leave(struct asking *room)
{
	cbi_http_destroy(room->http);
	cbi_ctx_finish(&room->ctx);
	cbi_lane_finish(&room->lane);
}

int ask(struct asking *room, const struct cbi_http_ask *what)
{
	int64_t before = cbi_clock_ms();
	int rc;

	cb_failure_clear(&room->ctx);
	rc = cbi_http_request(&room->ctx, room->http, what, &room->reply);
	room->ms = cbi_clock_ms() - before;
	if (rc < 0)
		assert_int_equal(rc, cb_failure_code(&room->ctx));
	return rc;
}

int get(struct asking *room, const char *connection, const char *url)
{
	struct cbi_http_ask what = { .url = url,
		                     .policy.connection = connection };

	return ask(room, &what);
}

int ask_start(void **state)
{
	(void)state;
	return tool_start(&tool) || tool_start(&other);
}

int ask_stop(void **state)
{
	(void)state;
	tool_stop(&tool);
	tool_stop(&other);
	return 0;
}
