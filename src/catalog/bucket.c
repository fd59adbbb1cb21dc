/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bucket.c - see bucket.h.
 */
#include "catalog/bucket.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "catalog/batch.h"
#include "catalog/cols.h"
#include "catalog/remove.h"
#include "db/db.h"
#include "json/json.h"

#define BATCH 200
/* Ids of one bucket; a million of them. */
#define IDS_MAX (8 * CB_MIB)
#define GUARD_LEAST 5
#define GUARD_SHARE 5 /* one in so many */
/* Two sources that put the same new refs in at the same moment. */
#define TRIES 5

static const struct cbi_db_stmt count_held = {
	"bucket_count",
	"select count(*) from edge where provider = $1",
};

static const struct cbi_db_stmt not_seen = {
	"bucket_gone",
	"select n.id, n.ref from edge e join node n on n.id = e.child"
	" left join unnest($2::bigint[]) as s(id) on s.id = n.id"
	" where e.provider = $1 and s.id is null order by n.id",
};

static const struct cbi_db_stmt held_refs = {
	"bucket_held",
	"select n.id, n.ref from edge e join node n on n.id = e.child"
	" where e.provider = $1 and n.ref = any($2::text[]) order by n.id",
};

/* Names of suppliers have a colon, the house's own (config, store, restored)
 * have none. */
static const struct cbi_db_stmt strangers = {
	"bucket_strangers",
	"select distinct provider from edge where position(':' in provider) > 0"
	" and provider <> all($1::text[])",
};

static const struct cbi_db_stmt all_of = {
	"bucket_all",
	"select child from edge where provider = $1 order by child limit 5000",
};

struct waiting {
	json_t *entity;
	char *key;
};

struct cbi_bucket {
	struct cbi_bucket_ask ask;
	struct cbi_bucket_done done;
	struct cb_buf ids; /* int64_t: of the nodes named */
	struct waiting waiting[BATCH];
	size_t n;
	const char *gone[BATCH];
	size_t gone_n;
};

static void tell(struct cbi_bucket *bucket, const char *text)
{
	if (json_array_size(bucket->done.texts) < CBI_BUCKET_PROBLEMS)
		json_array_append_new(bucket->done.texts, json_string(text));
}

static void preview(struct cbi_bucket *bucket, const char *change,
                    const char *ref)
{
	if (bucket->ask.dry &&
	    json_array_size(bucket->done.preview) < CBI_BUCKET_PREVIEW)
		json_array_append_new(
		    bucket->done.preview,
		    json_pack("{s:s, s:s}", "change", change, "ref", ref));
}

int cbi_bucket_open(struct cb_ctx *ctx, const struct cbi_bucket_ask *ask,
                    struct cbi_bucket **out)
{
	struct cbi_bucket *bucket = calloc(1, sizeof(*bucket));
	struct cbi_db_result *rows;
	int rc;

	if (!bucket)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a bucket");
	bucket->ask = *ask;
	cbi_buf_init(&bucket->ids, IDS_MAX);
	bucket->done.texts = json_array();
	bucket->done.preview = json_array();
	rc = cbi_db_query(ctx, &count_held, &ask->name, 1, &rows);
	if (rc < 0) {
		cbi_bucket_close(bucket);
		return rc;
	}
	bucket->done.had = (size_t)cbi_db_int(rows, 0, 0);
	*out = bucket;
	return CB_OK;
}

static void drop_waiting(struct cbi_bucket *bucket)
{
	for (size_t i = 0; i < bucket->n; i++) {
		json_decref(bucket->waiting[i].entity);
		free(bucket->waiting[i].key);
	}
	bucket->n = 0;
}

void cbi_bucket_close(struct cbi_bucket *bucket)
{
	if (!bucket)
		return;
	drop_waiting(bucket);
	for (size_t i = 0; i < bucket->gone_n; i++)
		free((void *)(uintptr_t)bucket->gone[i]);
	cbi_buf_finish(&bucket->ids);
	json_decref(bucket->done.texts);
	json_decref(bucket->done.preview);
	free(bucket);
}

const struct cbi_bucket_done *cbi_bucket_done(const struct cbi_bucket *bucket)
{
	return &bucket->done;
}

/* --- a batch --- */

struct work {
	struct cbi_bucket *bucket;
	struct cbi_batch batch;
	const int64_t *ids; /* to be removed */
	size_t n;
	const char *cause;
	size_t removed;
};

static int write_tx(struct cb_ctx *ctx, void *arg)
{
	struct work *work = arg;

	return cbi_batch_write(ctx, &work->batch);
}

static int remove_tx(struct cb_ctx *ctx, void *arg)
{
	struct work *work = arg;

	return cbi_remove_provided(ctx, work->bucket->ask.name, work->ids,
	                           work->n, work->cause, &work->removed);
}

static const char *annotation(const json_t *entity, const char *name)
{
	return json_string_value(json_object_get(
	    json_object_get(json_object_get(entity, "metadata"), "annotations"),
	    name));
}

static int take_item(struct cb_ctx *ctx, const struct cbi_bucket *bucket,
                     const struct waiting *from, struct cbi_item *item)
{
	struct cbi_model_place *place = cb_alloc(ctx, sizeof(*place));
	struct cbi_problem problem;

	if (!place)
		return CB_ENOMEM;
	place->location = cb_strdup(
	    ctx, annotation(from->entity, "backstage.io/managed-by-location"));
	place->origin = cb_strdup(
	    ctx, annotation(from->entity,
	                    "backstage.io/managed-by-origin-location"));
	if (!place->location || !place->origin)
		return CB_ENOMEM;
	place->kinds = bucket->ask.kinds;
	item->entity = from->entity;
	item->key = from->key;
	item->source = place->location;
	item->place = place;
	return cbi_model_envelope(ctx, from->entity, &item->ref, &problem);
}

/* The last of two of one ref counts. */
static int take_items(struct cb_ctx *ctx, struct cbi_bucket *bucket,
                      struct cbi_batch *batch)
{
	json_t *at = json_object();
	int rc = cbi_json_keep(ctx, at);

	batch->items = cb_alloc(ctx, bucket->n * sizeof(*batch->items));
	if (rc < 0 || !batch->items)
		return CB_ENOMEM;
	batch->n = 0;
	for (size_t i = 0; rc == CB_OK && i < bucket->n; i++) {
		struct cbi_item item = { 0 };
		const json_t *known;

		rc = take_item(ctx, bucket, &bucket->waiting[i], &item);
		if (rc < 0)
			return rc;
		known = json_object_get(at, item.ref);
		if (known) {
			batch->items[json_integer_value(known)] = item;
			continue;
		}
		json_object_set_new(at, item.ref,
		                    json_integer((json_int_t)batch->n));
		batch->items[batch->n++] = item;
	}
	return rc;
}

/* Refs of ours that came with another key: they leave, and come anew. */
static int make_way(struct cb_ctx *ctx, struct work *work, bool *again)
{
	const struct cbi_batch *batch = &work->batch;
	const char **refs = cb_alloc(ctx, (batch->n + 1) * sizeof(*refs));
	const char *params[2] = { work->bucket->ask.name };
	struct cbi_db_result *rows;
	int64_t *ids;
	size_t n = 0;
	int rc;

	*again = false;
	if (!refs)
		return CB_ENOMEM;
	for (size_t i = 0; i < batch->n; i++)
		if (batch->items[i].fate == CBI_ITEM_TAKEN)
			refs[n++] = batch->items[i].ref;
	if (n == 0)
		return CB_OK;
	params[1] = cbi_cols_texts(ctx, refs, n);
	if (!params[1])
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &held_refs, params, 2, &rows);
	if (rc < 0 || cbi_db_rows(rows) == 0)
		return rc;
	ids = cb_alloc(ctx, cbi_db_rows(rows) * sizeof(*ids));
	if (!ids)
		return CB_ENOMEM;
	for (size_t i = 0; i < cbi_db_rows(rows); i++)
		ids[i] = cbi_db_int(rows, i, 0);
	work->ids = ids;
	work->n = cbi_db_rows(rows);
	work->cause = "provider.moved";
	*again = true;
	return cbi_db_transact(ctx, remove_tx, work);
}

static int write_batch(struct cb_ctx *ctx, struct work *work)
{
	int rc = CB_EBUSY;

	for (int i = 0; i < TRIES && rc == CB_EBUSY; i++) {
		work->batch.problems = 0;
		rc = cbi_db_transact(ctx, write_tx, work);
		if (rc == CB_EBUSY && cb_failure_code(ctx) != CB_OK)
			break;
	}
	return rc == CB_EBUSY && cb_failure_code(ctx) == CB_OK
	           ? cb_fail(ctx, CB_EBUSY, "others write the same entities")
	           : rc;
}

static int count_item(struct cb_ctx *ctx, struct cbi_bucket *bucket,
                      const struct cbi_item *item)
{
	struct cbi_bucket_done *done = &bucket->done;

	switch (item->fate) {
	case CBI_ITEM_NEW:
		done->added++;
		preview(bucket, "added", item->ref);
		break;
	case CBI_ITEM_CHANGED:
		done->changed++;
		preview(bucket, "changed", item->ref);
		break;
	case CBI_ITEM_SAME:
		done->same++;
		break;
	case CBI_ITEM_TAKEN:
		done->taken++;
		preview(bucket, "taken", item->ref);
		tell(bucket,
		     cb_printf(ctx, "%s belongs to another source", item->ref));
		break;
	}
	if (item->fate <= CBI_ITEM_CHANGED && !item->processed) {
		done->problems++;
		tell(bucket,
		     cb_printf(ctx, "%s breaks a rule: %s", item->ref,
		               item->errors ? item->errors : "unknown"));
	}
	return item->id ? cb_buf_add(&bucket->ids, &item->id, sizeof(item->id))
	                : CB_OK;
}

/* Counts what came of the items; of those that were taken none if they are
 * to be tried again: they alone are left then. */
static int count_items(struct cb_ctx *ctx, struct cbi_bucket *bucket,
                       struct cbi_batch *batch, bool again)
{
	size_t left = 0;
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < batch->n; i++) {
		if (again && batch->items[i].fate == CBI_ITEM_TAKEN)
			batch->items[left++] = batch->items[i];
		else
			rc = count_item(ctx, bucket, &batch->items[i]);
	}
	batch->n = left;
	return rc;
}

static int flush(struct cb_ctx *ctx, struct cbi_bucket *bucket)
{
	struct work work = { .bucket = bucket };
	bool again = false;
	int rc;

	if (bucket->n == 0)
		return CB_OK;
	work.batch.provider = bucket->ask.name;
	work.batch.look = bucket->ask.dry;
	rc = take_items(ctx, bucket, &work.batch);
	if (rc == CB_OK)
		rc = write_batch(ctx, &work);
	if (rc == CB_OK && !bucket->ask.dry)
		rc = make_way(ctx, &work, &again);
	if (rc == CB_OK && again)
		rc = count_items(ctx, bucket, &work.batch, true);
	if (rc == CB_OK && again)
		rc = write_batch(ctx, &work);
	return rc < 0 ? rc : count_items(ctx, bucket, &work.batch, false);
}

static int flush_all(struct cb_ctx *ctx, struct cbi_bucket *bucket)
{
	struct cbi_ctx_mark mark;
	int rc;

	cbi_ctx_mark(ctx, &mark);
	rc = flush(ctx, bucket);
	drop_waiting(bucket);
	cbi_ctx_rewind(ctx, &mark);
	return rc;
}

int cbi_bucket_each(struct cb_ctx *ctx, struct cbi_bucket *bucket,
                    json_t *entity, const char *key)
{
	struct waiting *one = &bucket->waiting[bucket->n];
	struct cbi_problem problem;
	int rc = CB_OK;

	if (cbi_model_envelope(ctx, entity, NULL, &problem) < 0)
		rc = cb_fail(ctx, CB_EINVAL, "%s handed over no entity: %s",
		             bucket->ask.name, problem.text);
	else if (!key || !*key ||
	         !annotation(entity, "backstage.io/managed-by-location") ||
	         !annotation(entity, "backstage.io/managed-by-origin-location"))
		rc = cb_fail(ctx, CB_EINVAL,
		             "%s handed over an entity that does not say where "
		             "it is from",
		             bucket->ask.name);
	one->entity = entity;
	one->key = rc == CB_OK ? strdup(key) : NULL;
	if (rc == CB_OK && !one->key)
		rc = cb_fail(ctx, CB_ENOMEM, "no memory for an entity");
	if (rc < 0) {
		json_decref(entity);
		return rc;
	}
	bucket->n++;
	bucket->done.seen++;
	return bucket->n == BATCH ? flush_all(ctx, bucket) : CB_OK;
}

/* --- removal --- */

static int take_doomed(struct cb_ctx *ctx, struct cbi_bucket *bucket,
                       struct work *work, const struct cbi_db_result *rows)
{
	int64_t *ids;

	work->n = cbi_db_rows(rows);
	ids = cb_alloc(ctx, (work->n + 1) * sizeof(*ids));
	if (!ids)
		return CB_ENOMEM;
	for (size_t i = 0; i < work->n; i++) {
		ids[i] = cbi_db_int(rows, i, 0);
		preview(bucket, "removed", cbi_db_text(rows, i, 1));
	}
	work->ids = ids;
	return CB_OK;
}

static int remove_these(struct cb_ctx *ctx, struct work *work)
{
	struct cbi_bucket *bucket = work->bucket;
	int rc = CB_OK;

	if (work->n > 0 && !bucket->ask.dry)
		rc = cbi_db_transact(ctx, remove_tx, work);
	if (rc == CB_OK)
		bucket->done.removed += work->n;
	return rc;
}

static int flush_gone(struct cb_ctx *ctx, struct cbi_bucket *bucket)
{
	struct work work = { .bucket = bucket, .cause = "provider.delta" };
	const char *params[2] = { bucket->ask.name };
	struct cbi_db_result *rows;
	struct cbi_ctx_mark mark;
	int rc;

	if (bucket->gone_n == 0)
		return CB_OK;
	cbi_ctx_mark(ctx, &mark);
	params[1] = cbi_cols_texts(ctx, bucket->gone, bucket->gone_n);
	rc = params[1] ? cbi_db_query(ctx, &held_refs, params, 2, &rows)
	               : cb_failure_code(ctx);
	if (rc == CB_OK)
		rc = take_doomed(ctx, bucket, &work, rows);
	if (rc == CB_OK)
		rc = remove_these(ctx, &work);
	for (size_t i = 0; i < bucket->gone_n; i++)
		free((void *)(uintptr_t)bucket->gone[i]);
	bucket->gone_n = 0;
	cbi_ctx_rewind(ctx, &mark);
	return rc;
}

int cbi_bucket_gone(struct cb_ctx *ctx, struct cbi_bucket *bucket,
                    const char *ref)
{
	char *copy = strdup(ref);

	if (!copy)
		return cb_fail(ctx, CB_ENOMEM, "no memory for a ref");
	bucket->gone[bucket->gone_n++] = copy;
	if (bucket->gone_n < BATCH)
		return CB_OK;
	/* What was named before may be gone now: in order. */
	return flush_all(ctx, bucket) < 0 ? cb_failure_code(ctx)
	                                  : flush_gone(ctx, bucket);
}

/* Is it more than somebody deletes on a good day? */
static bool is_guarded(const struct cbi_bucket *bucket, size_t gone)
{
	const struct cbi_bucket_done *done = &bucket->done;

	if (gone == 0 || bucket->ask.confirm)
		return false;
	if (done->seen == 0)
		return true;
	return gone >= GUARD_LEAST && gone * GUARD_SHARE > done->had;
}

static int remove_unseen(struct cb_ctx *ctx, struct cbi_bucket *bucket)
{
	struct work work = { .bucket = bucket, .cause = "provider.full" };
	const char *params[2] = {
		bucket->ask.name,
		cbi_cols_ids(ctx,
		             (const int64_t *)(const void *)bucket->ids.data,
		             bucket->ids.len / sizeof(int64_t)),
	};
	struct cbi_db_result *rows;
	int rc;

	if (!params[1])
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &not_seen, params, 2, &rows);
	if (rc == CB_OK)
		rc = take_doomed(ctx, bucket, &work, rows);
	if (rc < 0)
		return rc;
	if (!is_guarded(bucket, work.n))
		return remove_these(ctx, &work);
	bucket->done.waits = true;
	tell(bucket,
	     cb_printf(ctx,
	               "%zu of the %zu entities of this provider would be "
	               "deleted; nothing was, expected at most a fifth: "
	               "confirm it, or bring them back",
	               work.n, bucket->done.had));
	return CB_OK;
}

int cbi_bucket_end(struct cb_ctx *ctx, struct cbi_bucket *bucket, bool full)
{
	int rc = flush_all(ctx, bucket);

	if (rc == CB_OK)
		rc = flush_gone(ctx, bucket);
	if (rc == CB_OK && full)
		rc = remove_unseen(ctx, bucket);
	return rc;
}

/* --- providers that are no more --- */

static int empty(struct cb_ctx *ctx, const char *name, size_t *removed)
{
	struct cbi_bucket bucket = { .ask = { .name = name } };
	struct work work = { .bucket = &bucket, .cause = "provider.vanished" };
	struct cbi_db_result *rows;
	int64_t *ids;
	int rc;

	do {
		rc = cbi_db_query(ctx, &all_of, &name, 1, &rows);
		if (rc < 0)
			return rc;
		work.n = cbi_db_rows(rows);
		ids = cb_alloc(ctx, (work.n + 1) * sizeof(*ids));
		if (!ids)
			return CB_ENOMEM;
		for (size_t i = 0; i < work.n; i++)
			ids[i] = cbi_db_int(rows, i, 0);
		work.ids = ids;
		if (work.n > 0)
			rc = cbi_db_transact(ctx, remove_tx, &work);
		*removed += work.n;
	} while (rc == CB_OK && work.n > 0);
	return rc;
}

int cbi_bucket_forget(struct cb_ctx *ctx, const char *const *names, size_t n,
                      size_t *removed)
{
	const char *list = cbi_cols_texts(ctx, names, n);
	struct cbi_db_result *rows;
	int rc;

	*removed = 0;
	if (!list)
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &strangers, &list, 1, &rows);
	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(rows); i++)
		rc = empty(ctx, cbi_db_text(rows, i, 0), removed);
	return rc;
}
