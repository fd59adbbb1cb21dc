/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.c - `callboardctl catalog provider list|show|run`.
 *
 * A run is the engine's work: the command makes it due and waits for its end.
 * A dry run happens here, and writes nothing.
 */
#include "ctl/ctl.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "catalog/bucket.h"
#include "catalog/kinds.h"
#include "catalog/overview.h"
#include "http/http.h"
#include "jobs/jobs.h"
#include "provider/supply.h"

#define POLL_MS 200
/* Nobody has taken it up: there is no engine, or all are busy. */
#define TAKEN_MS 15000
#define RUN_MS (10 * 60 * 1000)

static int usage(const char *what)
{
	return cbi_ctl_complain(CBI_EXIT_USAGE, "%s", what);
}

static json_t *row_of(const struct cbi_job_row *job)
{
	json_t *counts = json_loads(job->counts, 0, NULL);

	return json_pack(
	    "{s:s, s:s, s:s, s:I, s:s, s:I, s:s, s:s, s:s, s:I, s:I, s:s, "
	    "s:o}",
	    "name", job->name, "outcome",
	    job->running ? "running" : job->outcome, "next", job->due,
	    "frequencyMs", (json_int_t)job->frequency_ms, "cron", job->cron,
	    "timeoutMs", (json_int_t)job->timeout_ms, "began", job->began,
	    "ended", job->ended, "holder", job->holder, "tookMs",
	    (json_int_t)job->took_ms, "failures", (json_int_t)job->failures,
	    "problem", job->error, "counts", counts ? counts : json_object());
}

int cbi_ctl_provider_list(struct cbi_ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = { "name", "outcome", "ended",
		                               "next", "problem", NULL };
	struct cbi_job_row *jobs;
	json_t *rows;
	size_t n;
	int rc;

	(void)argv;
	if (argc > 0)
		return usage("catalog provider list takes no argument");
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_job_list(&ctl->ctx, "", &jobs, &n) < 0)
		return cbi_ctl_fail(ctl);
	rows = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, row_of(&jobs[i]));
	rc = cbi_ctl_print(ctl, rows, columns);
	json_decref(rows);
	return rc;
}

static int find(struct cbi_ctl *ctl, const char *name, struct cbi_job_row *out)
{
	struct cbi_job_row *jobs;
	size_t n;
	int rc = cbi_job_list(&ctl->ctx, name, &jobs, &n);

	for (size_t i = 0; rc == CB_OK && i < n; i++) {
		if (strcmp(jobs[i].name, name) != 0)
			continue;
		*out = jobs[i];
		return CB_OK;
	}
	return rc < 0 ? rc
	              : cb_fail(&ctl->ctx, CB_ENOENT,
	                        "no entity provider '%.100s'", name);
}

static int print_one(struct cbi_ctl *ctl, const struct cbi_job_row *job)
{
	static const char *const columns[] = { "key", "value", NULL };
	json_t *row = row_of(job), *rows = json_array(), *value, *count;
	const char *key, *name;
	int rc;

	if (ctl->output != CBI_OUTPUT_TABLE) {
		json_array_append(rows, row);
	} else {
		json_object_foreach(row, key, value)
		{
			if (!json_is_object(value))
				json_array_append_new(
				    rows, json_pack("{s:s, s:O}", "key", key,
				                    "value", value));
			json_object_foreach(value, name, count)
			    json_array_append_new(
				rows, json_pack("{s:s, s:O}", "key", name,
			                        "value", count));
		}
	}
	rc = cbi_ctl_print(ctl, rows, columns);
	json_decref(rows);
	json_decref(row);
	return rc;
}

int cbi_ctl_provider_show(struct cbi_ctl *ctl, int argc, char **argv)
{
	struct cbi_job_row job;

	if (argc != 1)
		return usage("catalog provider show takes one name");
	if (cbi_ctl_database(ctl) < 0 || find(ctl, argv[0], &job) < 0)
		return cbi_ctl_fail(ctl);
	return print_one(ctl, &job);
}

/* --- a dry run, here --- */

static const struct cbi_supplier *configured(struct cbi_ctl *ctl,
                                             struct cbi_http *http,
                                             const char *name)
{
	const struct cbi_supply_place place = { ctl->config, http };
	struct cbi_supplier *all;
	size_t n;

	if (cbi_supply_configure(&ctl->ctx, &place, &all, &n) < 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	cb_fail(&ctl->ctx, CB_ENOENT,
	        "no entity provider '%.100s' in the config", name);
	return NULL;
}

static void print_dry(struct cbi_ctl *ctl, const struct cbi_bucket_run *run)
{
	static const char *const columns[] = { "change", "ref", NULL };
	const struct cbi_bucket_done *done = &run->done;
	json_t *text;
	size_t i;

	cbi_ctl_print(ctl, done->preview, columns);
	json_array_foreach(done->texts, i, text)
	    fprintf(stderr, "%s\n", json_string_value(text));
	fprintf(stderr,
	        "%zu seen: %zu would be added, %zu changed, %zu removed%s, %zu "
	        "stay as they are, %zu belong to others, %zu break a rule\n",
	        done->seen, done->added, done->changed, done->removed,
	        done->waits ? " (more wait for a confirmation)" : "",
	        done->same, done->taken, done->problems);
}

static int dry_run(struct cbi_ctl *ctl, const char *name)
{
	struct cbi_bucket_run run = { .ask = { .dry = true } };
	struct cbi_http *http = NULL;
	int rc = cbi_http_create(
	    &ctl->ctx, cbi_config_get(ctl->config, "connections"), &http);

	if (rc == CB_OK)
		rc = cbi_kinds_read(
		    &ctl->ctx, cbi_config_get(ctl->config, "catalog.kinds"),
		    &run.ask.kinds);
	if (rc == CB_OK)
		run.supplier = configured(ctl, http, name);
	if (run.supplier) {
		ctl->ctx.deadline =
		    cbi_clock_ms() + run.supplier->schedule.timeout_ms;
		rc = cbi_bucket_run(&ctl->ctx, &run);
		ctl->ctx.deadline = 0;
	}
	if (run.supplier && rc == CB_OK)
		print_dry(ctl, &run);
	cbi_http_destroy(http);
	return run.supplier && rc == CB_OK ? CBI_EXIT_OK : cbi_ctl_fail(ctl);
}

/* --- a run by an engine --- */

struct wish {
	const char *name, *wanted;
};

static int wait_for_end(struct cbi_ctl *ctl, const struct cbi_job_row *before,
                        struct cbi_job_row *job)
{
	int64_t began = cbi_clock_ms();
	bool taken = false;

	for (;;) {
		int rc = find(ctl, before->name, job);

		if (rc < 0)
			return rc;
		taken = taken || strcmp(job->began, before->began) != 0 ||
		        job->running;
		if (taken && !job->running)
			return CB_OK;
		if (!taken && cbi_clock_ms() - began > TAKEN_MS)
			return cb_fail(
			    &ctl->ctx, CB_EAWAY,
			    "no engine has taken it up so far: it is "
			    "due, and will run");
		if (cbi_clock_ms() - began > RUN_MS)
			return cb_fail(&ctl->ctx, CB_ETIME,
			               "it still runs: see `catalog provider "
			               "show`");
		usleep(POLL_MS * 1000);
	}
}

static int run_now(struct cbi_ctl *ctl, const struct wish *wish)
{
	struct cbi_job_row before, job;
	int rc;

	if (find(ctl, wish->name, &before) < 0)
		return cbi_ctl_fail(ctl);
	rc = cbi_overview_run(&ctl->ctx, wish->name, wish->wanted, NULL);
	if (rc == CB_OK)
		rc = wait_for_end(ctl, &before, &job);
	if (rc < 0)
		return cbi_ctl_fail(ctl);
	rc = print_one(ctl, &job);
	if (strcmp(job.outcome, CBI_JOB_FAILED) == 0)
		return CBI_EXIT_FAILED;
	return strcmp(job.outcome, CBI_JOB_WAITS) == 0 ? CBI_EXIT_PARTLY : rc;
}

int cbi_ctl_provider_run(struct cbi_ctl *ctl, int argc, char **argv)
{
	bool dry = cbi_ctl_flag(&argc, argv, "--dry-run");
	bool anew = cbi_ctl_flag(&argc, argv, "--anew");
	bool confirm = cbi_ctl_flag(&argc, argv, "--confirm");
	struct wish wish;

	if (argc != 1 || dry + anew + confirm > 1)
		return usage("catalog provider run takes one name, and one of "
		             "--dry-run, --anew and --confirm");
	if (cbi_ctl_database(ctl) < 0)
		return cbi_ctl_fail(ctl);
	wish.name = argv[0];
	wish.wanted = confirm ? "confirm" : anew ? "anew" : "run";
	return dry ? dry_run(ctl, argv[0]) : run_now(ctl, &wish);
}
