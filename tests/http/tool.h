/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tool.h - a tool that behaves badly on request, in a child process.
 *
 * The path says how: see the table in tool.c.  Listens on a free port of
 * 127.0.0.1; every connection has a process of its own.
 */
#ifndef CB_TESTS_HTTP_TOOL_H
#define CB_TESTS_HTTP_TOOL_H

#include <stdatomic.h>
#include <sys/types.h>

struct tool {
	pid_t pid;
	int port;
	struct tool_counts {
		_Atomic int connections;
		_Atomic int requests;
		_Atomic int status; /* "/now" answers it */
	} * counts;                 /* shared with the child */
};

/* 0, or -1 with errno set. */
int tool_start(struct tool *tool);
void tool_stop(struct tool *tool);

#endif
