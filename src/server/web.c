/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web.c - the process that answers the requests of one pool.
 */
#include "web/web.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "html/addr.h"
#include "server/charge.h"
#include "server/child.h"
#include "server/loop.h"
#include "server/sandbox.h"
#include "server/web_priv.h"
#include "web/steps.h"

#define IO_MS 10000
#define IDLE_MS 60000
/* Who connected before the socket's name went to somebody else may still be
 * on the way. */
#define BACKLOG_MS 100

/* A thread's first request finds its lane made. */
struct thread {
	struct cbi_web_lane lane;
	bool begun;
};

struct process {
	const struct cbi_start *start;
	struct cbi_web web;
	struct thread threads[CB_BOARD_THREADS];
};

static enum cbi_served serve(void *user, int number,
                             const struct cbi_port *port)
{
	struct process *process = user;
	struct thread *thread = &process->threads[number];

	if (!thread->begun) {
		cbi_charge_thread(number);
		cbi_web_lane_init(&thread->lane, process->start->row, number);
		thread->begun = true;
	}
	return cbi_web_serve(&process->web, &thread->lane, port)
	           ? CBI_SERVED
	           : CBI_SERVED_CUT;
}

static void idle(void *user, int number)
{
	struct process *process = user;
	struct thread *thread = &process->threads[number];

	if (thread->begun)
		cbi_web_lane_idle(&thread->lane);
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

static int run(struct process *process)
{
	const struct cbi_start *start = process->start;
	struct cbi_loop_plan plan = {
		.listen_fd = start->listen_fd,
		.threads = process->web.settings->web_threads,
		.io_ms = IO_MS,
		.idle_ms = IDLE_MS,
		.user = process,
		.serve = serve,
		.idle = idle,
	};
	enum cbi_child_order order;
	struct cbi_loop *loop;

	if (cbi_loop_create(&plan, &loop) != CB_OK) {
		cb_log(NULL, CB_LOG_ERROR, "cannot start the threads");
		return 1;
	}
	cbi_child_ready(start);
	do
		order = cbi_child_wait(start, 1000);
	while (order == CBI_CHILD_GO_ON);
	drain(loop, order);
	/* Threads that still hang must not keep the process, and what they
	 * read must not be freed under them. */
	_exit(0);
}

int cbi_web_main(const struct cbi_start *start)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return 1;
	process->start = start;
	if (cbi_web_fill(start, &process->web) != CB_OK ||
	    cbi_sandbox_enter(start) != CB_OK)
		return 1;
	return run(process);
}
