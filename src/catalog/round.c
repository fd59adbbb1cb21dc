/* SPDX-License-Identifier: Apache-2.0 */
/*
 * round.c - claims a Location that is due and looks at it.
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

#define ERRORS_MAX 50
#define ROOT_PREFIX "location:default/generated-"
/* A third of the lease. */
#define RENEW_MS 10000
/* Node ids of one location; a million of them. */
#define IDS_MAX (8 * CB_MIB)

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

static const struct cbi_db_stmt renew_claim = {
	"round_renew",
	"update node set due_at = clock_timestamp() + interval '30 seconds'"
	" where id = $1::bigint and due_at = $2::timestamptz"
	" returning due_at::text",
};

static const struct cbi_db_stmt mark_half = {
	"round_half",
	"update node set half_read = true"
	" where id = $1::bigint and due_at = $2::timestamptz returning id",
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

static const char *error_name(int code)
{
	switch (code) {
	case CB_EINVAL:
	case CB_ETOOBIG:
		return "InputError";
	case CB_ENOENT:
		return "NotFoundError";
	case CB_EDENIED:
		return "NotAllowedError";
	case CB_EAUTH:
		return "AuthenticationError";
	case CB_ECONFLICT:
		return "ConflictError";
	default:
		return "Error";
	}
}

int cbi_round_problem(struct cb_ctx *ctx, struct cbi_round *round, int code,
                      const char *text)
{
	json_t *item = cbi_model_status(error_name(code), text);

	round->done->problems++;
	if (!item || json_array_append_new(round->errors, item))
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	return CB_OK;
}

int cbi_round_renew(struct cb_ctx *ctx, struct cbi_round *round)
{
	const char *params[2] = { cbi_db_number(ctx, round->id), round->claim };
	struct cbi_db_result *rows;
	int rc;

	if (cbi_clock_ms() - round->claimed_at < RENEW_MS)
		return CB_OK;
	if (!params[0])
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &renew_claim, params, 2, &rows);
	if (rc < 0)
		return rc;
	if (cbi_db_rows(rows) == 0) {
		round->lost = true;
		return CB_ECHANGED;
	}
	cbi_str_copy(round->claim, sizeof(round->claim),
	             cbi_db_text(rows, 0, 0));
	round->claimed_at = cbi_clock_ms();
	return CB_OK;
}

int cbi_round_half(struct cb_ctx *ctx, struct cbi_round *round)
{
	const char *params[2] = { cbi_db_number(ctx, round->id), round->claim };
	struct cbi_db_result *rows;
	int rc;

	/* A first read leaves nothing that could be taken for unchanged. */
	if (round->half || !json_object_get(round->before, "targets"))
		return CB_OK;
	if (!params[0])
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &mark_half, params, 2, &rows);
	if (rc < 0)
		return rc;
	round->half = true;
	round->lost = cbi_db_rows(rows) == 0;
	return round->lost ? CB_ECHANGED : CB_OK;
}

/* --- targets --- */

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int note_news(void *arg, struct cb_ctx *ctx,
                     const struct cbi_provider_file *file)
{
	bool *news = arg;

	(void)ctx;
	*news = *news || file->code != CB_OK || !file->unchanged;
	return CB_OK;
}

/* Has anything changed that the file's placeholders name?  What cannot be
 * asked has: the file is read again, and says what is wrong. */
static bool reads_have_news(struct cb_ctx *ctx, const struct cbi_round *round,
                            const json_t *file)
{
	const struct cbi_feed *feed = &round->in->feed;
	const char *target;
	json_t *state;
	bool news = false;

	json_object_foreach(json_object_get(file, "reads"), target, state)
	{
		struct cbi_provider_ask ask = { .type = "url",
			                        .target = target };
		json_t *after = NULL;
		struct cbi_ctx_mark mark;

		if (news || !json_is_object(state))
			return true;
		ask.before = json_pack("{s:O}", target, state);
		cbi_ctx_mark(ctx, &mark);
		if (!ask.before || feed->read(ctx, feed->arg, &ask, note_news,
		                              &news, &after) < 0) {
			cb_failure_clear(ctx);
			news = true;
		}
		cbi_ctx_rewind(ctx, &mark);
		json_decref(after);
		json_decref((json_t *)(uintptr_t)ask.before);
	}
	return news;
}

/* What earlier reads left of this target, without the files that are to be
 * looked at in any case. */
static json_t *known_files(struct cb_ctx *ctx, const struct cbi_round *round,
                           const char *target)
{
	const json_t *old =
	    json_object_get(json_object_get(round->before, "targets"), target);
	const json_t *files = json_object_get(round->before, "files");
	json_t *known = json_object(), *state;
	const char *path;

	if (round->half)
		return known;
	json_object_foreach((json_t *)(uintptr_t)old, path, state)
	{
		const json_t *file = json_object_get(files, path);

		if (known && !json_is_true(json_object_get(file, "again")) &&
		    !reads_have_news(ctx, round, file))
			json_object_set(known, path, state);
	}
	return known;
}

/* The target could not be read: all that it held stays. */
static int keep_target(struct cb_ctx *ctx, struct cbi_round *round,
                       const char *type, const char *target)
{
	json_t *old =
	    json_object_get(json_object_get(round->before, "targets"), target);
	json_t *files = json_object_get(round->before, "files"), *state;
	const char *path;

	/* Not there so far: news of it must find who waits for it. */
	json_object_set_new(json_object_get(round->after, "targets"), target,
	                    old ? json_incref(old) : json_object());
	if (!old)
		return CB_OK;
	json_object_foreach(old, path, state)
	{
		const char *key = cb_printf(ctx, "%s:%s", type, path);
		json_t *file = json_object_get(files, path);

		if (!key)
			return CB_ENOMEM;
		json_array_append_new(round->keys, json_string(key));
		if (file)
			json_object_set(json_object_get(round->after, "files"),
			                path, file);
	}
	return CB_OK;
}

static int target_failed(struct cb_ctx *ctx, struct cbi_round *round,
                         const char *type, const char *target, int rc)
{
	const char *presence = text_at(round->spec, "presence");
	const char *text;

	/* Ours, not the target's. */
	if (round->lost || rc == CB_ENOMEM || rc == CB_EBUG || !cbi_db_there())
		return rc;
	text = cb_printf(ctx, "%s", cb_failure(ctx));
	cb_failure_clear(ctx);
	if (!text)
		return CB_ENOMEM;
	if (rc != CB_ENOENT || !presence || strcmp(presence, "optional") != 0)
		rc = cbi_round_problem(ctx, round, rc, text);
	else
		rc = CB_OK;
	return rc < 0 ? rc : keep_target(ctx, round, type, target);
}

static int read_target(struct cb_ctx *ctx, struct cbi_round *round,
                       const char *type, const char *target)
{
	const struct cbi_feed *feed = &round->in->feed;
	struct cbi_provider_ask ask = { .type = type, .target = target };
	json_t *after = NULL, *known = known_files(ctx, round, target);
	int rc;

	ask.before = known;
	if (round->folder && strcmp(type, "file") == 0)
		ask.root = round->folder;
	round->at_type = type;
	rc = known ? feed->read(ctx, feed->arg, &ask, cbi_round_file, round,
	                        &after)
	           : CB_ENOMEM;
	json_decref(known);
	if (rc < 0)
		return target_failed(ctx, round, type, target, rc);
	if (json_object_set_new(json_object_get(round->after, "targets"),
	                        target, after))
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	return CB_OK;
}

static bool is_relative(const char *type, const char *target)
{
	return strcmp(type, "file") == 0 ? target[0] != '/'
	                                 : !strstr(target, "://");
}

static int take_target(struct cb_ctx *ctx, struct cbi_round *round,
                       const char *target)
{
	const char *type = text_at(round->spec, "type");
	const char *absolute = target;

	if (!type)
		type = round->type;
	/* A file from an address could name any file of this host. */
	if (strcmp(type, round->type) != 0 && strcmp(type, "url") != 0)
		return cbi_round_problem(
		    ctx, round, CB_EDENIED,
		    "spec.type: a location of type file cannot be named by one "
		    "of another type, expected url");
	if (is_relative(type, target) && strcmp(type, round->type) == 0)
		absolute = round->in->feed.resolve(ctx, round->in->feed.arg,
		                                   type, round->target, target);
	if (!absolute)
		return target_failed(ctx, round, type, target,
		                     cb_failure_code(ctx));
	return read_target(ctx, round, type, absolute);
}

static int take_targets(struct cb_ctx *ctx, struct cbi_round *round)
{
	const char *one = text_at(round->spec, "target");
	const json_t *list = json_object_get(round->spec, "targets");
	int rc = CB_OK;

	if (one)
		rc = take_target(ctx, round, one);
	for (size_t i = 0; rc == CB_OK && i < json_array_size(list); i++) {
		struct cbi_ctx_mark mark;

		cbi_ctx_mark(ctx, &mark);
		rc = take_target(ctx, round,
		                 json_string_value(json_array_get(list, i)));
		cbi_ctx_rewind(ctx, &mark);
	}
	return rc;
}

/* --- one round --- */

static int keep(struct cb_ctx *ctx, json_t **slot, json_t *value)
{
	*slot = value;
	return cbi_json_keep(ctx, value);
}

static int clean_slate(struct cb_ctx *ctx, struct cbi_round *round)
{
	int rc = keep(ctx, &round->after,
	              json_pack("{s:{}, s:{}}", "targets", "files"));

	if (rc == CB_OK)
		rc = keep(ctx, &round->errors, json_array());
	if (rc == CB_OK)
		rc = keep(ctx, &round->keys, json_array());
	if (rc == CB_OK)
		rc = keep(ctx, &round->complete, json_array());
	cbi_buf_clear(round->ids);
	round->entities = 0;
	return rc;
}

int cbi_round_try(struct cb_ctx *ctx, struct cbi_round *round)
{
	int rc = clean_slate(ctx, round);

	round->check = true;
	return rc == CB_OK ? take_targets(ctx, round) : rc;
}

/* catalog.onBadDocument: block. Anything wrong, and all stays as it was. */
static int look_first(struct cb_ctx *ctx, struct cbi_round *round, bool *good)
{
	json_t *errors;
	int rc;

	round->check = true;
	rc = take_targets(ctx, round);
	round->check = false;
	*good = json_array_size(round->errors) == 0;
	if (rc < 0)
		return rc;
	errors = round->errors;
	rc = clean_slate(ctx, round);
	if (rc == CB_OK && !*good) {
		round->errors = errors;
		json_object_update(round->after, round->before);
	}
	return rc;
}

static void cut_errors(struct cbi_round *round)
{
	size_t n = json_array_size(round->errors);
	char text[80];

	if (n <= ERRORS_MAX)
		return;
	while (json_array_size(round->errors) > ERRORS_MAX)
		json_array_remove(round->errors, ERRORS_MAX);
	snprintf(text, sizeof(text), "and %zu more", n - ERRORS_MAX);
	json_array_append_new(round->errors, cbi_model_status("Error", text));
}

/* Everything of the location that stays: no file was read, so none can have
 * vanished. */
static int end_blocked(struct cb_ctx *ctx, struct cbi_round *round)
{
	json_t *targets = json_object_get(round->before, "targets"), *state;
	const char *target;
	int rc = CB_OK;

	json_object_foreach(targets, target, state)
	{
		const char *type = text_at(round->spec, "type");

		rc = keep_target(ctx, round, type ? type : round->type, target);
		if (rc < 0)
			return rc;
	}
	return cbi_round_end(ctx, round);
}

static int look(struct cb_ctx *ctx, struct cbi_round *round)
{
	bool good = true;
	int rc = clean_slate(ctx, round);

	if (rc == CB_OK && !round->in->isolate)
		rc = look_first(ctx, round, &good);
	if (rc == CB_OK && good)
		rc = take_targets(ctx, round);
	cut_errors(round);
	if (rc == CB_OK)
		rc = good ? cbi_round_end(ctx, round) : end_blocked(ctx, round);
	if (round->lost && cb_failure_code(ctx) == CB_OK)
		return CB_OK;
	return rc;
}

/* --- claims --- */

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
	const char *own =
	    text_at(annotations, "backstage.io/managed-by-location");
	const char *type, *why = "";
	int rc;

	round->origin =
	    text_at(annotations, "backstage.io/managed-by-origin-location");
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
	struct cbi_model_place place = { key, key };
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
	round->done->locations++;
	return look(ctx, round);
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

	while (rc == CB_OK && found) {
		struct cbi_ctx_mark mark;

		cbi_ctx_mark(ctx, &mark);
		rc = run_one(ctx, in, done, &found);
		cbi_ctx_rewind(ctx, &mark);
		if (cbi_clock_ms() >= until)
			break;
	}
	return rc;
}
