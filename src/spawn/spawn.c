/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.c - see spawn.h.
 */
#include "spawn/spawn.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < 32; i++)
		if (i != SIGKILL && i != SIGSTOP)
			signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int cbi_spawn_start(struct cb_ctx *ctx, int (*fn)(void *arg), void *arg,
                    pid_t *pid)
{
	pid_t child = fork();

	if (child < 0)
		return cb_fail(ctx, CB_EAWAY, "cannot fork: %s",
		               strerror(errno));
	if (child == 0) {
		reset_signals();
		_exit(fn(arg));
	}
	*pid = child;
	return CB_OK;
}
