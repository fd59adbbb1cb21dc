/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - reading versions: see history.h.
 */
#include "catalog/history.h"

#include "base/clock.h"
#include "catalog/sql.h"
#include "db/db.h"
#include "json/json.h"

/* All that was and is, under the name that scopes know.  The open version's
 * body, and what queries look at, stand in the entity's row; a deletion is
 * seen by who may see what was deleted. */
#define VERSIONS                                                          \
	" from (select h.number, h.ref, h.uid, h.valid_from, h.valid_to," \
	" h.gone, h.source, h.cause, h.actor,"                            \
	" n.id is not null as now, coalesce(h.body, n.body) as body,"     \
	" coalesce(h.kind, n.kind, b.kind) as kind,"                      \
	" coalesce(h.namespace, n.namespace, b.namespace) as namespace,"  \
	" coalesce(h.name, n.name, b.name) as name,"                      \
	" coalesce(h.title, n.title, b.title) as title,"                  \
	" coalesce(h.type, n.type, b.type) as type,"                      \
	" coalesce(h.owner, n.owner, b.owner) as owner,"                  \
	" coalesce(h.lifecycle, n.lifecycle, b.lifecycle) as lifecycle,"  \
	" coalesce(h.tokens, n.tokens, b.tokens) as tokens,"              \
	" coalesce(h.originals, n.originals, b.originals) as originals"   \
	" from callboard.entity_history h left join callboard.entity n"   \
	" on n.id = h.id and h.valid_to is null and not h.gone"           \
	" left join lateral (select p.* from callboard.entity_history p"  \
	" where h.gone and p.ref = h.ref and p.number < h.number and"     \
	" not p.gone order by p.number desc limit 1) b on true) e where "

#define COLUMNS                                                            \
	"e.number, ceil(extract(epoch from e.valid_from) * 1000)::bigint," \
	" ceil(extract(epoch from e.valid_to) * 1000)::bigint, e.gone,"    \
	" e.now, e.uid::text, e.source, e.cause, e.actor"

static void take(const struct cbi_db_result *rows, size_t row,
                 struct cbi_version *out)
{
	out->number = cbi_db_int(rows, row, 0);
	out->from_ms = cbi_db_int(rows, row, 1);
	out->to_ms = cbi_db_int(rows, row, 2);
	out->gone = cbi_db_bool(rows, row, 3);
	out->now = cbi_db_bool(rows, row, 4);
	out->uid = cbi_db_text(rows, row, 5);
	out->source = cbi_db_text(rows, row, 6);
	out->cause = cbi_db_text(rows, row, 7);
	out->actor = cbi_db_text(rows, row, 8);
}

/* "select ... where <scope> and ref = ..."; a condition may follow. */
static int begin(struct cb_ctx *ctx, struct cbi_sql *sql, const char *columns,
                 const char *ref)
{
	int rc = cbi_sql_begin(ctx, sql);

	if (rc < 0)
		return rc;
	cbi_sql_add(sql, "select ");
	cbi_sql_add(sql, columns);
	cbi_sql_add(sql, VERSIONS);
	cbi_sql_where(sql, NULL);
	cbi_sql_add(sql, " and e.ref = ");
	cbi_sql_param(sql, ref);
	return CB_OK;
}

static void add_number(struct cbi_sql *sql, const char *condition,
                       int64_t number)
{
	cbi_sql_add(sql, condition);
	cbi_sql_param(sql, cbi_db_number(sql->ctx, number));
	cbi_sql_add(sql, "::bigint");
}

static int ask(struct cb_ctx *ctx, struct cbi_sql *sql,
               struct cbi_db_result **out)
{
	int rc = cbi_sql_done(sql);

	return rc < 0 ? rc
	              : cbi_db_query_text(ctx, cbi_buf_string(sql->text),
	                                  sql->params, sql->n, out);
}

int cbi_history_list(struct cb_ctx *ctx, const char *ref, int64_t before,
                     size_t n, struct cbi_version **out, size_t *count,
                     bool *more)
{
	struct cbi_db_result *rows;
	struct cbi_sql sql;
	int rc = begin(ctx, &sql, COLUMNS, ref);

	if (rc < 0)
		return rc;
	if (before)
		add_number(&sql, " and e.number < ", before);
	cbi_sql_add(&sql, " order by e.number desc");
	add_number(&sql, " limit ", (int64_t)n + 1);
	rc = ask(ctx, &sql, &rows);
	if (rc < 0)
		return rc;
	*more = cbi_db_rows(rows) > n;
	*count = *more ? n : cbi_db_rows(rows);
	if (!*count && !before)
		return cb_fail(ctx, CB_ENOENT,
		               "nothing is known to have been called '%s'",
		               ref);
	*out = cb_alloc(ctx, (*count + 1) * sizeof(**out));
	if (!*out)
		return CB_ENOMEM;
	for (size_t i = 0; i < *count; i++) {
		(*out)[i] = (struct cbi_version){ 0 };
		take(rows, i, &(*out)[i]);
	}
	return CB_OK;
}

/* The newest that the condition leaves. */
static int one(struct cb_ctx *ctx, const char *ref, const char *condition,
               int64_t number, struct cbi_version *out)
{
	struct cbi_db_result *rows;
	struct cbi_sql sql;
	int rc = begin(ctx, &sql, COLUMNS ", e.body", ref);

	if (rc < 0)
		return rc;
	add_number(&sql, condition, number);
	cbi_sql_add(&sql, " order by e.number desc limit 1");
	rc = ask(ctx, &sql, &rows);
	*out = (struct cbi_version){ 0 };
	if (rc < 0 || cbi_db_rows(rows) == 0)
		return rc;
	take(rows, 0, out);
	out->body.ptr = cbi_db_text(rows, 0, 9);
	out->body.len = cbi_db_len(rows, 0, 9);
	return CB_OK;
}

int cbi_history_get(struct cb_ctx *ctx, const char *ref, int64_t number,
                    struct cbi_version *out)
{
	int rc = one(ctx, ref, " and e.number = ", number, out);

	if (rc == CB_OK && !out->number)
		rc = cb_fail(ctx, CB_ENOENT, "'%s' has no version %lld", ref,
		             (long long)number);
	return rc;
}

int cbi_history_before(struct cb_ctx *ctx, const char *ref, int64_t number,
                       struct cbi_version *out)
{
	return one(ctx, ref, " and e.number < ", number, out);
}

int cbi_history_yaml(struct cb_ctx *ctx, const struct cbi_version *version,
                     const char **out)
{
	json_t *entity;
	int rc;

	*out = "";
	if (!version->body.len)
		return CB_OK;
	rc = cb_json_parse(ctx, version->body.ptr, version->body.len, &entity);
	if (rc < 0)
		return rc;
	json_object_del(json_object_get(entity, "metadata"), "etag");
	return cbi_json_yaml(ctx, entity, out);
}

json_t *cbi_history_json(const struct cbi_version *v)
{
	char from[CBI_TIME_LEN], to[CBI_TIME_LEN] = "";

	cbi_clock_iso(v->from_ms, from);
	if (v->to_ms)
		cbi_clock_iso(v->to_ms, to);
	return json_pack("{s:I, s:s, s:s?, s:b, s:b, s:s, s:s, s:s, s:s}",
	                 "version", (json_int_t)v->number, "from", from, "to",
	                 v->to_ms ? to : NULL, "deleted", v->gone, "current",
	                 v->now, "uid", v->uid, "source", v->source, "cause",
	                 v->cause, "actor", v->actor);
}
