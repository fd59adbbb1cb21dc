/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asking.h - a context, a client and two tools, for tests that ask.
 */
#ifndef CB_TESTS_HTTP_ASKING_H
#define CB_TESTS_HTTP_ASKING_H

#include "http/http_priv.h"

#include "base/ctx.h"
#include "tests/http/tool.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

extern struct tool tool, other;

/* One request's surroundings. */
struct asking {
	struct cbi_lane lane;
	struct cb_ctx ctx;
	struct cbi_http *http;
	struct cbi_http_reply reply;
	int64_t ms; /* the last ask took */
};

/* With these connections; each "%d" is the next of both tools' ports. */
void enter_with(struct asking *room, const char *format);
/* With "tool" and "other". */
void enter(struct asking *room);
void leave(struct asking *room);

int ask(struct asking *room, const struct cbi_http_ask *what);
int get(struct asking *room, const char *connection, const char *url);

/* A group's set-up: both tools. */
int ask_start(void **state);
int ask_stop(void **state);

#endif
