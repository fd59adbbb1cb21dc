/* SPDX-License-Identifier: Apache-2.0 */
/*
 * round_claim.c - takes Locations that are due, one after another, and has
 * each looked at.
 */
#include "catalog/round.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/model.h"
#include "catalog/ref.h"
#include "db/db.h"
#include "json/json.h"

/* Node ids of one location; a million of them. */
#define IDS_MAX (8 * CB_MIB)
#define ROOT_PREFIX "location:default/generated-"

/* The lease: who does not come back within it is taken for dead. */
static const struct cbi_db_stmt claim_due = {
	"round_claim",
	"with due as (select id from node where due_at <= clock_timestamp()"
	"  order by due_at, id limit 1 for no key update skip locked)"
	" update node n set due_at = clock_timestamp() + interval '30 seconds'"
	" from due where n.id = due.id"
	" returning n.id, n.ref, n.location_key, n.processed, n.raw,"
	"  n.read_state, n.due_at::text,"
	"  (select count(*) from edge e where e.parent = n.id), n.half_read",
};

/* A root that was registered, seen for the first time. */
static const struct cbi_db_stmt promote_root = {
	"round_promote",
	"with mine as (update node set processed = $3, raw = null, errors = "
	"'[]',"
	"  due_at = clock_timestamp()"
	"  where id = $1::bigint and due_at = $2::timestamptz returning ref)"
	" insert into stitch (ref) select ref from mine",
};

/* Broken before it was ever good: nothing to read. */
static const struct cbi_db_stmt put_aside = {
	"round_aside",
	"update node set due_at = null"
	" where id = $1::bigint and due_at = $2::timestamptz",
};

/* Where files below a root may lie: its own folder, or as configured. */
static const char *folder_of(struct cb_ctx *ctx, const struct cbi_ingest *in,
                             const char *target)
{
	char *folder = cb_strndup(ctx, target, strcspn(target, "*?[{"));
	char *slash = folder ? strrchr(folder, '/') : NULL;

	for (size_t i = 0; i < in->n; i++)
		if (in->roots[i].folder &&
		    strcmp(in->roots[i].target, target) == 0)
			return in->roots[i].folder;
	if (slash)
		slash[slash == folder] = '\0';
	return folder;
}

/* A root stands for itself; whatever else bears such a name does not. */
static bool is_root(struct cb_ctx *ctx, const char *ref, const char *type,
                    const char *target)
{
	const char *own = cbi_model_generated_ref(ctx, type, target);

	return own && strcmp(own, ref) == 0;
}

static int place_round(struct cb_ctx *ctx, struct cbi_round *round,
                       const json_t *entity)
{
	const json_t *annotations =
	    json_object_get(json_object_get(entity, "metadata"), "annotations");
	const char *own = json_string_value(
	    json_object_get(annotations, "backstage.io/managed-by-location"));
	const char *type, *why = "";
	int rc;

	round->origin = json_string_value(json_object_get(
	    annotations, "backstage.io/managed-by-origin-location"));
	round->spec = json_object_get(entity, "spec");
	if (!own || !round->origin || !round->spec)
		return cb_fail(ctx, CB_EBUG, "%s has no place", round->ref);
	rc = cbi_location_ref_parse(ctx, own, &round->type, &round->target,
	                            &why);
	if (rc == CB_OK &&
	    (strcmp(own, round->origin) != 0 ||
	     !is_root(ctx, round->ref, round->type, round->target))) {
		const char *root;

		rc = cbi_location_ref_parse(ctx, round->origin, &type, &root,
		                            &why);
		if (rc == CB_OK)
			round->folder = folder_of(ctx, round->in, root);
	}
	if (rc == CB_EINVAL)
		return cb_fail(ctx, CB_EBUG, "%s stands in '%s': %s",
		               round->ref, own, why);
	return rc;
}

/* location.c leaves roots raw: they are good by the way they are made. */
static int promote(struct cb_ctx *ctx, const struct cbi_round *round,
                   const char *raw, size_t len, const char *key)
{
	const char *params[3] = { cbi_db_number(ctx, round->id), round->claim };
	struct cbi_model_place place = { key, key, NULL };
	struct cbi_problem problem;
	struct cbi_model model;
	struct cb_buf text;
	json_t *entity;
	int rc;

	if (!params[0])
		return CB_ENOMEM;
	if (!raw || !key || !cbi_str_starts(round->ref, ROOT_PREFIX))
		return cbi_db_query(ctx, &put_aside, params, 2, NULL);
	rc = cb_json_parse(ctx, raw, len, &entity);
	if (rc == CB_OK)
		rc = cbi_model_process(ctx, entity, &place, &model, &problem);
	if (rc == CB_EINVAL) {
		cb_failure_clear(ctx);
		return cbi_db_query(ctx, &put_aside, params, 2, NULL);
	}
	cbi_buf_init(&text, CB_MIB);
	if (rc == CB_OK)
		rc = cbi_json_canonical(&text, entity);
	params[2] = cbi_buf_string(&text);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &promote_root, params, 3, NULL);
	cbi_buf_finish(&text);
	return rc;
}

/* Read with other settings: no file is taken for unchanged. */
static void settle(struct cbi_round *round)
{
	const char *was =
	    json_string_value(json_object_get(round->before, "settings"));
	const char *is = round->in->settings;

	round->resettled =
	    is && (!was || strcmp(was, is) != 0) &&
	    json_object_size(json_object_get(round->before, "files"));
	round->half = round->half || round->resettled;
}

static int take_claimed(struct cb_ctx *ctx, struct cbi_round *round,
                        const struct cbi_db_result *rows)
{
	const char *processed = cbi_db_text(rows, 0, 3);
	json_t *entity;
	int rc;

	round->id = cbi_db_int(rows, 0, 0);
	round->ref = cbi_db_text(rows, 0, 1);
	cbi_str_copy(round->claim, sizeof(round->claim),
	             cbi_db_text(rows, 0, 6));
	round->claimed_at = cbi_clock_ms();
	round->children = (size_t)cbi_db_int(rows, 0, 7);
	round->half = *cbi_db_text(rows, 0, 8) == 't';
	if (!processed)
		return promote(ctx, round, cbi_db_text(rows, 0, 4),
		               cbi_db_len(rows, 0, 4), cbi_db_text(rows, 0, 2));
	rc = cb_json_parse(ctx, processed, cbi_db_len(rows, 0, 3), &entity);
	if (rc == CB_OK)
		rc = cb_json_parse(ctx, cbi_db_text(rows, 0, 5),
		                   cbi_db_len(rows, 0, 5), &round->before);
	if (rc == CB_OK)
		rc = place_round(ctx, round, entity);
	if (rc < 0)
		return rc;
	settle(round);
	round->done->locations++;
	return cbi_round_look(ctx, round);
}

/* *found is false when nothing is due. */
static int run_one(struct cb_ctx *ctx, const struct cbi_ingest *in,
                   struct cbi_ingest_done *done, bool *found)
{
	struct cbi_round round = { .in = in, .done = done };
	struct cbi_db_result *rows;
	struct cb_buf ids;
	int rc;

	rc = cbi_db_query(ctx, &claim_due, NULL, 0, &rows);
	if (rc < 0)
		return rc;
	*found = cbi_db_rows(rows) > 0;
	if (!*found)
		return CB_OK;
	cbi_buf_init(&ids, IDS_MAX);
	round.ids = &ids;
	rc = take_claimed(ctx, &round, rows);
	cbi_buf_finish(&ids);
	return rc;
}

int cbi_ingest_run(struct cb_ctx *ctx, const struct cbi_ingest *in,
                   int64_t for_ms, struct cbi_ingest_done *done)
{
	int64_t until = cbi_clock_ms() + for_ms;
	bool found = true;
	int rc = CB_OK;

	while (rc == CB_OK && found && !(in->stop && atomic_load(in->stop))) {
		struct cbi_ctx_mark mark;

		cbi_ctx_mark(ctx, &mark);
		rc = run_one(ctx, in, done, &found);
		cbi_ctx_rewind(ctx, &mark);
		if (cbi_clock_ms() >= until)
			break;
	}
	return rc;
}
