/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - programs with limits: see cbi_spawn_run.
 */
#include "spawn/spawn.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "spawn/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Complaints are for people: their beginning is enough. */
#define ERR_MAX (4 * CB_KIB)
#define CHUNK (16 * CB_KIB)

enum { IN, OUT, ERR };

struct child {
	struct cb_ctx *ctx;
	const struct cbi_spawn_ask *ask;
	int ours[3], theirs[3];
	pid_t pid;
	size_t sent;
	struct cb_buf out, err;
	int64_t until;
};

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void send_some(struct child *child)
{
	const char *from = child->ask->in;
	ssize_t n = send(child->ours[IN], from + child->sent,
	                 child->ask->in_len - child->sent, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		child->sent += (size_t)n;
	/* A program that has read enough has closed its end. */
	if (n < 0 || child->sent == child->ask->in_len)
		shut(&child->ours[IN]);
}

static int take_some(struct child *child, int which)
{
	struct cb_buf *buf = which == OUT ? &child->out : &child->err;
	char chunk[CHUNK];
	ssize_t n = read(child->ours[which], chunk, sizeof(chunk));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return CB_OK;
	if (n <= 0) {
		shut(&child->ours[which]);
		return CB_OK;
	}
	if (which == ERR && buf->len + (size_t)n > buf->max)
		n = (ssize_t)(buf->max - buf->len);
	if (n > 0 && cb_buf_add(buf, chunk, (size_t)n) < 0)
		return cb_fail(child->ctx, buf->failed,
		               "%s wrote more than %zu bytes",
		               child->ask->argv[0], child->ask->out_max);
	return CB_OK;
}

static int late(struct child *child)
{
	return cb_fail(child->ctx, CB_ETIME, "%s was not done in time",
	               child->ask->argv[0]);
}

static int talk(struct child *child)
{
	int rc = CB_OK;

	if (child->ask->in_len == 0)
		shut(&child->ours[IN]);
	while (rc == CB_OK &&
	       (child->ours[OUT] >= 0 || child->ours[ERR] >= 0)) {
		struct pollfd fds[3];
		int64_t left = child->until - cbi_clock_ms();

		for (int i = 0; i < 3; i++)
			fds[i] =
			    (struct pollfd){ child->ours[i],
				             i == IN ? POLLOUT : POLLIN, 0 };
		if (left <= 0)
			return late(child);
		if (poll(fds, 3, left > 1000 ? 1000 : (int)left) <= 0)
			continue;
		if (fds[IN].revents)
			send_some(child);
		for (int i = OUT; rc == CB_OK && i <= ERR; i++)
			if (fds[i].revents)
				rc = take_some(child, i);
	}
	return rc;
}

/* Waits for the end of one that has closed its outputs. */
static int await(struct child *child, int *status)
{
	const struct timespec nap = { 0, 2 * 1000 * 1000 };

	for (;;) {
		pid_t done = waitpid(child->pid, status, WNOHANG);

		if (done == child->pid) {
			child->pid = 0;
			return CB_OK;
		}
		if (done < 0 && errno != EINTR)
			return cb_fail(child->ctx, CB_EBUG,
			               "%s: its end was not seen: %s",
			               child->ask->argv[0], strerror(errno));
		if (cbi_clock_ms() >= child->until)
			return late(child);
		nanosleep(&nap, NULL);
	}
}

static int keep(struct child *child, int status, struct cbi_spawn_reply *out)
{
	struct cb_ctx *ctx = child->ctx;
	char *text = cb_alloc(ctx, child->out.len + 1);
	char *err = cb_strdup(ctx, cbi_buf_string(&child->err));

	if (!text || !err)
		return CB_ENOMEM;
	memcpy(text, cbi_buf_string(&child->out), child->out.len + 1);
	*out = (struct cbi_spawn_reply){
		.code = WIFEXITED(status) ? WEXITSTATUS(status)
		                          : 128 + WTERMSIG(status),
		.out = text,
		.out_len = child->out.len,
		.err = err,
	};
	return CB_OK;
}

static int start(struct child *child)
{
	const struct cbi_spawn_ask *ask = child->ask;
	struct cbi_child plan = { .argv = ask->argv,
		                  .env = ask->env,
		                  .dir = ask->dir,
		                  .memory_max = ask->memory_max,
		                  .file_max = ask->file_max,
		                  .cpu_s = (uint64_t)ask->total_ms / 1000 + 1 };
	int rc;

	for (int i = 0; i < 3; i++) {
		if (!cbi_child_pair(&child->ours[i], &child->theirs[i]))
			return cb_fail(child->ctx, CB_EAWAY,
			               "%s: no descriptors: %s", ask->argv[0],
			               strerror(errno));
		plan.files[i] = child->theirs[i];
	}
	rc = cbi_child_start(child->ctx, &plan, &child->pid);
	for (int i = 0; i < 3; i++)
		shut(&child->theirs[i]);
	return rc;
}

int cbi_spawn_run(struct cb_ctx *ctx, const struct cbi_spawn_ask *ask,
                  struct cbi_spawn_reply *out)
{
	struct child child = { .ctx = ctx, .ask = ask };
	int64_t ms = ask->total_ms;
	int status = 0, rc;
	pid_t group;

	memset(child.ours, -1, sizeof(child.ours));
	memset(child.theirs, -1, sizeof(child.theirs));
	if (cb_time_left(ctx) < ms)
		ms = cb_time_left(ctx);
	child.until = cbi_clock_ms() + ms;
	cbi_buf_init(&child.out, ask->out_max);
	cbi_buf_init(&child.err, ERR_MAX);
	rc = start(&child);
	group = rc == CB_OK ? child.pid : 0;
	if (rc == CB_OK)
		rc = talk(&child);
	if (rc == CB_OK)
		rc = await(&child, &status);
	/* Helpers that it left, and itself when it was too slow. */
	if (group > 0)
		kill(-group, SIGKILL);
	if (child.pid > 0)
		while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
			;
	for (int i = 0; i < 3; i++) {
		shut(&child.ours[i]);
		shut(&child.theirs[i]);
	}
	if (rc == CB_OK)
		rc = keep(&child, status, out);
	cbi_buf_finish(&child.out);
	cbi_buf_finish(&child.err);
	return rc;
}
