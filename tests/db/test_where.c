/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/limits.h"
#include "db/db.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;

static int setup(void **state)
{
	(void)state;
	unsetenv("PGHOST");
	unsetenv("PGHOSTADDR");
	unsetenv("PGPORT");
	unsetenv("PGSSLROOTCERT");
	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	cbi_ctx_init(&ctx, &lane);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

static void ports_are_those_of_hosts_that_are_no_sockets(void **state)
{
	static const struct {
		const char *conninfo;
		size_t n;
		uint16_t ports[3];
	} rows[] = {
		{ "host=/run/postgresql dbname=x", 0, { 0 } },
		{ "dbname=x", 0, { 0 } },
		{ "host=@abstract port=6000", 0, { 0 } },
		{ "host=db", 1, { 5432 } },
		{ "host=db port=6000", 1, { 6000 } },
		{ "host=a,b port=6000", 1, { 6000 } },
		{ "host=a,/run,b port=6000,6001,6002", 2, { 6000, 6002 } },
		{ "hostaddr=10.0.0.1 host=db port=7000", 1, { 7000 } },
		{ "postgresql://u@a:1,b:2/x", 2, { 1, 2 } },
		{ "postgresql:///x?host=/run/postgresql", 0, { 0 } },
	};
	uint16_t ports[4];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = 99;

		assert_int_equal(
		    cbi_db_ports(&ctx, rows[i].conninfo, ports, &n, 4), CB_OK);
		assert_int_equal(n, rows[i].n);
		assert_memory_equal(ports, rows[i].ports, n * sizeof(ports[0]));
	}
}

static void the_environment_counts_as_for_libpq(void **state)
{
	uint16_t ports[4];
	size_t n;

	(void)state;
	setenv("PGHOST", "db", 1);
	setenv("PGPORT", "6432", 1);
	assert_int_equal(cbi_db_ports(&ctx, "dbname=x", ports, &n, 4), CB_OK);
	assert_int_equal(n, 1);
	assert_int_equal(ports[0], 6432);
	unsetenv("PGHOST");
	unsetenv("PGPORT");
}

static void nonsense_is_refused(void **state)
{
	uint16_t ports[1];
	size_t n;

	(void)state;
	assert_int_equal(cbi_db_ports(&ctx, "host", ports, &n, 1), CB_EINVAL);
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_db_ports(&ctx, "host=a port=99999", ports, &n, 1),
	                 CB_EINVAL);
	cb_failure_clear(&ctx);
	assert_int_equal(cbi_db_ports(&ctx, "host=a,b port=1,2", ports, &n, 1),
	                 CB_ETOOBIG);
	cb_failure_clear(&ctx);
}

static void files_are_those_it_names(void **state)
{
	const char *list[4];
	size_t n = 0;

	(void)state;
	cbi_db_files(&ctx, "host=a sslrootcert=/etc/x.pem sslkey=relative",
	             list, &n, 4);
	assert_true(n >= 1);
	assert_string_equal(list[0], "/etc/x.pem");
	for (size_t i = 0; i < n; i++)
		assert_int_equal(list[i][0], '/');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_those_of_hosts_that_are_no_sockets),
		cmocka_unit_test(the_environment_counts_as_for_libpq),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(files_are_those_it_names),
	};

	return cmocka_run_group_tests_name("db/where", tests, setup, teardown);
}
