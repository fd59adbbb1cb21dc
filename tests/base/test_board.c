/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/board.h"

static char path[] = "/tmp/cb-board-XXXXXX";

static void a_board_is_shared_with_children(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	unlink(path);
	assert_int_equal(cbi_board_attach(path, false), -1);
	assert_int_equal(cbi_board_attach(path, true), 0);
	pid = fork();
	if (pid == 0) {
		cbi_metric_add(CBI_COUNT_REQUESTS, 3);
		_exit(cbi_board_plugin("jenkins"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(cbi_board()->counters[CBI_COUNT_REQUESTS], 3);
	assert_int_equal(cbi_board_plugin("jenkins"), WEXITSTATUS(status));
	assert_int_not_equal(cbi_board_plugin("sonarqube"),
	                     WEXITSTATUS(status));
}

static void a_second_master_takes_the_board_over(void **state)
{
	(void)state;
	assert_int_equal(cbi_board_attach(path, true), 0);
	assert_int_equal(cbi_board()->counters[CBI_COUNT_REQUESTS], 3);
}

static void another_layout_is_replaced(void **state)
{
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	fputs("not a board", file);
	fclose(file);
	assert_int_equal(cbi_board_attach(path, false), -1);
	assert_int_equal(cbi_board_attach(path, true), 0);
	assert_int_equal(cbi_board()->counters[CBI_COUNT_REQUESTS], 0);
}

/* Its clocks would tell of a time that this machine has not reached yet. */
static void a_board_of_before_the_machine_started_is_replaced(void **state)
{
	const uint32_t other = cbi_board()->boot + 1;
	int fd = open(path, O_WRONLY);

	(void)state;
	atomic_store(&cbi_board()->level_ms, INT64_MAX / 2);
	assert_int_equal(
	    pwrite(fd, &other, sizeof(other), offsetof(struct cbi_board, boot)),
	    sizeof(other));
	close(fd);
	assert_int_equal(cbi_board_attach(path, false), -1);
	assert_int_equal(cbi_board_attach(path, true), 0);
	assert_int_equal(atomic_load(&cbi_board()->level_ms), 0);
}

static void three_crashes_make_a_quarantine(void **state)
{
	int plugin = cbi_board_plugin("fragile");

	(void)state;
	assert_false(cbi_board_charge(plugin));
	assert_false(cbi_board_charge(plugin));
	assert_true(cbi_board_charge(plugin));
	assert_true(cbi_board()->plugins[plugin].quarantined_at > 0);
}

static void a_dead_request_is_remembered_for_its_plugin(void **state)
{
	int plugin = cbi_board_plugin("fragile");

	(void)state;
	assert_false(cbi_board_is_dead("abc", plugin));
	cbi_board_note_dead("abc", plugin);
	assert_true(cbi_board_is_dead("abc", plugin));
	assert_false(cbi_board_is_dead("abd", plugin));
	assert_false(cbi_board_is_dead("abc", plugin + 1));
	assert_false(cbi_board_is_dead("", plugin));
}

static void numbers_only_rise(void **state)
{
	struct cbi_board *board = cbi_board();

	(void)state;
	cbi_board_raise(&board->wanted, 7);
	cbi_board_raise(&board->wanted, 5);
	assert_int_equal(board->wanted, 7);
}

static void process_rows_are_taken_and_given_back(void **state)
{
	int row = cbi_board_process_enter(4711, CBI_PROCESS_WEB, "core", 1, 2);

	(void)state;
	assert_true(row >= 0);
	assert_int_equal(cbi_board_process_find(4711), row);
	cbi_board_process_leave(row);
	assert_int_equal(cbi_board_process_find(4711), -1);
}

static void quantiles_come_from_the_buckets(void **state)
{
	static struct cbi_histogram histogram;

	(void)state;
	assert_int_equal(cbi_metric_quantile(&histogram, 0.5), 0);
	for (int i = 0; i < 98; i++)
		cbi_metric_time(&histogram, 80);
	cbi_metric_time(&histogram, 9000);
	cbi_metric_time(&histogram, 9000);
	assert_int_equal(cbi_metric_quantile(&histogram, 0.5), 100);
	assert_int_equal(cbi_metric_quantile(&histogram, 0.99), 10000);
}

static int remove_board(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_board_is_shared_with_children),
		cmocka_unit_test(a_second_master_takes_the_board_over),
		cmocka_unit_test(another_layout_is_replaced),
		cmocka_unit_test(
		    a_board_of_before_the_machine_started_is_replaced),
		cmocka_unit_test(three_crashes_make_a_quarantine),
		cmocka_unit_test(a_dead_request_is_remembered_for_its_plugin),
		cmocka_unit_test(numbers_only_rise),
		cmocka_unit_test(process_rows_are_taken_and_given_back),
		cmocka_unit_test(quantiles_come_from_the_buckets),
	};
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	return cmocka_run_group_tests(tests, NULL, remove_board);
}
