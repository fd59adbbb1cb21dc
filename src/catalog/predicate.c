/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predicate.c - the predicate language of bodies: see filter.h.
 */
#include <string.h>

#include <callboard/json.h>

#include "base/buf.h"
#include "base/limits.h"
#include "catalog/filter_priv.h"
#include "catalog/fold.h"

struct reader {
	struct cb_ctx *ctx;
	size_t most;   /* leaves and values there may be */
	size_t budget; /* and that may still come */
	int depth;
};

static int read_predicate(struct reader *r, const json_t *value,
                          const struct cbi_filter **out);

static int spend(struct reader *r, size_t n)
{
	if (n > r->budget)
		return cb_fail(r->ctx, CB_EINVAL,
		               "query has more than %zu terms", r->most);
	r->budget -= n;
	return CB_OK;
}

/* A number as a search row has it, which is as JSON has it. */
static const char *number_text(struct cb_ctx *ctx, const json_t *value)
{
	struct cb_buf buf;
	const char *text = NULL;

	cbi_buf_init(&buf, 64);
	if (cb_json_write(&buf, value) == CB_OK)
		text = cb_strdup(ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return text;
}

/* The text a search row has for a string, number or boolean; NULL with a
 * failure noted for anything else. */
static const char *primitive_text(struct reader *r, const char *key,
                                  const json_t *value)
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_boolean(value))
		return json_is_true(value) ? "true" : "false";
	if (json_is_number(value))
		return number_text(r->ctx, value);
	cb_fail(r->ctx, CB_EINVAL,
	        "query: '%s' must be compared with a string, number or "
	        "boolean",
	        key);
	return NULL;
}

static int leaf(struct reader *r, enum cbi_filter_op op, const char *key,
                const char *const *values, size_t n,
                const struct cbi_filter **out)
{
	int rc = spend(r, n ? n : 1);

	if (rc < 0)
		return rc;
	*out = cbi_filter_leaf(r->ctx, op, key, values, n);
	return *out ? CB_OK : CB_ENOMEM;
}

static int equals(struct reader *r, const char *key, const json_t *value,
                  const struct cbi_filter **out)
{
	const char *text = primitive_text(r, key, value);

	if (!text)
		return cb_failure_code(r->ctx);
	return leaf(r, CBI_FILTER_IN, key, &text, 1, out);
}

static int read_in(struct reader *r, const char *key, const json_t *list,
                   const struct cbi_filter **out)
{
	size_t n = json_array_size(list);
	const char **values;

	if (!json_is_array(list))
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: '$in' of '%s' must be an array", key);
	if (n > r->budget)
		return spend(r, n);
	values = cb_alloc(r->ctx, (n + 1) * sizeof(*values));
	if (!values)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		values[i] = primitive_text(r, key, json_array_get(list, i));
		if (!values[i])
			return cb_failure_code(r->ctx);
	}
	return leaf(r, CBI_FILTER_IN, key, values, n, out);
}

static int negate(struct reader *r, const struct cbi_filter *filter,
                  const struct cbi_filter **out)
{
	const struct cbi_filter **child =
	    cb_alloc(r->ctx, sizeof(const struct cbi_filter *));

	if (!child)
		return CB_ENOMEM;
	child[0] = filter;
	*out = cbi_filter_group(r->ctx, CBI_FILTER_NOT, child, 1);
	return *out ? CB_OK : CB_ENOMEM;
}

static int read_exists(struct reader *r, const char *key, const json_t *value,
                       const struct cbi_filter **out)
{
	int rc;

	if (!json_is_boolean(value))
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: '$exists' of '%s' must be true or "
		               "false",
		               key);
	rc = leaf(r, CBI_FILTER_EXISTS, key, NULL, 0, out);
	if (rc < 0 || json_is_true(value))
		return rc;
	return negate(r, *out, out);
}

static int relation_target(struct reader *r, const char *key,
                           const json_t *target, const struct cbi_filter **out)
{
	const json_t *list;

	if (!target)
		return leaf(r, CBI_FILTER_EXISTS, key, NULL, 0, out);
	if (json_is_string(target))
		return equals(r, key, target, out);
	list = json_object_get(target, "$in");
	if (!list || json_object_size(target) != 1 ||
	    json_array_size(list) == 0)
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: 'targetRef' must be a string or "
		               "{\"$in\": [...]} with at least one ref");
	return read_in(r, key, list, out);
}

/* {"relations": {"$contains": {type, targetRef?}}} asks for the rows of key
 * relations.<type>. */
static int read_relation(struct reader *r, const json_t *value,
                         const struct cbi_filter **out)
{
	const json_t *type = json_object_get(value, "type");
	const json_t *target = json_object_get(value, "targetRef");
	const char *key;

	if (!json_is_string(type))
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: '$contains' of 'relations' needs a "
		               "'type'");
	if (json_object_size(value) != (target ? 2u : 1u))
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: '$contains' of 'relations' knows only "
		               "'type' and 'targetRef'");
	key = cb_printf(r->ctx, "relations.%s", json_string_value(type));
	if (!key)
		return CB_ENOMEM;
	return relation_target(r, key, target, out);
}

static int read_contains(struct reader *r, const char *key, const json_t *value,
                         const struct cbi_filter **out)
{
	const char *folded = cbi_catalog_fold(r->ctx, key);

	if (!folded)
		return CB_ENOMEM;
	if (!json_is_object(value))
		return equals(r, key, value, out);
	if (strcmp(folded, "relations") == 0)
		return read_relation(r, value, out);
	return cb_fail(r->ctx, CB_EINVAL,
	               "query: '$contains' of '%s' must be a string, number "
	               "or boolean; objects are for 'relations' alone",
	               key);
}

static int read_value(struct reader *r, const char *key, const json_t *value,
                      const struct cbi_filter **out)
{
	const char *op, *text;
	const json_t *arg;

	if (!json_is_object(value))
		return equals(r, key, value, out);
	op = json_object_iter_key(json_object_iter((json_t *)value));
	if (!op || json_object_size(value) != 1)
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: '%s' needs exactly one of $exists, $in, "
		               "$hasPrefix, $contains",
		               key);
	arg = json_object_get(value, op);
	if (strcmp(op, "$exists") == 0)
		return read_exists(r, key, arg, out);
	if (strcmp(op, "$in") == 0)
		return read_in(r, key, arg, out);
	if (strcmp(op, "$contains") == 0)
		return read_contains(r, key, arg, out);
	if (strcmp(op, "$hasPrefix") != 0)
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: unknown operator '%.80s' of '%s'", op,
		               key);
	text = json_string_value(arg);
	if (!text)
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: '$hasPrefix' of '%s' must be a string",
		               key);
	return leaf(r, CBI_FILTER_PREFIX, key, &text, 1, out);
}

static int read_list(struct reader *r, const char *name, const json_t *list,
                     enum cbi_filter_op op, const struct cbi_filter **out)
{
	size_t n = json_array_size(list);
	const struct cbi_filter **children;
	int rc;

	if (!json_is_array(list))
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: '%s' must be an array of predicates",
		               name);
	rc = spend(r, n);
	if (rc < 0)
		return rc;
	children =
	    cb_alloc(r->ctx, (n + 1) * sizeof(const struct cbi_filter *));
	if (!children)
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		rc = read_predicate(r, json_array_get(list, i), &children[i]);
		if (rc < 0)
			return rc;
	}
	*out = cbi_filter_group(r->ctx, op, children, n);
	return *out ? CB_OK : CB_ENOMEM;
}

/* {"$all": [...]} and its like stand alone in their object. */
static int read_operator(struct reader *r, const char *op, const json_t *value,
                         const struct cbi_filter **out)
{
	const json_t *arg = json_object_get(value, op);
	const struct cbi_filter *child;
	int rc;

	if (json_object_size(value) != 1)
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: '%.80s' must be the only key of its "
		               "object",
		               op);
	if (strcmp(op, "$all") == 0)
		return read_list(r, op, arg, CBI_FILTER_ALL, out);
	if (strcmp(op, "$any") == 0)
		return read_list(r, op, arg, CBI_FILTER_ANY, out);
	if (strcmp(op, "$not") != 0)
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: unknown operator '%.80s'; expected "
		               "$all, $any or $not",
		               op);
	rc = read_predicate(r, arg, &child);
	return rc < 0 ? rc : negate(r, child, out);
}

static int read_expression(struct reader *r, const json_t *value,
                           const struct cbi_filter **out)
{
	size_t n = json_object_size(value), i = 0;
	const struct cbi_filter **children;
	const char *key;
	json_t *arg;
	int rc;

	children =
	    cb_alloc(r->ctx, (n + 1) * sizeof(const struct cbi_filter *));
	if (!children)
		return CB_ENOMEM;
	json_object_foreach((json_t *)value, key, arg)
	{
		if (key[0] == '$')
			return read_operator(r, key, value, out);
		if (!*key)
			return cb_fail(r->ctx, CB_EINVAL,
			               "query: a key is empty");
		rc = read_value(r, key, arg, &children[i++]);
		if (rc < 0)
			return rc;
	}
	*out = cbi_filter_group(r->ctx, CBI_FILTER_ALL, children, n);
	return *out ? CB_OK : CB_ENOMEM;
}

static int read_predicate(struct reader *r, const json_t *value,
                          const struct cbi_filter **out)
{
	int rc;

	if (!json_is_object(value))
		return cb_fail(r->ctx, CB_EINVAL,
		               "query: a predicate must be an object");
	if (r->depth >= CB_JSON_DEPTH_MAX)
		return cb_fail(r->ctx, CB_EINVAL,
		               "query is nested deeper than %d",
		               CB_JSON_DEPTH_MAX);
	r->depth++;
	rc = read_expression(r, value, out);
	r->depth--;
	return rc;
}

int cbi_filter_predicate(struct cb_ctx *ctx, const json_t *query,
                         const struct cbi_filter **out)
{
	struct reader r = { .ctx = ctx,
		            .most = CB_FILTER_TERMS_MAX,
		            .budget = CB_FILTER_TERMS_MAX };

	return read_predicate(&r, query, out);
}

int cbi_filter_scope(struct cb_ctx *ctx, const char *where,
                     const struct cbi_filter **out)
{
	struct reader r = { .ctx = ctx,
		            .most = CBI_FILTER_SCOPE_TERMS_MAX,
		            .budget = CBI_FILTER_SCOPE_TERMS_MAX };
	json_t *query;
	int rc = cb_json_parse(ctx, where, strlen(where), &query);

	return rc < 0 ? rc : read_predicate(&r, query, out);
}
