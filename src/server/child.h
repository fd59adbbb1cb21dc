/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - what every kind of process has in common: what it is told at its
 * start, and when it has to end.
 *
 * A kind is one function that takes a struct cbi_start, says cbi_child_ready
 * once it serves, looks at cbi_child_wait at least every second, and returns
 * its exit code.
 */
#ifndef CB_SERVER_CHILD_H
#define CB_SERVER_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "base/board.h"
#include "config/config.h"

struct cbi_start {
	const struct cbi_config *config; /* of its generation */
	enum cbi_process_kind kind;
	const char *pool; /* "" for engine */
	int index;        /* within pool and kind */
	uint32_t generation;
	pid_t master;
	int listen_fd; /* non-blocking, of web and fetch; -1 for engine */
	const char *socket_path; /* "" without one */
	ino_t socket_inode;
	int row; /* on the board; filled by cbi_child_begin */
};

/* How long a process may take to drain, and the master waits a little longer
 * before it kills. */
#define CBI_DRAIN_MS 30000
#define CBI_KILL_MS 33000

enum cbi_child_order {
	CBI_CHILD_GO_ON = 0,
	CBI_CHILD_LEAVE, /* others have the socket: serve what is there, end */
	CBI_CHILD_END,   /* nobody else: serve the backlog too, end */
};

/* Right after fork: title, signals, log, the row.  CB_EBUSY when the board
 * has no row left. */
int cbi_child_begin(struct cbi_start *start) CB_USED;

/* After a burst of work: what was freed goes back to the machine. */
void cbi_child_give_back(void);

void cbi_child_ready(const struct cbi_start *start);

/* "web core", "fetch tools", "engine". */
void cbi_child_name(enum cbi_process_kind kind, const char *pool, char *out,
                    size_t size);

/*
 * Waits up to ms milliseconds for an order: a signal of the master, or, when
 * that died, another one that took over.  Once an order came the row says
 * CBI_STATE_DRAINING.  For one thread of the process only.
 */
enum cbi_child_order cbi_child_wait(const struct cbi_start *start, int ms);

/* The kinds. */
int cbi_web_main(const struct cbi_start *start);
int cbi_fetch_main(const struct cbi_start *start);
int cbi_engine_main(const struct cbi_start *start);

#endif
