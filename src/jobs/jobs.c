/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.c - see jobs.h.
 */
#include "jobs/jobs.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/cron.h"
#include "base/limits.h"
#include "base/str.h"
#include "callboard/json.h"
#include "db/db.h"
#include "json/json.h"

/* Times come from the database: hosts' clocks differ. */
static const struct cbi_db_stmt the_time = {
	"job_time",
	"select floor(extract(epoch from clock_timestamp()))::bigint",
};

/* $5: the first due time; $6: the next by cron, both seconds or null. */
static const struct cbi_db_stmt declare = {
	"job_declare",
	"insert into job (name, frequency, cron, timeout, due_at)"
	" values ($1, $2::bigint, $3, $4::bigint, to_timestamp($5::bigint))"
	" on conflict (name) do update set timeout = excluded.timeout,"
	"  frequency = excluded.frequency, cron = excluded.cron,"
	"  due_at = case when excluded.cron <> ''"
	"   then to_timestamp($6::bigint)"
	"   when excluded.frequency = 0 then null"
	"   else least(coalesce(job.due_at, clock_timestamp()),"
	"    coalesce(job.began_at, clock_timestamp())"
	"    + excluded.frequency * interval '1 millisecond') end"
	" where job.timeout <> excluded.timeout"
	"  or job.frequency <> excluded.frequency or job.cron <> excluded.cron",
};

static const struct cbi_db_stmt forget = {
	"job_forget",
	"delete from job where name <> all($1::text[])",
};

static const struct cbi_db_stmt claim = {
	"job_claim",
	"with next as (select name from job where name = any($1::text[])"
	"  and (due_at <= clock_timestamp() or wanted <> '')"
	"  and coalesce(lease_until <= clock_timestamp(), true)"
	"  order by due_at nulls first, name limit 1"
	"  for no key update skip locked),"
	" old as (select j.name, j.wanted from job j join next using (name))"
	" update job j set lease_until = clock_timestamp()"
	"   + $3::bigint * interval '1 millisecond', holder = $2,"
	"  began_at = clock_timestamp(), wanted = '',"
	/* Should this run be lost, another follows. */
	"  due_at = least(coalesce(j.due_at, 'infinity'), clock_timestamp())"
	" from old where j.name = old.name"
	" returning j.name, j.lease_until::text, j.timeout, j.state,"
	"  old.wanted",
};

static const struct cbi_db_stmt renew = {
	"job_renew",
	"update job set lease_until = clock_timestamp()"
	"  + $3::bigint * interval '1 millisecond'"
	" where name = $1 and lease_until = $2::timestamptz"
	" returning lease_until::text",
};

/* $7: the next by cron.  A failed run is tried again after a minute, two,
 * four ... but no later than the schedule has it. */
static const struct cbi_db_stmt finish = {
	"job_finish",
	"update job set lease_until = null, ended_at = clock_timestamp(),"
	" outcome = $3, error = $4, counts = $5, state = coalesce($6, state),"
	" failures = case when $3 = 'failed' then failures + 1 else 0 end,"
	" due_at = case when cron <> '' then to_timestamp($7::bigint)"
	"  when frequency = 0 then null"
	"  else clock_timestamp() + interval '1 millisecond'"
	"   * case when $3 = 'failed'"
	"      then least(frequency, 60000 * power(2, least(failures, 20)))"
	"      else frequency end end"
	" where name = $1 and lease_until = $2::timestamptz returning 1",
};

static const struct cbi_db_stmt trigger = {
	"job_trigger",
	"with done as (update job set wanted ="
	"  case when $2 = 'run' and wanted <> '' then wanted else $2 end"
	"  where name = $1 returning 1)"
	" select pg_notify('" CBI_JOB_CHANNEL "', '') from done",
};

static const struct cbi_db_stmt list = {
	"job_list",
	"select name, frequency, timeout, cron,"
	" coalesce(to_char(due_at at time zone 'UTC', $2), ''),"
	" coalesce(to_char(began_at at time zone 'UTC', $2), ''),"
	" coalesce(to_char(ended_at at time zone 'UTC', $2), ''),"
	" outcome, error, counts, holder, failures,"
	" coalesce((extract(epoch from ended_at - began_at) * 1000)::bigint,"
	"  0), coalesce(lease_until > clock_timestamp(), false)"
	" from job where starts_with(name, $1) order by name",
};
#define TIME_FORMAT "YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\""

static int db_time(struct cb_ctx *ctx, int64_t *out)
{
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &the_time, NULL, 0, &rows);

	if (rc == CB_OK)
		*out = cbi_db_int(rows, 0, 0);
	return rc;
}

/* The next moment by cron as a parameter; NULL (SQL's null) without one. */
static int next_by_cron(struct cb_ctx *ctx, const struct cbi_schedule *schedule,
                        const char **out)
{
	int64_t now = 0, next;
	int rc;

	*out = NULL;
	if (!schedule->cron[0])
		return CB_OK;
	rc = db_time(ctx, &now);
	if (rc < 0)
		return rc;
	next = cbi_cron_next(schedule->cron, now);
	if (next < 0)
		return CB_OK;
	*out = cbi_db_number(ctx, next);
	return *out ? CB_OK : CB_ENOMEM;
}

int cbi_job_declare(struct cb_ctx *ctx, const char *name,
                    const struct cbi_schedule *schedule)
{
	const char *params[6] = { name,
		                  cbi_db_number(ctx, schedule->frequency_ms),
		                  schedule->cron,
		                  cbi_db_number(ctx, schedule->timeout_ms) };
	int64_t now = 0;
	int rc = next_by_cron(ctx, schedule, &params[5]);

	if (rc == CB_OK)
		rc = db_time(ctx, &now);
	if (rc < 0)
		return rc;
	params[4] = params[5];
	if (schedule->frequency_ms) {
		params[4] =
		    cbi_db_number(ctx, now + schedule->initial_ms / 1000);
		if (!params[4])
			return CB_ENOMEM;
	}
	return params[1] && params[3]
	           ? cbi_db_query(ctx, &declare, params, 6, NULL)
	           : CB_ENOMEM;
}

static const char *name_list(struct cb_ctx *ctx, const char *const *names,
                             size_t n)
{
	struct cb_buf buf;
	const char *text = NULL;

	cbi_buf_init(&buf, CB_MIB);
	if (cbi_db_array_text(&buf, names, n) == CB_OK)
		text = cb_strndup(ctx, buf.data, buf.len);
	else
		cb_fail(ctx, CB_ETOOBIG, "%zu jobs at once", n);
	cbi_buf_finish(&buf);
	return text;
}

int cbi_job_forget(struct cb_ctx *ctx, const char *const *names, size_t n)
{
	const char *text = name_list(ctx, names, n);

	return text ? cbi_db_query(ctx, &forget, &text, 1, NULL)
	            : cb_failure_code(ctx);
}

int cbi_job_claim(struct cb_ctx *ctx, const char *const *names, size_t n,
                  const char *holder, struct cbi_job *out, bool *found)
{
	const char *params[3] = { name_list(ctx, names, n), holder,
		                  cbi_db_number(ctx, CBI_JOB_LEASE_MS) };
	struct cbi_db_result *rows;
	int rc;

	*found = false;
	if (!params[0] || !params[2])
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &claim, params, 3, &rows);
	if (rc < 0 || cbi_db_rows(rows) == 0)
		return rc;
	*out = (struct cbi_job){ .name = cbi_db_text(rows, 0, 0),
		                 .renewed_ms = cbi_clock_ms(),
		                 .timeout_ms = cbi_db_int(rows, 0, 2),
		                 .state_text = cbi_db_text(rows, 0, 3),
		                 .wanted = cbi_db_text(rows, 0, 4) };
	cbi_str_copy(out->lease, sizeof(out->lease), cbi_db_text(rows, 0, 1));
	*found = true;
	return cb_json_parse(ctx, out->state_text, cbi_db_len(rows, 0, 3),
	                     &out->state);
}

int cbi_job_renew(struct cb_ctx *ctx, struct cbi_job *job)
{
	const char *params[3] = { job->name, job->lease };
	struct cbi_db_result *rows;
	int rc;

	if (cbi_clock_ms() - job->renewed_ms < CBI_JOB_LEASE_MS / 4)
		return CB_OK;
	params[2] = cbi_db_number(ctx, CBI_JOB_LEASE_MS);
	if (!params[2])
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &renew, params, 3, &rows);
	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) == 0)
		return cb_fail(ctx, CB_ECHANGED,
		               "%s was taken over by another engine",
		               job->name);
	cbi_str_copy(job->lease, sizeof(job->lease), cbi_db_text(rows, 0, 0));
	job->renewed_ms = cbi_clock_ms();
	return CB_OK;
}

int cbi_job_finish(struct cb_ctx *ctx, const struct cbi_job *job,
                   const struct cbi_schedule *schedule,
                   const struct cbi_job_end *end)
{
	const char *params[7] = { job->name,
		                  job->lease,
		                  end->outcome,
		                  end->error ? end->error : "",
		                  end->counts ? end->counts : "{}",
		                  end->state };
	struct cbi_db_result *rows;
	int rc = next_by_cron(ctx, schedule, &params[6]);

	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &finish, params, 7, &rows);
	if (rc == CB_OK && cbi_db_rows(rows) == 0)
		return cb_fail(ctx, CB_ECHANGED,
		               "%s was taken over by another engine",
		               job->name);
	return rc;
}

int cbi_job_trigger(struct cb_ctx *ctx, const char *name, const char *wanted)
{
	const char *params[2] = { name, wanted };
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &trigger, params, 2, &rows);

	if (rc == CB_OK && cbi_db_rows(rows) == 0)
		return cb_fail(ctx, CB_ENOENT, "no entity provider '%.100s'",
		               name);
	return rc;
}

int cbi_job_list(struct cb_ctx *ctx, const char *prefix,
                 struct cbi_job_row **out, size_t *n)
{
	const char *params[2] = { prefix, TIME_FORMAT };
	struct cbi_db_result *rows;
	struct cbi_job_row *all;
	int rc = cbi_db_query(ctx, &list, params, 2, &rows);

	if (rc < 0)
		return rc;
	*n = cbi_db_rows(rows);
	all = cb_alloc(ctx, (*n + 1) * sizeof(*all));
	if (!all)
		return CB_ENOMEM;
	for (size_t i = 0; i < *n; i++) {
		all[i] = (struct cbi_job_row){
			.name = cbi_db_text(rows, i, 0),
			.frequency_ms = cbi_db_int(rows, i, 1),
			.timeout_ms = cbi_db_int(rows, i, 2),
			.cron = cbi_db_text(rows, i, 3),
			.due = cbi_db_text(rows, i, 4),
			.began = cbi_db_text(rows, i, 5),
			.ended = cbi_db_text(rows, i, 6),
			.outcome = cbi_db_text(rows, i, 7),
			.error = cbi_db_text(rows, i, 8),
			.counts = cbi_db_text(rows, i, 9),
			.holder = cbi_db_text(rows, i, 10),
			.failures = cbi_db_int(rows, i, 11),
			.took_ms = cbi_db_int(rows, i, 12),
			.running = cbi_db_bool(rows, i, 13),
		};
	}
	*out = all;
	return CB_OK;
}
