/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_jobs.c - who runs what when: schedules, claims, leases, wishes.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/cron.h"
#include "jobs/jobs.h"
#include "tests/lib/lane.h"
#include "tests/lib/stores.h"

static struct lane lane;
static const char *conninfo;
static const char *const names[] = { "a", "b" };
static const struct cbi_schedule hourly = { .frequency_ms = 3600000,
	                                    .timeout_ms = 60000 };

static int begin(void **state)
{
	static int number;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "jobs%d", number++);
	conninfo = lane_migrated(name);
	lane_open(&lane);
	return 0;
}

static int end(void **state)
{
	(void)state;
	lane_close(&lane);
	return 0;
}

static const char *sql(const char *text)
{
	return stores_sql(conninfo, text);
}

static bool claim(const char *holder, struct cbi_job *job)
{
	bool found = false;

	assert_int_equal(
	    cbi_job_claim(&lane.ctx, names, 2, holder, job, &found), CB_OK);
	return found;
}

static void finish(const struct cbi_job *job, const char *outcome, int expected)
{
	const struct cbi_job_end how = { .outcome = outcome,
		                         .state = "{\"etag\":\"x\"}" };

	assert_int_equal(cbi_job_finish(&lane.ctx, job, &hourly, &how),
	                 expected);
	cb_failure_clear(&lane.ctx);
}

static void one_engine_has_a_job_at_a_time(void **state)
{
	struct cbi_job job, other;

	(void)state;
	assert_int_equal(cbi_job_declare(&lane.ctx, "a", &hourly), CB_OK);
	assert_true(claim("one", &job));
	assert_string_equal(job.name, "a");
	assert_int_equal(job.timeout_ms, 60000);
	assert_int_equal(json_object_size(job.state), 0);
	assert_false(claim("two", &other));
	finish(&job, CBI_JOB_DONE, CB_OK);
	/* It is due in an hour. */
	assert_false(claim("two", &other));
	sql("update callboard.job set due_at = clock_timestamp()");
	assert_true(claim("two", &other));
	assert_int_equal(json_object_size(other.state), 1);
}

static void who_died_loses_his_lease(void **state)
{
	struct cbi_job job, other;

	(void)state;
	assert_int_equal(cbi_job_declare(&lane.ctx, "a", &hourly), CB_OK);
	assert_true(claim("one", &job));
	sql("update callboard.job set lease_until = clock_timestamp()");
	assert_true(claim("two", &other));
	job.renewed_ms = 0;
	assert_int_equal(cbi_job_renew(&lane.ctx, &job), CB_ECHANGED);
	cb_failure_clear(&lane.ctx);
	finish(&job, CBI_JOB_DONE, CB_ECHANGED);
	other.renewed_ms = 0;
	assert_int_equal(cbi_job_renew(&lane.ctx, &other), CB_OK);
	finish(&other, CBI_JOB_DONE, CB_OK);
}

static void a_wish_makes_it_due_and_is_heard_once(void **state)
{
	struct cbi_job job;

	(void)state;
	assert_int_equal(cbi_job_declare(&lane.ctx, "a", &hourly), CB_OK);
	assert_true(claim("one", &job));
	finish(&job, CBI_JOB_DONE, CB_OK);
	assert_int_equal(cbi_job_trigger(&lane.ctx, "a", "confirm"), CB_OK);
	assert_true(claim("one", &job));
	assert_string_equal(job.wanted, "confirm");
	/* A wish of the time it runs is for the next run. */
	assert_int_equal(cbi_job_trigger(&lane.ctx, "a", "run"), CB_OK);
	finish(&job, CBI_JOB_DONE, CB_OK);
	assert_true(claim("one", &job));
	finish(&job, CBI_JOB_DONE, CB_OK);
	assert_false(claim("one", &job));
	assert_int_equal(cbi_job_trigger(&lane.ctx, "nobody", "run"),
	                 CB_ENOENT);
	cb_failure_clear(&lane.ctx);
}

static void failures_are_tried_again_sooner(void **state)
{
	static const char in[] =
	    "select round(extract(epoch from due_at - clock_timestamp()) / 60)"
	    " from callboard.job";
	struct cbi_job job;

	(void)state;
	assert_int_equal(cbi_job_declare(&lane.ctx, "a", &hourly), CB_OK);
	assert_true(claim("one", &job));
	finish(&job, CBI_JOB_FAILED, CB_OK);
	assert_string_equal(sql(in), "1");
	sql("update callboard.job set due_at = clock_timestamp()");
	assert_true(claim("one", &job));
	finish(&job, CBI_JOB_FAILED, CB_OK);
	assert_string_equal(sql(in), "2");
	sql("update callboard.job set due_at = clock_timestamp(),"
	    " failures = 30");
	assert_true(claim("one", &job));
	finish(&job, CBI_JOB_FAILED, CB_OK);
	assert_string_equal(sql(in), "60");
}

static void another_schedule_holds_from_the_last_run(void **state)
{
	struct cbi_schedule often = hourly;
	struct cbi_job job;

	(void)state;
	assert_int_equal(cbi_job_declare(&lane.ctx, "a", &hourly), CB_OK);
	assert_true(claim("one", &job));
	finish(&job, CBI_JOB_DONE, CB_OK);
	often.frequency_ms = 1000;
	assert_int_equal(cbi_job_declare(&lane.ctx, "a", &often), CB_OK);
	assert_string_equal(sql("select due_at < clock_timestamp() + interval"
	                        " '2 seconds' from callboard.job"),
	                    "t");
	assert_int_equal(cbi_job_declare(&lane.ctx, "b", &often), CB_OK);
	assert_int_equal(cbi_job_forget(&lane.ctx, names, 1), CB_OK);
	assert_string_equal(sql("select string_agg(name, ' ') from "
	                        "callboard.job"),
	                    "a");
}

static void cron_finds_the_next_moment(void **state)
{
	/* Thursday 2026-01-01 00:00:00 UTC */
	const int64_t at = 1767225600;
	static const struct {
		const char *cron;
		int64_t in; /* minutes; -1: no cron */
	} rows[] = {
		{ "* * * * *", 1 },
		{ "*/15 * * * *", 15 },
		{ "30 2 * * *", 150 },
		{ "0 0 * * *", 1440 },
		{ "0 0 * * 0", 3 * 1440 },
		{ "0 0 * * 7", 3 * 1440 },
		{ "0 12 1,15 * *", 720 },
		{ "0 0 15 * 5", 1440 },
		{ "5-10/5 0 * * *", 5 },
		{ "0 0 29 2 *", (365 + 365 + 59) * 1440 },
		{ "0 0 31 2 *", -1 },
		{ "", -1 },
		{ "* * * *", -1 },
		{ "* * * * * *", -1 },
		{ "60 * * * *", -1 },
		{ "*/0 * * * *", -1 },
		{ "a * * * *", -1 },
		{ "1- * * * *", -1 },
		{ "99999999999999 * * * *", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t next = cbi_cron_next(rows[i].cron, at);

		if (next != (rows[i].in < 0 ? -1 : at + rows[i].in * 60))
			fail_msg("%s: %lld", rows[i].cron, (long long)next);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_engine_has_a_job_at_a_time,
		                                begin, end),
		cmocka_unit_test_setup_teardown(who_died_loses_his_lease, begin,
		                                end),
		cmocka_unit_test_setup_teardown(
		    a_wish_makes_it_due_and_is_heard_once, begin, end),
		cmocka_unit_test_setup_teardown(failures_are_tried_again_sooner,
		                                begin, end),
		cmocka_unit_test_setup_teardown(
		    another_schedule_holds_from_the_last_run, begin, end),
		cmocka_unit_test(cron_finds_the_next_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
