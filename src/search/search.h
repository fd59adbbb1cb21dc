/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - entities by the words that are in them.
 *
 * Every word must be there, as a word or its beginning, in the title, the
 * description or the rest; the best come first.  Reads PostgreSQL alone.  With
 * scope.as_of set: CB_ENOTSUP.
 */
#ifndef CB_SEARCH_SEARCH_H
#define CB_SEARCH_SEARCH_H

#include <callboard/ctx.h>

/* Words of a term that count, and entities that are ranked: of more, these are
 * those whose names begin so, and then any. */
#define CBI_SEARCH_WORDS_MAX 8
#define CBI_SEARCH_RANKED_MAX 400

/* A field of the contract's document ("kind", "type", "owner" ...) is one of
 * the values, letter by letter; a field that no document has finds nothing. */
struct cbi_search_filter {
	const char *field;
	const char *const *values;
	size_t n;
};

/* What the context's scope sees, as a condition on callboard.entity e whose
 * parameters follow the `before` ones; the catalog has it
 * (cbi_query_scope).  NULL: who does not see everything sees nothing. */
struct cbi_search_seen {
	const char *text;
	const char *const *params;
	size_t n;
};
typedef int cbi_search_scope(struct cb_ctx *ctx, size_t before,
                             struct cbi_search_seen *out);

struct cbi_search {
	const char *term; /* "": everything, by name */
	cbi_search_scope *seen;
	const struct cbi_search_filter *filters;
	size_t filter_count;
	size_t limit, offset;
};

struct cbi_search_hit {
	const char *body; /* as the catalog serves it; lives with ctx */
	size_t len;
};

struct cbi_search_found {
	const struct cbi_search_hit *hits;
	size_t count;
	bool more;     /* there is a next page */
	int64_t total; /* -1: more than are counted */
	/* No entity has the words; these have names that are much like them. */
	bool similar;
};

/* The words of a term in lower case (ASCII), at most CBI_SEARCH_WORDS_MAX. */
int cbi_search_words(struct cb_ctx *ctx, const char *term,
                     const char *const **out, size_t *n) CB_USED;

int cbi_search_run(struct cb_ctx *ctx, const struct cbi_search *search,
                   struct cbi_search_found *out) CB_USED;

/* How many entities of each kind a term finds, the most first; counts end at
 * a thousand for all together.  Filters and paging do not count. */
struct cbi_search_kind {
	const char *kind; /* lower case */
	int64_t count;
};
int cbi_search_kinds(struct cb_ctx *ctx, const char *term,
                     cbi_search_scope *seen, const struct cbi_search_kind **out,
                     size_t *n) CB_USED;

#endif
