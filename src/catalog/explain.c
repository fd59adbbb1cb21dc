/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.c - see explain.h.
 */
#include "catalog/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "catalog/model_priv.h"
#include "catalog/sight.h"
#include "db/db.h"
#include "json/json.h"

#define NOT_BROUGHT \
	"no source brings in %.200s: nothing that was read declares it"

#define UTC "at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

static const struct cbi_db_stmt the_node = {
	"explain_node",
	"select n.id, n.ref, n.uid::text, n.location_key, n.source, n.errors,"
	" to_char(n.due_at " UTC ", n.processed is not null, e.etag,"
	" e.number::text, to_char(e.updated_at " UTC ","
	" (select count(*) from edge x where x.parent = n.id),"
	" (select count(*) from relation r where r.origin = n.id),"
	" (select count(*) from relation r where r.target = n.ref"
	"  and r.reverse is not null),"
	" n.due_at is not null"
	"  and n.read_state::jsonb ->> 'guarded' = 'true',"
	" coalesce(n.processed, n.raw)"
	" from node n left join entity e on e.id = n.id where n.ref = $1",
};

/* The nearest way up to each; cycles end at what was seen. */
static const struct cbi_db_stmt all_above = {
	"explain_above",
	"with recursive up(id, depth) as (select $1::bigint, 0"
	" union select e.parent, u.depth + 1 from edge e"
	"  join up u on e.child = u.id"
	"  where e.parent is not null and u.depth < 32),"
	" near as (select id, min(depth) as depth from up group by id)"
	" select case when u.depth > 0 then n.ref end, n.source, u.depth,"
	"  (select string_agg(p.provider, ', ' order by p.provider)"
	"   from edge p where p.child = n.id and p.provider is not null),"
	"  json_array_length(n.errors::json)"
	" from near u join node n on n.id = u.id"
	" order by u.depth, n.ref limit 200",
};

/* Who was passed over says so in what it remembers of its files. */
static const struct cbi_db_stmt rivals = {
	"explain_rivals",
	"select n.ref, f.key, f.value -> 'taken' ->> $1"
	" from node n, jsonb_each(n.read_state::jsonb -> 'files') f"
	" where n.due_at is not null"
	" and position('\"taken\"' in n.read_state) > 0"
	" and f.value -> 'taken' ? $1 order by 1, 2",
};

static const struct cbi_db_stmt its_keys = {
	"explain_keys",
	"select key from refresh_key where node = $1::bigint"
	" union select n.location_key from node n join refresh_key r"
	"  on r.key = n.location_key where n.id = $1::bigint"
	" order by 1 limit 200",
};

static json_t *text_or_null(const struct cbi_db_result *rows, size_t row,
                            size_t column)
{
	const char *text = cbi_db_text(rows, row, column);

	return text ? json_string(text) : json_null();
}

static int put(struct cb_ctx *ctx, json_t *object, const char *key,
               json_t *value)
{
	if (json_object_set_new(object, key, value))
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	return CB_OK;
}

static int put_source(struct cb_ctx *ctx, json_t *out, const char *source)
{
	const char *colon = strrchr(source, ':');
	char *end = NULL;
	long line = colon ? strtol(colon + 1, &end, 10) : 0;
	int rc = put(ctx, out, "source", json_string(source));

	if (rc == CB_OK && line > 0 && !*end) {
		rc = put(ctx, out, "file",
		         json_stringn(source, (size_t)(colon - source)));
		if (rc == CB_OK)
			rc = put(ctx, out, "line", json_integer(line));
	}
	return rc;
}

/* What touched it follows from where it stands and what it is. */
static int put_processors(struct cb_ctx *ctx, json_t *out, const char *key,
                          const json_t *entity)
{
	const char *kind = json_string_value(json_object_get(entity, "kind"));
	const char *version =
	    json_string_value(json_object_get(entity, "apiVersion"));
	json_t *list = json_array();

	if (key && cbi_str_starts(key, "file:"))
		json_array_append_new(list, json_string("FileReaderProcessor"));
	else if (key && cbi_str_starts(key, "url:"))
		json_array_append_new(list, json_string("url-reader"));
	if (kind && strcmp(kind, "Template") == 0)
		json_array_append_new(
		    list, json_string("ScaffolderEntitiesProcessor"));
	else if (kind && version && cbi_model_is_own(version, kind))
		json_array_append_new(
		    list, json_string("BuiltinKindsEntityProcessor"));
	else if (kind)
		json_array_append_new(list,
		                      json_string("CustomKindsProcessor"));
	if (key && cbi_str_starts(key, "url:"))
		json_array_append_new(
		    list, json_string("AnnotateLocationEntityProcessor"));
	return put(ctx, out, "processors", list);
}

static int put_above(struct cb_ctx *ctx, json_t *out, const char *id)
{
	json_t *list = json_array();
	struct cbi_db_result *rows;
	int rc = put(ctx, out, "above", list);

	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &all_above, &id, 1, &rows);
	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(rows); i++) {
		/* Itself stands here only when a provider holds it. */
		if (!cbi_db_text(rows, i, 0) && !cbi_db_text(rows, i, 3))
			continue;
		if (json_array_append_new(
			list, json_pack("{s:o, s:o, s:I, s:o, s:I}", "ref",
		                        text_or_null(rows, i, 0), "source",
		                        text_or_null(rows, i, 1), "depth",
		                        (json_int_t)cbi_db_int(rows, i, 2),
		                        "provider", text_or_null(rows, i, 3),
		                        "errors",
		                        (json_int_t)cbi_db_int(rows, i, 4))))
			rc = cb_fail(ctx, CB_ENOMEM, "out of memory");
	}
	return rc;
}

static int put_rivals(struct cb_ctx *ctx, json_t *out, const char *ref)
{
	json_t *list = json_array();
	struct cbi_db_result *rows;
	int rc = put(ctx, out, "conflicts", list);

	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &rivals, &ref, 1, &rows);
	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(rows); i++)
		if (json_array_append_new(
			list, json_pack("{s:o, s:o, s:o}", "location",
		                        text_or_null(rows, i, 0), "file",
		                        text_or_null(rows, i, 1), "source",
		                        text_or_null(rows, i, 2))))
			rc = cb_fail(ctx, CB_ENOMEM, "out of memory");
	return rc;
}

static int put_keys(struct cb_ctx *ctx, json_t *out, const char *id)
{
	json_t *list = json_array();
	struct cbi_db_result *rows;
	int rc = put(ctx, out, "keys", list);

	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &its_keys, &id, 1, &rows);
	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(rows); i++)
		json_array_append_new(list, text_or_null(rows, i, 0));
	return rc;
}

static const char *state_of(bool good, size_t errors)
{
	if (good)
		return errors == 0 ? "good" : "failing";
	return errors > 0 ? "broken" : "waiting";
}

static int put_served(struct cb_ctx *ctx, json_t *out,
                      const struct cbi_db_result *rows)
{
	json_t *served = json_null();

	if (cbi_db_text(rows, 0, 8))
		served = json_pack("{s:s, s:s, s:s}", "etag",
		                   cbi_db_text(rows, 0, 8), "change",
		                   cbi_db_text(rows, 0, 9), "updatedAt",
		                   cbi_db_text(rows, 0, 10));
	return put(ctx, out, "served", served);
}

/* Everything that stands in the node's own row. */
static int put_node(struct cb_ctx *ctx, json_t *out,
                    const struct cbi_db_result *rows, const json_t *entity)
{
	const char *key = cbi_db_text(rows, 0, 3);
	size_t n;
	json_t *errors;
	int rc = cb_json_parse(ctx, cbi_db_text(rows, 0, 5),
	                       cbi_db_len(rows, 0, 5), &errors);

	if (rc < 0)
		return rc;
	n = json_array_size(errors);
	rc = put(ctx, out, "ref", text_or_null(rows, 0, 1));
	if (rc == CB_OK)
		rc = put(ctx, out, "uid", text_or_null(rows, 0, 2));
	if (rc == CB_OK)
		rc = put(ctx, out, "state",
		         json_string(state_of(cbi_db_bool(rows, 0, 7), n)));
	if (rc == CB_OK)
		rc = put_source(ctx, out, cbi_db_text(rows, 0, 4));
	if (rc == CB_OK)
		rc = put(ctx, out, "owner", text_or_null(rows, 0, 3));
	if (rc == CB_OK)
		rc = put_processors(ctx, out, key, entity);
	if (rc == CB_OK)
		rc = put(ctx, out, "errors", json_incref(errors));
	if (rc == CB_OK)
		rc = put(ctx, out, "due", text_or_null(rows, 0, 6));
	if (rc == CB_OK)
		rc = put(ctx, out, "below",
		         json_integer(cbi_db_int(rows, 0, 11)));
	if (rc == CB_OK)
		rc = put(ctx, out, "emitted",
		         json_integer(cbi_db_int(rows, 0, 12)));
	if (rc == CB_OK)
		rc = put(ctx, out, "received",
		         json_integer(cbi_db_int(rows, 0, 13)));
	if (rc == CB_OK)
		rc = put(ctx, out, "confirm",
		         json_boolean(cbi_db_bool(rows, 0, 14)));
	return rc < 0 ? rc : put_served(ctx, out, rows);
}

static int explain(struct cb_ctx *ctx, const char *ref, json_t **out)
{
	struct cbi_db_result *rows;
	json_t *all, *entity = NULL;
	const char *id;
	int rc = cbi_db_query(ctx, &the_node, &ref, 1, &rows);

	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) == 0)
		return cb_fail(ctx, CB_ENOENT, NOT_BROUGHT, ref);
	all = json_object();
	rc = cbi_json_keep(ctx, all);
	if (rc == CB_OK && cbi_db_text(rows, 0, 15))
		rc = cb_json_parse(ctx, cbi_db_text(rows, 0, 15),
		                   cbi_db_len(rows, 0, 15), &entity);
	if (rc == CB_OK)
		rc = put_node(ctx, all, rows, entity);
	id = cbi_db_text(rows, 0, 0);
	if (rc == CB_OK)
		rc = put_above(ctx, all, id);
	if (rc == CB_OK)
		rc = put_rivals(ctx, all, ref);
	if (rc == CB_OK)
		rc = put_keys(ctx, all, id);
	if (rc == CB_OK)
		*out = all;
	return rc;
}

/* ---- What a scope leaves of it --------------------------------------------
 */

static const struct cbi_db_stmt the_body = {
	"explain_body",
	"select body from entity where ref = $1",
};

/* What nobody serves is seen by who sees everything. */
static int sees(struct cb_ctx *ctx, const struct cbi_sight *sight,
                const char *ref, bool *out)
{
	struct cbi_db_result *rows;
	struct cbi_span body;
	int rc;

	*out = sight->all;
	if (sight->all)
		return CB_OK;
	rc = cbi_db_query(ctx, &the_body, &ref, 1, &rows);
	if (rc < 0 || cbi_db_rows(rows) == 0)
		return rc;
	body.ptr = cbi_db_text(rows, 0, 0);
	body.len = cbi_db_len(rows, 0, 0);
	return cbi_sight_sees(ctx, sight, body, out);
}

/* Takes out of a list what tells of entities that are not seen. */
static int prune(struct cb_ctx *ctx, const struct cbi_sight *sight,
                 json_t *list, const char *key)
{
	int rc = CB_OK;

	for (size_t i = json_array_size(list); i > 0 && rc == CB_OK; i--) {
		const char *ref = json_string_value(
		    json_object_get(json_array_get(list, i - 1), key));
		bool seen = true;

		if (ref)
			rc = sees(ctx, sight, ref, &seen);
		if (rc == CB_OK && !seen)
			json_array_remove(list, i - 1);
	}
	return rc;
}

int cbi_explain(struct cb_ctx *ctx, const char *ref, json_t **out)
{
	struct cbi_sight sight;
	bool seen = false;
	json_t *all;
	int rc = cbi_sight_open(ctx, &sight);

	if (rc == CB_OK)
		rc = sees(ctx, &sight, ref, &seen);
	if (rc == CB_OK && !seen)
		rc = cb_fail(ctx, CB_ENOENT, NOT_BROUGHT, ref);
	if (rc == CB_OK)
		rc = explain(ctx, ref, &all);
	if (rc == CB_OK && !sight.all)
		rc = prune(ctx, &sight, json_object_get(all, "above"), "ref");
	if (rc == CB_OK && !sight.all)
		rc = prune(ctx, &sight, json_object_get(all, "conflicts"),
		           "location");
	if (rc == CB_OK)
		*out = all;
	return rc;
}
