/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_deep.c - keywords that lead to other schemas.
 *
 * What does not fit within allOf, properties and items is told at its own
 * place.  Of anyOf and oneOf the way that led deepest is told, if one led
 * further than to the value itself; of not and contains only that it is so.
 */
#include "json/schema_priv.h"

#include <stdio.h>
#include <string.h>

CBI_SCHEMA_RULE(ref)
{
	(void)schema;
	return cbi_schema_visit(
	    v, cbi_schema_at(v->schema->root, json_string_value(rule)), value);
}

/* --- lists --- */

static int items_from(struct cbi_schema_visit *v, const json_t *one,
                      const json_t *list, size_t i)
{
	int rc = CB_OK;

	for (; rc == CB_OK && i < json_array_size(list); i++)
		rc = cbi_schema_below(v, one, json_array_get(list, i), NULL, i);
	return rc;
}

CBI_SCHEMA_RULE(items)
{
	int rc = CB_OK;

	(void)schema;
	if (!json_is_array(rule))
		return items_from(v, rule, value, 0);
	for (size_t i = 0; rc == CB_OK && i < json_array_size(rule) &&
	                   i < json_array_size(value);
	     i++)
		rc = cbi_schema_below(v, json_array_get(rule, i),
		                      json_array_get(value, i), NULL, i);
	return rc;
}

CBI_SCHEMA_RULE(more_items)
{
	const json_t *items = json_object_get(schema, "items");

	return json_is_array(items)
	           ? items_from(v, rule, value, json_array_size(items))
	           : CB_OK;
}

CBI_SCHEMA_RULE(contains)
{
	(void)schema;
	if (!json_is_array(value))
		return CB_OK;
	for (size_t i = 0; i < json_array_size(value); i++) {
		int rc = cbi_schema_try(v, rule, json_array_get(value, i));

		if (rc != CB_EINVAL)
			return rc;
	}
	return cbi_schema_unfit(v, "contains",
	                        "none of its %zu items is as one must be",
	                        json_array_size(value));
}

/* --- maps --- */

CBI_SCHEMA_RULE(fields)
{
	const char *key;
	json_t *one;

	(void)schema;
	if (!json_is_object(value))
		return CB_OK;
	json_object_foreach((json_t *)(uintptr_t)rule, key, one)
	{
		const json_t *member = json_object_get(value, key);
		int rc = member ? cbi_schema_below(v, one, member, key, 0)
		                : cbi_schema_spend(v, 1);

		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

CBI_SCHEMA_RULE(by_pattern)
{
	const char *key, *pattern;
	json_t *member, *one;

	(void)schema;
	json_object_foreach((json_t *)(uintptr_t)value, key, member)
	{
		json_object_foreach((json_t *)(uintptr_t)rule, pattern, one)
		{
			int rc = cbi_schema_fits(v, pattern, key, strlen(key));

			if (rc > 0)
				rc = cbi_schema_below(v, one, member, key, 0);
			if (rc < 0)
				return rc;
		}
	}
	return CB_OK;
}

/* Does properties or patternProperties speak of key?  1, 0, CB_ETOOBIG. */
static int is_known(struct cbi_schema_visit *v, const json_t *schema,
                    const char *key)
{
	const char *pattern;
	json_t *one;
	int known =
	    json_object_get(json_object_get(schema, "properties"), key) != NULL;

	json_object_foreach(json_object_get(schema, "patternProperties"),
	                    pattern, one)
	{
		if (known == 0)
			known = cbi_schema_fits(v, pattern, key, strlen(key));
	}
	return known;
}

CBI_SCHEMA_RULE(more_fields)
{
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)value, key, member)
	{
		int rc = is_known(v, schema, key);

		if (rc == 0 && !json_is_false(rule)) {
			rc = cbi_schema_below(v, rule, member, key, 0);
		} else if (rc == 0) {
			rc = cbi_schema_unfit(v, "additionalProperties",
			                      "not a field that the schema "
			                      "knows");
			if (!v->quiet)
				cbi_schema_place(v->at, key, v->problem);
		}
		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

CBI_SCHEMA_RULE(names)
{
	const char *key;
	json_t *member;

	(void)schema;
	json_object_foreach((json_t *)(uintptr_t)value, key, member)
	{
		json_t *name = json_string(key);
		int rc = name ? cbi_schema_try(v, rule, name) : CB_ETOOBIG;

		json_decref(name);
		if (rc == CB_EINVAL) {
			cbi_schema_unfit(v, "propertyNames",
			                 "no name for a field here");
			if (!v->quiet)
				cbi_schema_place(v->at, key, v->problem);
		}
		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

CBI_SCHEMA_RULE(needs)
{
	const char *key;
	json_t *need;

	json_object_foreach((json_t *)(uintptr_t)rule, key, need)
	{
		int rc = cbi_schema_spend(v, 1);

		if (rc == CB_OK && json_object_get(value, key))
			rc = json_is_array(need)
			         ? cbi_schema_required(v, schema, need, value)
			         : cbi_schema_visit(v, need, value);
		if (rc < 0)
			return rc;
	}
	return CB_OK;
}

/* --- joined schemas --- */

CBI_SCHEMA_RULE(all)
{
	int rc = CB_OK;

	(void)schema;
	for (size_t i = 0; rc == CB_OK && i < json_array_size(rule); i++)
		rc = cbi_schema_visit(v, json_array_get(rule, i), value);
	return rc;
}

/* None of list fits.  Schemas that lead no deeper than this value have nothing
 * to say that helps. */
static int none_fits(struct cbi_schema_visit *v, const char *name,
                     const json_t *list, const json_t *value)
{
	int deepest = v->level, outer = v->deepest, rc;
	const json_t *best = NULL;

	for (size_t i = 0; !v->quiet && i < json_array_size(list); i++) {
		v->deepest = 0;
		rc = cbi_schema_try(v, json_array_get(list, i), value);
		if (rc == CB_ETOOBIG)
			return rc;
		if (v->deepest > deepest) {
			deepest = v->deepest;
			best = json_array_get(list, i);
		}
	}
	v->deepest = outer;
	if (best)
		return cbi_schema_visit(v, best, value);
	return cbi_schema_unfit(v, name,
	                        "fits none of the %zu ways it may look",
	                        json_array_size(list));
}

/* How many of list fit, from `least` on nobody counts further. */
static int count(struct cbi_schema_visit *v, const json_t *list,
                 const json_t *value, size_t enough, size_t *out)
{
	*out = 0;
	for (size_t i = 0; *out < enough && i < json_array_size(list); i++) {
		int rc = cbi_schema_try(v, json_array_get(list, i), value);

		if (rc == CB_ETOOBIG)
			return rc;
		*out += rc == CB_OK;
	}
	return CB_OK;
}

CBI_SCHEMA_RULE(any)
{
	size_t n;
	int rc = count(v, rule, value, 1, &n);

	(void)schema;
	return rc < 0 || n ? rc : none_fits(v, "anyOf", rule, value);
}

CBI_SCHEMA_RULE(one)
{
	size_t n;
	int rc = count(v, rule, value, 2, &n);

	(void)schema;
	if (rc < 0 || n == 1)
		return rc;
	if (n == 0)
		return none_fits(v, "oneOf", rule, value);
	return cbi_schema_unfit(v, "oneOf",
	                        "fits more than one of the %zu ways it may "
	                        "look, expected one",
	                        json_array_size(rule));
}

CBI_SCHEMA_RULE(none)
{
	int rc = cbi_schema_try(v, rule, value);

	(void)schema;
	if (rc == CB_OK)
		return cbi_schema_unfit(v, "not", "is what it must not be");
	return rc == CB_EINVAL ? CB_OK : rc;
}

CBI_SCHEMA_RULE(condition)
{
	int rc = cbi_schema_try(v, rule, value);
	const json_t *next;

	if (rc == CB_ETOOBIG)
		return rc;
	next = json_object_get(schema, rc == CB_OK ? "then" : "else");
	return next ? cbi_schema_visit(v, next, value) : CB_OK;
}
