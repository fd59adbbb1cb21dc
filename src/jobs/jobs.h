/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.h - what runs by a schedule: any number of processes on any hosts
 * share the work, and none of them leads.
 *
 * All state is the table `job`.  Who claims a job that is due holds it by a
 * lease of CBI_JOB_LEASE_MS, renews it while it works, and gives it back with
 * what came of it.  Who dies loses it: another takes it when the lease ends.
 * Each function is a statement or transaction of its own.
 */
#ifndef CB_JOBS_JOBS_H
#define CB_JOBS_JOBS_H

#include <callboard/ctx.h>

#include <jansson.h>

#include "base/supply.h"

#define CBI_JOB_LEASE_MS 120000

/* Outcomes of a run. */
#define CBI_JOB_DONE "done"
#define CBI_JOB_UNCHANGED "unchanged"
#define CBI_JOB_WAITS "waits" /* for somebody's confirmation */
#define CBI_JOB_FAILED "failed"

/*
 * Makes sure that the job is there with this schedule.  A new one is due
 * after the schedule's initial delay; one whose frequency changed is due by
 * the new one, counted from its last run.
 */
int cbi_job_declare(struct cb_ctx *ctx, const char *name,
                    const struct cbi_schedule *schedule) CB_USED;

/* Forgets all jobs but these n. */
int cbi_job_forget(struct cb_ctx *ctx, const char *const *names,
                   size_t n) CB_USED;

/* A claimed job; texts live with ctx. */
struct cbi_job {
	const char *name;
	char lease[48]; /* lease_until, as PostgreSQL writes it */
	int64_t renewed_ms;
	int64_t timeout_ms;
	json_t *state; /* an object, of the last good run; borrowed */
	const char *state_text;
	const char *wanted; /* "": by its schedule */
};

/*
 * Claims the one of these n names that has been due for longest; *found is
 * false when none is, or others have them.  holder is for people.
 */
int cbi_job_claim(struct cb_ctx *ctx, const char *const *names, size_t n,
                  const char *holder, struct cbi_job *out, bool *found) CB_USED;

/* Keeps the lease alive, when a quarter of it has gone; CB_ECHANGED when
 * it is lost. */
int cbi_job_renew(struct cb_ctx *ctx, struct cbi_job *job) CB_USED;

/* What came of a run; texts are borrowed. */
struct cbi_job_end {
	const char *outcome;
	const char *error;  /* NULL for none */
	const char *counts; /* JSON; NULL: {} */
	const char *state;  /* JSON for the next run; NULL: as it was */
};
/* Gives it back; it is due by its schedule again, after a failure in a
 * minute, then two, four ... if that is sooner.  CB_ECHANGED when the lease
 * was lost: somebody else runs it now. */
int cbi_job_finish(struct cb_ctx *ctx, const struct cbi_job *job,
                   const struct cbi_schedule *schedule,
                   const struct cbi_job_end *end) CB_USED;

/*
 * Makes a job due now and wakes who waits for work.  wanted: "run", "anew"
 * (without the state of earlier runs) or "confirm" (what waits may be done).
 * CB_ENOENT when there is no such job.
 */
int cbi_job_trigger(struct cb_ctx *ctx, const char *name,
                    const char *wanted) CB_USED;

/* One row for people; texts live with ctx, times are as PostgreSQL writes
 * them in UTC, "" for never. */
struct cbi_job_row {
	const char *name;
	int64_t frequency_ms, timeout_ms;
	const char *cron, *due, *began, *ended, *outcome, *error, *counts;
	const char *holder;
	int64_t failures, took_ms;
	bool running;
};
/* All whose name begins with prefix, by name. */
int cbi_job_list(struct cb_ctx *ctx, const char *prefix,
                 struct cbi_job_row **out, size_t *n) CB_USED;

/* The channel of NOTIFY that says "something is due". */
#define CBI_JOB_CHANNEL "callboard_job"

#endif
