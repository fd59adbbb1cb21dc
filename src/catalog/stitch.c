/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stitch.c - queued refs become what readers see.
 *
 * A ref's node is locked before anything is read, so two engines that have
 * the same ref in hand make it one after the other, the later from newer
 * facts.  The change number is taken when the first piece turns out to differ;
 * from there on pieces are made while the server writes those before them.
 */
#include "catalog/ingest.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "base/metric.h"
#include "catalog/change.h"
#include "catalog/cols.h"
#include "catalog/flatten.h"
#include "catalog/model.h"
#include "catalog/version.h"
#include "db/db.h"
#include "json/json.h"

/* So many entities go to the server at once, while the next are made. */
#define SEND 64

/* Between tokens on their way; text never holds it (see join). */
#define UNIT "\x1f"
#define NOTHING "\x1e"

static const struct cbi_db_stmt claim_queue = {
	"stitch_claim",
	"delete from stitch where ctid = any(array(select ctid from stitch"
	" order by ref limit $1::bigint for update skip locked)) returning ref",
};

static const struct cbi_db_stmt lock_nodes = {
	"stitch_lock",
	"select id from node where ref = any($1::text[])"
	" and processed is not null order by ref for no key update",
};

static const struct cbi_db_stmt read_nodes = {
	"stitch_read",
	"select n.id, n.ref, n.uid::text, n.processed, n.errors,"
	"  encode(e.hash, 'hex'),"
	"  not exists (select 1 from edge x where x.child = n.id),"
	"  (select min(x.provider) from edge x where x.child = n.id"
	"   and x.provider in ('" CBI_VERSION_RESTORED "',"
	"    '" CBI_VERSION_INFERRED "'))"
	" from node n left join entity e on e.id = n.id"
	" where n.id = any($1::bigint[]) order by n.ref",
};

static const struct cbi_db_stmt read_relations = {
	"stitch_relations",
	"select source, type, target from relation"
	"  where source = any($1::text[])"
	" union select target, reverse, source from relation"
	"  where target = any($1::text[]) and reverse is not null"
	" order by 1, 2, 3",
};

/* Entities and the versions that begin with them.  Who registered the location
 * that a new one comes from ($13 and $14) stands behind it; $17 is who works
 * here. */
static const struct cbi_db_stmt write_entities = {
	"stitch_write",
	"with u as (select * from unnest($1::bigint[], $2::text[], $3::text[],"
	"  $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],"
	"  $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],"
	"  $14::text[]) as u(id, kind, space, name, title, type, owner,"
	"  lifecycle, tokens, originals, body, seal, cause, who)),"
	" put as (insert into entity (id, ref, uid, kind, namespace, name,"
	"  title, type, owner, lifecycle, tokens, originals, body, etag, hash,"
	"  number, updated_at)"
	" select n.id, n.ref, n.uid, u.kind, u.space, u.name, u.title, u.type,"
	"  u.owner, u.lifecycle, string_to_array(u.tokens, '" UNIT "'),"
	"  string_to_array(u.originals, '" UNIT "', '" NOTHING "'),"
	"  u.body, x.etag, decode(x.hash, 'hex'), $15::bigint, $16::timestamptz"
	" from u"
	" cross join lateral (select split_part(u.seal, ' ', 1) as hash,"
	"  substr(u.seal, 42) as etag) x"
	" join node n on n.id = u.id"
	" on conflict (id) do update set kind = excluded.kind,"
	"  namespace = excluded.namespace, name = excluded.name,"
	"  title = excluded.title, type = excluded.type, owner = "
	"excluded.owner,"
	"  lifecycle = excluded.lifecycle, tokens = excluded.tokens,"
	"  originals = excluded.originals, body = excluded.body,"
	"  etag = excluded.etag, hash = excluded.hash, number = "
	"excluded.number,"
	"  updated_at = excluded.updated_at"
	" returning id, ref, uid)"
	" insert into entity_history (id, ref, uid, valid_from, number, source,"
	"  cause, actor)"
	" select p.id, p.ref, p.uid, $16::timestamptz, $15::bigint, n.source,"
	"  u.cause, coalesce(l.created_by,"
	"   case when u.cause in ('restored', 'confirmed') then u.who end, $17)"
	" from put p join u on u.id = p.id join node n on n.id = p.id"
	" left join location l on u.cause = 'added'"
	"  and l.type || ':' || l.target = u.who",
};

/* Waiting index entries are merged in memory; more of it, fewer times. */
static const struct cbi_db_stmt take_memory = {
	"stitch_memory",
	"select set_config('work_mem', '32MB', true)",
};

/* By the owner only, others leave it to autovacuum. */
static const struct cbi_db_stmt merge_waiting = {
	"stitch_merge",
	"select gin_clean_pending_list(c.oid) from pg_class c"
	" where c.oid = any(array['entity_tokens', 'entity_words',"
	" 'entity_search',"
	"  'entity_name_like']::regclass[])"
	" and pg_has_role(c.relowner, 'usage')",
};

/* One entity in the making. */
struct piece {
	int64_t id;
	const char *ref, *uid, *processed, *errors, *old_hash;
	size_t processed_len, errors_len;
	bool orphan;
	/* Somebody brought it back from the history, or took it for good. */
	bool restored, confirmed;
	const struct cbi_model_end *ends;
	size_t n;
};

struct stitch {
	size_t max, taken;
	struct piece *pieces;
	size_t n;
	struct cbi_cols cols;
	struct cbi_change change; /* number 0: nothing differs so far */
	const char *number;
	struct cbi_ctx_mark sent; /* what comes behind goes with its rows */
	int64_t *ids;             /* changed, in order of refs */
	int64_t *old_ids;         /* of those that had a version before */
	size_t ids_n, old_n;
	size_t old_sent;
};

/* --- reading --- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t distinct(const char **texts, size_t n)
{
	size_t out = 0;

	qsort(texts, n, sizeof(*texts), by_text);
	for (size_t i = 0; i < n; i++)
		if (out == 0 || strcmp(texts[out - 1], texts[i]) != 0)
			texts[out++] = texts[i];
	return out;
}

/* The refs of this pass as a parameter; *list is NULL when there are none. */
static int take_queue(struct cb_ctx *ctx, struct stitch *s, const char **list)
{
	const char *limit = cbi_db_number(ctx, (int64_t)s->max), **refs;
	struct cbi_db_result *rows;
	size_t n;
	int rc;

	*list = NULL;
	if (!limit)
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &claim_queue, &limit, 1, &rows);
	if (rc < 0)
		return rc;
	s->taken = n = cbi_db_rows(rows);
	refs = cb_alloc(ctx, (n + 1) * sizeof(*refs));
	if (!refs)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++)
		refs[i] = cbi_db_text(rows, i, 0);
	n = distinct(refs, n);
	if (n == 0)
		return CB_OK;
	*list = cbi_cols_texts(ctx, refs, n);
	return *list ? CB_OK : cb_failure_code(ctx);
}

static int lock(struct cb_ctx *ctx, struct stitch *s, const char *refs,
                const char **list)
{
	struct cbi_db_result *rows;
	int64_t *ids;
	int rc = cbi_db_query(ctx, &lock_nodes, &refs, 1, &rows);

	if (rc < 0)
		return rc;
	s->n = cbi_db_rows(rows);
	ids = cb_alloc(ctx, (s->n + 1) * sizeof(*ids));
	s->pieces = cb_alloc(ctx, (s->n + 1) * sizeof(*s->pieces));
	s->ids = cb_alloc(ctx, (s->n + 1) * sizeof(*s->ids));
	s->old_ids = cb_alloc(ctx, (s->n + 1) * sizeof(*s->old_ids));
	if (!ids || !s->pieces || !s->ids || !s->old_ids)
		return CB_ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		ids[i] = cbi_db_int(rows, i, 0);
	*list = cbi_cols_ids(ctx, ids, s->n);
	return *list ? CB_OK : cb_failure_code(ctx);
}

static int read_pieces(struct cb_ctx *ctx, struct stitch *s, const char *list)
{
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &read_nodes, &list, 1, &rows);

	if (rc < 0)
		return rc;
	s->n = cbi_db_rows(rows);
	for (size_t i = 0; i < s->n; i++) {
		struct piece *p = &s->pieces[i];
		const char *by = cbi_db_text(rows, i, 7);

		p->id = cbi_db_int(rows, i, 0);
		p->ref = cbi_db_text(rows, i, 1);
		p->uid = cbi_db_text(rows, i, 2);
		p->processed = cbi_db_text(rows, i, 3);
		p->processed_len = cbi_db_len(rows, i, 3);
		p->errors = cbi_db_text(rows, i, 4);
		p->errors_len = cbi_db_len(rows, i, 4);
		p->old_hash = cbi_db_text(rows, i, 5);
		p->orphan = cbi_db_bool(rows, i, 6);
		p->restored = by && strcmp(by, CBI_VERSION_RESTORED) == 0;
		p->confirmed = by && strcmp(by, CBI_VERSION_INFERRED) == 0;
	}
	return CB_OK;
}

/* Both lists are in order of refs. */
static int read_ends(struct cb_ctx *ctx, struct stitch *s)
{
	const char **refs = cb_alloc(ctx, (s->n + 1) * sizeof(*refs)), *list;
	struct cbi_model_end *ends;
	struct cbi_db_result *rows;
	size_t k = 0, n;
	int rc;

	if (!refs)
		return CB_ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		refs[i] = s->pieces[i].ref;
	list = cbi_cols_texts(ctx, refs, s->n);
	if (!list)
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &read_relations, &list, 1, &rows);
	if (rc < 0)
		return rc;
	n = cbi_db_rows(rows);
	ends = cb_alloc(ctx, (n + 1) * sizeof(*ends));
	if (!ends)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		ends[i].type = cbi_db_text(rows, i, 1);
		ends[i].target = cbi_db_text(rows, i, 2);
		while (k < s->n &&
		       strcmp(s->pieces[k].ref, cbi_db_text(rows, i, 0)) < 0)
			k++;
		if (k == s->n)
			break;
		if (!s->pieces[k].ends)
			s->pieces[k].ends = &ends[i];
		s->pieces[k].n++;
	}
	return CB_OK;
}

/* --- making --- */

/* Texts with a separator between; one that holds it loses it. */
static const char *join(struct cb_ctx *ctx, const char *const *texts, size_t n)
{
	size_t len = 0, at = 0;
	char *out;

	for (size_t i = 0; i < n; i++)
		len += (texts[i] ? strlen(texts[i]) : 1) + 1;
	out = cb_alloc(ctx, len + 1);
	if (!out)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const char *text = texts[i] ? texts[i] : NOTHING;

		if (i > 0)
			out[at++] = UNIT[0];
		for (; *text; text++)
			out[at++] = *text == UNIT[0] ? ' ' : *text;
	}
	out[at] = '\0';
	return out;
}

static const char *annotation(const json_t *entity, const char *name)
{
	const json_t *all =
	    json_object_get(json_object_get(entity, "metadata"), "annotations");

	return json_string_value(json_object_get(all, name));
}

/* Why there is a version, and where to look for who is behind it. */
static void name_cause(const struct piece *p, const json_t *entity,
                       const char **cause, const char **who)
{
	*who = NULL;
	*cause = "changed";
	if (p->old_hash)
		return;
	*cause = p->restored    ? "restored"
	         : p->confirmed ? "confirmed"
	                        : "added";
	*who = annotation(
	    entity, p->restored    ? CBI_VERSION_RESTORED_BY
		    : p->confirmed ? CBI_VERSION_CONFIRMED_BY
				   : "backstage.io/managed-by-origin-location");
}

static int add_row(struct cb_ctx *ctx, struct stitch *s, const struct piece *p,
                   const json_t *entity, const char *body, const char *seal)
{
	struct cbi_tokens tokens;
	struct cbi_row *rows;
	const char *cells[14];
	size_t n;
	int rc = cbi_flatten_with(ctx, entity, p->ends, p->n, &rows, &n);

	if (rc == CB_OK)
		rc = cbi_flatten_tokens(ctx, rows, n, &tokens);
	if (rc < 0)
		return rc;
	cells[0] = cbi_db_number(ctx, p->id);
	cells[1] = cbi_flatten_value(rows, n, "kind");
	cells[2] = cbi_flatten_value(rows, n, "metadata.namespace");
	cells[3] = cbi_flatten_value(rows, n, "metadata.name");
	cells[4] = cbi_flatten_value(rows, n, "metadata.title");
	cells[5] = cbi_flatten_value(rows, n, "spec.type");
	cells[6] = cbi_flatten_value(rows, n, "relations.ownedby");
	cells[7] = cbi_flatten_value(rows, n, "spec.lifecycle");
	cells[8] = join(ctx, tokens.tokens, tokens.n);
	cells[9] = join(ctx, tokens.originals, tokens.n);
	cells[10] = body;
	cells[11] = seal;
	name_cause(p, entity, &cells[12], &cells[13]);
	if (!cells[0] || !cells[8] || !cells[9])
		return CB_ENOMEM;
	cbi_cols_add(&s->cols, cells);
	return CB_OK;
}

/* --- writing --- */

/* The first piece that differs: from here on the number is ours. */
static int begin_change(struct cb_ctx *ctx, struct stitch *s)
{
	int rc = cbi_db_query(ctx, &take_memory, NULL, 0, NULL);

	if (rc == CB_OK)
		rc = cbi_change_next(ctx, &s->change);
	if (rc < 0)
		return rc;
	s->number = cbi_db_number(ctx, s->change.number);
	rc = s->number ? cbi_db_pipe_begin(ctx, NULL, NULL) : CB_ENOMEM;
	cbi_ctx_mark(ctx, &s->sent);
	return rc;
}

/* What was sent needs no memory any more. */
static int send_rows(struct cb_ctx *ctx, struct stitch *s)
{
	const char *params[3] = { s->number, s->change.at, cb_actor(ctx) };
	const char *old[2] = { cbi_cols_ids(ctx, s->old_ids + s->old_sent,
		                            s->old_n - s->old_sent),
		               s->change.at };
	int rc = old[0] ? CB_OK : cb_failure_code(ctx);

	/* The old version takes what it was along before that is replaced. */
	if (rc == CB_OK && s->old_n > s->old_sent)
		rc = cbi_db_pipe_send(ctx, &cbi_version_close, old, 2);
	if (rc == CB_OK)
		rc = cbi_cols_send(ctx, &s->cols, &write_entities, params, 3);
	s->old_sent = s->old_n;
	s->cols.rows = 0;
	cbi_ctx_rewind(ctx, &s->sent);
	return rc;
}

static int make(struct cb_ctx *ctx, struct stitch *s, struct piece *p)
{
	struct cbi_model_final final = { .ends = p->ends,
		                         .n = p->n,
		                         .orphan = p->orphan };
	char hash[CBI_MODEL_HASH];
	json_t *entity, *errors = NULL;
	const char *text, *body, *etag, *seal;
	struct cbi_ctx_mark began;
	int rc;

	cbi_ctx_mark(ctx, &began);
	rc = cb_json_parse(ctx, p->processed, p->processed_len, &entity);
	if (rc == CB_OK && p->errors_len > 2)
		rc = cb_json_parse(ctx, p->errors, p->errors_len, &errors);
	final.errors = errors;
	if (rc == CB_OK)
		rc = cbi_model_finish(ctx, entity, &final, hash, &text);
	if (rc < 0)
		return rc;
	if (p->old_hash && strcmp(p->old_hash, hash) == 0) {
		cbi_ctx_rewind(ctx, &began);
		return CB_OK;
	}
	rc = cbi_model_seal(ctx, entity, text, p->uid, hash, &body, &etag);
	if (rc < 0)
		return rc;
	seal = cb_printf(ctx, "%s %s", hash, etag);
	rc = seal ? add_row(ctx, s, p, entity, body, seal) : CB_ENOMEM;
	if (rc < 0)
		return rc;
	s->ids[s->ids_n++] = p->id;
	if (p->old_hash)
		s->old_ids[s->old_n++] = p->id;
	if (!s->change.number)
		rc = begin_change(ctx, s);
	if (rc == CB_OK && s->cols.rows == SEND)
		rc = send_rows(ctx, s);
	return rc;
}

static int write_audit(struct cb_ctx *ctx, const struct stitch *s)
{
	struct cbi_audit entry = { .action = "catalog.ingest" };

	entry.object = cb_printf(ctx, "change:%s", s->number);
	entry.after = cb_printf(ctx, "{\"entities\":%zu,\"new\":%zu}", s->ids_n,
	                        s->ids_n - s->old_n);
	if (!entry.object || !entry.after)
		return CB_ENOMEM;
	return cbi_audit_write(ctx, &entry);
}

static int end_change(struct cb_ctx *ctx, struct stitch *s)
{
	int rc = send_rows(ctx, s);

	if (rc == CB_OK)
		rc = cbi_db_pipe_end(ctx);
	if (rc == CB_OK)
		rc = write_audit(ctx, s);
	s->change.written = s->ids;
	s->change.written_n = s->ids_n;
	s->change.cause = "ingest";
	return rc < 0 ? rc : cbi_change_write(ctx, &s->change);
}

static int in_transaction(struct cb_ctx *ctx, void *arg)
{
	struct stitch *s = arg;
	const char *refs, *ids;
	int rc;

	s->taken = s->n = s->ids_n = s->old_n = s->old_sent = 0;
	memset(&s->change, 0, sizeof(s->change));
	rc = take_queue(ctx, s, &refs);
	if (rc < 0 || !refs)
		return rc;
	rc = lock(ctx, s, refs, &ids);
	if (rc < 0 || s->n == 0)
		return rc;
	rc = read_pieces(ctx, s, ids);
	if (rc == CB_OK)
		rc = read_ends(ctx, s);
	if (rc == CB_OK)
		rc = cbi_cols_init(ctx, &s->cols, 14, SEND);
	for (size_t i = 0; rc == CB_OK && i < s->n; i++)
		rc = make(ctx, s, &s->pieces[i]);
	return rc == CB_OK && s->ids_n > 0 ? end_change(ctx, s) : rc;
}

int cbi_stitch(struct cb_ctx *ctx, size_t max, size_t *taken, size_t *written)
{
	struct stitch s = { .max = max };
	struct cbi_ctx_mark mark;
	int rc;

	cbi_ctx_mark(ctx, &mark);
	rc = cbi_db_transact(ctx, in_transaction, &s);
	/* The queue is empty: readers are next. */
	if (rc == CB_OK && s.ids_n > 0 && s.taken < s.max)
		rc = cbi_db_query(ctx, &merge_waiting, NULL, 0, NULL);
	cbi_ctx_rewind(ctx, &mark);
	*taken = rc == CB_OK ? s.taken : 0;
	*written = rc == CB_OK ? s.ids_n : 0;
	if (rc == CB_OK && s.ids_n > 0)
		cbi_metric_add(CBI_COUNT_INGESTED, s.ids_n);
	return rc;
}
