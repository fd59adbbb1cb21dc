/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "db/db.h"
#include "tests/lib/lane.h"
#include "tests/lib/stores.h"

static const struct cbi_db_stmt echo = {
	"echo",
	"select $1::text, $2::integer, $3::boolean, $4::text",
};
static const struct cbi_db_stmt sleeper = { "sleeper",
	                                    "select pg_sleep($1::float)" };
static const struct cbi_db_stmt series = {
	"series", "select n, 'row ' || n from generate_series(1, $1::integer) n"
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

static void values_come_back_as_they_went(void **state)
{
	const char *params[] = { "a'b\"\\ \xc3\xa4", "-7", "true", NULL };
	struct cb_ctx *ctx = next(state);
	struct cbi_db_result *result;

	assert_int_equal(cbi_db_query(ctx, &echo, params, 4, &result), CB_OK);
	assert_int_equal(cbi_db_rows(result), 1);
	assert_string_equal(cbi_db_text(result, 0, 0), params[0]);
	assert_int_equal(cbi_db_len(result, 0, 0), strlen(params[0]));
	assert_int_equal(cbi_db_int(result, 0, 1), -7);
	assert_true(cbi_db_bool(result, 0, 2));
	assert_null(cbi_db_text(result, 0, 3));
	assert_int_equal(cbi_db_len(result, 0, 3), 0);
	assert_int_equal(cbi_db_int(result, 0, 3), 0);
	cbi_db_done(result);
}

static void bytes_come_back_as_they_went(void **state)
{
	struct cb_ctx *ctx = next(state);
	unsigned char all[256];
	const unsigned char *back;
	const char *params[1];
	struct cbi_db_result *result;
	size_t len;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)i;
	params[0] = cbi_db_bytea(ctx, all, sizeof(all));
	assert_int_equal(cbi_db_query_text(ctx, "select $1::bytea, 'x'::text",
	                                   params, 1, &result),
	                 CB_OK);
	assert_int_equal(cbi_db_bytes(ctx, result, 0, 0, &back, &len), CB_OK);
	assert_int_equal(len, sizeof(all));
	assert_memory_equal(back, all, len);
	assert_int_equal(cbi_db_bytes(ctx, result, 0, 1, &back, &len), CB_EBUG);
}

static void arrays_keep_odd_texts_and_nulls(void **state)
{
	const char *texts[] = { "plain", "",   NULL, "NULL", "a,b",
		                "{x}",   "\"", "\\", " s ",  "\xe2\x82\xac" };
	const int64_t numbers[] = { 1, -2, INT64_MAX };
	const size_t n = sizeof(texts) / sizeof(texts[0]);
	struct cb_ctx *ctx = next(state);
	struct cbi_db_result *result;
	const char *params[1];
	struct cb_buf buf;

	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(cbi_db_array_text(&buf, texts, n), CB_OK);
	params[0] = cbi_buf_string(&buf);
	assert_int_equal(cbi_db_query_text(ctx, "select unnest($1::text[])",
	                                   params, 1, &result),
	                 CB_OK);
	assert_int_equal(cbi_db_rows(result), n);
	for (size_t i = 0; i < n; i++) {
		if (texts[i])
			assert_string_equal(cbi_db_text(result, i, 0),
			                    texts[i]);
		else
			assert_null(cbi_db_text(result, i, 0));
	}
	cbi_buf_clear(&buf);
	assert_int_equal(cbi_db_array_int(&buf, numbers, 3), CB_OK);
	params[0] = cbi_buf_string(&buf);
	assert_int_equal(cbi_db_query_text(ctx, "select unnest($1::bigint[])",
	                                   params, 1, &result),
	                 CB_OK);
	assert_int_equal(cbi_db_int(result, 2, 0), INT64_MAX);
	cbi_buf_finish(&buf);
}

static void settings_are_the_house_s(void **state)
{
	struct cb_ctx *ctx = next(state);
	struct cbi_db_result *result;

	assert_int_equal(
	    cbi_db_query_text(ctx,
	                      "select current_setting('search_path'), "
	                      "current_setting('statement_timeout'), "
	                      "current_setting('application_name')",
	                      NULL, 0, &result),
	    CB_OK);
	assert_string_equal(cbi_db_text(result, 0, 0), "callboard,public");
	assert_string_equal(cbi_db_text(result, 0, 1), "1s");
	assert_string_equal(cbi_db_text(result, 0, 2), "callboard test");
}

static void refusals_have_their_codes(void **state)
{
	static const struct {
		const char *sql;
		int code;
	} cases[] = {
		{ "select", CB_OK },
		{ "select nonsense from nowhere", CB_EBUG },
		{ "select 1 from callboard.not_made_yet", CB_EAWAY },
		{ "insert into one values (1)", CB_ECONFLICT },
		{ "select pg_sleep(5)", CB_ETIME },
		{ "do $$ begin raise sqlstate '53100'; end $$", CB_EAWAY },
		{ "do $$ begin raise sqlstate '25006'; end $$", CB_EAWAY },
		{ "do $$ begin raise sqlstate '53300'; end $$", CB_EBUSY },
		{ "do $$ begin raise sqlstate '40001'; end $$", CB_EBUSY },
		{ "select pg_terminate_backend(pg_backend_pid())", CB_EAWAY },
		{ "select 1", CB_OK },
	};
	struct cb_ctx *ctx = next(state);

	assert_int_equal(cbi_db_query_text(ctx,
	                                   "create table one as select 1 as n",
	                                   NULL, 0, NULL),
	                 CB_OK);
	assert_int_equal(cbi_db_query_text(ctx,
	                                   "create unique index on one (n)",
	                                   NULL, 0, NULL),
	                 CB_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rc;

		ctx = next(state);
		rc = cbi_db_query_text(ctx, cases[i].sql, NULL, 0, NULL);
		if (rc != cases[i].code)
			print_message("%s: %s %s\n", cases[i].sql,
			              cb_code_name(rc), cb_failure(ctx));
		assert_int_equal(rc, cases[i].code);
		assert_int_equal(cb_failure_code(ctx), cases[i].code);
	}
}

static void values_do_not_reach_messages(void **state)
{
	struct cb_ctx *ctx = next(state);
	const char *params[] = { "hunter2" };

	assert_int_equal(
	    cbi_db_query_text(ctx, "select $1::uuid", params, 1, NULL),
	    CB_EBUG);
	assert_null(strstr(cb_failure(ctx), "hunter2"));
	assert_non_null(strstr(cb_failure(ctx), "22P02"));
	ctx = next(state);
	params[0] = "1";
	assert_int_equal(cbi_db_query_text(ctx,
	                                   "insert into one values ($1::int)",
	                                   params, 1, NULL),
	                 CB_ECONFLICT);
	assert_non_null(strstr(cb_failure(ctx), "one_n_idx"));
}

static void a_deadline_ends_the_wait_and_the_work(void **state)
{
	const char *params[] = { "30" };
	struct cb_ctx *ctx = next(state);
	int64_t before = cbi_clock_ms();
	struct stores *stores = stores_start(0);
	const char *left = "";

	ctx->deadline = before + 100;
	assert_int_equal(cbi_db_query(ctx, &sleeper, params, 1, NULL),
	                 CB_ETIME);
	assert_in_range(cbi_clock_ms() - before, 90, 300);
	for (int i = 0; i < 25; i++) {
		left =
		    stores_sql(stores->conninfo,
		               "select count(*) from pg_stat_activity where "
		               "query like '%pg_sleep%' and state = 'active' "
		               "and pid <> pg_backend_pid()");
		if (strcmp(left, "0") == 0)
			break;
		stores_sql(stores->conninfo, "select pg_sleep(0.1)");
	}
	assert_string_equal(left, "0");
	ctx = next(state);
	params[0] = "0";
	assert_int_equal(cbi_db_query(ctx, &sleeper, params, 1, NULL), CB_OK);
}

static void changed_columns_are_prepared_again(void **state)
{
	static const struct cbi_db_stmt all = { "all", "select * from wide" };
	struct stores *stores = stores_start(0);
	struct cb_ctx *ctx = next(state);
	struct cbi_db_result *result;

	stores_sql(stores->conninfo, "create table wide as select 1 as a");
	assert_int_equal(cbi_db_query(ctx, &all, NULL, 0, &result), CB_OK);
	stores_sql(stores->conninfo, "alter table wide add b int default 2");
	assert_int_equal(cbi_db_query(ctx, &all, NULL, 0, &result), CB_OK);
	assert_int_equal(cbi_db_int(result, 0, 1), 2);
	assert_int_equal(
	    cbi_db_query_text(ctx, "deallocate all", NULL, 0, NULL), CB_OK);
	assert_int_equal(cbi_db_query(ctx, &all, NULL, 0, &result), CB_OK);
}

/* Texts that come again are prepared, and no more than 64 of them. */
static void texts_come_and_go(void **state)
{
	struct cb_ctx *ctx = next(state);
	struct cbi_db_result *result;
	char sql[64];

	for (int i = 0; i < 400; i++) {
		int n = i / 2 % 100;

		snprintf(sql, sizeof(sql), "select %d", n);
		assert_int_equal(cbi_db_query_text(ctx, sql, NULL, 0, &result),
		                 CB_OK);
		assert_int_equal(cbi_db_int(result, 0, 0), n);
	}
	assert_int_equal(
	    cbi_db_query_text(ctx,
	                      "select count(*) from pg_prepared_statements "
	                      "where name like 'text%'",
	                      NULL, 0, &result),
	    CB_OK);
	assert_in_range(cbi_db_int(result, 0, 0), 50, 64);
}

struct sum {
	int64_t rows, total;
	int64_t stop_at;
};

static int add_row(void *arg, const struct cbi_db_result *row)
{
	struct sum *sum = arg;

	sum->rows++;
	sum->total += cbi_db_int(row, 0, 0);
	return sum->rows == sum->stop_at ? CB_ETOOBIG : CB_OK;
}

static void streams_hand_over_every_row(void **state)
{
	/* Within the statement's time on a machine that is busy, too. */
	const char *params[] = { "5000" };
	struct cb_ctx *ctx = next(state);
	struct sum sum = { 0 };

	assert_int_equal(cbi_db_stream(ctx, &series, params, 1, add_row, &sum),
	                 CB_OK);
	assert_int_equal(sum.rows, 5000);
	assert_int_equal(sum.total, 5000LL * 5001 / 2);
	memset(&sum, 0, sizeof(sum));
	sum.stop_at = 10;
	assert_int_equal(cbi_db_stream(ctx, &series, params, 1, add_row, &sum),
	                 CB_ETOOBIG);
	assert_int_equal(sum.rows, 10);
	params[0] = "x";
	assert_int_equal(cbi_db_stream(ctx, &series, params, 1, add_row, &sum),
	                 CB_EBUG);
	params[0] = "0";
	assert_int_equal(cbi_db_stream(ctx, &series, params, 1, add_row, &sum),
	                 CB_OK);
}

static void without_prepare_nothing_is_prepared(void **state)
{
	const char *params[] = { "x", "1", "f", NULL };
	struct cbi_db_result *result;
	struct cb_ctx *ctx;

	lane_setup_db_with(NULL, 2, false, 500);
	ctx = next(state);
	assert_int_equal(cbi_db_query(ctx, &echo, params, 4, &result), CB_OK);
	assert_int_equal(
	    cbi_db_query_text(ctx,
	                      "select (select count(*) from "
	                      "pg_prepared_statements), "
	                      "current_setting('search_path'), "
	                      "current_setting('statement_timeout')",
	                      NULL, 0, &result),
	    CB_OK);
	assert_int_equal(cbi_db_int(result, 0, 0), 0);
	assert_string_equal(cbi_db_text(result, 0, 1), "callboard, public");
	assert_string_equal(cbi_db_text(result, 0, 2), "500ms");
}

static void a_conninfo_of_nonsense_is_refused(void **state)
{
	struct cbi_db_config config = { .conninfo = "host=x nonsense",
		                        .process = "test" };
	struct cb_ctx *ctx = next(state);

	assert_int_equal(cbi_db_setup(ctx, &config), CB_EINVAL);
	assert_non_null(strstr(cb_failure(ctx), "nonsense"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back_as_they_went),
		cmocka_unit_test(bytes_come_back_as_they_went),
		cmocka_unit_test(arrays_keep_odd_texts_and_nulls),
		cmocka_unit_test(settings_are_the_house_s),
		cmocka_unit_test(refusals_have_their_codes),
		cmocka_unit_test(values_do_not_reach_messages),
		cmocka_unit_test(a_deadline_ends_the_wait_and_the_work),
		cmocka_unit_test(changed_columns_are_prepared_again),
		cmocka_unit_test(texts_come_and_go),
		cmocka_unit_test(streams_hand_over_every_row),
		cmocka_unit_test(a_conninfo_of_nonsense_is_refused),
		cmocka_unit_test(without_prepare_nothing_is_prepared),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
