/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/db.h"
#include "db/migrate.h"
#include "tests/lib/lane.h"
#include "tests/lib/stores.h"

static char conninfo[192];

/* A fresh database and an empty folder, both called name. */
static const char *fresh(const char *name)
{
	static char dir[128];
	struct stores *stores = stores_start(STORES_POSTGRES);

	stores_database(name, conninfo, sizeof(conninfo));
	snprintf(dir, sizeof(dir), "%s/%s", stores->dir, name);
	assert_int_equal(mkdir(dir, 0755), 0);
	return dir;
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

static int migrate(const char *dir, int *applied, char *why, size_t size)
{
	struct lane lane;
	int rc;

	lane_setup_db(conninfo);
	lane_open(&lane);
	rc = cbi_db_migrate(&lane.ctx, dir, applied);
	snprintf(why, size, "%s", cb_failure(&lane.ctx));
	lane_close(&lane);
	cbi_db_shutdown();
	return rc;
}

static void the_house_s_schema_applies_once(void **state)
{
	const struct cbi_db_version *versions;
	int applied = -1, number = -1;
	struct lane lane;
	size_t n;

	(void)state;
	fresh("house");
	lane_setup_db(conninfo);
	lane_open(&lane);
	assert_int_equal(cbi_db_schema_serves(&lane.ctx, &number), CB_EAWAY);
	assert_non_null(strstr(cb_failure(&lane.ctx), "is at schema 0, this"));
	cb_failure_clear(&lane.ctx);
	assert_int_equal(
	    cbi_db_migrate(&lane.ctx, stores_schema_dir(), &applied), CB_OK);
	assert_true(applied >= 1);
	assert_int_equal(cbi_db_schema_serves(&lane.ctx, &number), CB_OK);
	assert_int_equal(number, applied);
	/* A new file is needed by the release that brings it. */
	assert_int_equal(number, CB_DB_SCHEMA_NEEDED);
	assert_int_equal(cbi_db_versions(&lane.ctx, &versions, &n), CB_OK);
	assert_int_equal(n, applied);
	assert_string_equal(versions[0].name, "0001_house");
	assert_int_equal(strlen(versions[0].applied_at), 24);
	assert_int_equal(
	    cbi_db_migrate(&lane.ctx, stores_schema_dir(), &applied), CB_OK);
	assert_int_equal(applied, 0);
	lane_close(&lane);
	cbi_db_shutdown();
}

static void of_ten_at_once_one_applies(void **state)
{
	const char *dir = fresh("ten");
	int sum = 0, status;

	(void)state;
	write_file(dir, "0001_a.sql",
	           "create table callboard.a (x int); select pg_sleep(0.1);");
	write_file(dir, "0002_b.sql", "create table callboard.b (x int);");
	fflush(NULL);
	for (int i = 0; i < 10; i++) {
		if (fork() == 0) {
			char why[512];
			int applied = 0;
			int rc = migrate(dir, &applied, why, sizeof(why));

			if (rc != CB_OK)
				fprintf(stderr, "%s\n", why);
			_exit(rc == CB_OK ? applied : 100);
		}
	}
	for (int i = 0; i < 10; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status));
		sum += WEXITSTATUS(status);
	}
	assert_int_equal(sum, 2);
	assert_string_equal(
	    stores_sql(conninfo,
	               "select count(*) from callboard.schema_version"),
	    "2");
}

/* Killed at any moment, a second run completes. */
static void a_killed_one_is_completed(void **state)
{
	const char *dir = fresh("killed");
	char why[512];
	int applied;

	(void)state;
	write_file(dir, "0001_a.sql",
	           "create table callboard.a (x int); select pg_sleep(0.03);"
	           "create table callboard.aa (x int);");
	write_file(dir, "0002_b.sql",
	           "create table callboard.b (x int); select pg_sleep(0.03);");
	fflush(NULL);
	for (int ms = 0; ms < 100; ms += 10) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(migrate(dir, &applied, why, sizeof(why)) !=
			      CB_OK);
		usleep((useconds_t)ms * 1000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	assert_int_equal(migrate(dir, &applied, why, sizeof(why)), CB_OK);
	assert_string_equal(stores_sql(conninfo,
	                               "select count(*) from pg_tables where "
	                               "schemaname = 'callboard'"),
	                    "4");
}

static void refusals_say_where(void **state)
{
	const char *dir = fresh("bad");
	char why[512];
	int applied = -1;

	(void)state;
	assert_int_equal(migrate(dir, &applied, why, sizeof(why)), CB_EINVAL);
	assert_non_null(strstr(why, "no NNNN_name.sql"));
	write_file(dir, "0001_a.sql",
	           "-- \xc3\xa4\xc3\xb6\n\ncreate table callboard.a (x int);\n"
	           "create tabel callboard.b (x int);\n");
	assert_int_equal(migrate(dir, &applied, why, sizeof(why)), CB_EBUG);
	assert_non_null(strstr(why, "0001_a.sql:4"));
	assert_non_null(strstr(why, "42601"));
	write_file(dir, "0001_a.sql", "create table callboard.a (x int);\n");
	write_file(dir, "0003_c.sql", "select 1;\n");
	assert_int_equal(migrate(dir, &applied, why, sizeof(why)), CB_EINVAL);
	assert_non_null(strstr(why, "0002"));
	write_file(dir, "0002_b.sql", "select 1;\n");
	write_file(dir, "README", "not SQL");
	assert_int_equal(migrate(dir, &applied, why, sizeof(why)), CB_OK);
	assert_int_equal(applied, 3);
	write_file(dir, "0002_b.sql", "select 2;\n");
	assert_int_equal(migrate(dir, &applied, why, sizeof(why)),
	                 CB_ECONFLICT);
	assert_non_null(strstr(why, "0002_b.sql"));
	assert_int_equal(migrate("/nowhere", &applied, why, sizeof(why)),
	                 CB_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_house_s_schema_applies_once),
		cmocka_unit_test(of_ten_at_once_one_applies),
		cmocka_unit_test(a_killed_one_is_completed),
		cmocka_unit_test(refusals_say_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
