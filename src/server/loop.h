/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - connections wait in epoll, requests run on threads.
 *
 * T threads share one epoll set that holds the listening socket and every
 * idle connection.  A thread takes one readable connection, lends it to
 * libfcgi for exactly one request, and puts it back: idle connections cost no
 * thread, however many nginx keeps.
 *
 * A connection is kept only when its request was read to the last byte, so
 * that nothing a client sent can ever be read as the next request.
 */
#ifndef CB_SERVER_LOOP_H
#define CB_SERVER_LOOP_H

#include <stdbool.h>

#include <callboard/ctx.h>

#include "web/port.h"

struct cbi_loop;

/* What becomes of the connection after a request. */
enum cbi_served {
	CBI_SERVED = 0,  /* answered; kept when nginx wishes */
	CBI_SERVED_LAST, /* answered; not to be kept */
	CBI_SERVED_CUT,  /* broke midway: closed so that nginx sees the cut */
};

struct cbi_loop_plan {
	int listen_fd; /* non-blocking, borrowed; -1 for none */
	int threads;   /* 1 to CB_BOARD_THREADS */
	int io_ms;     /* how long a peer may be silent within a request */
	int idle_ms;   /* a thread without work calls idle so often */
	void *user;
	/* Runs on thread number 0 to threads - 1. */
	enum cbi_served (*serve)(void *user, int thread,
	                         const struct cbi_port *port);
	void (*idle)(void *user, int thread); /* may be NULL */
	void (*end)(void *user, int thread);  /* as a thread ends; or NULL */
};

/*
 * Starts the threads, with all signals blocked in them but those of their own
 * making.  CB_EBUG with errno when the system refuses.  *out is freed by
 * cbi_loop_destroy.
 */
int cbi_loop_create(const struct cbi_loop_plan *plan,
                    struct cbi_loop **out) CB_USED;

/* Hands in a connection that is already open; it is the loop's then. */
int cbi_loop_add(struct cbi_loop *loop, int fd) CB_USED;

/*
 * From here on each connection is closed after its next request, and idle
 * ones are left for nginx to close.  Without backlog the socket is left to
 * others at once; with it, whoever connects is served until cbi_loop_deaf.
 */
void cbi_loop_drain(struct cbi_loop *loop, bool backlog);

/* Takes what still waits in the backlog, then listens no more. */
void cbi_loop_deaf(struct cbi_loop *loop);

/* Waits up to ms milliseconds; true when no connection is open. */
bool cbi_loop_wait(struct cbi_loop *loop, int ms);

int cbi_loop_connections(const struct cbi_loop *loop);

/* Ends and joins the threads; a thread that hangs hangs this too. */
void cbi_loop_destroy(struct cbi_loop *loop);

#endif
