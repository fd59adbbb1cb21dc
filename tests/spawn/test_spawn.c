/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "spawn/helpers.h"
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

static const char *const *argv_of(const char *script)
{
	static const char *argv[4];

	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = script;
	argv[3] = NULL;
	return argv;
}

static int program(const char *script, const char *in, size_t out_max, int ms,
                   struct cbi_spawn_reply *out)
{
	struct cbi_spawn_ask ask = {
		.argv = argv_of(script),
		.in = in,
		.in_len = in ? strlen(in) : 0,
		.out_max = out_max,
		.total_ms = ms,
		.file_max = 1000,
	};

	cb_failure_clear(&ctx);
	return cbi_spawn_run(&ctx, &ask, out);
}

static void a_program_reads_and_writes_and_has_a_code(void **state)
{
	struct cbi_spawn_reply reply;

	(void)state;
	assert_int_equal(program("tr a-z A-Z; echo why >&2; exit 3", "words",
	                         100, 10000, &reply),
	                 CB_OK);
	assert_int_equal(reply.code, 3);
	assert_string_equal(reply.out, "WORDS");
	assert_int_equal(reply.out_len, 5);
	assert_string_equal(reply.err, "why\n");
}

static void a_program_that_does_not_read_harms_nobody(void **state)
{
	static char large[1000001];
	struct cbi_spawn_reply reply;

	(void)state;
	memset(large, 'a', sizeof(large) - 1);
	assert_int_equal(
	    program("exec 0<&-; echo done", large, 100, 10000, &reply), CB_OK);
	assert_string_equal(reply.out, "done\n");
	assert_int_equal(program("cat", large, sizeof(large), 10000, &reply),
	                 CB_OK);
	assert_int_equal(reply.out_len, sizeof(large) - 1);
}

static void what_is_too_much_or_too_slow_is_ended(void **state)
{
	struct cbi_spawn_reply reply;
	int64_t before = cbi_clock_ms();

	(void)state;
	assert_int_equal(program("yes", NULL, 1000, 10000, &reply), CB_ETOOBIG);
	assert_int_equal(program("sleep 60", NULL, 1000, 100, &reply),
	                 CB_ETIME);
	assert_string_equal(cb_failure(&ctx), "sh was not done in time");
	/* Closed outputs are no end. */
	assert_int_equal(
	    program("exec >&- 2>&-; sleep 60", NULL, 1000, 100, &reply),
	    CB_ETIME);
	assert_true(cbi_clock_ms() - before < 9000);
}

static void what_a_program_started_ends_with_it(void **state)
{
	struct cbi_spawn_reply reply;
	char *end;
	long pid;

	(void)state;
	assert_int_equal(program("sleep 60 >/dev/null 2>&1 & echo $!", NULL,
	                         100, 10000, &reply),
	                 CB_OK);
	pid = strtol(reply.out, &end, 10);
	assert_true(pid > 1);
	/* A zombie until init has seen it. */
	for (int i = 0; i < 500 && kill((pid_t)pid, 0) == 0; i++) {
		char path[40], stat[100] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
		file = fopen(path, "r");
		if (file) {
			if (!fgets(stat, sizeof(stat), file))
				stat[0] = '\0';
			fclose(file);
		}
		if (strstr(stat, ") Z "))
			return;
		usleep(10000);
	}
	assert_int_not_equal(kill((pid_t)pid, 0), 0);
}

static void a_program_gets_nothing_of_ours(void **state)
{
	struct cbi_spawn_reply reply;
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	setenv("SECRET", "x", 1);
	assert_int_equal(program("echo $SECRET; ls /proc/self/fd | wc -l; pwd",
	                         NULL, 100, 10000, &reply),
	                 CB_OK);
	/* Its three, and the one ls reads the folder with. */
	assert_string_equal(reply.out, "\n4\n/\n");
	close(fd);
	assert_int_equal(program("head -c 5000 /dev/zero >/tmp/cb_spawn.$$; "
	                         "wc -c </tmp/cb_spawn.$$; rm /tmp/cb_spawn.$$",
	                         NULL, 100, 10000, &reply),
	                 CB_OK);
	assert_string_equal(reply.out, "1000\n");
}

static void a_program_that_is_not_there_is_named(void **state)
{
	static const char *const argv[] = { "no-such-program", NULL };
	struct cbi_spawn_ask ask = { .argv = argv, .total_ms = 1000 };
	struct cbi_spawn_reply reply;

	(void)state;
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_spawn_run(&ctx, &ask, &reply), CB_ENOTSUP);
	assert_string_equal(cb_failure(&ctx),
	                    "there is no program no-such-program here");
}

/* ---- Helpers ------------------------------------------------------------- */

/* `cat` answers each frame with itself. */
static struct cbi_helpers *helpers_of(const char *const *argv, int most,
                                      int uses)
{
	const struct cbi_helpers_plan plan = { .argv = argv,
		                               .most = most,
		                               .uses = uses };
	struct cbi_helpers *helpers = NULL;

	assert_int_equal(cbi_helpers_create(&ctx, &plan, &helpers), CB_OK);
	return helpers;
}

static int ask(struct cbi_helpers *helpers, const char *text, int ms,
               size_t most, struct cb_buf *out)
{
	struct cb_buf question;
	int rc;

	cb_failure_clear(&ctx);
	cbi_buf_init(&question, CB_MIB);
	cbi_buf_init(out, most);
	cb_buf_text(&question, text);
	rc = cbi_helpers_ask(&ctx, helpers, &question, ms, out);
	cbi_buf_finish(&question);
	return rc;
}

static const char *const cat[] = { "cat", NULL };
/* Answers with its own process id, in a frame of 8 bytes. */
static const char *const who[] = {
	"sh", "-c",
	"while head -c 5 >/dev/null; do printf '\\010\\000\\000\\000%8d' $$; "
	"done",
	NULL
};

static void a_helper_answers_one_question_after_another(void **state)
{
	struct cbi_helpers *helpers = helpers_of(cat, 2, 100);
	struct cb_buf out;
	char *large = cb_alloc(&ctx, 300001);

	(void)state;
	assert_int_equal(ask(helpers, "one", 2000, 100, &out), CB_OK);
	assert_string_equal(cbi_buf_string(&out), "one");
	cbi_buf_finish(&out);
	memset(large, 'x', 300000);
	assert_int_equal(ask(helpers, large, 5000, CB_MIB, &out), CB_OK);
	assert_int_equal(out.len, 300000);
	cbi_buf_finish(&out);
	cbi_helpers_destroy(helpers);
}

static void a_helper_stays_until_it_was_used_enough(void **state)
{
	struct cbi_helpers *helpers = helpers_of(who, 1, 2);
	char first[16], pid[16];
	struct cb_buf out;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(helpers, "?", 5000, 100, &out), CB_OK);
		snprintf(pid, sizeof(pid), "%s", cbi_buf_string(&out));
		cbi_buf_finish(&out);
		if (i == 0)
			strcpy(first, pid);
		assert_int_equal(strcmp(first, pid) == 0, i < 2);
	}
	cbi_helpers_destroy(helpers);
}

static void a_helper_that_is_late_or_falls_is_replaced(void **state)
{
	static const char *const sleeper[] = { "sleep", "60", NULL };
	static const char *const falls[] = { "sh", "-c", "kill -9 $$", NULL };
	struct cbi_helpers *helpers = helpers_of(sleeper, 1, 100);
	struct cb_buf out;

	(void)state;
	assert_int_equal(ask(helpers, "?", 200, 100, &out), CB_ETIME);
	assert_string_equal(cb_failure(&ctx), "sleep was not done in time");
	cbi_helpers_destroy(helpers);
	helpers = helpers_of(falls, 1, 100);
	assert_int_equal(ask(helpers, "?", 5000, 100, &out), CB_EBUG);
	assert_non_null(strstr(cb_failure(&ctx), "SIGKILL"));
	cbi_helpers_destroy(helpers);
	helpers = helpers_of(cat, 1, 100);
	assert_int_equal(ask(helpers, "too long", 5000, 3, &out), CB_ETOOBIG);
	cbi_buf_finish(&out);
	/* The next one finds another. */
	assert_int_equal(ask(helpers, "ok", 5000, 3, &out), CB_OK);
	cbi_buf_finish(&out);
	cbi_helpers_destroy(helpers);
	cb_failure_clear(&ctx);
}

static void *ask_slowly(void *arg)
{
	struct cbi_lane own;
	struct cb_buf question, out;
	struct cb_ctx c;
	int rc;

	cbi_lane_init(&own, 8 * CB_MIB);
	cbi_ctx_init(&c, &own);
	cbi_buf_init(&question, 100);
	cbi_buf_init(&out, 100);
	cb_buf_text(&question, "?");
	rc = cbi_helpers_ask(&c, arg, &question, 600, &out);
	cbi_buf_finish(&question);
	cbi_buf_finish(&out);
	cbi_ctx_finish(&c);
	cbi_lane_finish(&own);
	return (void *)(intptr_t)rc;
}

static void who_finds_no_helper_free_waits_no_longer_than_he_may(void **state)
{
	static const char *const sleeper[] = { "sleep", "60", NULL };
	struct cbi_helpers *helpers = helpers_of(sleeper, 1, 100);
	pthread_t thread;
	struct cb_buf out;
	void *rc;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, ask_slowly, helpers), 0);
	usleep(200 * 1000);
	assert_int_equal(ask(helpers, "?", 100, 100, &out), CB_EBUSY);
	pthread_join(thread, &rc);
	assert_int_equal((intptr_t)rc, CB_ETIME);
	cbi_helpers_destroy(helpers);
	cb_failure_clear(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_runs_in_a_child),
		cmocka_unit_test(a_child_has_default_signals_and_none_blocked),
		cmocka_unit_test(a_program_reads_and_writes_and_has_a_code),
		cmocka_unit_test(a_program_that_does_not_read_harms_nobody),
		cmocka_unit_test(what_is_too_much_or_too_slow_is_ended),
		cmocka_unit_test(what_a_program_started_ends_with_it),
		cmocka_unit_test(a_program_gets_nothing_of_ours),
		cmocka_unit_test(a_program_that_is_not_there_is_named),
		cmocka_unit_test(a_helper_answers_one_question_after_another),
		cmocka_unit_test(a_helper_stays_until_it_was_used_enough),
		cmocka_unit_test(a_helper_that_is_late_or_falls_is_replaced),
		cmocka_unit_test(
		    who_finds_no_helper_free_waits_no_longer_than_he_may),
	};

	cbi_lane_init(&lane, 8 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
