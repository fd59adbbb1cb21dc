/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - a program in a child, with limits.  Internal to the room.
 */
#ifndef CB_SPAWN_CHILD_H
#define CB_SPAWN_CHILD_H

#include <callboard/ctx.h>

#include <stdint.h>
#include <sys/types.h>

struct cbi_child {
	const char *const *argv; /* ends in NULL */
	const char *const *env;  /* beside PATH and LANG; NULL: none */
	const char *dir;         /* NULL: "/" */
	uint64_t memory_max;     /* of address space; 0: no limit */
	uint64_t file_max;       /* of a file it writes; 0: no limit */
	uint64_t cpu_s;          /* 0: no limit */
	int files[3];            /* its standard ones, each above 2 */
};

/*
 * Starts it, from any thread, in a process group of its own; files stay the
 * caller's.  CB_ENOTSUP there is no such program, CB_EAWAY no process.
 */
int cbi_child_start(struct cb_ctx *ctx, const struct cbi_child *child,
                    pid_t *pid) CB_USED;

/* A connected pair above 2, both closed on exec; ours does not block. */
bool cbi_child_pair(int *ours, int *theirs);

#endif
