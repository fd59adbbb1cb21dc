/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql_filter.c - a filter as a condition: see sql.h.
 *
 * Tokens are stored packed, and each operator unpacks them anew: a thousand
 * terms of a group would be a thousand times that for every row.  So what the
 * children of a group ask of the tokens is asked at once: (a or b) is "tokens
 * have one of {a, b}", (a and b) "tokens have all of {a, b}", and their
 * negations likewise.
 */
#include "catalog/sql_priv.h"

#include <string.h>

#include "catalog/sight.h"

static void add_tokens(struct cbi_sql *sql, const char *op,
                       const struct cbi_filter *leaf)
{
	const char **tokens =
	    cb_alloc(sql->ctx, (leaf->value_count + 1) * sizeof(*tokens));

	for (size_t i = 0; tokens && i < leaf->value_count; i++) {
		tokens[i] = cbi_sql_token(sql, leaf->key, leaf->values[i]);
		if (!tokens[i])
			tokens = NULL;
	}
	if (!tokens) {
		sql->failed = CB_ENOMEM;
		return;
	}
	cbi_sql_add(sql, "e.tokens ");
	cbi_sql_add(sql, op);
	cbi_sql_add(sql, " ");
	cbi_sql_array(sql, tokens, leaf->value_count);
	cbi_sql_add(sql, "::text[]");
}

static void add_in(struct cbi_sql *sql, const struct cbi_filter *leaf)
{
	const char *column = cbi_sql_is_uid(leaf->key)
	                         ? "e.uid::text"
	                         : cbi_sql_column(leaf->key);

	if (leaf->value_count == 0) {
		cbi_sql_add(sql, "false");
	} else if (!column) {
		add_tokens(sql, leaf->value_count == 1 ? "@>" : "&&", leaf);
	} else if (leaf->value_count == 1) {
		cbi_sql_add(sql, column);
		cbi_sql_add(sql, " = ");
		cbi_sql_param(sql, leaf->values[0]);
	} else {
		cbi_sql_add(sql, column);
		cbi_sql_add(sql, " = any(");
		cbi_sql_array(sql, leaf->values, leaf->value_count);
		cbi_sql_add(sql, "::text[])");
	}
}

void cbi_sql_exists(struct cbi_sql *sql, const char *key)
{
	if (cbi_sql_is_uid(key) || cbi_sql_column(key)) {
		cbi_sql_add(sql, "true");
		return;
	}
	cbi_sql_add(sql, "e.tokens @> ");
	cbi_sql_array(sql, &key, 1);
	cbi_sql_add(sql, "::text[]");
}

static void add_prefix(struct cbi_sql *sql, const struct cbi_filter *leaf)
{
	const char *column = cbi_sql_is_uid(leaf->key)
	                         ? "e.uid::text"
	                         : cbi_sql_column(leaf->key);

	if (column) {
		cbi_sql_add(sql, "starts_with(");
		cbi_sql_add(sql, column);
		cbi_sql_add(sql, ", ");
		cbi_sql_param(sql, leaf->values[0]);
		cbi_sql_add(sql, ")");
		return;
	}
	/* The key's own token leaves few rows to look into. */
	cbi_sql_exists(sql, leaf->key);
	cbi_sql_add(sql, " and exists (select from unnest(e.tokens) t where "
	                 "starts_with(t, ");
	cbi_sql_param(sql, cbi_sql_token(sql, leaf->key, leaf->values[0]));
	cbi_sql_add(sql, "))");
}

/* ---- Groups ----------------------------------------------------------------
 */

/* The children of a group that ask alike: all of them negated, or none. */
struct alike {
	struct cbi_sql *sql;
	const struct cbi_filter *group;
	bool negated;
	const char *between; /* " and " or " or ", from the second part on */
};

/* "One of these": (a or b), and not a and not b, which is not (a or b). */
static bool is_loose(const struct alike *a)
{
	return (a->group->op == CBI_FILTER_ANY) != a->negated;
}

/* The leaf of a child, when it asks the tokens with such an operator. */
static const struct cbi_filter *leaf_of(const struct alike *a,
                                        const struct cbi_filter *child,
                                        bool prefix)
{
	const struct cbi_filter *leaf = child;

	if ((child->op == CBI_FILTER_NOT) != a->negated)
		return NULL;
	if (a->negated)
		leaf = child->children[0];
	if (!leaf->key || cbi_sql_is_uid(leaf->key) ||
	    cbi_sql_column(leaf->key))
		return NULL;
	if (leaf->op == CBI_FILTER_PREFIX)
		return prefix && is_loose(a) && !strchr(leaf->key, '=') ? leaf
		                                                        : NULL;
	if (prefix)
		return NULL;
	if (leaf->op == CBI_FILTER_IN &&
	    (!leaf->value_count || (leaf->value_count > 1 && !is_loose(a))))
		return NULL;
	return leaf;
}

static bool is_merged(const struct cbi_filter *group,
                      const struct cbi_filter *child)
{
	struct alike a = { NULL, group, child->op == CBI_FILTER_NOT, NULL };

	return leaf_of(&a, child, false) || leaf_of(&a, child, true);
}

static size_t count_texts(const struct alike *a, bool prefix)
{
	size_t n = 0;

	for (size_t i = 0; i < a->group->child_count; i++) {
		const struct cbi_filter *leaf =
		    leaf_of(a, a->group->children[i], prefix);

		if (leaf)
			n += leaf->op == CBI_FILTER_IN ? leaf->value_count : 1;
	}
	return n;
}

/* Tokens of what is asked; keys: the keys alone. */
static const char **gather(const struct alike *a, bool prefix, bool keys,
                           size_t n)
{
	const char **texts = cb_alloc(a->sql->ctx, n * sizeof(*texts));
	size_t at = 0;

	for (size_t i = 0; texts && i < a->group->child_count; i++) {
		const struct cbi_filter *leaf =
		    leaf_of(a, a->group->children[i], prefix);
		size_t count = !leaf ? 0 : leaf->value_count;

		if (leaf && (keys || leaf->op == CBI_FILTER_EXISTS)) {
			texts[at++] = leaf->key;
			continue;
		}
		for (size_t k = 0; texts && k < count; k++) {
			texts[at] =
			    cbi_sql_token(a->sql, leaf->key, leaf->values[k]);
			if (!texts[at++])
				texts = NULL;
		}
	}
	if (!texts)
		a->sql->failed = CB_ENOMEM;
	return texts;
}

static void begin_part(struct alike *a, bool *begun)
{
	cbi_sql_add(a->sql, *begun ? a->between : "");
	cbi_sql_add(a->sql, a->negated ? "not (" : "(");
	*begun = true;
}

static void add_merged_tokens(struct alike *a, bool *begun)
{
	size_t n = count_texts(a, false);
	const char **texts = n ? gather(a, false, false, n) : NULL;

	if (!texts)
		return;
	begin_part(a, begun);
	cbi_sql_add(a->sql, is_loose(a) ? "e.tokens && " : "e.tokens @> ");
	cbi_sql_array(a->sql, texts, n);
	cbi_sql_add(a->sql, "::text[])");
}

static void add_merged_prefixes(struct alike *a, bool *begun)
{
	size_t n = count_texts(a, true);
	const char **texts = n ? gather(a, true, false, n) : NULL;
	const char **keys = texts ? gather(a, true, true, n) : NULL;

	if (!keys)
		return;
	begin_part(a, begun);
	cbi_sql_tokens_of(a->sql, keys, n);
	cbi_sql_add(a->sql, " and exists (select from unnest(");
	cbi_sql_array(a->sql, texts, n);
	cbi_sql_add(a->sql, "::text[]) p where starts_with(t, p))))");
}

static void add_filter(struct cbi_sql *sql, const struct cbi_filter *filter);

static void add_group(struct cbi_sql *sql, const struct cbi_filter *group)
{
	bool all = group->op == CBI_FILTER_ALL, begun = false;
	struct alike a = { sql, group, false, all ? " and " : " or " };

	if (group->child_count == 0)
		cbi_sql_add(sql, all ? "true" : "false");
	for (int i = 0; i < 2; i++) {
		a.negated = i == 1;
		add_merged_tokens(&a, &begun);
		add_merged_prefixes(&a, &begun);
	}
	for (size_t i = 0; i < group->child_count; i++) {
		if (is_merged(group, group->children[i]))
			continue;
		cbi_sql_add(sql, begun ? a.between : "");
		cbi_sql_add(sql, "(");
		add_filter(sql, group->children[i]);
		cbi_sql_add(sql, ")");
		begun = true;
	}
}

static void add_filter(struct cbi_sql *sql, const struct cbi_filter *filter)
{
	switch (filter->op) {
	case CBI_FILTER_IN:
		add_in(sql, filter);
		return;
	case CBI_FILTER_EXISTS:
		cbi_sql_exists(sql, filter->key);
		return;
	case CBI_FILTER_PREFIX:
		add_prefix(sql, filter);
		return;
	case CBI_FILTER_NOT:
		cbi_sql_add(sql, "not (");
		add_filter(sql, filter->children[0]);
		cbi_sql_add(sql, ")");
		return;
	default:
		add_group(sql, filter);
		return;
	}
}

void cbi_sql_where(struct cbi_sql *sql, const struct cbi_filter *filter)
{
	const struct cbi_filter *seen = NULL;

	if (!sql->ctx->scope.all) {
		int rc = cbi_sight_filter(sql->ctx, &seen);

		if (rc < 0) {
			sql->failed = rc;
			return;
		}
		/* In brackets of its own: nothing merges with what was asked.
		 */
		cbi_sql_add(sql, "(");
		add_filter(sql, seen);
		cbi_sql_add(sql, ")");
		if (filter)
			cbi_sql_add(sql, " and ");
	} else if (!filter) {
		cbi_sql_add(sql, "true");
	}
	if (!filter)
		return;
	cbi_sql_add(sql, "(");
	add_filter(sql, filter);
	cbi_sql_add(sql, ")");
}
