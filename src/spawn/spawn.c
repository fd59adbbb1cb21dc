/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.c - see spawn.h.
 */
#define _GNU_SOURCE /* pipe2 */
#include "spawn/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

/* What execvp leaves behind when there is no such program. */
#define NO_PROGRAM 127

static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < 32; i++)
		if (i != SIGKILL && i != SIGSTOP)
			signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void limit_memory(int64_t most)
{
	struct rlimit limit = { (rlim_t)most, (rlim_t)most };

	if (most > 0 && setrlimit(RLIMIT_AS, &limit) < 0)
		_exit(NO_PROGRAM);
}

static int start_limited(struct cb_ctx *ctx, int64_t memory_max,
                         int (*fn)(void *arg), void *arg, pid_t *pid)
{
	pid_t child = fork();

	if (child < 0)
		return cb_fail(ctx, CB_EAWAY, "cannot fork: %s",
		               strerror(errno));
	if (child == 0) {
		reset_signals();
		limit_memory(memory_max);
		_exit(fn(arg));
	}
	*pid = child;
	return CB_OK;
}

int cbi_spawn_start(struct cb_ctx *ctx, int (*fn)(void *arg), void *arg,
                    pid_t *pid)
{
	return start_limited(ctx, 0, fn, arg, pid);
}

/* Without this descriptor a wait with a timeout would have to poll. */
static int open_pid(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int kill_and_take(struct cb_ctx *ctx, pid_t pid, int *status)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			break;
	return cb_fail(ctx, CB_ETIME, "a child did not end in time");
}

int cbi_spawn_wait(struct cb_ctx *ctx, pid_t pid, int timeout_ms, int *status)
{
	int64_t until = cbi_clock_ms() + timeout_ms;
	int fd = open_pid(pid);
	pid_t got;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left = until - cbi_clock_ms();

		got = waitpid(pid, status, WNOHANG);
		if (got != 0 || left <= 0)
			break;
		/* No pidfd: look again soon. */
		poll(fd >= 0 ? &wait : NULL, fd >= 0,
		     fd >= 0 || left < 10 ? (int)left : 10);
	}
	if (fd >= 0)
		close(fd);
	if (got == 0)
		return kill_and_take(ctx, pid, status);
	if (got < 0)
		return cb_fail(ctx, CB_EBUG, "no child %d to wait for: %s",
		               (int)pid, strerror(errno));
	return CB_OK;
}

static int timeout_of(const struct cb_ctx *ctx,
                      const struct cbi_spawn_limits *limits)
{
	int ms =
	    limits && limits->timeout_ms > 0 ? limits->timeout_ms : CB_SPAWN_MS;
	int64_t left = cb_time_left(ctx);

	return left < ms ? (int)left : ms;
}

int cbi_spawn_call(struct cb_ctx *ctx, const struct cbi_spawn_limits *limits,
                   int (*fn)(void *arg), void *arg, int *status)
{
	pid_t pid;
	int rc;

	rc = start_limited(ctx, limits ? limits->memory_max : 0, fn, arg, &pid);
	if (rc != CB_OK)
		return rc;
	return cbi_spawn_wait(ctx, pid, timeout_of(ctx, limits), status);
}

struct pipes {
	int in[2], out[2];
};

static void close_pipes(struct pipes *pipes)
{
	for (int i = 0; i < 2; i++) {
		if (pipes->in[i] >= 0)
			close(pipes->in[i]);
		if (pipes->out[i] >= 0)
			close(pipes->out[i]);
		pipes->in[i] = pipes->out[i] = -1;
	}
}

/* Only what may be called between fork and exec of a threaded process. */
static void become(const struct pipes *pipes, int64_t memory_max,
                   const char *const *argv)
{
	reset_signals();
	dup2(pipes->in[0], STDIN_FILENO);
	dup2(pipes->out[1], STDOUT_FILENO);
	limit_memory(memory_max);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(NO_PROGRAM);
}

static void feed(struct pipes *pipes, const char **input, size_t *len)
{
	ssize_t n = *len ? write(pipes->in[1], *input, *len) : 0;

	if (n > 0) {
		*input += n;
		*len -= (size_t)n;
	}
	/* It need not read what it does not want. */
	if (!*len || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(pipes->in[1]);
		pipes->in[1] = -1;
	}
}

/* Until the program closes its output. */
static int converse(struct cb_ctx *ctx, struct pipes *pipes, const char *input,
                    size_t len, struct cb_buf *out, int64_t until)
{
	char data[8192];

	for (;;) {
		struct pollfd both[2] = {
			{ .fd = pipes->out[0], .events = POLLIN },
			{ .fd = pipes->in[1], .events = POLLOUT },
		};
		int64_t left = until - cbi_clock_ms();
		ssize_t n;

		if (left <= 0)
			return cb_fail(ctx, CB_ETIME,
			               "a program did not end in time");
		if (poll(both, 2, (int)left) <= 0)
			continue;
		if (both[1].revents)
			feed(pipes, &input, &len);
		if (!both[0].revents)
			continue;
		n = read(pipes->out[0], data, sizeof(data));
		if (n == 0)
			return CB_OK;
		if (n > 0 && cb_buf_add(out, data, (size_t)n) != CB_OK)
			return cb_fail(ctx, out->failed,
			               "a program printed more than %zu bytes",
			               out->max);
	}
}

int cbi_spawn_program(struct cb_ctx *ctx, const struct cbi_spawn_limits *limits,
                      const char *const *argv, const void *input, size_t len,
                      struct cb_buf *out, int *status)
{
	int64_t until = cbi_clock_ms() + timeout_of(ctx, limits);
	struct pipes pipes = { { -1, -1 }, { -1, -1 } };
	pid_t pid;
	int rc, waited;

	if (pipe2(pipes.in, O_CLOEXEC) < 0 || pipe2(pipes.out, O_CLOEXEC) < 0 ||
	    fcntl(pipes.in[1], F_SETFL, O_NONBLOCK) < 0) {
		close_pipes(&pipes);
		return cb_fail(ctx, CB_EAWAY, "no pipe for '%s': %s", argv[0],
		               strerror(errno));
	}
	pid = fork();
	if (pid == 0)
		become(&pipes, limits ? limits->memory_max : 0, argv);
	close(pipes.in[0]);
	close(pipes.out[1]);
	pipes.in[0] = pipes.out[1] = -1;
	if (pid < 0) {
		close_pipes(&pipes);
		return cb_fail(ctx, CB_EAWAY, "cannot fork: %s",
		               strerror(errno));
	}
	rc = converse(ctx, &pipes, input, len, out, until);
	close_pipes(&pipes);
	/* One that goes on although nobody listens gets no more time. */
	waited = cbi_spawn_wait(
	    ctx, pid, rc == CB_OK ? (int)(until - cbi_clock_ms()) : 0, status);
	if (rc != CB_OK || waited != CB_OK)
		return rc != CB_OK ? rc : waited;
	if (WIFEXITED(*status) && WEXITSTATUS(*status) == NO_PROGRAM)
		return cb_fail(ctx, CB_EAWAY, "cannot start '%s'", argv[0]);
	return CB_OK;
}
