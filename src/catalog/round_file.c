/* SPDX-License-Identifier: Apache-2.0 */
/*
 * round_file.c - the documents of one file, batch by batch.
 *
 * Memory is that of one batch: the arena goes back after each.
 */
#include "catalog/round.h"

#include <callboard/json.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/batch.h"
#include "catalog/fill.h"
#include "catalog/model_priv.h"
#include "catalog/placeholder.h"
#include "catalog/rules.h"
#include "db/db.h"
#include "json/json.h"
#include "yaml/yaml.h"

#define RACES_MAX 5
#define MANY_REFS (1u << 20)

struct work {
	struct cb_ctx *ctx;
	struct cbi_round *round;
	const char *target, *key;
	json_t *state; /* what is remembered of this file; borrowed */
	json_t *bad;   /* status items of this file; borrowed */
	bool again;    /* look at it again even if unchanged */
	struct cbi_batch batch;
	struct cbi_fill fill;
	uint64_t *seen; /* hashes of refs, open addressing; 0 is free */
	size_t seen_n, seen_size;
};

/* --- problems --- */

static int note(struct work *w, const char *name, const char *text)
{
	json_t *item = cbi_model_status(name, text);

	w->round->done->problems++;
	if (!item || json_array_append_new(w->bad, item))
		return cb_fail(w->ctx, CB_ENOMEM, "out of memory");
	return CB_OK;
}

static const char *where_of(struct cb_ctx *ctx, const struct cbi_item *item,
                            const char *path)
{
	const struct cbi_yaml *at = cbi_yaml_near(item->where_arg, path);
	const char *colon = strrchr(item->source, ':');

	return cb_printf(ctx, "%.*s:%d:%d", (int)(colon - item->source),
	                 item->source, at->key_line ? at->key_line : at->line,
	                 at->key_line ? at->key_column : at->column);
}

static int note_problem(struct work *w, const struct cbi_yaml *root,
                        const struct cbi_problem *problem)
{
	const struct cbi_yaml *at = cbi_yaml_near(root, problem->path);
	const char *text = cb_printf(w->ctx, "%s:%d:%d: %s", w->target,
	                             at->key_line ? at->key_line : at->line,
	                             at->key_line ? at->key_column : at->column,
	                             problem->text);

	return text ? note(w, problem->name, text) : CB_ENOMEM;
}

/* --- refs of the file --- */

static bool grow(struct work *w)
{
	size_t size = w->seen_size ? w->seen_size * 2 : 1024;
	uint64_t *seen;

	if (size > MANY_REFS)
		return false;
	seen = calloc(size, sizeof(*seen));
	if (!seen)
		return false;
	for (size_t i = 0; i < w->seen_size; i++) {
		size_t at = w->seen[i] & (size - 1);

		if (!w->seen[i])
			continue;
		while (seen[at])
			at = (at + 1) & (size - 1);
		seen[at] = w->seen[i];
	}
	free(w->seen);
	w->seen = seen;
	w->seen_size = size;
	return true;
}

/* 1 when the file has the ref already, else it is noted. */
static int is_seen(struct work *w, const char *ref)
{
	uint64_t hash = XXH3_64bits(ref, strlen(ref)) | 1;
	size_t at;

	if (w->seen_n * 2 >= w->seen_size && !grow(w))
		return cb_fail(w->ctx, CB_ENOMEM, "out of memory for refs");
	for (at = hash & (w->seen_size - 1); w->seen[at];
	     at = (at + 1) & (w->seen_size - 1))
		if (w->seen[at] == hash)
			return 1;
	w->seen[at] = hash;
	w->seen_n++;
	return 0;
}

/* --- documents --- */

/* Before the transaction: nobody waits for a lock because an address is slow.
 * The item's hash then covers what was read. */
static int fill(struct work *w, struct cbi_item *item)
{
	struct cbi_problem *problem = cb_alloc(w->ctx, sizeof(*problem));
	int rc =
	    problem ? cbi_fill(&w->fill, item->entity, problem) : CB_ENOMEM;

	if (rc != CB_EINVAL)
		return rc;
	item->broken = problem;
	return CB_OK;
}

static int add_item(struct work *w, const struct cbi_yaml *root, json_t *entity,
                    const char *ref)
{
	struct cbi_item *item = &w->batch.items[w->batch.n];

	memset(item, 0, sizeof(*item));
	item->entity = entity;
	item->ref = ref;
	item->source = cb_printf(w->ctx, "%s:%d", w->target, root->line);
	item->where = where_of;
	item->where_arg = root;
	if (!item->source)
		return CB_ENOMEM;
	w->batch.n++;
	if (w->round->check && !w->round->found)
		return CB_OK;
	return fill(w, item);
}

static int take_entity(struct work *w, const struct cbi_yaml *root,
                       json_t *entity)
{
	struct cbi_problem problem = { .name = "InputError" };
	const char *ref;
	int rc = cbi_model_envelope(w->ctx, entity, &ref, &problem);

	if (rc == CB_EINVAL)
		return note_problem(w, root, &problem);
	if (rc < 0)
		return rc;
	if (!cbi_rules_allow(w->round->in->rules, entity, w->round->origin)) {
		/* A slip of the pen is not a matter of rules. */
		if (cbi_model_kind(w->ctx, w->round->in->kinds, entity,
		                   &problem) < 0 &&
		    strcmp(problem.path, "kind") == 0)
			return note_problem(w, root, &problem);
		problem.name = "NotAllowedError";
		memcpy(problem.path, "kind", sizeof("kind"));
		snprintf(problem.text, sizeof(problem.text),
		         "%.200s is not allowed from %.200s, expected a kind "
		         "that catalog.rules allow",
		         ref, w->round->origin);
		return note_problem(w, root, &problem);
	}
	if (cbi_str_starts(ref, "location:default/generated-")) {
		memcpy(problem.path, "metadata.name", sizeof("metadata.name"));
		snprintf(problem.text, sizeof(problem.text),
		         "metadata.name: names that begin with generated- are "
		         "the catalog's own, expected another");
		return note_problem(w, root, &problem);
	}
	rc = is_seen(w, ref);
	if (rc > 0) {
		memcpy(problem.path, "metadata.name", sizeof("metadata.name"));
		snprintf(problem.text, sizeof(problem.text),
		         "metadata.name: %.200s stands in this file already, "
		         "expected each entity once",
		         ref);
		return note_problem(w, root, &problem);
	}
	if (rc < 0 || strcmp(ref, w->round->ref) == 0)
		return rc;
	return add_item(w, root, entity, ref);
}

static int take_document(struct work *w, const struct cbi_yaml_doc *doc)
{
	const char *text;
	json_t *entity;
	int rc;

	if (doc->empty)
		return CB_OK;
	w->round->done->documents++;
	if (doc->error) {
		text = cb_printf(w->ctx, "%s: %s", w->target, doc->error);
		return text ? note(w, "InputError", text) : CB_ENOMEM;
	}
	entity = cbi_yaml_json(doc->root);
	rc = cbi_json_keep(w->ctx, entity);
	return rc < 0 ? rc : take_entity(w, doc->root, entity);
}

/* --- batches --- */

static int write_batch(struct cb_ctx *ctx, void *arg)
{
	return cbi_batch_write(ctx, arg);
}

/* Who looks for the reason finds it by ref: catalog/explain.c. */
static int remember_taken(struct work *w, const struct cbi_item *item)
{
	json_t *taken = json_object_get(w->state, "taken");

	w->again = true;
	if (!taken) {
		taken = json_object();
		json_object_set_new(w->state, "taken", taken);
	}
	if (json_object_set_new(taken, item->ref, json_string(item->source)))
		return cb_fail(w->ctx, CB_ENOMEM, "out of memory");
	return CB_OK;
}

/* Takes down what the batch came to. */
static int account(struct work *w)
{
	struct cbi_round *round = w->round;

	for (size_t i = 0; i < w->batch.n; i++) {
		const struct cbi_item *item = &w->batch.items[i];
		int rc = CB_OK;

		/* The loser of a conflict gets in once the winner is gone:
		 * somebody has to look for that. */
		if (item->fate == CBI_ITEM_TAKEN)
			rc = remember_taken(w, item);
		else if (cb_buf_add(round->ids, &item->id, sizeof(item->id)) <
		         0)
			return cb_fail(w->ctx, round->ids->failed,
			               "%s brings in too many entities",
			               round->ref);
		if (rc < 0)
			return rc;
	}
	round->done->written += w->batch.written;
	round->done->problems += w->batch.problems;
	round->entities += w->batch.n;
	return CB_OK;
}

/* A trial wants to see what would be written. */
static int show(struct work *w)
{
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < w->batch.n; i++) {
		struct cbi_item *item = &w->batch.items[i];
		json_t *errors;

		rc = cbi_batch_process(w->ctx, &w->batch, item);
		if (rc < 0)
			return rc;
		if (item->processed) {
			if (json_array_append(w->round->found, item->entity))
				rc =
				    cb_fail(w->ctx, CB_ENOMEM, "out of memory");
			continue;
		}
		rc = cb_json_parse(w->ctx, item->errors, strlen(item->errors),
		                   &errors);
		if (rc == CB_OK)
			json_array_extend(w->bad, errors);
	}
	w->batch.n = 0;
	return rc;
}

static int flush(struct work *w)
{
	int rc = CB_EBUSY;

	if (w->round->check && w->round->found)
		return show(w);
	if (w->batch.n == 0 || w->round->check) {
		w->batch.n = 0;
		return CB_OK;
	}
	for (int i = 0; i < RACES_MAX && rc == CB_EBUSY &&
	                cb_failure_code(w->ctx) == CB_OK;
	     i++)
		rc = cbi_db_transact(w->ctx, write_batch, &w->batch);
	if (rc == CB_ECHANGED)
		w->round->lost = true;
	if (rc == CB_EBUSY && cb_failure_code(w->ctx) == CB_OK)
		return cb_fail(w->ctx, rc, "refs of %s are contended",
		               w->target);
	if (rc == CB_OK)
		rc = account(w);
	w->batch.n = 0;
	return rc;
}

/* One batch: documents until it is full.  *more is false at the end. */
static int take_batch(struct work *w, struct cbi_yaml_stream *stream,
                      bool *more)
{
	struct cbi_yaml_doc *doc = NULL;
	int rc = CB_OK;

	w->batch.items =
	    cb_alloc(w->ctx, CBI_BATCH_MAX * sizeof(*w->batch.items));
	if (!w->batch.items)
		return CB_ENOMEM;
	while (rc == CB_OK && w->batch.n < CBI_BATCH_MAX) {
		rc = cbi_yaml_stream_next(w->ctx, stream, &doc);
		if (rc < 0 || !doc)
			break;
		rc = take_document(w, doc);
	}
	*more = doc != NULL;
	return rc < 0 ? rc : flush(w);
}

static int take_text(struct work *w, const struct cbi_provider_file *file)
{
	struct cbi_yaml_stream *stream = NULL;
	struct cbi_ctx_mark mark;
	const char *text;
	bool more = true;
	int rc;

	rc = cbi_yaml_stream_create(w->ctx, file->text, file->len, &stream);
	if (rc == CB_EINVAL || rc == CB_ETOOBIG) {
		text =
		    cb_printf(w->ctx, "%s: %s", w->target, cb_failure(w->ctx));
		cb_failure_clear(w->ctx);
		return text ? note(w, "InputError", text) : CB_ENOMEM;
	}
	while (rc == CB_OK && more) {
		cbi_ctx_mark(w->ctx, &mark);
		rc = take_batch(w, stream, &more);
		cbi_ctx_rewind(w->ctx, &mark);
	}
	cbi_yaml_stream_destroy(stream);
	return rc;
}

/* --- the file --- */

static json_t *state_of(json_t *state, const char *target, bool make)
{
	json_t *files = json_object_get(state, "files");
	json_t *file;

	if (!files && make) {
		files = json_object();
		json_object_set_new(state, "files", files);
	}
	file = json_object_get(files, target);
	if (!file && make) {
		file = json_object();
		json_object_set_new(files, target, file);
	}
	return file;
}

/* As it was: so were its problems, and its entities stay. */
static int take_unchanged(struct work *w)
{
	json_t *old = state_of(w->round->before, w->target, false);
	json_t *bad = json_object_get(old, "bad");
	json_t *file = old ? state_of(w->round->after, w->target, true) : NULL;

	if (old && (!file || json_object_update(file, old)))
		return cb_fail(w->ctx, CB_ENOMEM, "out of memory");
	if (bad && json_array_extend(w->round->errors, bad))
		return cb_fail(w->ctx, CB_ENOMEM, "out of memory");
	return CB_OK;
}

static int take_changed(struct work *w, const struct cbi_provider_file *file)
{
	struct cbi_round *round = w->round;
	json_t *state = state_of(round->after, w->target, true);
	size_t first = round->ids->len;
	int rc;

	w->state = w->fill.state = state;
	if (!round->check && (rc = cbi_round_half(w->ctx, round)) < 0)
		return rc;
	w->bad = json_array();
	if (!state || !w->bad || json_object_set_new(state, "bad", w->bad))
		return cb_fail(w->ctx, CB_ENOMEM, "out of memory");
	if (!round->check)
		round->done->files++;
	rc = take_text(w, file);
	if (rc < 0)
		return rc;
	if (json_array_size(w->bad) == 0) {
		json_object_del(state, "bad");
		json_array_append_new(round->complete, json_string(w->key));
	} else {
		/* What it lacks may be what we could not read. */
		json_array_extend(round->errors, w->bad);
		round->ids->len = first;
	}
	if (w->again)
		json_object_set_new(state, "again", json_true());
	return CB_OK;
}

int cbi_round_file(void *arg, struct cb_ctx *ctx,
                   const struct cbi_provider_file *file)
{
	struct cbi_round *round = arg;
	struct work w = {
		.ctx = ctx,
		.round = round,
		.target = file->target,
		.batch = { .parent = round->id,
		           .parent_ref = round->ref,
		           .claim = round->claim },
	};
	struct cbi_ctx_mark mark;
	int rc;

	rc = round->check ? CB_OK : cbi_round_renew(ctx, round);
	if (rc < 0)
		return rc;
	cbi_ctx_mark(ctx, &mark);
	w.key = cb_printf(ctx, "%s:%s", round->at_type, file->target);
	if (!w.key)
		return CB_ENOMEM;
	w.batch.key = w.key;
	w.batch.place.location = w.key;
	w.batch.place.origin = round->origin;
	w.batch.place.kinds = round->in->kinds;
	w.fill = (struct cbi_fill){ .ctx = ctx,
		                    .feed = &round->in->feed,
		                    .key = w.key };
	json_array_append_new(round->keys, json_string(w.key));
	if (file->code != CB_OK)
		rc = cbi_round_problem(ctx, round, file->code, file->problem);
	else if (file->unchanged)
		rc = take_unchanged(&w);
	else
		rc = take_changed(&w, file);
	free(w.seen);
	cbi_ctx_rewind(ctx, &mark);
	return rc;
}
