/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children that fall in each way, and who is blamed for it.
 */
#include "tests/lib/cmock.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/board.h"
#include "base/clock.h"
#include "server/charge.h"

static char path[] = "/tmp/cb-charge-XXXXXX";

enum way {
	BY_FAULT,
	BY_RAISE,
	BY_ABORT,
	BY_DEPTH,
	BY_EXIT_0,
	BY_EXIT_3,
	BY_UNDERSCORE_EXIT,
	BY_KILL,
	BY_END,
};

/* Deeper than any stack. */
static int eat_stack(volatile char *above, int left)
{
	volatile char room[4096];

	room[0] = above[0];
	return left ? room[0] + eat_stack(room, left - 1) : 0;
}

static void fall(enum way way)
{
	volatile int *nowhere = NULL;
	volatile char start = 1;

	switch (way) {
	case BY_FAULT:
		*nowhere = 1;
		break;
	case BY_RAISE:
		raise(SIGSEGV);
		break;
	case BY_ABORT:
		abort();
	case BY_DEPTH:
		eat_stack(&start, 1 << 28);
		break;
	case BY_EXIT_0:
		exit(0);
	case BY_EXIT_3:
		exit(3);
	case BY_UNDERSCORE_EXIT:
		_exit(3);
	default:
		kill(getpid(), SIGKILL);
	}
}

static void occupy(int row, int slot, const char *plugin)
{
	struct cbi_board_thread *thread =
	    &cbi_board()->processes[row].threads[slot];

	snprintf(thread->request_id, sizeof(thread->request_id), "request-%d",
	         slot);
	atomic_store(&thread->since, cbi_clock_ms());
	atomic_store(&thread->plugin,
	             plugin ? (uint32_t)cbi_board_plugin(plugin) + 1 : 0);
}

static enum way the_way;

static void *guilty_thread(void *arg)
{
	(void)arg;
	cbi_charge_thread(1);
	fall(the_way);
	return NULL;
}

/* A child whose slot 0 runs "innocent" and whose slot 1 falls in "guilty". */
static pid_t make_child(enum way way)
{
	struct rlimit none = { 0, 0 };
	pthread_t thread;
	pid_t pid = fork();
	int row;

	if (pid)
		return pid;
	setrlimit(RLIMIT_CORE, &none);
	/* What cmocka or a sanitizer would say of a fall is not wanted. */
	for (int number = 1; number < SIGSYS; number++)
		signal(number, SIG_DFL);
	row = cbi_board_process_enter(getpid(), CBI_PROCESS_WEB, "tools", 0, 1);
	cbi_charge_watch(row);
	occupy(row, 0, "innocent");
	occupy(row, 1, "guilty");
	if (way == BY_END) {
		occupy(row, 0, NULL);
		occupy(row, 1, NULL);
		exit(0);
	}
	the_way = way;
	pthread_create(&thread, NULL, guilty_thread, NULL);
	pthread_join(thread, NULL);
	_exit(99);
}

static uint32_t crashes(const char *plugin)
{
	return atomic_load(
	    &cbi_board()->plugins[cbi_board_plugin(plugin)].crashes);
}

static bool die(enum way way, bool over_memory, uint32_t guilty,
                uint32_t innocent)
{
	uint32_t guilty_before = crashes("guilty");
	uint32_t innocent_before = crashes("innocent");
	pid_t pid = make_child(way);
	int status;
	bool fell;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	fell = cbi_charge_death(pid, status, over_memory);
	assert_int_equal(crashes("guilty") - guilty_before, guilty);
	assert_int_equal(crashes("innocent") - innocent_before, innocent);
	assert_int_equal(cbi_board_process_find(pid), -1);
	return fell;
}

static void the_thread_that_fell_is_charged_alone(void **state)
{
	(void)state;
	assert_true(die(BY_FAULT, false, 1, 0));
	assert_true(die(BY_RAISE, false, 1, 0));
	assert_true(die(BY_ABORT, false, 1, 0));
	assert_true(die(BY_DEPTH, false, 1, 0));
}

static void an_exit_within_a_plugin_is_charged(void **state)
{
	(void)state;
	die(BY_EXIT_0, false, 1, 0);
	assert_true(die(BY_EXIT_3, false, 1, 0));
}

static void where_nobody_is_marked_all_are_charged(void **state)
{
	(void)state;
	assert_true(die(BY_UNDERSCORE_EXIT, false, 1, 1));
}

static void a_kill_from_outside_charges_nobody(void **state)
{
	(void)state;
	assert_false(die(BY_KILL, false, 0, 0));
	assert_true(die(BY_KILL, true, 1, 1));
	assert_false(die(BY_END, false, 0, 0));
}

static void the_request_is_known_as_deadly(void **state)
{
	(void)state;
	assert_true(cbi_board_is_dead("request-1", cbi_board_plugin("guilty")));
	assert_false(
	    cbi_board_is_dead("request-2", cbi_board_plugin("guilty")));
}

static void a_thread_past_its_deadline_is_charged_once_asked(void **state)
{
	int row = cbi_board_process_enter(getpid(), CBI_PROCESS_WEB, "x", 0, 1);
	struct cbi_board_thread *slot = &cbi_board()->processes[row].threads[3];
	uint32_t before = crashes("slow");

	(void)state;
	occupy(row, 3, "slow");
	atomic_store(&slot->hard, cbi_clock_ms() + 60000);
	assert_false(cbi_charge_hung(row));
	atomic_store(&slot->hard, cbi_clock_ms() - 1);
	assert_true(cbi_charge_hung(row));
	assert_int_equal(crashes("slow"), before + 1);
	atomic_store(&slot->since, 0);
	assert_false(cbi_charge_hung(row));
	cbi_board_process_leave(row);
}

static void three_crashes_make_a_quarantine(void **state)
{
	(void)state;
	assert_true(atomic_load(&cbi_board()
	                             ->plugins[cbi_board_plugin("guilty")]
	                             .quarantined_at) > 0);
	assert_int_equal(
	    atomic_load(
		&cbi_board()->plugins[cbi_board_plugin("slow")].quarantined_at),
	    0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_thread_that_fell_is_charged_alone),
		cmocka_unit_test(an_exit_within_a_plugin_is_charged),
		cmocka_unit_test(where_nobody_is_marked_all_are_charged),
		cmocka_unit_test(a_kill_from_outside_charges_nobody),
		cmocka_unit_test(the_request_is_known_as_deadly),
		cmocka_unit_test(
		    a_thread_past_its_deadline_is_charged_once_asked),
		cmocka_unit_test(three_crashes_make_a_quarantine),
	};
	int fd = mkstemp(path), rc;

	if (fd < 0)
		return 99;
	close(fd);
	unlink(path);
	if (cbi_board_attach(path, true) < 0)
		return 99;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
