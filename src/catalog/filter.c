/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.c - the query string's grammar, and what trees are used for; the
 * predicates of bodies are in predicate.c.
 */
#include "catalog/filter.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/filter_priv.h"
#include "catalog/fold.h"

static struct cbi_filter *new_filter(struct cb_ctx *ctx, enum cbi_filter_op op)
{
	struct cbi_filter *filter = cb_alloc(ctx, sizeof(*filter));

	if (filter)
		filter->op = op;
	return filter;
}

const struct cbi_filter *cbi_filter_leaf(struct cb_ctx *ctx,
                                         enum cbi_filter_op op, const char *key,
                                         const char *const *values, size_t n)
{
	struct cbi_filter *filter = new_filter(ctx, op);
	const char **folded;

	if (!filter)
		return NULL;
	filter->key = cbi_catalog_fold(ctx, key);
	folded = cb_alloc(ctx, (n + 1) * sizeof(*folded));
	if (!filter->key || !folded)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		folded[i] = cbi_catalog_fold(ctx, values[i]);
		if (!folded[i])
			return NULL;
	}
	filter->values = folded;
	filter->value_count = n;
	return filter;
}

const struct cbi_filter *cbi_filter_group(struct cb_ctx *ctx,
                                          enum cbi_filter_op op,
                                          const struct cbi_filter **children,
                                          size_t n)
{
	struct cbi_filter *filter;

	if (n == 1 && op != CBI_FILTER_NOT)
		return children[0];
	filter = new_filter(ctx, op);
	if (!filter)
		return NULL;
	filter->children = children;
	filter->child_count = n;
	return filter;
}

int cbi_filter_and(struct cb_ctx *ctx, const struct cbi_filter *a,
                   const struct cbi_filter *b, const struct cbi_filter **out)
{
	const struct cbi_filter **both;
	const struct cbi_filter *group;

	if (!a || !b) {
		*out = a ? a : b;
		return CB_OK;
	}
	both = cb_alloc(ctx, 2 * sizeof(*both));
	if (!both)
		return CB_ENOMEM;
	both[0] = a;
	both[1] = b;
	group = cbi_filter_group(ctx, CBI_FILTER_ALL, both, 2);
	if (!group)
		return CB_ENOMEM;
	*out = group;
	return CB_OK;
}

/* One "key" or "key=value" of a parameter; value NULL for a bare key. */
struct term {
	const char *key;
	const char *value;
};

static char *trimmed(struct cb_ctx *ctx, const char *from, const char *to)
{
	while (from < to && strchr(" \t\r\n", *from))
		from++;
	while (to > from && strchr(" \t\r\n", to[-1]))
		to--;
	return cb_strndup(ctx, from, (size_t)(to - from));
}

static int read_term(struct cb_ctx *ctx, const char *from, const char *to,
                     struct term *term)
{
	const char *equals = memchr(from, '=', (size_t)(to - from));

	term->key = trimmed(ctx, from, equals ? equals : to);
	term->value = equals ? trimmed(ctx, equals + 1, to) : NULL;
	if (!term->key || (equals && !term->value))
		return CB_ENOMEM;
	if (!*term->key)
		return cb_fail(ctx, CB_EINVAL,
		               "filter statement '%.*s' has no key; expected "
		               "'key' or 'key=value'",
		               (int)(to - from > 80 ? 80 : to - from), from);
	return CB_OK;
}

static bool blank(const char *from, const char *to)
{
	while (from < to && strchr(" \t\r\n", *from))
		from++;
	return from == to;
}

static size_t count_commas(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == ',';
	return n;
}

static int split(struct cb_ctx *ctx, const char *param, struct term **terms,
                 size_t *count)
{
	struct term *list =
	    cb_alloc(ctx, (count_commas(param) + 1) * sizeof(*list));
	size_t n = 0;
	int rc;

	if (!list)
		return CB_ENOMEM;
	for (const char *p = param;; p++) {
		const char *end = p + strcspn(p, ",");

		if (!blank(p, end)) {
			rc = read_term(ctx, p, end, &list[n]);
			if (rc < 0)
				return rc;
			n++;
		}
		p = end;
		if (!*p)
			break;
	}
	*terms = list;
	*count = n;
	return CB_OK;
}

/* All terms of one key, spelled alike, become one leaf; a bare key beside
 * values is absorbed by them. */
static const struct cbi_filter *merge(struct cb_ctx *ctx, struct term *terms,
                                      size_t n, size_t first)
{
	const char *key = terms[first].key;
	const char **values = cb_alloc(ctx, n * sizeof(*values));
	size_t count = 0;

	if (!values)
		return NULL;
	/* No entity has such a key, and predicates, which cursors carry,
	 * cannot say it: nothing matches. */
	if (key[0] == '$') {
		terms[first].key = NULL;
		return cbi_filter_group(ctx, CBI_FILTER_ANY, NULL, 0);
	}
	for (size_t i = first; i < n; i++) {
		if (!terms[i].key || strcmp(terms[i].key, key) != 0)
			continue;
		if (terms[i].value)
			values[count++] = terms[i].value;
		terms[i].key = NULL; /* taken */
	}
	return cbi_filter_leaf(ctx, count ? CBI_FILTER_IN : CBI_FILTER_EXISTS,
	                       key, values, count);
}

static int parse_param(struct cb_ctx *ctx, const char *param, size_t *budget,
                       const struct cbi_filter **out)
{
	const struct cbi_filter **children;
	struct term *terms;
	size_t n, count = 0;
	int rc;

	rc = split(ctx, param, &terms, &n);
	if (rc < 0)
		return rc;
	if (n > *budget)
		return cb_fail(ctx, CB_EINVAL,
		               "filter has more than %d statements",
		               CB_FILTER_TERMS_MAX);
	*budget -= n;
	if (n == 0) {
		*out = NULL;
		return CB_OK;
	}
	children = cb_alloc(ctx, n * sizeof(const struct cbi_filter *));
	if (!children)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!terms[i].key)
			continue;
		children[count] = merge(ctx, terms, n, i);
		if (!children[count++])
			return CB_ENOMEM;
	}
	*out = cbi_filter_group(ctx, CBI_FILTER_ALL, children, count);
	return *out ? CB_OK : CB_ENOMEM;
}

int cbi_filter_parse(struct cb_ctx *ctx, const char *const *params, size_t n,
                     const struct cbi_filter **out)
{
	const struct cbi_filter **any, *one = NULL;
	size_t count = 0, budget = CB_FILTER_TERMS_MAX;
	int rc;

	any = cb_alloc(ctx, (n + 1) * sizeof(const struct cbi_filter *));
	if (!any)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		rc = parse_param(ctx, params[i], &budget, &one);
		if (rc < 0)
			return rc;
		if (one)
			any[count++] = one;
	}
	if (count == 0) {
		*out = NULL;
		return CB_OK;
	}
	one = cbi_filter_group(ctx, CBI_FILTER_ANY, any, count);
	if (!one)
		return CB_ENOMEM;
	*out = one;
	return CB_OK;
}

bool cbi_filter_only(const struct cbi_filter *filter,
                     bool (*ask)(const char *key))
{
	if (filter->key)
		return ask(filter->key);
	for (size_t i = 0; i < filter->child_count; i++)
		if (!cbi_filter_only(filter->children[i], ask))
			return false;
	return true;
}

bool cbi_filter_match(const struct cbi_filter *filter,
                      bool (*look)(const void *rows,
                                   const struct cbi_filter *leaf),
                      const void *rows)
{
	size_t n = filter->child_count;

	switch (filter->op) {
	case CBI_FILTER_ALL:
		for (size_t i = 0; i < n; i++)
			if (!cbi_filter_match(filter->children[i], look, rows))
				return false;
		return true;
	case CBI_FILTER_ANY:
		for (size_t i = 0; i < n; i++)
			if (cbi_filter_match(filter->children[i], look, rows))
				return true;
		return false;
	case CBI_FILTER_NOT:
		return !cbi_filter_match(filter->children[0], look, rows);
	default:
		return look(rows, filter);
	}
}

static void write_text(struct cb_buf *buf, const char *text)
{
	cbi_str_json(buf, text, strlen(text));
}

static void write_leaf(struct cb_buf *buf, const struct cbi_filter *leaf)
{
	cb_buf_text(buf, "{");
	write_text(buf, leaf->key);
	if (leaf->op == CBI_FILTER_EXISTS) {
		cb_buf_text(buf, ":{\"$exists\":true}}");
	} else if (leaf->op == CBI_FILTER_PREFIX) {
		cb_buf_text(buf, ":{\"$hasPrefix\":");
		write_text(buf, leaf->values[0]);
		cb_buf_text(buf, "}}");
	} else {
		cb_buf_text(buf, ":{\"$in\":[");
		for (size_t i = 0; i < leaf->value_count; i++) {
			if (i)
				cb_buf_text(buf, ",");
			write_text(buf, leaf->values[i]);
		}
		cb_buf_text(buf, "]}}");
	}
}

int cbi_filter_write(struct cb_buf *buf, const struct cbi_filter *filter)
{
	if (filter->key) {
		write_leaf(buf, filter);
	} else if (filter->op == CBI_FILTER_NOT) {
		cb_buf_text(buf, "{\"$not\":");
		cbi_filter_write(buf, filter->children[0]);
		cb_buf_text(buf, "}");
	} else {
		cb_buf_text(buf, filter->op == CBI_FILTER_ALL ? "{\"$all\":["
		                                              : "{\"$any\":[");
		for (size_t i = 0; i < filter->child_count; i++) {
			if (i)
				cb_buf_text(buf, ",");
			cbi_filter_write(buf, filter->children[i]);
		}
		cb_buf_text(buf, "]}");
	}
	return buf->failed;
}
