/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charge.c - see charge.h.
 */
#include "server/charge.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/log.h"

/* In a slot's `hard`: this thread brought the process down. */
#define FELL (-1)

static int my_row = -1;
static __thread int my_slot = -1;

static const int own_making[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
#define OWN_MAKING (sizeof(own_making) / sizeof(own_making[0]))

/*
 * Runs in signal handlers: atomics and copies only.  The request is noted as
 * deadly here already, because nginx tries another process within a
 * millisecond, sooner than the master hears of this one's death.
 */
static void mark(void)
{
	struct cbi_board_thread *slot;
	uint32_t plugin;

	if (my_row < 0 || my_slot < 0)
		return;
	slot = &cbi_board()->processes[my_row].threads[my_slot];
	plugin = atomic_load(&slot->plugin);
	atomic_store(&slot->hard, FELL);
	if (plugin)
		cbi_board_note_dead(slot->request_id, (int)plugin - 1);
}

/* Whoever had the signal before: a sanitizer, which says more, or nobody. */
static struct sigaction before[OWN_MAKING];

static void on_fall(int number, siginfo_t *info, void *context)
{
	(void)context;
	mark();
	for (size_t i = 0; i < OWN_MAKING; i++)
		if (own_making[i] == number)
			sigaction(number, &before[i], NULL);
	/* A real fault comes again by itself, from its own place. */
	if (info->si_code <= 0)
		raise(number);
}

static void on_exit_call(void)
{
	struct cbi_board_thread *slot;

	if (my_row < 0 || my_slot < 0)
		return;
	slot = &cbi_board()->processes[my_row].threads[my_slot];
	if (atomic_load(&slot->plugin))
		mark();
}

void cbi_charge_watch(int row)
{
	my_row = row;
	atexit(on_exit_call);
	for (size_t i = 0; i < OWN_MAKING; i++) {
		struct sigaction action = { .sa_sigaction = on_fall };

		sigemptyset(&action.sa_mask);
		action.sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO;
		sigaction(own_making[i], &action, &before[i]);
	}
}

void cbi_charge_thread(int slot)
{
	/* Lives as long as the thread, which lives as long as the process. */
	static __thread char stack[16384];
	stack_t ours = { .ss_sp = stack, .ss_size = sizeof(stack) };
	stack_t there = { .ss_flags = SS_DISABLE };

	my_slot = slot;
	/* A sanitizer has one there, and frees what it finds when the thread
	 * ends. */
	sigaltstack(NULL, &there);
	if (there.ss_flags & SS_DISABLE)
		sigaltstack(&ours, NULL);
}

static bool is_own_making(int number)
{
	for (size_t i = 0; i < OWN_MAKING; i++)
		if (own_making[i] == number)
			return true;
	return false;
}

void cbi_charge_plugin(int plugin, const char *request_id, const char *what)
{
	const char *name;

	if (plugin < 0 || plugin >= CB_BOARD_PLUGINS)
		return;
	name = cbi_board()->plugins[plugin].name;
	cbi_board_note_dead(request_id, plugin);
	cb_log(NULL, CB_LOG_ERROR, "plugin '%s' %s in request '%.*s'", name,
	       what, CB_REQUEST_ID_MAX, request_id);
	if (cbi_board_charge(plugin))
		cb_log(NULL, CB_LOG_ERROR,
		       "plugin '%s' is in quarantine: %d crashes within %d s",
		       name, CB_CRASH_LIMIT, CB_CRASH_WINDOW_MS / 1000);
}

static void charge(const struct cbi_board_thread *slot, const char *what)
{
	cbi_charge_plugin((int)atomic_load(&slot->plugin) - 1, slot->request_id,
	                  what);
}

static void charge_slots(const struct cbi_board_process *process,
                         const char *what)
{
	bool marked = false;

	for (int i = 0; i < CB_BOARD_THREADS; i++)
		if (atomic_load(&process->threads[i].hard) == FELL)
			marked = true;
	for (int i = 0; i < CB_BOARD_THREADS; i++) {
		const struct cbi_board_thread *slot = &process->threads[i];

		if (!marked || atomic_load(&slot->hard) == FELL)
			charge(slot, what);
	}
}

bool cbi_charge_death(pid_t pid, int status, bool over_memory)
{
	int row = cbi_board_process_find(pid);
	bool fell = false;
	const char *what = "ended its process by exit()";

	if (WIFSIGNALED(status)) {
		int number = WTERMSIG(status);

		fell =
		    is_own_making(number) || (number == SIGKILL && over_memory);
		what = number == SIGKILL ? "took more memory than it may"
		                         : "crashed its process";
	} else if (WIFEXITED(status)) {
		fell = WEXITSTATUS(status) != 0;
	}
	if (row < 0)
		return fell;
	if (fell || WIFEXITED(status))
		charge_slots(&cbi_board()->processes[row], what);
	if (fell)
		cbi_metric_add(CBI_COUNT_CRASHES, 1);
	cbi_board_process_leave(row);
	return fell;
}

bool cbi_charge_hung(int row)
{
	struct cbi_board_process *process = &cbi_board()->processes[row];
	int64_t now = cbi_clock_ms();
	bool hung = false;

	for (int i = 0; i < CB_BOARD_THREADS; i++) {
		struct cbi_board_thread *slot = &process->threads[i];
		int64_t hard = atomic_load(&slot->hard);

		if (!atomic_load(&slot->since) || hard <= 0 || now < hard)
			continue;
		charge(slot, "did not come back");
		hung = true;
	}
	return hung;
}
