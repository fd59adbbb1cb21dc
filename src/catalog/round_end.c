/* SPDX-License-Identifier: Apache-2.0 */
/*
 * round_end.c - the last transaction of a round.
 */
#include "catalog/round.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "catalog/cols.h"
#include "catalog/keys.h"
#include "catalog/remove.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "json/json.h"

/* The guard leaves small changes alone: of a handful of entities, one is
 * already more than a fifth. */
#define GUARD_LEAST 5
#define GUARD_SHARE 5 /* one in so many */

/* Children that no file of the location brings in any more: those of files
 * that were read without flaw and do not have them, and those of files that
 * are not behind its targets any more. */
static const struct cbi_db_stmt vanished = {
	"round_vanished",
	"select n.id from edge e join node n on n.id = e.child"
	" left join unnest($4::bigint[]) as s(id) on s.id = n.id"
	" where e.parent = $1::bigint and ("
	"  (n.location_key = any($2::text[]) and s.id is null)"
	"  or n.location_key is null or n.location_key <> all($3::text[]))",
};

static const struct cbi_db_stmt lock_all = {
	"round_lock",
	"select id, due_at::text from node where id = any($1::bigint[])"
	" order by ref for update",
};

static const struct cbi_db_stmt all_below = {
	"round_below",
	"with recursive below(id) as ("
	" select unnest($1::bigint[])"
	" union select e.child from edge e join below b on e.parent = b.id)"
	" select id from below order by id",
};

static const struct cbi_db_stmt cut_edges = {
	"round_cut",
	"delete from edge where parent = $1::bigint"
	" and child = any($2::bigint[])",
};

static const struct cbi_db_stmt queue_nodes = {
	"round_queue",
	"insert into stitch (ref) select ref from node"
	" where id = any($1::bigint[])",
};

static const struct cbi_db_stmt finish = {
	"round_finish",
	"with old as (select id, ref, errors from node where id = $1::bigint),"
	" new as (update node n set read_state = $2, errors = $3,"
	"  half_read = false, due_at = clock_timestamp()"
	"   + $4::bigint * (1 + random() / 2) * interval '1 millisecond'"
	"  from old where n.id = old.id)"
	" insert into stitch (ref) select ref from old"
	" where errors is distinct from $3",
};

struct end {
	struct cbi_round *round;
	size_t removed;
};

static const char *key_list(struct cb_ctx *ctx, const json_t *keys)
{
	size_t n = json_array_size(keys);
	const char **texts = cb_alloc(ctx, (n + 1) * sizeof(*texts));

	if (!texts)
		return NULL;
	for (size_t i = 0; i < n; i++)
		texts[i] = json_string_value(json_array_get(keys, i));
	return cbi_cols_texts(ctx, texts, n);
}

static int take_ids(struct cb_ctx *ctx, const struct cbi_db_result *rows,
                    int64_t **out, size_t *n)
{
	*n = cbi_db_rows(rows);
	*out = cb_alloc(ctx, (*n + 1) * sizeof(**out));
	if (!*out)
		return CB_ENOMEM;
	for (size_t i = 0; i < *n; i++)
		(*out)[i] = cbi_db_int(rows, i, 0);
	return CB_OK;
}

static int find_vanished(struct cb_ctx *ctx, const struct cbi_round *round,
                         int64_t **out, size_t *n)
{
	const char *params[4] = {
		cbi_db_number(ctx, round->id),
		key_list(ctx, round->complete),
		key_list(ctx, round->keys),
		cbi_cols_ids(ctx, (const int64_t *)(void *)round->ids->data,
		             round->ids->len / sizeof(int64_t)),
	};
	struct cbi_db_result *rows;
	int rc;

	for (size_t i = 0; i < 4; i++)
		if (!params[i])
			return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &vanished, params, 4, &rows);
	return rc < 0 ? rc : take_ids(ctx, rows, out, n);
}

/* Is it more than somebody deletes on a good day? */
static bool is_guarded(const struct cbi_round *round, size_t gone)
{
	if (gone == 0 ||
	    json_is_true(json_object_get(round->before, "confirm")))
		return false;
	if (gone >= round->children && round->entities == 0)
		return true;
	return gone >= GUARD_LEAST && gone * GUARD_SHARE > round->children;
}

static int refuse(struct cb_ctx *ctx, struct cbi_round *round, size_t gone)
{
	const char *text = cb_printf(
	    ctx,
	    "%zu of the %zu entities of this location would be deleted; "
	    "nothing was, expected at most a fifth: confirm it, or bring them "
	    "back",
	    gone, round->children);
	const char *path;
	json_t *file;
	int rc = text ? cbi_round_problem(ctx, round, CB_ECONFLICT, text)
	              : CB_ENOMEM;

	/* Unchanged files would not be asked again. */
	json_object_foreach(json_object_get(round->after, "files"), path, file)
	    json_object_set_new(file, "again", json_true());
	json_object_set_new(round->after, "guarded", json_true());
	return rc;
}

/* Locks this node and the others in order; is the claim still ours? */
static int lock(struct cb_ctx *ctx, const struct cbi_round *round,
                const int64_t *ids, size_t n)
{
	int64_t *all = cb_alloc(ctx, (n + 1) * sizeof(*all));
	struct cbi_db_result *rows;
	const char *list;
	bool ours = false;
	int rc;

	if (!all)
		return CB_ENOMEM;
	if (n)
		memcpy(all, ids, n * sizeof(*all));
	all[n] = round->id;
	list = cbi_cols_ids(ctx, all, n + 1);
	if (!list)
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &lock_all, &list, 1, &rows);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < cbi_db_rows(rows); i++) {
		const char *due = cbi_db_text(rows, i, 1);

		if (cbi_db_int(rows, i, 0) == round->id && due &&
		    strcmp(due, round->claim) == 0)
			ours = true;
	}
	return ours ? CB_OK : CB_ECHANGED;
}

static int write_state(struct cb_ctx *ctx, const struct cbi_round *round)
{
	const char *params[4] = { cbi_db_number(ctx, round->id) };
	struct cb_buf state, errors;
	int rc;

	cbi_buf_init(&state, CB_ARENA_REQUEST_MAX);
	cbi_buf_init(&errors, CB_ARENA_REQUEST_MAX);
	rc = cbi_json_canonical(&state, round->after);
	if (rc == CB_OK)
		rc = cbi_json_canonical(&errors, round->errors);
	if (rc < 0)
		cb_fail(ctx, rc, "the state of %s is too large", round->ref);
	params[1] = cbi_buf_string(&state);
	params[2] = cbi_buf_string(&errors);
	params[3] = cbi_db_number(ctx, round->in->interval_ms);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &finish, params, 4, NULL);
	cbi_buf_finish(&state);
	cbi_buf_finish(&errors);
	return rc;
}

/* What was read for this location, its placeholders' too.  Most rounds read
 * the same as the one before: a hash tells. */
static int write_keys(struct cb_ctx *ctx, struct cbi_round *round)
{
	json_t *all = json_copy(round->keys), *file, *state;
	const char *type =
	    json_string_value(json_object_get(round->spec, "type"));
	const char *path, *target;
	char hash[CB_SHA1_HEX];
	struct cb_buf text;
	int rc = cbi_json_keep(ctx, all);

	if (rc < 0)
		return rc;
	if (!type)
		type = round->type;
	json_object_foreach(json_object_get(round->after, "files"), path, file)
	    json_object_foreach(json_object_get(file, "reads"), target, state)
		json_array_append_new(all, json_sprintf("url:%s", target));
	/* Patterns, and what is not there yet. */
	json_object_foreach(json_object_get(round->after, "targets"), target,
	                    state)
	    json_array_append_new(all, json_sprintf("%s:%s", type, target));
	cbi_buf_init(&text, CB_ARENA_REQUEST_MAX);
	rc = cbi_json_canonical(&text, all);
	if (rc == CB_OK)
		cbi_crypto_sha1_hex(text.data, text.len, hash);
	else
		cb_fail(ctx, rc, "%s reads too many files", round->ref);
	cbi_buf_finish(&text);
	if (rc < 0)
		return rc;
	json_object_set_new(round->after, "keys", json_string(hash));
	if (json_equal(json_object_get(round->before, "keys"),
	               json_object_get(round->after, "keys")))
		return CB_OK;
	return cbi_keys_write(ctx, round->id, all);
}

/* Both sorted: what of a stands in b. */
static size_t common(int64_t *a, size_t n, const int64_t *b, size_t m)
{
	size_t kept = 0;

	for (size_t i = 0, k = 0; i < n; i++) {
		while (k < m && b[k] < a[i])
			k++;
		if (k < m && b[k] == a[i])
			a[kept++] = a[i];
	}
	return kept;
}

static int cut(struct cb_ctx *ctx, const struct cbi_round *round,
               const int64_t *gone, size_t n)
{
	const char *params[2] = { cbi_db_number(ctx, round->id),
		                  cbi_cols_ids(ctx, gone, n) };
	int rc;

	if (!params[0] || !params[1])
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &cut_edges, params, 2, NULL);
	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &queue_nodes, &params[1], 1, NULL);
	return rc;
}

static int find_below(struct cb_ctx *ctx, const int64_t *ids, size_t n,
                      int64_t **out, size_t *out_n)
{
	const char *list = cbi_cols_ids(ctx, ids, n);
	struct cbi_db_result *rows;
	int rc;

	if (!list)
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &all_below, &list, 1, &rows);
	return rc < 0 ? rc : take_ids(ctx, rows, out, out_n);
}

/* All that might go is locked before it is known what does. */
static int remove_gone(struct cb_ctx *ctx, struct end *end, const int64_t *gone,
                       size_t n)
{
	const struct cbi_round *round = end->round;
	int64_t *below, *doomed, number;
	size_t below_n, doomed_n;
	int rc = find_below(ctx, gone, n, &below, &below_n);

	if (rc == CB_OK)
		rc = lock(ctx, round, below, below_n);
	if (rc == CB_OK)
		rc = cut(ctx, round, gone, n);
	if (rc < 0 || round->in->keep_orphans)
		return rc;
	rc = cbi_remove_closure(ctx, gone, n, &doomed, &doomed_n);
	if (rc < 0)
		return rc;
	/* What came below them meanwhile goes another time. */
	doomed_n = common(doomed, doomed_n, below, below_n);
	end->removed = doomed_n;
	return cbi_remove_nodes(ctx, doomed, doomed_n, "location.read",
	                        &number);
}

static int in_transaction(struct cb_ctx *ctx, void *arg)
{
	struct end *end = arg;
	struct cbi_round *round = end->round;
	int64_t *gone = NULL;
	size_t n = 0;
	int rc;

	end->removed = 0;
	rc = round->children > 0 ? find_vanished(ctx, round, &gone, &n) : CB_OK;
	if (rc == CB_OK && is_guarded(round, n)) {
		rc = refuse(ctx, round, n);
		n = 0;
	}
	if (rc == CB_OK)
		rc = n > 0 ? remove_gone(ctx, end, gone, n)
		           : lock(ctx, round, NULL, 0);
	if (rc == CB_OK)
		rc = write_keys(ctx, round);
	return rc < 0 ? rc : write_state(ctx, round);
}

int cbi_round_end(struct cb_ctx *ctx, struct cbi_round *round)
{
	struct end end = { round, 0 };
	int rc = cbi_db_transact(ctx, in_transaction, &end);

	if (rc == CB_OK)
		round->done->removed += end.removed;
	if (rc == CB_ECHANGED && cb_failure_code(ctx) == CB_OK)
		return CB_OK; /* whoever has it now does all this again */
	return rc;
}
