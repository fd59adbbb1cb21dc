/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bucket_run.c - a supplier's run, into its bucket.
 */
#include "catalog/bucket.h"

#include "json/json.h"

struct running {
	struct cbi_bucket_run *run;
	struct cbi_bucket *bucket;
	json_t *warnings;
};

static int is_alive(void *arg, struct cb_ctx *ctx)
{
	const struct cbi_bucket_run *run = ((struct running *)arg)->run;

	if (cb_time_left(ctx) == 0)
		return cb_fail(ctx, CB_ETIME,
		               "%s took longer than its schedule's timeout",
		               run->supplier->name);
	return run->alive ? run->alive(run->alive_arg, ctx) : CB_OK;
}

static int take_each(void *arg, struct cb_ctx *ctx, json_t *entity,
                     const char *key)
{
	struct running *running = arg;
	int rc = is_alive(arg, ctx);

	if (rc < 0) {
		json_decref(entity);
		return rc;
	}
	return cbi_bucket_each(ctx, running->bucket, entity, key);
}

static int take_gone(void *arg, struct cb_ctx *ctx, const char *ref)
{
	struct running *running = arg;

	return cbi_bucket_gone(ctx, running->bucket, ref);
}

static int take_warning(void *arg, struct cb_ctx *ctx, const char *text)
{
	struct running *running = arg;

	(void)ctx;
	if (json_array_size(running->warnings) < CBI_BUCKET_PROBLEMS)
		json_array_append_new(running->warnings, json_string(text));
	return CB_OK;
}

static int supply(struct cb_ctx *ctx, struct running *running)
{
	struct cbi_bucket_run *run = running->run;
	const struct cbi_supplier *supplier = run->supplier;
	const struct cbi_supply_run given = {
		.before = run->before,
		.arg = running,
		.each = take_each,
		.gone = take_gone,
		.warn = take_warning,
		.alive = is_alive,
	};
	json_t *after = NULL;
	int rc;

	run->what = CBI_SUPPLY_FULL;
	rc = supplier->run(ctx, supplier->arg, &given, &run->what, &after);
	if (after && cbi_json_keep(ctx, after) < 0)
		return CB_ENOMEM;
	if (rc < 0)
		return rc;
	run->after = after;
	if (run->what == CBI_SUPPLY_UNCHANGED)
		return CB_OK;
	return cbi_bucket_end(ctx, running->bucket,
	                      run->what == CBI_SUPPLY_FULL);
}

int cbi_bucket_run(struct cb_ctx *ctx, struct cbi_bucket_run *run)
{
	struct running running = { .run = run, .warnings = json_array() };
	int rc = cbi_json_keep(ctx, running.warnings);

	run->ask.name = run->supplier->name;
	run->after = NULL;
	run->done = (struct cbi_bucket_done){ 0 };
	if (rc == CB_OK)
		rc = cbi_bucket_open(ctx, &run->ask, &running.bucket);
	if (rc < 0)
		return rc;
	rc = supply(ctx, &running);
	run->done = *cbi_bucket_done(running.bucket);
	json_array_extend(run->done.texts, running.warnings);
	json_incref(run->done.texts);
	json_incref(run->done.preview);
	cbi_bucket_close(running.bucket);
	if (cbi_json_keep(ctx, run->done.texts) < 0 ||
	    cbi_json_keep(ctx, run->done.preview) < 0)
		return CB_ENOMEM;
	return rc;
}

json_t *cbi_bucket_counts(const struct cbi_bucket_done *done)
{
	return json_pack(
	    "{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "seen",
	    (json_int_t)done->seen, "added", (json_int_t)done->added, "changed",
	    (json_int_t)done->changed, "unchanged", (json_int_t)done->same,
	    "removed", (json_int_t)done->removed, "taken",
	    (json_int_t)done->taken, "problems", (json_int_t)done->problems);
}
