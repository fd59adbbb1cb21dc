/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supply.c - see supply.h.
 */
#include "server/supply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/log.h"
#include "catalog/bucket.h"
#include "db/db.h"
#include "jobs/jobs.h"
#include "json/json.h"

#define PAUSE_MS 250
#define WAIT_MS 1000

struct thread {
	const struct cbi_engine_supply *in;
	struct cbi_lane lane, ear;
	struct cb_ctx ear_ctx;
	const char **names;
	char holder[300];
	bool declared, listening, failing;
};

static bool stopped(const struct thread *thread)
{
	return atomic_load(thread->in->stop);
}

/* --- what is to be run --- */

/* Schedules go to the database, what is no more is taken out of it. */
static int declare(struct cb_ctx *ctx, struct thread *thread)
{
	const struct cbi_engine_supply *in = thread->in;
	size_t removed = 0;
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < in->n; i++)
		rc = cbi_job_declare(ctx, in->suppliers[i].name,
		                     &in->suppliers[i].schedule);
	if (rc == CB_OK)
		rc = cbi_job_forget(ctx, thread->names, in->n);
	if (rc == CB_OK && !in->keep_vanished)
		rc = cbi_bucket_forget(ctx, thread->names, in->n, &removed);
	if (removed)
		cb_log(ctx, CB_LOG_INFO,
		       "%zu entities of entity providers that are not in the "
		       "config any more were removed",
		       removed);
	thread->declared = rc == CB_OK;
	return rc;
}

/* --- a run --- */

struct lease {
	const struct thread *thread;
	struct cbi_job *job;
};

static int alive(void *arg, struct cb_ctx *ctx)
{
	const struct lease *lease = arg;

	if (stopped(lease->thread))
		return cb_fail(ctx, CB_ECHANGED, "the engine ends");
	return cbi_job_renew(ctx, lease->job);
}

static const char *outcome_of(const struct cbi_bucket_run *run, int rc)
{
	if (rc < 0)
		return CBI_JOB_FAILED;
	if (run->done.waits)
		return CBI_JOB_WAITS;
	return run->what == CBI_SUPPLY_UNCHANGED ? CBI_JOB_UNCHANGED
	                                         : CBI_JOB_DONE;
}

static const char *text_of(struct cb_ctx *ctx, json_t *value)
{
	struct cb_buf buf;
	const char *text = NULL;

	cbi_buf_init(&buf, CB_ARENA_REQUEST_MAX);
	if (value && cbi_json_canonical(&buf, value) == CB_OK)
		text = cb_strndup(ctx, buf.data, buf.len);
	cbi_buf_finish(&buf);
	return text;
}

/* The failure, or the first thing that was odd. */
static const char *complaint(struct cb_ctx *ctx,
                             const struct cbi_bucket_run *run)
{
	const char *text;

	if (cb_failure_code(ctx) != CB_OK)
		return cb_strdup(ctx, cb_failure(ctx));
	text = json_string_value(json_array_get(
	    run->done.texts, json_array_size(run->done.texts) - 1));
	return text ? text : "";
}

static int finish(struct cb_ctx *ctx, const struct cbi_supplier *supplier,
                  const struct cbi_job *job, struct cbi_bucket_run *run, int rc)
{
	struct cbi_job_end end = { .outcome = outcome_of(run, rc) };
	json_t *counts = cbi_bucket_counts(&run->done);

	end.error = complaint(ctx, run);
	cb_failure_clear(ctx);
	ctx->deadline = 0;
	end.counts = text_of(ctx, counts);
	json_decref(counts);
	/* What waits must be looked at again, changed or not. */
	if (run->done.waits)
		end.state = "{}";
	else if (rc == CB_OK && run->after)
		end.state = text_of(ctx, run->after);
	if (strcmp(end.outcome, CBI_JOB_FAILED) == 0)
		cb_log(ctx, CB_LOG_WARN, "entity provider %s: %s",
		       supplier->name, end.error);
	else if (run->done.waits)
		cb_log(ctx, CB_LOG_WARN, "entity provider %s waits: %s",
		       supplier->name, end.error);
	rc = cbi_job_finish(ctx, job, &supplier->schedule, &end);
	/* Somebody else has it: what he finds counts. */
	if (rc == CB_ECHANGED) {
		cb_failure_clear(ctx);
		return CB_OK;
	}
	return rc;
}

static const struct cbi_supplier *supplier_of(const struct thread *thread,
                                              const char *name)
{
	for (size_t i = 0; i < thread->in->n; i++)
		if (strcmp(thread->in->suppliers[i].name, name) == 0)
			return &thread->in->suppliers[i];
	return NULL;
}

static int run_job(struct cb_ctx *ctx, struct thread *thread,
                   struct cbi_job *job)
{
	const struct cbi_supplier *supplier = supplier_of(thread, job->name);
	struct lease lease = { thread, job };
	struct cbi_bucket_run run = { .supplier = supplier,
		                      .alive = alive,
		                      .alive_arg = &lease };
	bool anew = strcmp(job->wanted, "anew") == 0;
	int rc;

	if (!supplier)
		return CB_OK; /* the names were ours: cannot be */
	run.ask.kinds = thread->in->kinds;
	run.ask.confirm = strcmp(job->wanted, "confirm") == 0;
	if (!anew && !run.ask.confirm && json_object_size(job->state) > 0)
		run.before = job->state;
	ctx->deadline = cbi_clock_ms() + job->timeout_ms;
	rc = cbi_bucket_run(ctx, &run);
	return finish(ctx, supplier, job, &run, rc);
}

/* --- the thread --- */

static int work_once(struct cb_ctx *ctx, struct thread *thread, bool *busy)
{
	struct cbi_job job;
	int rc = thread->declared ? CB_OK : declare(ctx, thread);

	*busy = false;
	if (rc == CB_OK && thread->in->n > 0)
		rc = cbi_job_claim(ctx, thread->names, thread->in->n,
		                   thread->holder, &job, busy);
	return rc == CB_OK && *busy ? run_job(ctx, thread, &job) : rc;
}

static void tell(struct thread *thread, const struct cb_ctx *ctx, int rc)
{
	if (rc < 0 && !thread->failing)
		cb_log(ctx, CB_LOG_WARN, "running entity providers: %s",
		       cb_failure(ctx));
	else if (rc == CB_OK && thread->failing)
		cb_log(ctx, CB_LOG_INFO,
		       "running entity providers: well again");
	thread->failing = rc < 0;
}

static void pause_for(const struct thread *thread, int ms)
{
	for (; ms > 0 && !stopped(thread); ms -= 50)
		usleep(50 * 1000);
}

static void wait_for_work(struct thread *thread)
{
	bool got;

	if (thread->in->n == 0) {
		pause_for(thread, WAIT_MS);
		return;
	}
	if (!thread->listening)
		thread->listening =
		    cbi_db_listen(&thread->ear_ctx, CBI_JOB_CHANNEL) == CB_OK;
	if (thread->listening &&
	    cbi_db_wait_notify(&thread->ear_ctx, WAIT_MS, &got) == CB_OK)
		return;
	thread->listening = false;
	cbi_ctx_finish(&thread->ear_ctx);
	cbi_ctx_init(&thread->ear_ctx, &thread->ear);
	pause_for(thread, PAUSE_MS);
}

int cbi_engine_supply_wake(struct cb_ctx *ctx,
                           const struct cbi_engine_supply *supply,
                           const struct cbi_supply_event *event)
{
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < supply->n; i++) {
		const struct cbi_supplier *one = &supply->suppliers[i];

		if (one->concerned && one->concerned(one->arg, event))
			rc = cbi_job_trigger(ctx, one->name, "run");
		/* Not declared yet: it is about to run for the first time. */
		if (rc == CB_ENOENT) {
			cb_failure_clear(ctx);
			rc = CB_OK;
		}
	}
	return rc;
}

static void loop(struct thread *thread)
{
	while (!stopped(thread)) {
		struct cb_ctx ctx;
		bool busy = false;
		int rc;

		if (!atomic_load(thread->in->ready)) {
			pause_for(thread, PAUSE_MS);
			continue;
		}
		cbi_ctx_init(&ctx, &thread->lane);
		ctx.actor = "service:engine";
		rc = work_once(&ctx, thread, &busy);
		tell(thread, &ctx, rc);
		cbi_ctx_finish(&ctx);
		if (rc < 0)
			pause_for(thread, WAIT_MS);
		else if (!busy)
			wait_for_work(thread);
	}
}

void *cbi_engine_supply(void *arg)
{
	struct thread thread = { .in = arg };
	const struct cbi_engine_supply *in = arg;

	if (in->unknown)
		cb_log(NULL, CB_LOG_WARN,
		       "catalog.providers.%s: there is no such kind of entity "
		       "provider, it is passed over",
		       in->unknown);
	thread.names = calloc(in->n + 1, sizeof(*thread.names));
	if (!thread.names)
		return NULL;
	for (size_t i = 0; i < in->n; i++)
		thread.names[i] = in->suppliers[i].name;
	snprintf(thread.holder, sizeof(thread.holder), "%s/%d", in->host,
	         (int)getpid());
	cbi_lane_init(&thread.lane, CB_ARENA_ENGINE_MAX);
	cbi_lane_init(&thread.ear, CB_MIB);
	cbi_ctx_init(&thread.ear_ctx, &thread.ear);
	loop(&thread);
	cbi_ctx_finish(&thread.ear_ctx);
	cbi_db_lane_finish(&thread.ear);
	cbi_db_lane_finish(&thread.lane);
	cbi_lane_finish(&thread.ear);
	cbi_lane_finish(&thread.lane);
	free(thread.names);
	return NULL;
}
