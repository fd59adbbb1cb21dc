/* SPDX-License-Identifier: Apache-2.0 */
/*
 * round.c - looks at one Location: see round.h.
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
/* A third of the lease. */
#define RENEW_MS 10000

static const struct cbi_db_stmt renew_claim = {
	"round_renew",
	"update node set due_at = clock_timestamp() + interval '30 seconds'"
	" where id = $1::bigint and due_at = $2::timestamptz"
	" returning due_at::text",
};

static const struct cbi_db_stmt give_back = {
	"round_give_back",
	"update node set due_at = clock_timestamp()"
	" where id = $1::bigint and due_at = $2::timestamptz",
};

static const struct cbi_db_stmt mark_half = {
	"round_half",
	"update node set half_read = true"
	" where id = $1::bigint and due_at = $2::timestamptz returning id",
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

	if (!params[0])
		return CB_ENOMEM;
	if (round->in->stop && atomic_load(round->in->stop)) {
		round->lost = true;
		rc = cbi_db_query(ctx, &give_back, params, 2, NULL);
		return rc < 0 ? rc : CB_ECHANGED;
	}
	if (cbi_clock_ms() - round->claimed_at < RENEW_MS)
		return CB_OK;
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

	/* Its files stay of the settings that they were read with. */
	if (round->resettled)
		json_object_del(round->after, "settings");
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
	              json_pack("{s:{}, s:{}, s:s*}", "targets", "files",
	                        "settings", round->in->settings));

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

int cbi_round_look(struct cb_ctx *ctx, struct cbi_round *round)
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
