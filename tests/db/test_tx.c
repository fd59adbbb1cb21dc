/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/db.h"
#include "tests/lib/lane.h"
#include "tests/lib/stores.h"

static const struct cbi_db_stmt put = {
	"put", "insert into t (id, v) values ($1::int, $2) returning id"
};
static const struct cbi_db_stmt count = { "count", "select count(*) from t" };
static const struct cbi_db_stmt lock = {
	"lock", "select v from t where id = $1::int for update"
};

static int setup(void **state)
{
	static struct lane lane;

	lane_setup_db(NULL);
	lane_open(&lane);
	*state = &lane;
	return 0;
}

static int teardown(void **state)
{
	lane_close(*state);
	cbi_db_shutdown();
	return 0;
}

static struct cb_ctx *next(void **state)
{
	struct lane *lane = *state;

	lane_next(lane);
	return &lane->ctx;
}

static void fresh_table(void)
{
	stores_sql(stores_start(0)->conninfo,
	           "drop table if exists t; "
	           "create table t (id int primary key, v text)");
}

static int rows(struct cb_ctx *ctx)
{
	struct cbi_db_result *result;

	assert_int_equal(cbi_db_query(ctx, &count, NULL, 0, &result), CB_OK);
	return (int)cbi_db_int(result, 0, 0);
}

static void what_is_not_committed_is_gone(void **state)
{
	const char *params[] = { "1", "x" };
	struct cb_ctx *ctx = next(state);

	fresh_table();
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_true(cbi_db_in_transaction(ctx));
	assert_int_equal(cbi_db_query(ctx, &put, params, 2, NULL), CB_OK);
	assert_int_equal(rows(ctx), 1);
	cbi_db_rollback(ctx);
	assert_false(cbi_db_in_transaction(ctx));
	assert_int_equal(rows(ctx), 0);
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(cbi_db_query(ctx, &put, params, 2, NULL), CB_OK);
	ctx = next(state); /* ends with the context */
	assert_false(cbi_db_in_transaction(ctx));
	assert_int_equal(rows(ctx), 0);
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(cbi_db_query(ctx, &put, params, 2, NULL), CB_OK);
	assert_int_equal(cbi_db_commit(ctx), CB_OK);
	assert_int_equal(rows(ctx), 1);
}

static void commit_of_a_failed_one_is_no_success(void **state)
{
	const char *params[] = { "1", "x" };
	struct cb_ctx *ctx = next(state);

	fresh_table();
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(cbi_db_query(ctx, &put, params, 2, NULL), CB_OK);
	assert_int_equal(cbi_db_query(ctx, &put, params, 2, NULL),
	                 CB_ECONFLICT);
	assert_int_equal(cbi_db_commit(ctx), CB_EBUG);
	assert_int_equal(rows(ctx), 0);
}

static void a_snapshot_does_not_move(void **state)
{
	struct cb_ctx *ctx = next(state);

	fresh_table();
	assert_int_equal(cbi_db_begin_snapshot(ctx), CB_OK);
	assert_int_equal(rows(ctx), 0);
	stores_sql(stores_start(0)->conninfo, "insert into t values (1)");
	assert_int_equal(rows(ctx), 0);
	assert_int_equal(cbi_db_commit(ctx), CB_OK);
	assert_int_equal(rows(ctx), 1);
}

static void who_acts_travels_into_sql(void **state)
{
	struct cb_ctx *ctx = next(state);
	struct cbi_db_result *result;

	snprintf(ctx->request_id, sizeof(ctx->request_id), "req-'1");
	snprintf(ctx->traceparent, sizeof(ctx->traceparent), "00-abc-def-01");
	ctx->actor = "user:default/guest";
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(
	    cbi_db_query_text(ctx,
	                      "select current_setting('application_name'), "
	                      "current_setting('callboard.trace')",
	                      NULL, 0, &result),
	    CB_OK);
	assert_string_equal(cbi_db_text(result, 0, 0),
	                    "req-?1 user:default/guest");
	assert_string_equal(cbi_db_text(result, 0, 1),
	                    "req-?1 user:default/guest 00-abc-def-01");
	assert_int_equal(cbi_db_commit(ctx), CB_OK);
	assert_int_equal(
	    cbi_db_query_text(ctx, "select current_setting('application_name')",
	                      NULL, 0, &result),
	    CB_OK);
	assert_string_equal(cbi_db_text(result, 0, 0), "callboard test");
}

static void a_lost_connection_is_not_replaced_midway(void **state)
{
	const char *params[] = { "1", "x" };
	struct cb_ctx *ctx = next(state);

	fresh_table();
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(
	    cbi_db_query_text(ctx,
	                      "select pg_terminate_backend(pg_backend_pid())",
	                      NULL, 0, NULL),
	    CB_EAWAY);
	assert_int_equal(cbi_db_query(ctx, &put, params, 2, NULL), CB_EAWAY);
	assert_int_equal(cbi_db_commit(ctx), CB_EAWAY);
	ctx = next(state);
	assert_int_equal(rows(ctx), 0);
}

struct crossing {
	int first, second;
	int tries;
	pthread_barrier_t *barrier;
	int rc;
};

/* Locks two rows; the first time both sides hold their first one. */
static int cross(struct cb_ctx *ctx, void *arg)
{
	struct crossing *crossing = arg;
	const char *params[1];
	int rc;

	params[0] = cbi_db_number(ctx, crossing->first);
	rc = cbi_db_query(ctx, &lock, params, 1, NULL);
	if (rc != CB_OK)
		return rc;
	if (crossing->tries++ == 0)
		pthread_barrier_wait(crossing->barrier);
	params[0] = cbi_db_number(ctx, crossing->second);
	return cbi_db_query(ctx, &lock, params, 1, NULL);
}

static void *cross_thread(void *arg)
{
	struct crossing *crossing = arg;
	struct lane lane;

	lane_open(&lane);
	crossing->rc = cbi_db_transact(&lane.ctx, cross, crossing);
	if (crossing->rc == CB_OK && cb_failure_code(&lane.ctx) != CB_OK)
		crossing->rc = CB_EBUG;
	lane_close(&lane);
	return NULL;
}

static void a_deadlock_is_done_again(void **state)
{
	pthread_barrier_t barrier;
	struct crossing one = { 1, 2, 0, &barrier, CB_EBUG };
	struct crossing two = { 2, 1, 0, &barrier, CB_EBUG };
	pthread_t thread;

	(void)state;
	fresh_table();
	stores_sql(stores_start(0)->conninfo,
	           "insert into t values (1, 'a'), (2, 'b'); "
	           "alter database callboard set deadlock_timeout = '50ms'");
	lane_setup_db_with(NULL, 4, true, 3000);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, cross_thread, &one);
	cross_thread(&two);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
	assert_int_equal(one.rc, CB_OK);
	assert_int_equal(two.rc, CB_OK);
	assert_int_equal(one.tries + two.tries, 3);
}

static int always_conflicts(struct cb_ctx *ctx, void *arg)
{
	(*(int *)arg)++;
	return cbi_db_query_text(
	    ctx, "do $$ begin raise sqlstate '40001'; end $$", NULL, 0, NULL);
}

static void retries_have_an_end(void **state)
{
	struct cb_ctx *ctx = next(state);
	int tries = 0;

	assert_int_equal(cbi_db_transact(ctx, always_conflicts, &tries),
	                 CB_EBUSY);
	assert_int_equal(tries, 4);
	assert_int_equal(cb_failure_code(ctx), CB_EBUSY);
}

/* Alters the table the first time, between its plan and its use. */
static int read_wide(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt all = { "wide", "select * from wide" };
	struct cbi_db_result *result;
	int rc;

	if ((*(int *)arg)++ == 0)
		stores_sql(stores_start(0)->conninfo,
		           "alter table wide add b int default 2");
	rc = cbi_db_query(ctx, &all, NULL, 0, &result);
	if (rc == CB_OK && *(int *)arg == 100)
		return cbi_db_int(result, 0, 0) == 1 ? CB_OK : CB_EBUG;
	return rc;
}

static void a_stale_plan_repeats_the_transaction(void **state)
{
	struct cb_ctx *ctx = next(state);
	int tries = 99;

	stores_sql(stores_start(0)->conninfo,
	           "create table wide as select 1 as a");
	assert_int_equal(cbi_db_transact(ctx, read_wide, &tries), CB_OK);
	tries = 0;
	assert_int_equal(cbi_db_transact(ctx, read_wide, &tries), CB_OK);
	assert_int_equal(tries, 2);
}

static void a_read_only_server_is_told_apart(void **state)
{
	const char *params[] = { "1", "x" };
	struct stores *stores = stores_start(0);
	struct cb_ctx *ctx = next(state);

	fresh_table();
	stores_sql(stores->conninfo, "alter database callboard set "
	                             "default_transaction_read_only = on");
	lane_setup_db(NULL);
	assert_int_equal(rows(ctx), 0);
	assert_int_equal(cbi_db_query(ctx, &put, params, 2, NULL), CB_EAWAY);
	assert_non_null(strstr(cb_failure(ctx), "read-only"));
	ctx = next(state);
	assert_int_equal(rows(ctx), 0);
	stores_sql(stores->conninfo, "set transaction read write; alter "
	                             "database callboard reset all");
	lane_setup_db(NULL);
}

struct seen {
	size_t n, wrong;
};

static int see(void *arg, size_t number, const struct cbi_db_result *result)
{
	struct seen *seen = arg;

	seen->wrong +=
	    number != seen->n++ || cbi_db_int(result, 0, 0) != (int64_t)number;
	return CB_OK;
}

static void thousands_go_through_a_pipe(void **state)
{
	struct cb_ctx *ctx = next(state);
	struct seen seen = { 0, 0 };
	char long_text[4001];
	const char *params[2] = { NULL, long_text };

	fresh_table();
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(cbi_db_pipe_begin(ctx, see, &seen), CB_OK);
	for (int i = 0; i < 20000; i++) {
		params[0] = cbi_db_number(ctx, i);
		assert_int_equal(cbi_db_pipe_send(ctx, &put, params, 2), CB_OK);
	}
	assert_int_equal(cbi_db_pipe_end(ctx), CB_OK);
	assert_int_equal(seen.n, 20000);
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(rows(ctx), 20000);
	assert_int_equal(cbi_db_commit(ctx), CB_OK);
}

/* Answers larger than all buffers must not make both sides wait. */
static void large_answers_do_not_block_a_pipe(void **state)
{
	static const struct cbi_db_stmt big = {
		"big", "select $1::int, repeat('y', 20000), $2::text"
	};
	struct cb_ctx *ctx = next(state);
	struct seen seen = { 0, 0 };
	char long_text[20001];
	const char *params[2] = { NULL, long_text };

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(cbi_db_pipe_begin(ctx, see, &seen), CB_OK);
	for (int i = 0; i < 2000; i++) {
		params[0] = cbi_db_number(ctx, i);
		assert_int_equal(cbi_db_pipe_send(ctx, &big, params, 2), CB_OK);
	}
	assert_int_equal(cbi_db_pipe_end(ctx), CB_OK);
	assert_int_equal(seen.n, 2000);
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(cbi_db_commit(ctx), CB_OK);
}

static void a_failure_in_a_pipe_is_told_and_contained(void **state)
{
	struct cb_ctx *ctx = next(state);
	struct seen seen = { 0, 0 };
	const char *params[2] = { NULL, "v" };

	fresh_table();
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(cbi_db_pipe_begin(ctx, see, &seen), CB_OK);
	for (int i = 0; i < 600; i++) {
		params[0] = cbi_db_number(ctx, i == 300 ? 5 : i);
		if (cbi_db_pipe_send(ctx, &put, params, 2) != CB_OK)
			break;
	}
	assert_int_equal(cbi_db_pipe_end(ctx), CB_ECONFLICT);
	assert_int_equal(seen.n, 300);
	cbi_db_rollback(ctx);
	ctx = next(state);
	assert_int_equal(rows(ctx), 0);
	params[0] = "1";
	assert_int_equal(cbi_db_query(ctx, &put, params, 2, NULL), CB_OK);
}

static void an_open_pipe_ends_with_its_context(void **state)
{
	struct cb_ctx *ctx = next(state);
	const char *params[2] = { "1", "v" };

	fresh_table();
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(cbi_db_pipe_begin(ctx, NULL, NULL), CB_OK);
	assert_int_equal(cbi_db_pipe_send(ctx, &put, params, 2), CB_OK);
	ctx = next(state);
	assert_int_equal(rows(ctx), 0);
}

static void notifications_arrive(void **state)
{
	struct stores *stores = stores_start(0);
	struct cb_ctx *ctx = next(state);
	bool got = true;

	assert_int_equal(cbi_db_listen(ctx, "bad name"), CB_EBUG);
	ctx = next(state);
	assert_int_equal(cbi_db_listen(ctx, "catalog"), CB_OK);
	assert_int_equal(cbi_db_wait_notify(ctx, 20, &got), CB_OK);
	assert_false(got);
	stores_sql(stores->conninfo, "notify catalog");
	assert_int_equal(cbi_db_wait_notify(ctx, 2000, &got), CB_OK);
	assert_true(got);
	assert_int_equal(cbi_db_wait_notify(ctx, 0, &got), CB_OK);
	assert_false(got);
	rows(ctx);
	stores_sql(stores->conninfo,
	           "select pg_terminate_backend(pid) from pg_stat_activity "
	           "where query = 'listen catalog'");
	assert_int_equal(cbi_db_wait_notify(ctx, 2000, &got), CB_EAWAY);
	ctx = next(state);
	assert_int_equal(cbi_db_listen(ctx, "catalog"), CB_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_committed_is_gone),
		cmocka_unit_test(commit_of_a_failed_one_is_no_success),
		cmocka_unit_test(a_snapshot_does_not_move),
		cmocka_unit_test(who_acts_travels_into_sql),
		cmocka_unit_test(a_lost_connection_is_not_replaced_midway),
		cmocka_unit_test(retries_have_an_end),
		cmocka_unit_test(a_stale_plan_repeats_the_transaction),
		cmocka_unit_test(a_read_only_server_is_told_apart),
		cmocka_unit_test(thousands_go_through_a_pipe),
		cmocka_unit_test(large_answers_do_not_block_a_pipe),
		cmocka_unit_test(a_failure_in_a_pipe_is_told_and_contained),
		cmocka_unit_test(an_open_pipe_ends_with_its_context),
		cmocka_unit_test(notifications_arrive),
		cmocka_unit_test(a_deadlock_is_done_again),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
