/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remove.c - see remove.h.
 */
#include "catalog/remove.h"

#include "base/buf.h"
#include "base/limits.h"
#include "catalog/change.h"
#include "catalog/version.h"
#include "db/db.h"

/* Below: all descendants.  Kept: those with an edge from outside, and what
 * is below them.  Cycles among the rest keep nothing alive. */
static const struct cbi_db_stmt closure = {
	"remove_closure",
	"with recursive below(id) as ("
	" select unnest($1::bigint[])"
	" union select e.child from edge e join below b on e.parent = b.id),"
	" kept(id) as ("
	" select e.child from edge e join below b on e.child = b.id"
	"  where e.provider is not null"
	"  or not exists (select 1 from below p where p.id = e.parent)"
	" union select e.child from edge e join kept k on e.parent = k.id)"
	" select id from below except select id from kept order by 1",
};

static const struct cbi_db_stmt lock_nodes = {
	"remove_lock",
	"select id from node where id = any($1::bigint[])"
	" order by ref for update",
};

static const struct cbi_db_stmt queue_peers = {
	"remove_peers",
	"insert into stitch (ref)"
	" select r.target from relation r"
	"  where r.origin = any($1::bigint[]) and r.reverse is not null"
	" union select r.source from relation r"
	"  where r.origin = any($1::bigint[])"
	" except select n.ref from node n where n.id = any($1::bigint[])",
};

static const struct cbi_db_stmt seen_entities = {
	"remove_seen",
	"select id from entity where id = any($1::bigint[]) order by id",
};

/* $2 is the moment, $3 the number, $4 the cause, $5 the actor.  A statement of
 * its own: with the closing in one, the new open row would meet the old in the
 * index. */
static const struct cbi_db_stmt write_history = {
	"remove_history",
	"insert into entity_history (id, ref, uid, valid_from, number, gone,"
	"  source, cause, actor)"
	" select e.id, e.ref, e.uid, $2::timestamptz, $3::bigint, true,"
	"  n.source, $4, $5"
	" from entity e join node n on n.id = e.id"
	" where e.id = any($1::bigint[])",
};

static const struct cbi_db_stmt delete_relations = {
	"remove_relations",
	"delete from relation where origin = any($1::bigint[])",
};

static const struct cbi_db_stmt delete_edges = {
	"remove_edges",
	"delete from edge where parent = any($1::bigint[])"
	" or child = any($1::bigint[])",
};

/* Entities go with their nodes. */
static const struct cbi_db_stmt delete_nodes = {
	"remove_nodes",
	"delete from node where id = any($1::bigint[])",
};

static int take_ids(struct cb_ctx *ctx, struct cbi_db_result *result,
                    int64_t **out, size_t *n)
{
	size_t rows = cbi_db_rows(result);
	int64_t *ids = cb_alloc(ctx, (rows + 1) * sizeof(*ids));

	if (!ids)
		return CB_ENOMEM;
	for (size_t i = 0; i < rows; i++)
		ids[i] = cbi_db_int(result, i, 0);
	*out = ids;
	*n = rows;
	return CB_OK;
}

/* The ids as a parameter; lives with ctx. */
static const char *id_list(struct cb_ctx *ctx, const int64_t *ids, size_t n)
{
	struct cb_buf buf;
	const char *text = NULL;

	cbi_buf_init(&buf, CB_ARENA_REQUEST_MAX);
	if (cbi_db_array_int(&buf, ids, n) == CB_OK)
		text = cb_strndup(ctx, buf.data, buf.len);
	else
		cb_fail(ctx, CB_ETOOBIG, "%zu nodes at once", n);
	cbi_buf_finish(&buf);
	return text;
}

int cbi_remove_closure(struct cb_ctx *ctx, const int64_t *ids, size_t n,
                       int64_t **out, size_t *out_n)
{
	const char *list = id_list(ctx, ids, n);
	struct cbi_db_result *result;
	int rc;

	if (!list)
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &closure, &list, 1, &result);
	return rc < 0 ? rc : take_ids(ctx, result, out, out_n);
}

int cbi_remove_lock(struct cb_ctx *ctx, const int64_t *ids, size_t n)
{
	const char *list = id_list(ctx, ids, n);

	if (!list)
		return cb_failure_code(ctx);
	return cbi_db_query(ctx, &lock_nodes, &list, 1, NULL);
}

/* What readers saw ends here, under the change's number. */
static int close_seen(struct cb_ctx *ctx, const char *list, const char *cause,
                      int64_t *number)
{
	struct cbi_change change = { .cause = cause };
	struct cbi_db_result *result;
	const char *params[5] = { list, NULL, NULL, cause, cb_actor(ctx) };
	int64_t *seen;
	int rc;

	rc = cbi_db_query(ctx, &seen_entities, &list, 1, &result);
	if (rc == CB_OK)
		rc = take_ids(ctx, result, &seen, &change.deleted_n);
	if (rc < 0 || change.deleted_n == 0)
		return rc;
	rc = cbi_change_next(ctx, &change);
	if (rc < 0)
		return rc;
	params[1] = change.at;
	params[2] = cbi_db_number(ctx, change.number);
	if (!params[2])
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &cbi_version_close, params, 2, NULL);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &write_history, params, 5, NULL);
	if (rc < 0)
		return rc;
	change.deleted = seen;
	*number = change.number;
	return cbi_change_write(ctx, &change);
}

int cbi_remove_nodes(struct cb_ctx *ctx, const int64_t *ids, size_t n,
                     const char *cause, int64_t *number)
{
	const char *list;
	int rc;

	*number = 0;
	if (n == 0)
		return CB_OK;
	list = id_list(ctx, ids, n);
	if (!list)
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &queue_peers, &list, 1, NULL);
	if (rc == CB_OK)
		rc = close_seen(ctx, list, cause, number);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &delete_relations, &list, 1, NULL);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &delete_edges, &list, 1, NULL);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &delete_nodes, &list, 1, NULL);
	return rc;
}

static const struct cbi_db_stmt cut_provider = {
	"remove_provided",
	"with cut as (delete from edge where provider = $1"
	"  and child = any($2::bigint[]) returning child)"
	/* Who stays has one source less, which may make an orphan of it. */
	" insert into stitch (ref) select n.ref from node n"
	" join cut on cut.child = n.id",
};

int cbi_remove_provided(struct cb_ctx *ctx, const char *provider,
                        const int64_t *ids, size_t n, const char *cause,
                        size_t *removed)
{
	const char *params[2] = { provider };
	int64_t *doomed, number;
	size_t doomed_n;
	int rc;

	*removed = 0;
	if (n == 0)
		return CB_OK;
	params[1] = id_list(ctx, ids, n);
	if (!params[1])
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &cut_provider, params, 2, NULL);
	if (rc == CB_OK)
		rc = cbi_remove_closure(ctx, ids, n, &doomed, &doomed_n);
	if (rc == CB_OK)
		rc = cbi_remove_lock(ctx, doomed, doomed_n);
	if (rc == CB_OK)
		rc = cbi_remove_nodes(ctx, doomed, doomed_n, cause, &number);
	if (rc == CB_OK)
		*removed = doomed_n;
	return rc;
}
