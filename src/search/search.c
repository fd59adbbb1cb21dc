/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.c - see search.h.
 *
 * A statement finds candidates first, a bounded number of them, and ranks
 * these: ranking all that a short beginning finds would cost 200 ms at 100,000
 * entities.  Names that begin with the term are candidates in any case.
 */
#include "search/search.h"

#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/str.h"
#include "db/db.h"

#define PARAMS_MAX 4096
#define SQL_MAX (1024 * 1024)
#define COUNTED_MAX 1000
/* Shorter terms have no trigrams worth comparing. */
#define SIMILAR_MIN 3
#define SIMILAR_MAX 10

struct statement {
	struct cb_ctx *ctx;
	struct cb_buf sql;
	const char *params[PARAMS_MAX];
	size_t n;
	cbi_search_scope *seen;
	const char *const *words;
	size_t word_count;
};

static void end_statement(void *arg)
{
	struct statement *s = arg;

	cbi_buf_finish(&s->sql);
}

static int begin_statement(struct cb_ctx *ctx, const char *term,
                           cbi_search_scope *seen, struct statement **out)
{
	struct statement *s;

	if (ctx->scope.as_of)
		return cb_fail(ctx, CB_ENOTSUP,
		               "the past is not searched by words");
	s = cb_alloc(ctx, sizeof(*s));
	if (!s)
		return CB_ENOMEM;
	s->ctx = ctx;
	s->seen = seen;
	cbi_buf_init(&s->sql, SQL_MAX);
	if (cb_defer(ctx, end_statement, s) != CB_OK)
		return CB_ENOMEM;
	*out = s;
	return cbi_search_words(ctx, term, &s->words, &s->word_count);
}

static void text(struct statement *s, const char *sql)
{
	cb_buf_text(&s->sql, sql);
}

static void param(struct statement *s, const char *value)
{
	if (s->n == PARAMS_MAX || !value) {
		s->sql.failed = CB_ETOOBIG;
		return;
	}
	s->params[s->n++] = value;
	cb_buf_printf(&s->sql, "$%zu", s->n);
}

static void number(struct statement *s, size_t value)
{
	param(s, cbi_db_number(s->ctx, (int64_t)value));
	text(s, "::bigint");
}

static int ask(struct statement *s, struct cbi_db_result **out)
{
	if (s->sql.failed)
		return cb_fail(s->ctx, CB_ETOOBIG,
		               "the search has too many filters");
	return cbi_db_query_text(s->ctx, cbi_buf_string(&s->sql), s->params,
	                         s->n, out);
}

/* --- words --- */

static bool in_word(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

int cbi_search_words(struct cb_ctx *ctx, const char *term,
                     const char *const **out, size_t *n)
{
	const char **words =
	    cb_alloc(ctx, CBI_SEARCH_WORDS_MAX * sizeof(*words));
	size_t count = 0;

	if (!words)
		return CB_ENOMEM;
	while (*term && count < CBI_SEARCH_WORDS_MAX) {
		size_t len = 0;
		char *word;

		while (in_word((unsigned char)term[len]))
			len++;
		if (len == 0) {
			term++;
			continue;
		}
		word = cb_strndup(ctx, term, len);
		if (!word)
			return CB_ENOMEM;
		cbi_str_lower(word);
		words[count++] = word;
		term += len;
	}
	*out = words;
	*n = count;
	return CB_OK;
}

/* Each word as its beginning, or its English stem as a whole. */
static void query(struct statement *s)
{
	for (size_t i = 0; i < s->word_count; i++) {
		text(s, i ? " && (to_tsquery('simple', "
		          : "((to_tsquery('simple', ");
		param(s, cb_printf(s->ctx, "'%s':*", s->words[i]));
		text(s, ") || to_tsquery('english', ");
		param(s, cb_printf(s->ctx, "'%s'", s->words[i]));
		text(s, "))");
	}
	text(s, ")");
}

/* --- conditions --- */

static void scope(struct statement *s)
{
	struct cbi_search_seen seen;
	int rc;

	if (s->ctx->scope.all || !s->seen) {
		text(s, s->ctx->scope.all ? "true" : "false");
		return;
	}
	rc = s->seen(s->ctx, s->n, &seen);
	if (rc == CB_OK && seen.n > PARAMS_MAX - s->n)
		rc = CB_ETOOBIG;
	if (rc < 0) {
		s->sql.failed = rc;
		return;
	}
	memcpy(s->params + s->n, seen.params, seen.n * sizeof(*s->params));
	s->n += seen.n;
	text(s, "(");
	text(s, seen.text);
	text(s, ")");
}

/* The search key whose row says what a document's field does. */
static const char *key_of(const char *field)
{
	static const struct {
		const char *field, *key;
	} known[] = {
		{ "kind", "kind" },
		{ "namespace", "metadata.namespace" },
		{ "type", "spec.type" },
		{ "componentType", "spec.type" },
		{ "lifecycle", "spec.lifecycle" },
		{ "owner", "spec.owner" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(field, known[i].field) == 0)
			return known[i].key;
	return NULL;
}

/* The token finds it, the value beside it tells upper from lower case. */
static void one_value(struct statement *s, const char *key, const char *value)
{
	char *token = cb_printf(s->ctx, "%s=%s", key, value);
	const char *lower;

	if (token)
		cbi_str_lower(token + strlen(key));
	lower = token ? token + strlen(key) + 1 : NULL;
	text(s, "(e.tokens @> array[");
	param(s, token);
	text(s, "]::text[] and exists (select from unnest(e.tokens, "
	        "e.originals) u(t, o) where u.t = ");
	param(s, token);
	text(s, " and coalesce(u.o, ");
	param(s, lower);
	text(s, ") = ");
	param(s, value);
	text(s, "))");
	if (strcmp(key, "spec.type") == 0 && strcmp(value, "other") == 0)
		text(s, " or e.type is null");
}

static void conditions(struct statement *s, const struct cbi_search *search)
{
	scope(s);
	for (size_t i = 0; i < search->filter_count; i++) {
		const struct cbi_search_filter *f = &search->filters[i];
		const char *key = key_of(f->field);

		text(s, " and (false");
		for (size_t j = 0; key && j < f->n; j++) {
			text(s, " or ");
			one_value(s, key, f->values[j]);
		}
		text(s, ")");
	}
}

/* --- the statements --- */

static const char *lowered(struct cb_ctx *ctx, const char *term)
{
	char *copy;
	size_t len;

	term += strspn(term, " \t\r\n");
	len = strlen(term);
	while (len && strchr(" \t\r\n", term[len - 1]))
		len--;
	copy = cb_strndup(ctx, term, len);
	if (copy)
		cbi_str_lower(copy);
	return copy;
}

static void candidates(struct statement *s, const struct cbi_search *search,
                       const char *name)
{
	text(s, "with q as (select ");
	query(s);
	text(s, " as q), c as materialized ((select e.id from callboard.entity"
	        " e where e.name >= ");
	param(s, name);
	text(s, " and e.name < ");
	param(s, cb_printf(s->ctx, "%s\xf4\x8f\xbf\xbf", name));
	text(s, " and ");
	conditions(s, search);
	cb_buf_printf(&s->sql, " limit %d) union (select e.id from ",
	              CBI_SEARCH_RANKED_MAX / 4);
	text(s, "callboard.entity e where e.search @@ (select q from q) and ");
	conditions(s, search);
	cb_buf_printf(&s->sql, " limit %d)) ", CBI_SEARCH_RANKED_MAX);
}

static void ranked(struct statement *s, const struct cbi_search *search)
{
	const char *name = lowered(s->ctx, search->term);

	candidates(s, search, name);
	text(s,
	     "select e.body, (select count(*) from c) from c join "
	     "callboard.entity e on e.id = c.id order by case when e.name = ");
	param(s, name);
	text(s, " or e.title = ");
	param(s, name);
	text(s, " then 2 when starts_with(e.name, ");
	param(s, name);
	text(s, ") or starts_with(e.title, ");
	param(s, name);
	text(s, ") then 1 else 0 end + ts_rank_cd(e.search, (select q from q), "
	        "1) desc, e.ref limit ");
	number(s, search->limit + 1);
	text(s, " offset ");
	number(s, search->offset);
}

static void everything(struct statement *s, const struct cbi_search *search)
{
	text(s, "select e.body, (select count(*) from (select from "
	        "callboard.entity e where ");
	conditions(s, search);
	cb_buf_printf(&s->sql, " limit %d) n) from callboard.entity e where ",
	              COUNTED_MAX);
	conditions(s, search);
	text(s, " order by e.name, e.uid limit ");
	number(s, search->limit + 1);
	text(s, " offset ");
	number(s, search->offset);
}

static void alike(struct statement *s, const struct cbi_search *search)
{
	const char *name = lowered(s->ctx, search->term);

	text(s, "select e.body, 0 from callboard.entity e where (e.name % ");
	param(s, name);
	text(s, " or e.title % ");
	param(s, name);
	text(s, ") and ");
	conditions(s, search);
	text(s, " order by greatest(similarity(e.name, ");
	param(s, name);
	text(s, "), similarity(e.title, ");
	param(s, name);
	cb_buf_printf(&s->sql, ")) desc, e.ref limit %d", SIMILAR_MAX);
}

static int take(struct cb_ctx *ctx, const struct cbi_db_result *result,
                size_t limit, struct cbi_search_found *out)
{
	size_t n = cbi_db_rows(result);
	struct cbi_search_hit *hits;

	out->more = n > limit;
	if (out->more)
		n = limit;
	hits = cb_alloc(ctx, (n + 1) * sizeof(*hits));
	if (!hits)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		hits[i].body = cbi_db_text(result, i, 0);
		hits[i].len = cbi_db_len(result, i, 0);
	}
	out->hits = hits;
	out->count = n;
	return CB_OK;
}

static int find_alike(struct cb_ctx *ctx, const struct cbi_search *search,
                      struct cbi_search_found *out)
{
	struct cbi_db_result *result;
	struct statement *s;
	int rc = begin_statement(ctx, search->term, search->seen, &s);

	if (rc < 0)
		return rc;
	alike(s, search);
	rc = ask(s, &result);
	if (rc == CB_OK)
		rc = take(ctx, result, SIMILAR_MAX, out);
	out->similar = rc == CB_OK && out->count > 0;
	if (rc == CB_OK)
		out->total = (int64_t)out->count;
	return rc;
}

int cbi_search_run(struct cb_ctx *ctx, const struct cbi_search *search,
                   struct cbi_search_found *out)
{
	bool all = search->term[strspn(search->term, " \t\r\n")] == '\0';
	struct cbi_search_found found = { 0 };
	struct cbi_db_result *result;
	struct statement *s;
	int64_t most = all ? COUNTED_MAX : CBI_SEARCH_RANKED_MAX;
	int rc = begin_statement(ctx, search->term, search->seen, &s);

	if (rc < 0)
		return rc;
	if (!all && s->word_count == 0) {
		*out = found;
		return CB_OK;
	}
	if (all)
		everything(s, search);
	else
		ranked(s, search);
	rc = ask(s, &result);
	if (rc == CB_OK)
		rc = take(ctx, result, search->limit, &found);
	if (rc < 0)
		return rc;
	if (cbi_db_rows(result))
		found.total = cbi_db_int(result, 0, 1);
	if (found.total >= most)
		found.total = -1;
	if (!all && !found.count && !search->offset && search->limit &&
	    strlen(search->term) >= SIMILAR_MIN)
		rc = find_alike(ctx, search, &found);
	if (rc == CB_OK)
		*out = found;
	return rc;
}

int cbi_search_kinds(struct cb_ctx *ctx, const char *term,
                     cbi_search_scope *seen, const struct cbi_search_kind **out,
                     size_t *n)
{
	struct cbi_db_result *result;
	struct cbi_search_kind *kinds;
	struct statement *s;
	int rc = begin_statement(ctx, term, seen, &s);

	*n = 0;
	if (rc < 0 || !s->word_count)
		return rc;
	text(s, "select k.kind, count(*) from (select e.kind from "
	        "callboard.entity e where e.search @@ ");
	query(s);
	text(s, " and ");
	scope(s);
	cb_buf_printf(&s->sql, " limit %d) k group by 1 order by 2 desc, 1",
	              COUNTED_MAX);
	rc = ask(s, &result);
	if (rc < 0)
		return rc;
	kinds = cb_alloc(ctx, (cbi_db_rows(result) + 1) * sizeof(*kinds));
	if (!kinds)
		return CB_ENOMEM;
	*n = cbi_db_rows(result);
	for (size_t i = 0; i < *n; i++) {
		kinds[i].kind = cbi_db_text(result, i, 0);
		kinds[i].count = cbi_db_int(result, i, 1);
	}
	*out = kinds;
	return CB_OK;
}
