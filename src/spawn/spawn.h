/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.h - short-lived children: a function of ours, or a program.
 *
 * Fork only from processes with one thread; a program may be started from
 * any (its child does nothing but exec).  A child has default signals and
 * none blocked.
 */
#ifndef CB_SPAWN_SPAWN_H
#define CB_SPAWN_SPAWN_H

#include <callboard/buf.h>
#include <callboard/ctx.h>

#include <sys/types.h>

struct cbi_spawn_limits {
	int timeout_ms;     /* then it is killed; 0: CB_SPAWN_MS */
	int64_t memory_max; /* bytes of address space; 0: no limit */
};

/* Without a better wish. */
#define CB_SPAWN_MS 10000

/* Runs fn(arg) in a child whose exit code is what it returns; does not wait.
 * CB_EAWAY when there is no process to be had. */
int cbi_spawn_start(struct cb_ctx *ctx, int (*fn)(void *arg), void *arg,
                    pid_t *pid) CB_USED;

/*
 * Waits for a child; *status is waitpid's.  CB_ETIME when it had to be
 * killed, with *status of that.
 */
int cbi_spawn_wait(struct cb_ctx *ctx, pid_t pid, int timeout_ms,
                   int *status) CB_USED;

/* Start and wait, with limits. */
int cbi_spawn_call(struct cb_ctx *ctx, const struct cbi_spawn_limits *limits,
                   int (*fn)(void *arg), void *arg, int *status) CB_USED;

/*
 * Runs a program (argv[0] is looked up in PATH) with input on its standard
 * input, and appends what it prints to out, whose ceiling ends it.  CB_EAWAY
 * when it cannot be started (exit code 127), CB_ETIME, CB_ETOOBIG; *status is
 * waitpid's otherwise.
 */
int cbi_spawn_program(struct cb_ctx *ctx, const struct cbi_spawn_limits *limits,
                      const char *const *argv, const void *input, size_t len,
                      struct cb_buf *out, int *status) CB_USED;

#endif
