/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.c - see loop.h.
 *
 * An event is armed for one shot, so a descriptor belongs to the thread that
 * got it until that thread arms it again; no lock is needed.  libfcgi is lent
 * the descriptor through request.ipcFd and keepConnection, two fields its
 * header marks private, and has no listening socket of its own (-1), so that
 * FCGX_Accept_r can never wait for another connection.  Answers are written by
 * carrier.c.
 */
#define _GNU_SOURCE /* accept4 */
#include "server/loop.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/limits.h"
#include "server/carrier.h"

/* The other roles send streams that nobody here would read to their end. */
#define ROLE_RESPONDER 1

struct worker {
	struct cbi_loop *loop;
	int number;
	pthread_t thread;
	FCGX_Request request;
	struct cbi_carrier carrier;
};

struct cbi_loop {
	struct cbi_loop_plan plan;
	int epoll;
	int stop;  /* eventfd: threads end */
	int empty; /* eventfd: the last connection is gone */
	atomic_int open;
	atomic_bool draining;
	atomic_bool deaf;
	int started;
	struct worker workers[];
};

enum peeked {
	PEEK_READY,
	PEEK_QUIET,
	PEEK_GONE,
};

/* As soon as this has reached the kernel another thread may own fd, even
 * before the call returns here (ThreadSanitizer calls that a race). */
static int arm(struct cbi_loop *loop, int fd, int op)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT,
		.data.fd = fd,
	};

	return epoll_ctl(loop->epoll, op, fd, &event);
}

static void note_gone(struct cbi_loop *loop)
{
	uint64_t one = 1;

	if (atomic_fetch_sub(&loop->open, 1) == 1 &&
	    atomic_load(&loop->draining) &&
	    write(loop->empty, &one, sizeof(one)) < 0)
		return; /* the counter is full: it is readable already */
}

static void drop(struct cbi_loop *loop, int fd)
{
	close(fd);
	note_gone(loop);
}

/* A request begins with a BEGIN_REQUEST record of version 1; management
 * records, which libfcgi answers into a small buffer, end here. */
static enum peeked peek(int fd)
{
	unsigned char head[2];
	ssize_t n = recv(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);

	if (n == 0)
		return PEEK_GONE;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? PEEK_QUIET
		                                         : PEEK_GONE;
	if (head[0] != 1 || (n > 1 && head[1] != 1))
		return PEEK_GONE;
	return PEEK_READY;
}

/* One request; true when the connection is still open.  *last is set when it
 * is to be closed. */
static bool serve_one(struct worker *worker, int fd, bool *last)
{
	struct cbi_loop *loop = worker->loop;
	FCGX_Request *request = &worker->request;
	struct cbi_carrier *carrier = &worker->carrier;
	enum cbi_served served;
	struct cbi_port port;

	request->ipcFd = fd;
	request->keepConnection = 1;
	/* Else libfcgi's close would wait up to two seconds for the peer,
	 * with a select that knows descriptors below 1024 only. */
	request->detached = 1;
	if (FCGX_Accept_r(request) != 0) {
		request->ipcFd = -1;
		return false;
	}
	cbi_carrier_begin(carrier, request, &loop->draining);
	port = cbi_carrier_port(carrier);
	/* libfcgi takes parameters that broke off for all of them. */
	if (FCGX_GetError(request->in) || request->role != ROLE_RESPONDER)
		served = CBI_SERVED_CUT;
	else
		served =
		    loop->plan.serve(loop->plan.user, worker->number, &port);
	if (served == CBI_SERVED_CUT)
		shutdown(fd, SHUT_RDWR);
	*last = served == CBI_SERVED_CUT ||
	        !cbi_carrier_end(carrier, served == CBI_SERVED);
	/* Not FCGX_Finish_r: the end is written. */
	FCGX_Free(request, 0);
	request->ipcFd = -1;
	return true;
}

static void converse(struct worker *worker, int fd, int op)
{
	struct cbi_loop *loop = worker->loop;
	enum peeked peeked = peek(fd);
	bool last = false;

	if (peeked == PEEK_READY && !serve_one(worker, fd, &last)) {
		note_gone(loop);
		return;
	}
	if (peeked == PEEK_GONE || last || arm(loop, fd, op) < 0)
		drop(loop, fd);
}

static void set_timeouts(int fd, int ms)
{
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

/* -1 when nobody waits (or too many files are open). */
static int take_connection(struct cbi_loop *loop)
{
	int fd;

	/* Counted before it is there: nobody may find the loop empty now. */
	atomic_fetch_add(&loop->open, 1);
	fd = accept4(loop->plan.listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		/* The socket stays readable: do not spin on it. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			poll(NULL, 0, 10);
		note_gone(loop);
		return -1;
	}
	set_timeouts(fd, loop->plan.io_ms);
	return fd;
}

static void on_listening(struct worker *worker)
{
	struct cbi_loop *loop = worker->loop;
	int fd;

	if (atomic_load(&loop->deaf))
		return;
	fd = take_connection(loop);
	/* Armed before the request is served: others go on accepting. */
	arm(loop, loop->plan.listen_fd, EPOLL_CTL_MOD);
	if (fd >= 0)
		converse(worker, fd, EPOLL_CTL_ADD);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct cbi_loop *loop = worker->loop;
	const struct cbi_loop_plan *plan = &loop->plan;
	struct epoll_event event;

	for (;;) {
		int n = epoll_wait(loop->epoll, &event, 1,
		                   plan->idle ? plan->idle_ms : -1);

		if (n == 0)
			plan->idle(plan->user, worker->number);
		if (n <= 0)
			continue;
		if (event.data.fd == loop->stop)
			break;
		if (event.data.fd == plan->listen_fd)
			on_listening(worker);
		else
			converse(worker, event.data.fd, EPOLL_CTL_MOD);
	}
	FCGX_Free(&worker->request, 0);
	if (plan->end)
		plan->end(plan->user, worker->number);
	return NULL;
}

/* FCGX_Init installs handlers for signals that are ours to handle. */
static int init_libfcgi(void)
{
	static const int signals[] = { SIGPIPE, SIGUSR1, SIGTERM, SIGHUP };
	struct sigaction saved[4];
	int rc;

	for (int i = 0; i < 4; i++)
		sigaction(signals[i], NULL, &saved[i]);
	rc = FCGX_Init();
	for (int i = 0; i < 4; i++)
		sigaction(signals[i], &saved[i], NULL);
	signal(SIGPIPE, SIG_IGN);
	return rc == 0 ? CB_OK : CB_EBUG;
}

static int open_events(struct cbi_loop *loop)
{
	struct epoll_event event = { .events = EPOLLIN };

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	loop->empty = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll < 0 || loop->stop < 0 || loop->empty < 0)
		return CB_EBUG;
	event.data.fd = loop->stop;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->stop, &event) < 0)
		return CB_EBUG;
	if (loop->plan.listen_fd >= 0 &&
	    arm(loop, loop->plan.listen_fd, EPOLL_CTL_ADD) < 0)
		return CB_EBUG;
	return CB_OK;
}

static int start_threads(struct cbi_loop *loop)
{
	sigset_t all, before;
	int rc = 0;

	/* But for those of a thread's own making: see charge.h. */
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (int i = 0; i < loop->plan.threads && rc == 0; i++) {
		struct worker *worker = &loop->workers[i];

		worker->loop = loop;
		worker->number = i;
		FCGX_InitRequest(&worker->request, -1, 0);
		rc = pthread_create(&worker->thread, NULL, work, worker);
		loop->started += rc == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = rc;
	return rc == 0 ? CB_OK : CB_EBUG;
}

int cbi_loop_create(const struct cbi_loop_plan *plan, struct cbi_loop **out)
{
	struct cbi_loop *loop;
	int rc;

	loop = calloc(1, sizeof(*loop) +
	                     (size_t)plan->threads * sizeof(struct worker));
	if (!loop)
		return CB_ENOMEM;
	loop->plan = *plan;
	loop->epoll = loop->stop = loop->empty = -1;
	rc = init_libfcgi();
	if (rc == CB_OK)
		rc = open_events(loop);
	if (rc == CB_OK)
		rc = start_threads(loop);
	if (rc != CB_OK) {
		int saved = errno;

		cbi_loop_destroy(loop);
		errno = saved;
		return rc;
	}
	*out = loop;
	return CB_OK;
}

int cbi_loop_add(struct cbi_loop *loop, int fd)
{
	set_timeouts(fd, loop->plan.io_ms);
	atomic_fetch_add(&loop->open, 1);
	if (arm(loop, fd, EPOLL_CTL_ADD) == 0)
		return CB_OK;
	drop(loop, fd);
	return CB_EBUG;
}

void cbi_loop_drain(struct cbi_loop *loop, bool backlog)
{
	atomic_store(&loop->draining, true);
	if (backlog)
		return;
	atomic_store(&loop->deaf, true);
	if (loop->plan.listen_fd >= 0)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->plan.listen_fd,
		          NULL);
}

void cbi_loop_deaf(struct cbi_loop *loop)
{
	int fd;

	cbi_loop_drain(loop, false);
	if (loop->plan.listen_fd < 0)
		return;
	while ((fd = take_connection(loop)) >= 0)
		if (arm(loop, fd, EPOLL_CTL_ADD) < 0)
			drop(loop, fd);
}

bool cbi_loop_wait(struct cbi_loop *loop, int ms)
{
	struct pollfd wait = { .fd = loop->empty, .events = POLLIN };
	uint64_t seen;

	if (atomic_load(&loop->open) == 0)
		return true;
	if (poll(&wait, 1, ms) > 0 &&
	    read(loop->empty, &seen, sizeof(seen)) < 0)
		return false;
	return atomic_load(&loop->open) == 0;
}

int cbi_loop_connections(const struct cbi_loop *loop)
{
	return atomic_load(&loop->open);
}

void cbi_loop_destroy(struct cbi_loop *loop)
{
	uint64_t one = 1;

	if (!loop)
		return;
	if (loop->started > 0 && write(loop->stop, &one, sizeof(one)) < 0)
		abort(); /* an eventfd of ours that is not full */
	for (int i = 0; i < loop->started; i++)
		pthread_join(loop->workers[i].thread, NULL);
	if (loop->epoll >= 0)
		close(loop->epoll);
	if (loop->stop >= 0)
		close(loop->stop);
	if (loop->empty >= 0)
		close(loop->empty);
	free(loop);
}
