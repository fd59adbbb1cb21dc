/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prober.h - the thread of a fetch process that asks plugins how they are.
 */
#ifndef CB_SERVER_PROBER_H
#define CB_SERVER_PROBER_H

#include <pthread.h>
#include <stdatomic.h>

struct cbi_host;

/* Its slot on the board; threads that fill keep below. */
#define CBI_PROBER_SLOT (CB_BOARD_THREADS - 1)

struct cbi_prober {
	struct cbi_host *host;
	int every_ms;
	const _Atomic int *stop; /* nonzero: the thread ends soon */
	pthread_t thread;        /* start sets it */
};

/* 0, or what pthread_create said; probes once at once.  The struct outlives
 * the thread, which the caller joins. */
int cbi_prober_start(struct cbi_prober *prober);

#endif
