/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web.c - the process that answers the requests of one pool.
 */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/charge.h"
#include "server/child.h"
#include "server/loop.h"

#define IO_MS 10000
#define IDLE_MS 60000
/* Who connected before the socket's name went to somebody else may still be
 * on the way. */
#define BACKLOG_MS 100

static enum cbi_served serve(void *user, int thread,
                             const struct cbi_port *port)
{
	static const char answer[] =
	    "Status: 200\r\nContent-Type: application/json\r\n\r\n"
	    "{\"status\":\"ok\"}";

	(void)user;
	(void)thread;
	port->write(port->carrier, answer, sizeof(answer) - 1);
	return CBI_SERVED;
}

static void drain(struct cbi_loop *loop, enum cbi_child_order order)
{
	int64_t until = cbi_clock_ms() + CBI_DRAIN_MS;

	cbi_loop_drain(loop, order == CBI_CHILD_END);
	if (order == CBI_CHILD_END) {
		usleep(BACKLOG_MS * 1000);
		cbi_loop_deaf(loop);
	}
	while (!cbi_loop_wait(loop, 1000) && cbi_clock_ms() < until)
		;
}

int cbi_web_main(const struct cbi_start *start)
{
	const struct cbi_settings *settings =
	    cbi_config_settings(start->config);
	struct cbi_loop_plan plan = {
		.listen_fd = start->listen_fd,
		.threads = settings->web_threads,
		.io_ms = IO_MS,
		.idle_ms = IDLE_MS,
		.serve = serve,
	};
	enum cbi_child_order order;
	struct cbi_loop *loop;

	if (cbi_loop_create(&plan, &loop) != CB_OK) {
		cb_log(NULL, CB_LOG_ERROR, "cannot start the loop");
		return 1;
	}
	cbi_child_ready(start);
	do
		order = cbi_child_wait(start, 1000);
	while (order == CBI_CHILD_GO_ON);
	drain(loop, order);
	/* Threads that still hang must not keep the process. */
	_exit(0);
}
