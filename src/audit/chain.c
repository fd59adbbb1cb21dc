/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain.c - see chain.h.
 *
 * A hash is taken over the hash before it and the columns, each with its
 * length in front, so that no two rows can be spelt alike.
 */
#include "audit/chain.h"

#include <stdio.h>
#include <string.h>

#include "audit/audit_priv.h"
#include "base/buf.h"
#include "base/limits.h"
#include "db/db.h"

/* Any number: who seals holds it, fleet-wide. */
#define LOCK "7304120042"
#define BATCH 500
#define ROW_MAX (16 * CB_MIB)
#define EMPTY "0000000000000000000000000000000000000000000000000000000000000000"

static void add_text(struct cb_buf *buf, const char *text)
{
	if (text)
		cb_buf_printf(buf, "%zu:%s,", strlen(text), text);
	else
		cb_buf_text(buf, "-,");
}

static int hash_row(struct cb_ctx *ctx, struct cb_buf *buf, const char *before,
                    int64_t seal, const struct cbi_audit_row *row,
                    char out[CB_SHA256_HEX])
{
	cbi_buf_clear(buf);
	cb_buf_printf(buf, "v1 %s %lld %lld %lld ", before, (long long)seal,
	              (long long)row->id, (long long)row->at_us);
	add_text(buf, row->actor);
	add_text(buf, row->action);
	add_text(buf, row->object);
	add_text(buf, row->before);
	add_text(buf, row->after);
	add_text(buf, row->request_id);
	add_text(buf, row->address);
	add_text(buf, row->outcome);
	if (buf->failed)
		return cb_fail(ctx, buf->failed,
		               "audit row %lld is too large to be sealed",
		               (long long)row->id);
	cbi_crypto_sha256_hex(buf->data, buf->len, out);
	return CB_OK;
}

/* ---- Sealing ------------------------------------------------------------ */

struct sealing {
	size_t max;
	size_t sealed;
	struct cb_buf buf, ids, seals, hashes;
};

static int read_head(struct cb_ctx *ctx, struct cbi_audit_head *out)
{
	static const struct cbi_db_stmt fetch = {
		"audit_head",
		"select seal, encode(hash, 'hex') from audit where seal is not "
		"null order by seal desc limit 1",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &fetch, NULL, 0, &result);

	if (rc < 0)
		return rc;
	out->seal = 0;
	snprintf(out->hash, sizeof(out->hash), "%s", EMPTY);
	if (cbi_db_rows(result)) {
		out->seal = cbi_db_int(result, 0, 0);
		snprintf(out->hash, sizeof(out->hash), "%s",
		         cbi_db_text(result, 0, 1));
	}
	return CB_OK;
}

static int write_seals(struct cb_ctx *ctx, struct sealing *s,
                       const int64_t *ids, const int64_t *seals,
                       const char *const *hashes, size_t n)
{
	static const struct cbi_db_stmt update = {
		"audit_seal",
		"update audit a set seal = u.seal, hash = decode(u.hash, "
		"'hex') from unnest($1::bigint[], $2::bigint[], $3::text[]) "
		"u (id, seal, hash) where a.id = u.id",
	};
	const char *params[3];

	cbi_db_array_int(&s->ids, ids, n);
	cbi_db_array_int(&s->seals, seals, n);
	cbi_db_array_text(&s->hashes, hashes, n);
	params[0] = cbi_buf_string(&s->ids);
	params[1] = cbi_buf_string(&s->seals);
	params[2] = cbi_buf_string(&s->hashes);
	if (s->ids.failed || s->seals.failed || s->hashes.failed)
		return cb_fail(ctx, CB_ENOMEM, "no memory for the audit");
	return cbi_db_query(ctx, &update, params, 3, NULL);
}

static int seal_rows(struct cb_ctx *ctx, struct sealing *s,
                     const struct cbi_db_result *result)
{
	size_t n = cbi_db_rows(result);
	int64_t *ids = cb_alloc(ctx, (n + 1) * sizeof(*ids));
	int64_t *seals = cb_alloc(ctx, (n + 1) * sizeof(*seals));
	const char **hashes = cb_alloc(ctx, (n + 1) * sizeof(*hashes));
	struct cbi_audit_head head;
	int rc;

	if (!ids || !seals || !hashes)
		return CB_ENOMEM;
	rc = read_head(ctx, &head);
	for (size_t i = 0; rc == CB_OK && i < n; i++) {
		struct cbi_audit_row row;

		cbi_audit_row_read(result, i, &row);
		rc = hash_row(ctx, &s->buf, head.hash, ++head.seal, &row,
		              head.hash);
		ids[i] = row.id;
		seals[i] = head.seal;
		hashes[i] = cb_strdup(ctx, head.hash);
		if (!hashes[i])
			return CB_ENOMEM;
	}
	if (rc == CB_OK)
		rc = write_seals(ctx, s, ids, seals, hashes, n);
	if (rc == CB_OK)
		s->sealed = n;
	return rc;
}

static int seal_locked(struct cb_ctx *ctx, void *arg)
{
	static const struct cbi_db_stmt lock = {
		"audit_lock",
		"select pg_try_advisory_xact_lock(" LOCK ")",
	};
	static const struct cbi_db_stmt fetch = {
		"audit_unsealed",
		"select " CBI_AUDIT_COLUMNS
		" from audit where seal is null order by id limit $1",
	};
	struct sealing *s = arg;
	const char *limit = cbi_db_number(ctx, (int64_t)s->max);
	struct cbi_db_result *result;
	int rc;

	if (!limit)
		return CB_ENOMEM;
	cbi_buf_clear(&s->ids);
	cbi_buf_clear(&s->seals);
	cbi_buf_clear(&s->hashes);
	rc = cbi_db_query(ctx, &lock, NULL, 0, &result);
	if (rc < 0 || !cbi_db_bool(result, 0, 0))
		return rc;
	rc = cbi_db_query(ctx, &fetch, &limit, 1, &result);
	if (rc < 0 || cbi_db_rows(result) == 0)
		return rc;
	return seal_rows(ctx, s, result);
}

int cbi_audit_seal(struct cb_ctx *ctx, size_t max, size_t *sealed)
{
	static const struct cbi_db_stmt look = {
		"audit_look",
		"select exists (select from audit where seal is null)",
	};
	struct sealing s = { .max = max };
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &look, NULL, 0, &result);

	*sealed = 0;
	if (rc < 0 || !cbi_db_bool(result, 0, 0))
		return rc;
	cbi_buf_init(&s.buf, ROW_MAX);
	cbi_buf_init(&s.ids, ROW_MAX);
	cbi_buf_init(&s.seals, ROW_MAX);
	cbi_buf_init(&s.hashes, ROW_MAX);
	rc = cbi_db_transact(ctx, seal_locked, &s);
	if (rc == CB_OK)
		*sealed = s.sealed;
	cbi_buf_finish(&s.buf);
	cbi_buf_finish(&s.ids);
	cbi_buf_finish(&s.seals);
	cbi_buf_finish(&s.hashes);
	return rc;
}

/* ---- Verifying ---------------------------------------------------------- */

struct walk {
	struct cb_ctx *ctx;
	const struct cbi_audit_head *known;
	struct cbi_audit_verdict *verdict;
	struct cb_buf buf;
};

static void breaks(struct walk *walk, int64_t seal, const char *why)
{
	walk->verdict->broken = seal;
	walk->verdict->why = why ? why : "";
}

static int walk_row(void *arg, const struct cbi_db_result *result)
{
	struct walk *walk = arg;
	struct cbi_audit_head *head = &walk->verdict->head;
	char right[CB_SHA256_HEX];
	struct cbi_audit_row row;
	int rc;

	if (walk->verdict->broken)
		return CB_OK;
	cbi_audit_row_read(result, 0, &row);
	if (row.seal != head->seal + 1) {
		breaks(walk, head->seal + 1,
		       cb_printf(walk->ctx,
		                 "the row is missing; the next has "
		                 "number %lld",
		                 (long long)row.seal));
		return CB_OK;
	}
	rc = hash_row(walk->ctx, &walk->buf, head->hash, row.seal, &row, right);
	if (rc < 0)
		return rc;
	if (!row.hash || strcmp(row.hash, right) != 0) {
		breaks(walk, row.seal,
		       cb_printf(walk->ctx,
		                 "row %lld was changed after it was "
		                 "written",
		                 (long long)row.id));
		return CB_OK;
	}
	if (walk->known && walk->known->seal == row.seal &&
	    strcmp(walk->known->hash, right) != 0) {
		breaks(walk, row.seal,
		       "the chain is another than the one whose head was kept");
		return CB_OK;
	}
	*head = (struct cbi_audit_head){ .seal = row.seal };
	memcpy(head->hash, right, sizeof(right));
	return CB_OK;
}

static int count_unsealed(struct cb_ctx *ctx, struct cbi_audit_verdict *out)
{
	static const struct cbi_db_stmt count = {
		"audit_waiting",
		"select count(*), coalesce((extract(epoch from "
		"clock_timestamp() - min(at)) * 1000)::bigint, 0) from audit "
		"where seal is null",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &count, NULL, 0, &result);

	if (rc < 0)
		return rc;
	out->unsealed = cbi_db_int(result, 0, 0);
	out->oldest_ms = cbi_db_int(result, 0, 1);
	return CB_OK;
}

int cbi_audit_verify(struct cb_ctx *ctx, const struct cbi_audit_head *known,
                     struct cbi_audit_verdict *out)
{
	static const struct cbi_db_stmt all = {
		"audit_all",
		"select " CBI_AUDIT_COLUMNS
		" from audit where seal is not null order by seal",
	};
	struct walk walk = { .ctx = ctx, .known = known, .verdict = out };
	int rc;

	memset(out, 0, sizeof(*out));
	memcpy(out->head.hash, EMPTY, sizeof(out->head.hash));
	cbi_buf_init(&walk.buf, ROW_MAX);
	rc = cbi_db_stream(ctx, &all, NULL, 0, walk_row, &walk);
	cbi_buf_finish(&walk.buf);
	if (rc == CB_OK && !out->broken && known &&
	    known->seal > out->head.seal)
		breaks(&walk, out->head.seal + 1,
		       "rows were taken off the end: a later head was kept");
	return rc < 0 ? rc : count_unsealed(ctx, out);
}
