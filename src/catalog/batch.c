/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c - see batch.h.
 *
 * The order within the transaction: lock what is there (by ref), process,
 * insert and update nodes, edges, relations, and last the queue.  Refs whose
 * relations did not change are not queued: a new description of one component
 * does not stitch the group that owns ten thousand.
 */
#include "catalog/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "catalog/cols.h"
#include "catalog/kinds.h"
#include "crypto/crypto.h"
#include "json/json.h"

/* Raise it when processing makes something else of the same document, so
 * that everything is processed again. */
#define PROCESSING "1"

static const struct cbi_db_stmt lock_known = {
	"batch_lock",
	"select ref, id, location_key, encode(raw_hash, 'hex'), due_at::text"
	" from node where ref = any($1::text[])"
	" order by ref for no key update",
};

static const struct cbi_db_stmt insert_nodes = {
	"batch_insert",
	"insert into node (ref, location_key, raw, raw_hash, processed, errors,"
	"  source, due_at)"
	" select u.ref, u.key, u.raw, decode(u.hash, 'hex'), u.processed, "
	"u.errors,"
	"  u.source, case when u.due = 't' then clock_timestamp() end"
	" from unnest($1::text[], $2::text[], $3::text[], $4::text[], "
	"$5::text[],"
	"  $6::text[], $7::text[], $8::text[]) as u(ref, raw, hash, processed,"
	"  errors, source, due, key)"
	" on conflict (ref) do nothing returning ref, id",
};

static const struct cbi_db_stmt update_nodes = {
	"batch_update",
	"update node n set location_key = u.key, raw = u.raw,"
	"  raw_hash = decode(u.hash, 'hex'),"
	"  processed = coalesce(u.processed, n.processed), errors = u.errors,"
	"  source = u.source,"
	"  due_at = case when u.due = 't' then clock_timestamp() else n.due_at"
	"   end"
	" from unnest($1::bigint[], $2::text[], $3::text[], $4::text[],"
	"  $5::text[], $6::text[], $7::text[], $8::text[]) as u(id, raw, hash,"
	"  processed, errors, source, due, key)"
	" where n.id = u.id",
};

/* A child that gets its first edge may have been an orphan. */
static const struct cbi_db_stmt parent_edges = {
	"batch_edges",
	"with new as ("
	" insert into edge (parent, child) select $2::bigint, c"
	" from unnest($1::bigint[]) c on conflict do nothing returning child)"
	" insert into stitch (ref) select n.ref from node n"
	" join new on new.child = n.id",
};

static const struct cbi_db_stmt provider_edges = {
	"batch_roots",
	"with new as ("
	" insert into edge (provider, child) select $2, c"
	" from unnest($1::bigint[]) c on conflict do nothing returning child)"
	" insert into stitch (ref) select n.ref from node n"
	" join new on new.child = n.id",
};

/* New nodes have no relations yet: nothing to compare with. */
static const struct cbi_db_stmt insert_relations = {
	"batch_relations",
	"with new as ("
	" insert into relation (origin, source, type, target, reverse)"
	" select * from unnest($1::bigint[], $2::text[], $3::text[], "
	"$4::text[],"
	"  $5::text[]) returning target)"
	" insert into stitch (ref) select distinct target from new",
};

/* $6: the origins, also those that have none any more. */
static const struct cbi_db_stmt change_relations = {
	"batch_rerelate",
	"with new as (select * from unnest($1::bigint[], $2::text[], "
	"$3::text[],"
	"  $4::text[], $5::text[]) as u(origin, source, type, target, "
	"reverse)),"
	" gone as (delete from relation r where r.origin = any($6::bigint[])"
	"  and not exists (select 1 from new n where n.origin = r.origin"
	"   and n.source = r.source and n.type = r.type"
	"   and n.target = r.target)"
	"  returning r.source, r.target),"
	" added as (insert into relation (origin, source, type, target, "
	"reverse)"
	"  select n.* from new n where not exists (select 1 from relation r"
	"   where r.origin = n.origin and r.source = n.source"
	"   and r.type = n.type and r.target = n.target)"
	"  returning source, target)"
	" insert into stitch (ref)"
	" select source from gone union select target from gone"
	" union select source from added union select target from added",
};

static const struct cbi_db_stmt queue_refs = {
	"batch_queue",
	"insert into stitch (ref) select unnest($1::text[])",
};

/* --- what an item is --- */

static const char *key_of(const struct cbi_batch *batch,
                          const struct cbi_item *item)
{
	return item->key ? item->key : batch->key;
}

static const struct cbi_model_place *place_of(const struct cbi_batch *batch,
                                              const struct cbi_item *item)
{
	return item->place ? item->place : &batch->place;
}

static int hash_item(struct cb_ctx *ctx, const struct cbi_batch *batch,
                     struct cbi_item *item)
{
	const char *mark =
	    cbi_kinds_mark(place_of(batch, item)->kinds, item->entity);
	struct cb_buf buf;
	size_t head;
	int rc;

	cbi_buf_init(&buf, CB_ARENA_REQUEST_MAX);
	cb_buf_printf(&buf, PROCESSING "\n%s\n%s\n",
	              place_of(batch, item)->location,
	              place_of(batch, item)->origin);
	/* Another schema judges the same text anew. */
	if (mark)
		cb_buf_printf(&buf, "%s\n", mark);
	head = buf.len;
	rc = cbi_json_canonical(&buf, item->entity);
	if (rc == CB_OK) {
		item->raw = cb_strndup(ctx, buf.data + head, buf.len - head);
		if (item->broken)
			rc = cb_buf_text(&buf, item->broken->text);
		cbi_crypto_sha1_hex(buf.data, buf.len, item->hash);
		if (!item->raw)
			rc = CB_ENOMEM;
	} else {
		cb_fail(ctx, rc, "an entity is too large");
	}
	cbi_buf_finish(&buf);
	return rc;
}

static const char *canonical(struct cb_ctx *ctx, const json_t *value)
{
	struct cb_buf buf;
	const char *text = NULL;
	int rc;

	cbi_buf_init(&buf, CB_ARENA_REQUEST_MAX);
	rc = cbi_json_canonical(&buf, value);
	if (rc == CB_OK)
		text = cb_strndup(ctx, buf.data, buf.len);
	else
		cb_fail(ctx, rc, "an entity is too large");
	cbi_buf_finish(&buf);
	return text;
}

static int note_problem(struct cb_ctx *ctx, struct cbi_item *item,
                        const struct cbi_problem *problem)
{
	const char *where =
	    item->where ? item->where(ctx, item, problem->path) : item->source;
	const char *message;
	json_t *items;

	message = where ? cb_printf(ctx, "%s: %s", where, problem->text) : NULL;
	if (!message)
		return CB_ENOMEM;
	items = json_pack("[o]", cbi_model_status(problem->name, message));
	if (!items)
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	item->errors = canonical(ctx, items);
	json_decref(items);
	return item->errors ? CB_OK : CB_ENOMEM;
}

int cbi_batch_process(struct cb_ctx *ctx, struct cbi_batch *batch,
                      struct cbi_item *item)
{
	struct cbi_problem problem;
	int rc = CB_OK;

	if (item->done)
		return CB_OK;
	if (item->broken) {
		problem = *item->broken;
		rc = CB_EINVAL;
	}
	if (rc == CB_OK)
		rc = cbi_model_process(ctx, item->entity, place_of(batch, item),
		                       &item->model, &problem);
	if (rc == CB_OK) {
		item->processed = canonical(ctx, item->entity);
		if (!item->processed)
			return cb_failure_code(ctx);
		item->raw = NULL;
		item->errors = "[]";
	} else if (rc == CB_EINVAL) {
		rc = note_problem(ctx, item, &problem);
		batch->problems++;
	}
	item->done = rc == CB_OK;
	return rc;
}

/* --- what is stored --- */

static int by_ref(const void *a, const void *b)
{
	const struct cbi_item *x = a, *y = b;

	return strcmp(x->ref, y->ref);
}

static struct cbi_item *find(struct cbi_batch *batch, const char *ref)
{
	struct cbi_item key = { .ref = ref };

	return bsearch(&key, batch->items, batch->n, sizeof(key), by_ref);
}

/* What is already stored decides: the same, changed, or somebody else's. */
static void judge(const struct cbi_batch *batch, struct cbi_item *item,
                  const struct cbi_db_result *rows, size_t row)
{
	const char *key = cbi_db_text(rows, row, 2);
	const char *ours = key_of(batch, item);

	/* Without a key of its own the batch takes nothing over. */
	if (key && (!ours || strcmp(key, ours) != 0)) {
		item->fate = CBI_ITEM_TAKEN;
		return;
	}
	item->id = cbi_db_int(rows, row, 1);
	item->fate = key && strcmp(cbi_db_text(rows, row, 3), item->hash) == 0
	                 ? CBI_ITEM_SAME
	                 : CBI_ITEM_CHANGED;
}

static int lock(struct cb_ctx *ctx, struct cbi_batch *batch)
{
	const char **refs = cb_alloc(ctx, (batch->n + 1) * sizeof(*refs));
	struct cbi_db_result *rows;
	bool claimed = batch->provider != NULL;
	const char *list;
	int rc;

	if (!refs)
		return CB_ENOMEM;
	for (size_t i = 0; i < batch->n; i++) {
		refs[i] = batch->items[i].ref;
		batch->items[i].id = 0;
		batch->items[i].fate = CBI_ITEM_NEW;
	}
	refs[batch->n] = batch->parent_ref;
	list =
	    cbi_cols_texts(ctx, refs, batch->n + (batch->parent_ref != NULL));
	if (!list)
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &lock_known, &list, 1, &rows);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < cbi_db_rows(rows); i++) {
		const char *ref = cbi_db_text(rows, i, 0);
		const char *due = cbi_db_text(rows, i, 4);
		struct cbi_item *item = find(batch, ref);

		if (cbi_db_int(rows, i, 1) == batch->parent && due &&
		    batch->claim && strcmp(due, batch->claim) == 0)
			claimed = true;
		if (item)
			judge(batch, item, rows, i);
	}
	return claimed ? CB_OK : CB_ECHANGED;
}

/* --- writing --- */

static int write_nodes(struct cb_ctx *ctx, struct cbi_batch *batch,
                       enum cbi_item_fate fate, const struct cbi_db_stmt *stmt,
                       struct cbi_db_result **out)
{
	struct cbi_cols cols;
	int rc = cbi_cols_init(ctx, &cols, 8, batch->n);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < batch->n; i++) {
		const struct cbi_item *item = &batch->items[i];
		const char *cells[8] = {
			item->ref,
			item->raw,
			item->hash,
			item->processed,
			item->errors,
			item->source,
			item->processed && item->model.location ? "t" : "f",
			key_of(batch, item),
		};

		if (item->fate != fate)
			continue;
		if (fate == CBI_ITEM_CHANGED)
			cells[0] = cbi_db_number(ctx, item->id);
		if (!cells[0])
			return CB_ENOMEM;
		cbi_cols_add(&cols, cells);
		batch->written++;
	}
	return cbi_cols_query(ctx, &cols, stmt, NULL, 0, out);
}

static int insert_new(struct cb_ctx *ctx, struct cbi_batch *batch)
{
	struct cbi_db_result *rows;
	int rc = write_nodes(ctx, batch, CBI_ITEM_NEW, &insert_nodes, &rows);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rows && i < cbi_db_rows(rows); i++)
		find(batch, cbi_db_text(rows, i, 0))->id =
		    cbi_db_int(rows, i, 1);
	for (size_t i = 0; i < batch->n; i++)
		if (batch->items[i].fate == CBI_ITEM_NEW && !batch->items[i].id)
			return CB_EBUSY;
	return CB_OK;
}

static int write_edges(struct cb_ctx *ctx, const struct cbi_batch *batch)
{
	int64_t *ids = cb_alloc(ctx, batch->n * sizeof(*ids));
	const char *params[2];
	size_t n = 0;

	if (!ids)
		return CB_ENOMEM;
	for (size_t i = 0; i < batch->n; i++)
		if (batch->items[i].id && batch->items[i].id != batch->parent)
			ids[n++] = batch->items[i].id;
	params[0] = cbi_cols_ids(ctx, ids, n);
	params[1] = batch->provider ? batch->provider
	                            : cbi_db_number(ctx, batch->parent);
	if (!params[0] || !params[1])
		return CB_ENOMEM;
	return cbi_db_query(ctx,
	                    batch->provider ? &provider_edges : &parent_edges,
	                    params, 2, NULL);
}

static size_t count_relations(const struct cbi_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		n += batch->items[i].model.n;
	return n;
}

static int write_relations(struct cb_ctx *ctx, const struct cbi_batch *batch,
                           enum cbi_item_fate fate)
{
	int64_t *origins = cb_alloc(ctx, batch->n * sizeof(*origins));
	struct cbi_cols cols;
	const char *list;
	size_t n = 0;
	int rc = cbi_cols_init(ctx, &cols, 5, count_relations(batch) + 1);

	if (rc < 0 || !origins)
		return CB_ENOMEM;
	for (size_t i = 0; i < batch->n; i++) {
		const struct cbi_item *item = &batch->items[i];
		const char *id;

		/* What broke a rule keeps its old relations. */
		if (item->fate != fate || !item->processed)
			continue;
		id = cbi_db_number(ctx, item->id);
		if (!id)
			return CB_ENOMEM;
		origins[n++] = item->id;
		for (size_t k = 0; k < item->model.n; k++) {
			const struct cbi_relation *r =
			    &item->model.relations[k];
			const char *cells[5] = { id, r->source, r->type,
				                 r->target, r->reverse };

			cbi_cols_add(&cols, cells);
		}
	}
	if (fate == CBI_ITEM_NEW)
		return cbi_cols_query(ctx, &cols, &insert_relations, NULL, 0,
		                      NULL);
	if (n == 0)
		return CB_OK;
	list = cbi_cols_ids(ctx, origins, n);
	if (!list)
		return CB_ENOMEM;
	if (cols.rows == 0) {
		const char *params[6] = { "{}", "{}", "{}", "{}", "{}", list };

		return cbi_db_query(ctx, &change_relations, params, 6, NULL);
	}
	return cbi_cols_query(ctx, &cols, &change_relations, &list, 1, NULL);
}

static int queue_changed(struct cb_ctx *ctx, const struct cbi_batch *batch)
{
	const char **refs = cb_alloc(ctx, batch->n * sizeof(*refs));
	const char *list;
	size_t n = 0;

	if (!refs)
		return CB_ENOMEM;
	/* New ones are queued by their first edge. */
	for (size_t i = 0; i < batch->n; i++)
		if (batch->items[i].fate == CBI_ITEM_CHANGED)
			refs[n++] = batch->items[i].ref;
	if (n == 0)
		return CB_OK;
	list = cbi_cols_texts(ctx, refs, n);
	return list ? cbi_db_query(ctx, &queue_refs, &list, 1, NULL)
	            : CB_ENOMEM;
}

static int process_all(struct cb_ctx *ctx, struct cbi_batch *batch)
{
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < batch->n; i++)
		if (batch->items[i].fate <= CBI_ITEM_CHANGED)
			rc = cbi_batch_process(ctx, batch, &batch->items[i]);
	return rc;
}

int cbi_batch_write(struct cb_ctx *ctx, struct cbi_batch *batch)
{
	int rc = CB_OK;

	batch->written = 0;
	qsort(batch->items, batch->n, sizeof(*batch->items), by_ref);
	for (size_t i = 0; rc == CB_OK && i < batch->n; i++)
		if (!batch->items[i].hash[0])
			rc = hash_item(ctx, batch, &batch->items[i]);
	if (rc == CB_OK)
		rc = lock(ctx, batch);
	if (rc == CB_OK)
		rc = process_all(ctx, batch);
	if (batch->look)
		return rc;
	if (rc == CB_OK)
		rc = insert_new(ctx, batch);
	if (rc == CB_OK)
		rc = write_nodes(ctx, batch, CBI_ITEM_CHANGED, &update_nodes,
		                 NULL);
	if (rc == CB_OK && batch->n > 0)
		rc = write_edges(ctx, batch);
	if (rc == CB_OK)
		rc = write_relations(ctx, batch, CBI_ITEM_NEW);
	if (rc == CB_OK)
		rc = write_relations(ctx, batch, CBI_ITEM_CHANGED);
	if (rc == CB_OK)
		rc = queue_changed(ctx, batch);
	return rc;
}
