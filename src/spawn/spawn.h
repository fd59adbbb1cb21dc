/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.h - short-lived children: functions of ours, and programs with limits.
 */
#ifndef CB_SPAWN_SPAWN_H
#define CB_SPAWN_SPAWN_H

#include <callboard/ctx.h>

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Runs fn(arg) in a child, with default signals and none blocked, whose exit
 * code is what it returns; does not wait.  Fork only from processes with one
 * thread.  CB_EAWAY when there is no process to be had.
 */
int cbi_spawn_start(struct cb_ctx *ctx, int (*fn)(void *arg), void *arg,
                    pid_t *pid) CB_USED;

/*
 * A program, and what it may use up.  It is handed no descriptor but its
 * three, no signal of ours, its own process group, and no environment but
 * PATH, LANG=C.UTF-8 and env.
 */
struct cbi_spawn_ask {
	const char *const *argv; /* ends in NULL; [0] an absolute path, or a
	                          * name looked up in /usr/local/bin, /usr/bin
	                          * and /bin */
	const char *const *env;  /* "NAME=value"; ends in NULL; NULL: none */
	const char *dir;         /* where it runs; NULL: "/" */
	const void *in;          /* its standard input */
	size_t in_len;
	size_t out_max;    /* bytes of standard output */
	int total_ms;      /* the context's deadline shortens it */
	size_t memory_max; /* bytes of address space; 0: no limit */
	uint64_t file_max; /* bytes of a file it writes; 0: no limit */
};

struct cbi_spawn_reply {
	int code;        /* what it exited with, or 128 + the signal's number */
	const char *out; /* NUL-terminated, may hold others; lives with ctx */
	size_t out_len;
	const char *err; /* the beginning of what it complained about */
};

/*
 * Runs it to its end, from any thread.  Whatever the outcome, no process of
 * its group is left when it returns.
 *
 * CB_OK whatever its exit code, or
 * CB_ENOTSUP  there is no such program here
 * CB_ETOOBIG  it wrote more than out_max
 * CB_ETIME    it was not done in time
 * CB_EAWAY    no process or descriptor to be had
 */
int cbi_spawn_run(struct cb_ctx *ctx, const struct cbi_spawn_ask *ask,
                  struct cbi_spawn_reply *out) CB_USED;

#endif
