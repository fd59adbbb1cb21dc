/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ctx.h"
#include "spawn/spawn.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;

static int give(void *arg)
{
	return *(int *)arg;
}

/* What a child sees of signals that its parent blocks and ignores. */
static int look(void *arg)
{
	struct sigaction pipe_action;
	sigset_t blocked;

	(void)arg;
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	sigaction(SIGPIPE, NULL, &pipe_action);
	return sigismember(&blocked, SIGTERM) == 0 &&
	               pipe_action.sa_handler == SIG_DFL
	           ? 7
	           : 8;
}

static int run(int (*fn)(void *arg), void *arg)
{
	int status = 0;
	pid_t pid;

	assert_int_equal(cbi_spawn_start(&ctx, fn, arg, &pid), CB_OK);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_function_runs_in_a_child(void **state)
{
	int code = 42;

	(void)state;
	assert_int_equal(run(give, &code), 42);
}

static void a_child_has_default_signals_and_none_blocked(void **state)
{
	sigset_t term;

	(void)state;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run(look, NULL), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_runs_in_a_child),
		cmocka_unit_test(a_child_has_default_signals_and_none_blocked),
	};

	cbi_lane_init(&lane, CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
