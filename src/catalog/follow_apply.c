/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_apply.c - from change rows to the copy, and the copy as a whole.
 */
#include <string.h>

#include "base/board.h"
#include "base/clock.h"
#include "catalog/follow_priv.h"
#include "db/db.h"
#include "db/migrate.h"

/* Change rows of one turn, and entities of one statement: what is fetched is
 * held in memory until it is in the copy. */
#define CHANGES_AT_ONCE 500
#define ENTITIES_AT_ONCE 500

int cbi_follow_look(struct cb_ctx *ctx, struct cbi_follow_news *out)
{
	static const struct cbi_db_stmt look = {
		"catalog_look",
		"select id::text, number, coalesce((select min(c.number) from "
		"callboard.change c), 0), (select max(v.number) from "
		"callboard.schema_version v) from callboard.catalog_state",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &look, NULL, 0, &result), schema;

	if (rc < 0)
		return rc;
	if (cbi_db_rows(result) != 1)
		return cb_fail(ctx, CB_EBUG, "catalog_state has no row");
	cbi_str_copy(out->database, sizeof(out->database),
	             cbi_db_text(result, 0, 0));
	out->number = (uint64_t)cbi_db_int(result, 0, 1);
	out->oldest = (uint64_t)cbi_db_int(result, 0, 2);
	schema = (int)cbi_db_int(result, 0, 3);
	atomic_store(&cbi_board()->schema, schema);
	if (schema < CB_DB_SCHEMA_NEEDED)
		return cb_fail(ctx, CB_EAWAY,
		               "the database is at schema %d, this release "
		               "needs %d",
		               schema, CB_DB_SCHEMA_NEEDED);
	return CB_OK;
}

static int put_state(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                     const struct cbi_layout_state *state)
{
	return cbi_copy_put(ctx, txn, CBI_TABLE_META, "state", 5, state,
	                    sizeof(*state));
}

int cbi_follow_store_state(struct cb_ctx *ctx, struct cbi_follower *f)
{
	struct cbi_copy_txn *txn;
	int rc = cbi_copy_write(ctx, f->copy, &txn);

	if (rc < 0)
		return rc;
	rc = put_state(ctx, txn, &f->state);
	if (rc < 0) {
		cbi_copy_end(txn);
		return rc;
	}
	return cbi_copy_commit(ctx, txn);
}

#define ENTITY_COLUMNS                                 \
	"e.id, e.ref, e.uid::text, e.etag, e.number, " \
	"(extract(epoch from e.updated_at) * 1000)::bigint, e.body "

static void read_entity(const struct cbi_db_result *result, size_t row,
                        struct cbi_layout_entity *out)
{
	out->id = cbi_db_int(result, row, 0);
	out->ref = cbi_db_text(result, row, 1);
	out->uid = cbi_db_text(result, row, 2);
	out->etag = cbi_db_text(result, row, 3);
	out->number = (uint64_t)cbi_db_int(result, row, 4);
	out->updated_ms = cbi_db_int(result, row, 5);
	out->body.ptr = cbi_db_text(result, row, 6);
	out->body.len = cbi_db_len(result, row, 6);
}

static int put_rows(struct cb_ctx *ctx, struct cbi_follower *f,
                    struct cbi_copy_txn *txn,
                    const struct cbi_db_result *result)
{
	size_t n = cbi_db_rows(result);
	int rc = CB_OK;

	for (size_t i = 0; i < n && rc == CB_OK; i++) {
		struct cbi_layout_entity entity;

		read_entity(result, i, &entity);
		rc = cbi_layout_put(ctx, txn, &entity, &f->scratch);
	}
	return rc;
}

/* --- change by change --- */

static int drop_ids(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                    const struct cbi_db_result *ids)
{
	size_t n = cbi_db_rows(ids);
	int rc = CB_OK;

	for (size_t i = 0; i < n && rc == CB_OK; i++)
		rc = cbi_layout_delete(ctx, txn, cbi_db_int(ids, i, 0));
	return rc;
}

/* Fetches and stores the written ones, some at a time; the ids are in order,
 * so the last one says where to go on. */
static int put_written(struct cb_ctx *ctx, struct cbi_follower *f,
                       struct cbi_copy_txn *txn, const char *const range[2])
{
	static const struct cbi_db_stmt fetch = {
		"catalog_written",
		"select " ENTITY_COLUMNS "from callboard.entity e where e.id "
		"> $3 and e.id in (select unnest(c.written) from "
		"callboard.change c where c.number > $1 and c.number <= $2) "
		"order by e.id limit 500",
	};
	const char *params[3] = { range[0], range[1], "0" };
	struct cbi_db_result *result;
	size_t n;
	int rc;

	do {
		rc = cbi_db_query(ctx, &fetch, params, 3, &result);
		if (rc < 0)
			return rc;
		n = cbi_db_rows(result);
		rc = put_rows(ctx, f, txn, result);
		if (rc == CB_OK && n > 0) {
			params[2] =
			    cbi_db_number(ctx, cbi_db_int(result, n - 1, 0));
			rc = params[2] ? CB_OK : CB_ENOMEM;
		}
		cbi_db_done(result);
	} while (rc == CB_OK && n == ENTITIES_AT_ONCE);
	return rc;
}

/* Ids written or deleted in the range that are not there any more. */
static int drop_gone(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                     const char *const range[2])
{
	static const struct cbi_db_stmt gone = {
		"catalog_gone",
		"select i from (select unnest(c.deleted || c.written) as i "
		"from callboard.change c where c.number > $1 and c.number <= "
		"$2) g where not exists (select from callboard.entity e where "
		"e.id = g.i)",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &gone, range, 2, &result);

	if (rc < 0)
		return rc;
	rc = drop_ids(ctx, txn, result);
	cbi_db_done(result);
	return rc;
}

static int registry_changed(struct cb_ctx *ctx, const char *const range[2],
                            uint64_t *number)
{
	static const struct cbi_db_stmt changed = {
		"catalog_registry_changed",
		"select coalesce(max(c.number), 0) from callboard.change c "
		"where c.registry and c.number > $1 and c.number <= $2",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &changed, range, 2, &result);

	if (rc == CB_OK)
		*number = (uint64_t)cbi_db_int(result, 0, 0);
	return rc;
}

static int apply_range(struct cb_ctx *ctx, struct cbi_follower *f,
                       struct cbi_copy_txn *txn, uint64_t upto)
{
	const char *range[2];
	uint64_t registry = 0;
	int rc;

	range[0] = cbi_db_number(ctx, (int64_t)f->state.number);
	range[1] = cbi_db_number(ctx, (int64_t)upto);
	if (!range[0] || !range[1])
		return CB_ENOMEM;
	/* First what is gone: a ref may have come back under a new id. */
	rc = drop_gone(ctx, txn, range);
	if (rc == CB_OK)
		rc = put_written(ctx, f, txn, range);
	if (rc == CB_OK)
		rc = cbi_follow_revoked(ctx, txn, range);
	if (rc == CB_OK)
		rc = registry_changed(ctx, range, &registry);
	if (rc < 0)
		return rc;
	if (registry) {
		f->state.registry = registry;
		rc = cbi_follow_registry(ctx, f, txn);
	}
	f->state.number = upto;
	return rc == CB_OK ? put_state(ctx, txn, &f->state) : rc;
}

int cbi_follow_apply(struct cb_ctx *ctx, struct cbi_follower *f,
                     const struct cbi_follow_news *news)
{
	struct cbi_copy_txn *txn;
	int rc = CB_OK;

	while (rc == CB_OK && f->state.number < news->number) {
		uint64_t upto = f->state.number + CHANGES_AT_ONCE;

		if (upto > news->number)
			upto = news->number;
		rc = cbi_copy_write(ctx, f->copy, &txn);
		if (rc < 0)
			break;
		rc = apply_range(ctx, f, txn, upto);
		if (rc == CB_OK)
			rc = cbi_copy_commit(ctx, txn);
		else
			cbi_copy_end(txn);
	}
	return rc;
}

/* --- the whole --- */

static int build_batch(struct cb_ctx *ctx, struct cbi_follower *f,
                       const struct cbi_db_result *result)
{
	struct cbi_copy_txn *txn;
	int rc = cbi_copy_write(ctx, f->copy, &txn);

	if (rc < 0)
		return rc;
	rc = put_rows(ctx, f, txn, result);
	if (rc < 0) {
		cbi_copy_end(txn);
		return rc;
	}
	return cbi_copy_commit(ctx, txn);
}

static int build_entities(struct cb_ctx *ctx, struct cbi_follower *f)
{
	static const struct cbi_db_stmt fetch = {
		"catalog_whole",
		"select " ENTITY_COLUMNS "from callboard.entity e where e.id "
		"> $1 order by e.id limit 500",
	};
	const char *after = "0";
	struct cbi_db_result *result;
	size_t n;
	int rc;

	do {
		rc = cbi_db_query(ctx, &fetch, &after, 1, &result);
		if (rc < 0)
			return rc;
		n = cbi_db_rows(result);
		rc = build_batch(ctx, f, result);
		if (rc == CB_OK && n > 0) {
			after =
			    cbi_db_number(ctx, cbi_db_int(result, n - 1, 0));
			rc = after ? CB_OK : CB_ENOMEM;
		}
		cbi_db_done(result);
	} while (rc == CB_OK && n == ENTITIES_AT_ONCE);
	return rc;
}

static int build_rest(struct cb_ctx *ctx, struct cbi_follower *f)
{
	struct cbi_copy_txn *txn;
	int rc = cbi_copy_write(ctx, f->copy, &txn);

	if (rc < 0)
		return rc;
	rc = cbi_follow_registry(ctx, f, txn);
	if (rc == CB_OK)
		rc = put_state(ctx, txn, &f->state);
	if (rc < 0) {
		cbi_copy_end(txn);
		return rc;
	}
	return cbi_copy_commit(ctx, txn);
}

int cbi_follow_build(struct cb_ctx *ctx, struct cbi_follower *f,
                     const struct cbi_follow_news *news)
{
	int rc = cbi_copy_rebuild(ctx, f->copy, f->map_size);

	if (rc < 0)
		return rc;
	memset(&f->state, 0, sizeof(f->state));
	f->state.format = CBI_LAYOUT_FORMAT;
	cbi_str_copy(f->state.database, sizeof(f->state.database),
	             news->database);
	f->state.number = news->number;
	f->state.registry = news->number;
	f->state.level_wall = cbi_clock_wall_ms();
	rc = build_entities(ctx, f);
	if (rc == CB_OK)
		rc = build_rest(ctx, f);
	if (rc == CB_OK)
		return cbi_copy_swap(ctx, f->copy);
	cbi_copy_rebuild_cancel(f->copy);
	return rc;
}
