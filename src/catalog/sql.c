/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql.c - see sql.h.
 *
 * A row "key: value" is the token "key=value", and every key is a token too.
 * So a key that holds an equals sign can be mistaken for a shorter key with a
 * longer value; nothing else tells them apart, and nobody has met one.
 */
#include "catalog/sql.h"
#include "catalog/sql_priv.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "db/db.h"

static void finish_text(void *ptr)
{
	cbi_buf_finish(ptr);
}

int cbi_sql_begin(struct cb_ctx *ctx, struct cbi_sql *sql)
{
	memset(sql, 0, sizeof(*sql));
	sql->ctx = ctx;
	/* In the arena: the statement may go before its context does. */
	sql->text = cb_alloc(ctx, sizeof(*sql->text));
	sql->params = cb_alloc(ctx, CBI_SQL_PARAMS_MAX * sizeof(*sql->params));
	if (!sql->text || !sql->params)
		return CB_ENOMEM;
	cbi_buf_init(sql->text, CB_MIB);
	return cb_defer(ctx, finish_text, sql->text);
}

void cbi_sql_add(struct cbi_sql *sql, const char *text)
{
	cb_buf_text(sql->text, text);
}

void cbi_sql_param(struct cbi_sql *sql, const char *value)
{
	if (!value) {
		sql->failed = CB_ENOMEM;
		return;
	}
	if (sql->n == CBI_SQL_PARAMS_MAX) {
		sql->failed = CB_EINVAL;
		cb_fail(sql->ctx, CB_EINVAL, "the query has too many terms");
		return;
	}
	sql->params[sql->n++] = value;
	cb_buf_printf(sql->text, "$%zu", sql->before + sql->n);
}

void cbi_sql_array(struct cbi_sql *sql, const char *const *values, size_t n)
{
	struct cb_buf buf;

	cbi_buf_init(&buf, 4 * CB_MIB);
	if (cbi_db_array_text(&buf, values, n) < 0)
		sql->failed = CB_ETOOBIG;
	else
		cbi_sql_param(sql, cb_strdup(sql->ctx, cbi_buf_string(&buf)));
	cbi_buf_finish(&buf);
}

int cbi_sql_done(struct cbi_sql *sql)
{
	int rc = sql->failed ? sql->failed : sql->text->failed;

	return rc < 0 ? cb_fail(sql->ctx, rc, "the query is too large") : CB_OK;
}

/* What an entity and a version that is over have in common. */
#define SHARED(t)                                                            \
	t ".id, " t ".ref, " t ".uid, " t ".kind, " t ".namespace, " t       \
	  ".name, " t ".title, " t ".type, " t ".owner, " t ".lifecycle, " t \
	  ".tokens, " t ".originals, " t ".body, " t ".etag, " t ".number"

void cbi_sql_from(struct cbi_sql *sql)
{
	char at[CBI_TIME_LEN];
	const char *when;

	if (!sql->ctx->scope.as_of) {
		cbi_sql_add(sql, " from callboard.entity e");
		return;
	}
	cbi_clock_iso(sql->ctx->scope.as_of, at);
	when = cb_strdup(sql->ctx, at);
	/* What is served still, and has been since before then. */
	cbi_sql_add(sql, " from (select " SHARED(
			     "n") ", n.updated_at from "
	                          "callboard.entity n where n.updated_at <= ");
	cbi_sql_param(sql, when);
	cbi_sql_add(
	    sql, "::timestamptz union all select " SHARED(
		     "h") ", "
			  "h.valid_from from callboard.entity_history h where "
			  "h.body is not null and h.valid_from <= ");
	cbi_sql_param(sql, when);
	cbi_sql_add(sql, "::timestamptz and h.valid_to > ");
	cbi_sql_param(sql, when);
	cbi_sql_add(sql, "::timestamptz) e");
}

const char *cbi_sql_column(const char *key)
{
	if (strcmp(key, "kind") == 0)
		return "e.kind";
	if (strcmp(key, "metadata.name") == 0)
		return "e.name";
	if (strcmp(key, "metadata.namespace") == 0)
		return "e.namespace";
	return NULL;
}

const char *cbi_sql_order_column(const char *key, bool *absent)
{
	static const char *const columns[][2] = {
		{ "metadata.title", "e.title" },
		{ "spec.type", "e.type" },
		{ "spec.lifecycle", "e.lifecycle" },
	};

	*absent = false;
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		if (strcmp(columns[i][0], key) != 0)
			continue;
		*absent = true;
		return columns[i][1];
	}
	return cbi_sql_column(key);
}

bool cbi_sql_is_uid(const char *key)
{
	return strcmp(key, "metadata.uid") == 0;
}

const char *cbi_sql_token(struct cbi_sql *sql, const char *key,
                          const char *value)
{
	return cb_printf(sql->ctx, "%s=%s", key, value);
}

void cbi_sql_values(struct cbi_sql *sql, const char *key, const char *name)
{
	const char *column =
	    cbi_sql_is_uid(key) ? "e.uid::text" : cbi_sql_column(key);
	size_t length = 0;

	cbi_sql_add(sql, "lateral (select ");
	if (column) {
		cbi_sql_add(sql, column);
		cbi_sql_add(sql, " collate \"C\" as v");
	} else {
		/* substr counts letters, not bytes. */
		for (const char *p = key; *p; p++)
			length += ((unsigned char)*p & 0xc0) != 0x80;
		cb_buf_printf(sql->text,
		              "substr(t, %zu) collate \"C\" as v "
		              "from unnest(e.tokens) t where "
		              "starts_with(t, ",
		              length + 2);
		cbi_sql_param(sql, cbi_sql_token(sql, key, ""));
		cbi_sql_add(sql, ")");
	}
	cbi_sql_add(sql, ") ");
	cbi_sql_add(sql, name);
}

/* term as a LIKE pattern that finds it anywhere. */
static const char *like(struct cbi_sql *sql, const char *term)
{
	char *out = cb_alloc(sql->ctx, strlen(term) * 2 + 3);
	char *p = out;

	if (!out)
		return NULL;
	*p++ = '%';
	for (; *term; term++) {
		if (strchr("%_\\", *term))
			*p++ = '\\';
		*p++ = *term;
	}
	*p++ = '%';
	return out;
}

void cbi_sql_contains(struct cbi_sql *sql, const char *key, const char *term)
{
	const char *column = cbi_sql_column(key);

	if (strcmp(key, "metadata.title") == 0)
		column = "e.title"; /* trigrams make this one quick as well */
	if (cbi_sql_is_uid(key))
		column = "e.uid::text";
	if (column) {
		cbi_sql_add(sql, column);
		cbi_sql_add(sql, " like ");
		cbi_sql_param(sql, like(sql, term));
		return;
	}
	cbi_sql_add(sql, "(");
	cbi_sql_exists(sql, key);
	cbi_sql_add(sql, " and exists (select from ");
	cbi_sql_values(sql, key, "w");
	cbi_sql_add(sql, " where strpos(w.v, ");
	cbi_sql_param(sql, term);
	cbi_sql_add(sql, ") > 0))");
}

/* As many keys as the index is asked for.  Without it `&&` compares each key
 * with each token of a row: with many keys that is dearer than unpacking. */
#define KEYS_BY_INDEX 64

void cbi_sql_tokens_of(struct cbi_sql *sql, const char *const *keys, size_t n)
{
	if (n <= KEYS_BY_INDEX) {
		cbi_sql_add(sql, "e.tokens && ");
		cbi_sql_array(sql, keys, n);
		cbi_sql_add(sql, "::text[] and ");
	}
	cbi_sql_add(sql, "exists (select from unnest(e.tokens) t where "
	                 "split_part(t, '=', 1) = any(");
	cbi_sql_array(sql, keys, n);
	cbi_sql_add(sql, "::text[])");
}

/* Keys whose values are in the tokens, all at once. */
static void contains_tokens(struct cbi_sql *sql, const char *const *keys,
                            size_t n, const char *term)
{
	cbi_sql_add(sql, "(");
	cbi_sql_tokens_of(sql, keys, n);
	cbi_sql_add(sql, " and strpos(t, '=') > 0 and "
	                 "strpos(substr(t, strpos(t, '=') + 1), ");
	cbi_sql_param(sql, term);
	cbi_sql_add(sql, ") > 0))");
}

static bool is_before(const char *const *keys, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(keys[i], keys[at]) == 0)
			return true;
	return false;
}

void cbi_sql_contains_any(struct cbi_sql *sql, const char *const *keys,
                          size_t n, const char *term)
{
	const char **tokens = cb_alloc(sql->ctx, (n + 1) * sizeof(*tokens));
	const char *between = "";
	size_t count = 0;

	if (!tokens) {
		sql->failed = CB_ENOMEM;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		bool column = cbi_sql_column(keys[i]) ||
		              cbi_sql_is_uid(keys[i]) ||
		              strcmp(keys[i], "metadata.title") == 0;

		if (!column && n > 1 && !strchr(keys[i], '=')) {
			tokens[count++] = keys[i];
			continue;
		}
		if (is_before(keys, i))
			continue;
		cbi_sql_add(sql, between);
		cbi_sql_contains(sql, keys[i], term);
		between = " or ";
	}
	if (!count)
		return;
	cbi_sql_add(sql, between);
	contains_tokens(sql, tokens, count, term);
}
