/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/db.h"
#include "tests/lib/lane.h"
#include "tests/lib/stores.h"

static const struct cbi_db_stmt one = { "one", "select 1" };

static int ask(struct lane *lane, int64_t *took)
{
	int64_t before = cbi_clock_ms();
	int rc;

	lane_next(lane);
	rc = cbi_db_query(&lane->ctx, &one, NULL, 0, NULL);
	*took = cbi_clock_ms() - before;
	return rc;
}

static void pause_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

static void stopped_postgres_fails_fast_and_comes_back(void **state)
{
	struct lane lane;
	int64_t took, since;
	int rc;

	(void)state;
	lane_setup_db(NULL);
	lane_open(&lane);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(ask(&lane, &took), CB_OK);
		assert_true(cbi_db_there());
		stores_stop(STORES_POSTGRES);
		for (int i = 0; i < 200; i++) {
			assert_int_equal(ask(&lane, &took), CB_EAWAY);
			assert_in_range(took, 0, 50);
		}
		assert_false(cbi_db_there());
		stores_start(STORES_POSTGRES);
		since = cbi_clock_ms();
		while ((rc = ask(&lane, &took)) == CB_EAWAY &&
		       cbi_clock_ms() - since < 3000)
			pause_ms(5);
		assert_int_equal(rc, CB_OK);
		assert_in_range(cbi_clock_ms() - since, 0, 2000);
	}
	lane_close(&lane);
	cbi_db_shutdown();
}

/* A server that accepts and never says a word. */
static void a_black_hole_holds_nobody_for_long(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char dir[] = "/tmp/cbt-hole-XXXXXX", conninfo[128];
	struct lane lane;
	int64_t took;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/.s.PGSQL.5432", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 8), 0);
	snprintf(conninfo, sizeof(conninfo), "host=%s", dir);
	lane_setup_db(conninfo);
	lane_open(&lane);
	assert_int_equal(ask(&lane, &took), CB_EAWAY);
	assert_in_range(took, 1900, 2500);
	assert_int_equal(ask(&lane, &took), CB_EAWAY);
	assert_in_range(took, 0, 20);
	pause_ms(100);
	lane_next(&lane);
	lane.ctx.deadline = cbi_clock_ms() + 50;
	assert_int_equal(cbi_db_query(&lane.ctx, &one, NULL, 0, NULL),
	                 CB_ETIME);
	lane_close(&lane);
	cbi_db_shutdown();
	close(fd);
	unlink(addr.sun_path);
	rmdir(dir);
}

static void the_next_host_of_a_list_serves(void **state)
{
	struct stores *stores = stores_start(STORES_POSTGRES);
	char conninfo[256];
	struct lane lane;
	int64_t took;

	(void)state;
	snprintf(conninfo, sizeof(conninfo),
	         "host=/nowhere,%s user=callboard dbname=callboard "
	         "target_session_attrs=read-write",
	         stores->dir);
	lane_setup_db(conninfo);
	lane_open(&lane);
	assert_int_equal(ask(&lane, &took), CB_OK);
	assert_true(cbi_db_there());
	lane_close(&lane);
	cbi_db_shutdown();
}

/* A backend that hangs: the client gives up after statement_timeout. */
static void a_silent_server_is_given_up(void **state)
{
	struct cbi_db_result *result;
	struct lane lane;
	int64_t took;
	pid_t pid;

	(void)state;
	lane_setup_db_with(NULL, 4, true, 300);
	lane_open(&lane);
	assert_int_equal(cbi_db_query_text(&lane.ctx, "select pg_backend_pid()",
	                                   NULL, 0, &result),
	                 CB_OK);
	pid = (pid_t)cbi_db_int(result, 0, 0);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(ask(&lane, &took), CB_EAWAY);
	assert_in_range(took, 700, 1200);
	kill(pid, SIGCONT);
	assert_int_equal(ask(&lane, &took), CB_OK);
	lane_close(&lane);
	cbi_db_shutdown();
}

struct worker {
	int rounds;
	const char *sql;
	int ok, busy, other;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct lane lane;

	lane_open(&lane);
	for (int i = 0; i < worker->rounds; i++) {
		int rc;

		lane_next(&lane);
		rc = cbi_db_query_text(&lane.ctx, worker->sql, NULL, 0, NULL);
		worker->ok += rc == CB_OK;
		worker->busy += rc == CB_EBUSY;
		worker->other += rc != CB_OK && rc != CB_EBUSY;
	}
	lane_close(&lane);
	return NULL;
}

static struct worker work_together(int threads, int rounds, const char *sql)
{
	struct worker workers[16], sum = { 0, NULL, 0, 0, 0 };
	pthread_t ids[16];

	for (int i = 0; i < threads; i++) {
		workers[i] = (struct worker){ rounds, sql, 0, 0, 0 };
		pthread_create(&ids[i], NULL, work, &workers[i]);
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		sum.ok += workers[i].ok;
		sum.busy += workers[i].busy;
		sum.other += workers[i].other;
	}
	return sum;
}

static void many_lanes_share_few_connections(void **state)
{
	struct stores *stores = stores_start(STORES_POSTGRES);
	struct worker sum;

	(void)state;
	lane_setup_db_with(NULL, 3, true, 1000);
	sum = work_together(16, 200, "select 1");
	assert_int_equal(sum.ok, 3200);
	assert_in_range(
	    atoll(stores_sql(stores->conninfo,
	                     "select count(*) from pg_stat_activity where "
	                     "application_name = 'callboard test'")),
	    1, 3);
	cbi_db_shutdown();
}

static void the_gate_lets_nobody_wait_longer_than_a_second(void **state)
{
	int64_t before = cbi_clock_ms();
	struct worker sum;

	(void)state;
	lane_setup_db_with(NULL, 2, true, 0);
	sum = work_together(6, 1, "select pg_sleep(1.6)");
	assert_int_equal(sum.ok, 2);
	assert_int_equal(sum.busy, 4);
	assert_in_range(cbi_clock_ms() - before, 1500, 2600);
	cbi_db_shutdown();
}

/* 53300 for whoever has none; who has some waits for them instead. */
static void a_full_server_is_busy_not_away(void **state)
{
	struct stores *stores = stores_start(STORES_POSTGRES);
	struct worker sum;
	struct lane lane;
	int64_t took;

	(void)state;
	stores_sql(stores->conninfo,
	           "create role few login connection limit 1");
	stores_sql(stores->conninfo, "grant all on schema public to few");
	{
		char conninfo[192];

		snprintf(conninfo, sizeof(conninfo),
		         "host=%s user=few dbname=callboard", stores->dir);
		lane_setup_db(conninfo);
	}
	sum = work_together(6, 50, "select 1");
	assert_int_equal(sum.ok, 300);
	stores_sql(stores->conninfo, "alter role few connection limit 0");
	cbi_db_idle();
	lane_open(&lane);
	stores_sql(stores->conninfo,
	           "select pg_terminate_backend(pid) from pg_stat_activity "
	           "where usename = 'few'");
	assert_int_equal(ask(&lane, &took), CB_EBUSY);
	assert_int_equal(ask(&lane, &took), CB_EBUSY);
	assert_in_range(took, 0, 50);
	lane_close(&lane);
	cbi_db_shutdown();
}

static void a_child_does_not_disturb_its_parent(void **state)
{
	struct lane lane;
	int64_t took;
	int status;
	pid_t pid;

	(void)state;
	lane_setup_db(NULL);
	lane_open(&lane);
	assert_int_equal(ask(&lane, &took), CB_OK);
	pid = fork();
	if (pid == 0) {
		struct cbi_db_config config = {
			.conninfo = stores_start(0)->conninfo,
			.process = "child",
		};
		struct lane mine;

		lane_open(&mine);
		if (cbi_db_setup(&mine.ctx, &config) != CB_OK)
			_exit(1);
		_exit(ask(&mine, &took) == CB_OK ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(ask(&lane, &took), CB_OK);
	lane_close(&lane);
	cbi_db_shutdown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_does_not_disturb_its_parent),
		cmocka_unit_test(stopped_postgres_fails_fast_and_comes_back),
		cmocka_unit_test(a_black_hole_holds_nobody_for_long),
		cmocka_unit_test(the_next_host_of_a_list_serves),
		cmocka_unit_test(a_silent_server_is_given_up),
		cmocka_unit_test(many_lanes_share_few_connections),
		cmocka_unit_test(
		    the_gate_lets_nobody_wait_longer_than_a_second),
		cmocka_unit_test(a_full_server_is_busy_not_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
