/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.c - see view.h.
 */
#include "catalog/view.h"

#include <string.h>

#include "base/limits.h"
#include "cache/cache.h"
#include "catalog/fold.h"
#include "catalog/layout.h"
#include "catalog/sight.h"
#include "catalog/sql.h"
#include "copy/copy.h"
#include "db/db.h"

/* What a kept verdict has for a status. */
#define SEEN 200
#define NOT_SEEN 404

static void from_record(struct cbi_span record, struct cbi_served *out)
{
	struct cbi_layout_head head;

	cbi_layout_read(record, &head);
	out->body = head.body.ptr;
	out->len = head.body.len;
	out->etag = head.etag;
	out->uid = head.uid;
	out->number = head.number;
	out->updated_ms = head.updated_ms;
}

static int no_entity(struct cb_ctx *ctx, const char *what, const char *which)
{
	return cb_fail(ctx, CB_ENOENT, "no entity with %s '%.200s'", what,
	               which);
}

/* Does the scope's class see this version?  Reading a condition and matching
 * it costs more than all else that a request by name does, and its answer
 * changes with neither; so it is kept, under what it was made of. */
static int look(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                const struct cbi_served *served, bool *out)
{
	const struct cbi_cache_key *key = NULL;
	struct cbi_span body = { served->body, served->len };
	struct cbi_blob verdict = { .body = "" };
	const struct cbi_blob *kept;
	struct cbi_sight sight;
	int rc;

	if (catalog->sights) {
		key = cbi_cache_key(ctx, &ctx->scope, "sight %s %s",
		                    served->uid, served->etag);
		if (!key)
			return CB_ENOMEM;
		if (cbi_cache_get(ctx, catalog->sights, key, served->number,
		                  &kept) == CB_OK) {
			*out = kept->status == SEEN;
			return CB_OK;
		}
	}
	rc = cbi_sight_open(ctx, &sight);
	if (rc == CB_OK)
		rc = cbi_sight_sees(ctx, &sight, body, out);
	if (rc < 0 || !key)
		return rc;
	verdict.status = *out ? SEEN : NOT_SEEN;
	return cbi_cache_put(ctx, catalog->sights, key, served->number,
	                     &verdict, NULL);
}

/* Found, and to be seen?  CB_ENOENT, not noted, when it is not; what the past
 * answers was judged there. */
static int judge(struct cb_ctx *ctx, const struct cbi_catalog *catalog, int rc,
                 const struct cbi_served *served)
{
	bool seen = false;

	if (rc < 0 || ctx->scope.all || ctx->scope.as_of)
		return rc;
	rc = look(ctx, catalog, served, &seen);
	return rc == CB_OK && !seen ? CB_ENOENT : rc;
}

/* --- PostgreSQL --- */

/* The state's number comes in the same statement: what was seen here, no
 * reader of this host may see older. */
#define ENTITY_COLUMNS                           \
	"e.ref, e.uid::text, e.etag, e.number, " \
	"(extract(epoch from e.updated_at) * 1000)::bigint, e.body "
#define SERVED_COLUMNS "s.number, " ENTITY_COLUMNS

static int from_result(struct cb_ctx *ctx, const struct cbi_db_result *result,
                       size_t row, struct cbi_served *out)
{
	out->uid = cbi_db_text(result, row, 2);
	out->etag = cb_printf(ctx, "W/\"%s\"", cbi_db_text(result, row, 3));
	out->number = (uint64_t)cbi_db_int(result, row, 4);
	out->updated_ms = cbi_db_int(result, row, 5);
	out->body = cbi_db_text(result, row, 6);
	out->len = cbi_db_len(result, row, 6);
	return out->etag ? CB_OK : CB_ENOMEM;
}

static int one_from_database(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                             const char *param, struct cbi_served *out)
{
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, stmt, &param, 1, &result);

	if (rc < 0)
		return rc;
	if (cbi_db_rows(result) == 0)
		return CB_ENOENT;
	cbi_fresh_seen((uint64_t)cbi_db_int(result, 0, 0));
	if (!cbi_db_text(result, 0, 1))
		return CB_ENOENT;
	return from_result(ctx, result, 0, out);
}

/* What was served at scope.as_of under a condition of our own, which ends in
 * its one parameter. */
static int one_from_past(struct cb_ctx *ctx, const char *condition,
                         const char *param, struct cbi_served *out)
{
	struct cbi_db_result *result;
	struct cbi_sql sql;
	int rc = cbi_sql_begin(ctx, &sql);

	if (rc < 0)
		return rc;
	cbi_sql_add(&sql, "select 0, " ENTITY_COLUMNS);
	cbi_sql_from(&sql);
	cbi_sql_add(&sql, " where ");
	cbi_sql_where(&sql, NULL);
	cbi_sql_add(&sql, condition);
	cbi_sql_param(&sql, param);
	rc = cbi_sql_done(&sql);
	if (rc == CB_OK)
		rc = cbi_db_query_text(ctx, cbi_buf_string(sql.text),
		                       sql.params, sql.n, &result);
	if (rc < 0)
		return rc;
	return cbi_db_rows(result) ? from_result(ctx, result, 0, out)
	                           : CB_ENOENT;
}

/* --- by ref --- */

static int ref_from_database(struct cb_ctx *ctx, const char *ref,
                             struct cbi_served *out)
{
	static const struct cbi_db_stmt now = {
		"catalog_by_ref",
		"select " SERVED_COLUMNS "from callboard.catalog_state s left "
		"join callboard.entity e on e.ref = $1",
	};

	if (ctx->scope.as_of)
		return one_from_past(ctx, " and e.ref = ", ref, out);
	return one_from_database(ctx, &now, ref, out);
}

int cbi_view_by_ref(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    const char *ref, struct cbi_served *out,
                    struct cbi_fresh *fresh)
{
	struct cbi_copy_txn *txn;
	struct cbi_span record;
	size_t len = strlen(ref);
	int rc = cbi_fresh_begin(ctx, catalog, fresh, &txn);

	if (rc < 0)
		return rc;
	if (len == 0 || len > CB_REF_MAX)
		return no_entity(ctx, "ref", ref);
	if (!txn) {
		rc = ref_from_database(ctx, ref, out);
	} else {
		rc = cbi_copy_get(txn, CBI_TABLE_ENTITY, ref, len, &record);
		if (rc == CB_OK)
			from_record(record, out);
	}
	rc = judge(ctx, catalog, rc, out);
	return rc == CB_ENOENT ? no_entity(ctx, "ref", ref) : rc;
}

/* --- by uid --- */

/* A UUID in lower case, as keys have it; NULL for anything else. */
static const char *canonical_uid(struct cb_ctx *ctx, const char *uid)
{
	char *copy;

	if (strlen(uid) != 36 || strspn(uid, "0123456789abcdefABCDEF-") != 36)
		return NULL;
	for (int i = 0; i < 36; i++)
		if ((uid[i] == '-') !=
		    (i == 8 || i == 13 || i == 18 || i == 23))
			return NULL;
	copy = cb_strdup(ctx, uid);
	if (copy)
		cbi_str_lower(copy);
	return copy;
}

static int uid_from_database(struct cb_ctx *ctx, const char *uid,
                             struct cbi_served *out)
{
	static const struct cbi_db_stmt now = {
		"catalog_by_uid",
		"select " SERVED_COLUMNS "from callboard.catalog_state s left "
		"join callboard.entity e on e.uid = $1::uuid",
	};

	if (ctx->scope.as_of)
		return one_from_past(ctx, " and e.uid = ", uid, out);
	return one_from_database(ctx, &now, uid, out);
}

static int uid_from_copy(struct cbi_copy_txn *txn, const char *uid,
                         struct cbi_served *out)
{
	struct cbi_span ref, record;
	int rc = cbi_copy_get(txn, CBI_TABLE_UID, uid, strlen(uid), &ref);

	if (rc < 0)
		return rc;
	rc = cbi_copy_get(txn, CBI_TABLE_ENTITY, ref.ptr, ref.len, &record);
	if (rc == CB_OK)
		from_record(record, out);
	return rc;
}

int cbi_view_by_uid(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    const char *uid, struct cbi_served *out,
                    struct cbi_fresh *fresh)
{
	const char *key = canonical_uid(ctx, uid);
	struct cbi_copy_txn *txn;
	int rc = cbi_fresh_begin(ctx, catalog, fresh, &txn);

	if (rc < 0)
		return rc;
	if (!key)
		return no_entity(ctx, "uid", uid);
	rc = txn ? uid_from_copy(txn, key, out)
	         : uid_from_database(ctx, key, out);
	rc = judge(ctx, catalog, rc, out);
	return rc == CB_ENOENT ? no_entity(ctx, "uid", uid) : rc;
}

/* --- by refs --- */

static int refs_from_copy(struct cbi_copy_txn *txn, const char *const *refs,
                          size_t n, struct cbi_served *out)
{
	struct cbi_span record;
	int rc;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(refs[i]);

		if (len == 0 || len > CB_REF_MAX)
			continue;
		rc = cbi_copy_get(txn, CBI_TABLE_ENTITY, refs[i], len, &record);
		if (rc == CB_OK)
			from_record(record, &out[i]);
		else if (rc != CB_ENOENT)
			return rc;
	}
	return CB_OK;
}

/* The refs' places among those asked are the last column, from 1. */
static int ask_past_refs(struct cb_ctx *ctx, const char *refs,
                         struct cbi_db_result **out)
{
	struct cbi_sql sql;
	int rc = cbi_sql_begin(ctx, &sql);

	if (rc < 0)
		return rc;
	cbi_sql_add(&sql, "select (select s.number from callboard."
	                  "catalog_state s), " ENTITY_COLUMNS ", u.i");
	cbi_sql_from(&sql);
	cbi_sql_add(&sql, " join unnest(");
	cbi_sql_param(&sql, refs);
	cbi_sql_add(&sql, "::text[]) with ordinality u(ref, i) on e.ref = "
	                  "u.ref where ");
	cbi_sql_where(&sql, NULL);
	rc = cbi_sql_done(&sql);
	return rc < 0 ? rc
	              : cbi_db_query_text(ctx, cbi_buf_string(sql.text),
	                                  sql.params, sql.n, out);
}

static int refs_from_database(struct cb_ctx *ctx, const char *const *refs,
                              size_t n, struct cbi_served *out)
{
	/* The last column says which of the asked it is, from 1.  One that is
	 * not there has a row too: its number counts as well. */
	static const struct cbi_db_stmt fetch = {
		"catalog_by_refs",
		"select " SERVED_COLUMNS ", u.i from callboard.catalog_state "
		"s cross join unnest($1::text[]) with ordinality u(ref, i) "
		"left join callboard.entity e on e.ref = u.ref",
	};
	struct cbi_db_result *result;
	const char *param;
	struct cb_buf buf;
	int rc;

	cbi_buf_init(&buf, CB_BODY_MAX * 4);
	rc = cbi_db_array_text(&buf, refs, n);
	param = rc == CB_OK ? cb_strdup(ctx, cbi_buf_string(&buf)) : NULL;
	cbi_buf_finish(&buf);
	if (!param)
		return rc < 0 ? cb_fail(ctx, rc, "too many refs") : CB_ENOMEM;
	rc = ctx->scope.as_of ? ask_past_refs(ctx, param, &result)
	                      : cbi_db_query(ctx, &fetch, &param, 1, &result);
	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(result); i++) {
		if (i == 0)
			cbi_fresh_seen((uint64_t)cbi_db_int(result, 0, 0));
		if (cbi_db_text(result, i, 1))
			rc = from_result(ctx, result, i,
			                 &out[cbi_db_int(result, i, 7) - 1]);
	}
	return rc;
}

/* What is not to be seen is taken out again. */
static int judge_all(struct cb_ctx *ctx, struct cbi_served *served, size_t n)
{
	struct cbi_sight sight;
	int rc = cbi_sight_open(ctx, &sight);

	if (ctx->scope.as_of)
		return rc;
	for (size_t i = 0; i < n && rc == CB_OK && !sight.all; i++) {
		struct cbi_span body = { served[i].body, served[i].len };
		bool seen = true;

		if (body.ptr)
			rc = cbi_sight_sees(ctx, &sight, body, &seen);
		if (!seen)
			memset(&served[i], 0, sizeof(served[i]));
	}
	return rc;
}

int cbi_view_by_refs(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                     const char *const *refs, size_t n, struct cbi_served *out,
                     struct cbi_fresh *fresh)
{
	struct cbi_copy_txn *txn;
	int rc = cbi_fresh_begin(ctx, catalog, fresh, &txn);

	if (rc < 0)
		return rc;
	memset(out, 0, n * sizeof(*out));
	if (n == 0)
		return CB_OK;
	rc = txn ? refs_from_copy(txn, refs, n, out)
	         : refs_from_database(ctx, refs, n, out);
	return rc < 0 ? rc : judge_all(ctx, out, n);
}

int cbi_view_fits(struct cb_ctx *ctx, const char *where,
                  const struct cbi_served *served, bool *out)
{
	struct cbi_sight sight = { .all = false };
	int rc = cbi_filter_scope(ctx, where, &sight.filter);

	return rc < 0
	           ? rc
	           : cbi_sight_sees(
			 ctx, &sight,
			 (struct cbi_span){ served->body, served->len }, out);
}

int cbi_view_ref(struct cb_ctx *ctx, const char *kind, const char *space,
                 const char *name, const char **out)
{
	size_t k = strlen(kind), s = strlen(space), n = strlen(name);
	const char *folded;
	char *ref;

	if (k == 0 || s == 0 || n == 0 || k + s + n + 2 > CB_REF_MAX)
		return cb_fail(ctx, CB_ENOENT, "no entity '%.80s:%.80s/%.80s'",
		               kind, space, name);
	/* By hand: this is the hottest path there is. */
	ref = cb_alloc(ctx, k + s + n + 3);
	if (!ref)
		return CB_ENOMEM;
	memcpy(ref, kind, k);
	ref[k] = ':';
	memcpy(ref + k + 1, space, s);
	ref[k + 1 + s] = '/';
	memcpy(ref + k + s + 2, name, n);
	folded = cbi_catalog_fold(ctx, ref);
	if (!folded)
		return CB_ENOMEM;
	*out = folded;
	return CB_OK;
}
