/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.h - short-lived children that run a function of ours.
 */
#ifndef CB_SPAWN_SPAWN_H
#define CB_SPAWN_SPAWN_H

#include <callboard/ctx.h>

#include <sys/types.h>

/*
 * Runs fn(arg) in a child, with default signals and none blocked, whose exit
 * code is what it returns; does not wait.  Fork only from processes with one
 * thread.  CB_EAWAY when there is no process to be had.
 */
int cbi_spawn_start(struct cb_ctx *ctx, int (*fn)(void *arg), void *arg,
                    pid_t *pid) CB_USED;

#endif
