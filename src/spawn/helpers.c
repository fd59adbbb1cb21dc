/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helpers.c - see helpers.h.
 *
 * The lock is held to take a child and to give it back, never while one is
 * asked.
 */
#define _GNU_SOURCE /* sigabbrev_np */
#include "spawn/helpers.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "spawn/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HEAD 4
#define CHUNK (16 * CB_KIB)

struct helper {
	pid_t pid; /* 0: none */
	int fd;    /* both ways */
	int used;  /* questions it answered */
	bool busy;
};

struct cbi_helpers {
	struct cbi_helpers_plan plan;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct helper rows[CB_HELPERS_MAX];
};

int cbi_helpers_create(struct cb_ctx *ctx, const struct cbi_helpers_plan *plan,
                       struct cbi_helpers **out)
{
	struct cbi_helpers *helpers = calloc(1, sizeof(*helpers));
	pthread_condattr_t attr;

	if (!helpers)
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	helpers->plan = *plan;
	pthread_mutex_init(&helpers->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&helpers->freed, &attr);
	pthread_condattr_destroy(&attr);
	*out = helpers;
	return CB_OK;
}

/* Ends a child; how it ended, as waitpid has it. */
static int end(struct helper *helper)
{
	int status = 0;

	close(helper->fd);
	kill(-helper->pid, SIGKILL);
	kill(helper->pid, SIGKILL);
	while (waitpid(helper->pid, &status, 0) < 0 && errno == EINTR)
		;
	helper->pid = 0;
	return status;
}

void cbi_helpers_destroy(struct cbi_helpers *helpers)
{
	if (!helpers)
		return;
	for (int i = 0; i < CB_HELPERS_MAX; i++)
		if (helpers->rows[i].pid)
			end(&helpers->rows[i]);
	pthread_cond_destroy(&helpers->freed);
	pthread_mutex_destroy(&helpers->lock);
	free(helpers);
}

/* One that waits, else a row for one to be started. */
static struct helper *free_row(struct cbi_helpers *helpers)
{
	struct helper *empty = NULL;

	for (int i = 0; i < helpers->plan.most; i++) {
		struct helper *row = &helpers->rows[i];

		if (!row->busy && row->pid)
			return row;
		if (!row->busy && !empty)
			empty = row;
	}
	return empty;
}

static struct helper *take(struct cbi_helpers *helpers, int64_t until)
{
	const struct timespec when = { until / 1000, until % 1000 * 1000000 };
	struct helper *row;
	int late = 0;

	pthread_mutex_lock(&helpers->lock);
	while (!(row = free_row(helpers)) && late != ETIMEDOUT)
		late = pthread_cond_timedwait(&helpers->freed, &helpers->lock,
		                              &when);
	if (row)
		row->busy = true;
	pthread_mutex_unlock(&helpers->lock);
	return row;
}

static void give_back(struct cbi_helpers *helpers, struct helper *row)
{
	pthread_mutex_lock(&helpers->lock);
	row->busy = false;
	pthread_cond_signal(&helpers->freed);
	pthread_mutex_unlock(&helpers->lock);
}

static int start(struct cb_ctx *ctx, const struct cbi_helpers *helpers,
                 struct helper *row)
{
	struct cbi_child child = { .argv = helpers->plan.argv,
		                   .memory_max = helpers->plan.memory_max,
		                   .file_max = 1 };
	int ours = -1, theirs = -1, nowhere;
	int rc = CB_EAWAY;

	nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nowhere >= 0 && cbi_child_pair(&ours, &theirs)) {
		child.files[0] = child.files[1] = theirs;
		child.files[2] = nowhere;
		rc = cbi_child_start(ctx, &child, &row->pid);
	} else {
		cb_fail(ctx, rc, "%s: no descriptors: %s",
		        helpers->plan.argv[0], strerror(errno));
	}
	if (nowhere >= 0)
		close(nowhere);
	if (theirs >= 0)
		close(theirs);
	if (rc < 0 && ours >= 0)
		close(ours);
	row->fd = ours;
	row->used = 0;
	if (rc < 0)
		row->pid = 0;
	return rc;
}

/* ---- One question -------------------------------------------------------- */

/* 1 ready, 0 when the time is over. */
static int wait_for(int fd, short what, int64_t until)
{
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = what };
		int64_t left = until - cbi_clock_ms();

		if (left <= 0)
			return 0;
		if (poll(&wait, 1, left > 1000 ? 1000 : (int)left) > 0)
			return 1;
	}
}

/* CB_OK, CB_ETIME, or CB_EBUG when it is gone. */
static int send_all(int fd, const char *data, size_t len, int64_t until)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
			return CB_EBUG;
		} else if (!wait_for(fd, POLLOUT, until)) {
			return CB_ETIME;
		}
	}
	return CB_OK;
}

static int recv_some(int fd, char *data, size_t len, int64_t until, size_t *got)
{
	for (;;) {
		ssize_t n = read(fd, data, len);

		if (n > 0) {
			*got = (size_t)n;
			return CB_OK;
		}
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return CB_EBUG;
		if (!wait_for(fd, POLLIN, until))
			return CB_ETIME;
	}
}

static uint32_t number_of(const unsigned char *head)
{
	return (uint32_t)head[0] | (uint32_t)head[1] << 8 |
	       (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
}

static int recv_all(int fd, int64_t until, struct cb_buf *out)
{
	unsigned char head[HEAD];
	char chunk[CHUNK];
	size_t have = 0, got, left;
	int rc;

	while (have < HEAD) {
		rc = recv_some(fd, (char *)head + have, HEAD - have, until,
		               &got);
		if (rc < 0)
			return rc;
		have += got;
	}
	left = number_of(head);
	if (left > out->max - out->len)
		return CB_ETOOBIG;
	while (left > 0) {
		rc = recv_some(fd, chunk, left < CHUNK ? left : CHUNK, until,
		               &got);
		if (rc == CB_OK)
			rc = cb_buf_add(out, chunk, got);
		if (rc < 0)
			return rc;
		left -= got;
	}
	return CB_OK;
}

static int ask(const struct helper *row, const struct cb_buf *question,
               int64_t until, struct cb_buf *out)
{
	const uint32_t len = (uint32_t)question->len;
	const unsigned char head[HEAD] = { len & 255, len >> 8 & 255,
		                           len >> 16 & 255, len >> 24 };
	int rc = send_all(row->fd, (const char *)head, HEAD, until);

	if (rc == CB_OK)
		rc = send_all(row->fd, question->data, question->len, until);
	return rc < 0 ? rc : recv_all(row->fd, until, out);
}

/* Notes why; the child is gone afterwards. */
static int fell(struct cb_ctx *ctx, const struct cbi_helpers *helpers,
                struct helper *row, int rc)
{
	const char *program = helpers->plan.argv[0], *slash, *name = NULL;
	int status = 0;
	bool over = false;

	/* It is about to end by itself, or never. */
	for (int i = 0; rc == CB_EBUG && !over && i < 100; i++) {
		const struct timespec nap = { 0, 2000000 };

		over = waitpid(row->pid, &status, WNOHANG | WNOWAIT) != 0;
		if (!over)
			nanosleep(&nap, NULL);
	}
	status = end(row);
	slash = strrchr(program, '/');
	program = slash ? slash + 1 : program;
	if (rc == CB_ETIME)
		return cb_fail(ctx, rc, "%s was not done in time", program);
	if (rc == CB_ETOOBIG)
		return cb_fail(ctx, rc, "%s answers too much", program);
	if (WIFSIGNALED(status))
		name = sigabbrev_np(WTERMSIG(status));
	if (name && WTERMSIG(status) == SIGXCPU)
		return cb_fail(ctx, rc, "%s took too much processor time",
		               program);
	return cb_fail(ctx, rc,
	               name ? "%s fell (SIG%s): out of memory?" : "%s ended%s",
	               program, name ? name : "");
}

int cbi_helpers_ask(struct cb_ctx *ctx, struct cbi_helpers *helpers,
                    const struct cb_buf *question, int ms, struct cb_buf *out)
{
	int64_t until = cbi_clock_ms() + ms;
	struct helper *row = take(helpers, until);
	size_t before = out->len;
	bool old;
	int rc = CB_OK;

	if (!row)
		return cb_fail(ctx, CB_EBUSY, "no helper is free");
	old = row->pid != 0;
	for (int turn = 0; turn < 2; turn++) {
		rc = row->pid ? CB_OK : start(ctx, helpers, row);
		if (rc == CB_OK)
			rc = ask(row, question, until, out);
		/* One that was gone before it was asked is no verdict on the
		 * question. */
		if (rc != CB_EBUG || !old || turn > 0 || !row->pid)
			break;
		end(row);
		old = false;
		out->len = before;
	}
	if (rc < 0 && row->pid)
		rc = fell(ctx, helpers, row, rc);
	else if (row->pid && ++row->used >= helpers->plan.uses)
		end(row);
	give_back(helpers, row);
	return rc;
}
