/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.c - see schema.h: the walk of a schema over a value, and the table of
 * the keywords.
 *
 * Keywords are asked in the order in which the schema has them; what fails
 * first is told.
 */
#include "json/schema_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/str.h"

/* In steps of a pattern, of some ten nanoseconds. */
#define VISIT_COST 8
#define WORD_COST 4

/* Sorted by name. */
static const struct cbi_schema_word words[] = {
	{ "$comment", CBI_SCHEMA_ANYTHING, NULL },
	{ "$defs", CBI_SCHEMA_BY_NAME, NULL },
	{ "$ref", CBI_SCHEMA_REF, cbi_schema_ref },
	{ "$schema", CBI_SCHEMA_DRAFT, NULL },
	{ "additionalItems", CBI_SCHEMA_ONE, cbi_schema_more_items },
	{ "additionalProperties", CBI_SCHEMA_ONE, cbi_schema_more_fields },
	{ "allOf", CBI_SCHEMA_LIST, cbi_schema_all },
	{ "anyOf", CBI_SCHEMA_LIST, cbi_schema_any },
	{ "const", CBI_SCHEMA_ANYTHING, cbi_schema_constant },
	{ "contains", CBI_SCHEMA_ONE, cbi_schema_contains },
	{ "contentEncoding", CBI_SCHEMA_ANYTHING, NULL },
	{ "contentMediaType", CBI_SCHEMA_ANYTHING, NULL },
	{ "default", CBI_SCHEMA_ANYTHING, NULL },
	{ "definitions", CBI_SCHEMA_BY_NAME, NULL },
	{ "dependencies", CBI_SCHEMA_NEEDS, cbi_schema_needs },
	{ "deprecated", CBI_SCHEMA_ANYTHING, NULL },
	{ "description", CBI_SCHEMA_ANYTHING, NULL },
	{ "else", CBI_SCHEMA_ONE, NULL },
	{ "enum", CBI_SCHEMA_VALUES, cbi_schema_one_of_values },
	{ "examples", CBI_SCHEMA_ANYTHING, NULL },
	{ "exclusiveMaximum", CBI_SCHEMA_NUMBER, cbi_schema_under },
	{ "exclusiveMinimum", CBI_SCHEMA_NUMBER, cbi_schema_above },
	{ "format", CBI_SCHEMA_ANYTHING, NULL },
	{ "if", CBI_SCHEMA_ONE, cbi_schema_condition },
	{ "items", CBI_SCHEMA_ONE_OR_LIST, cbi_schema_items },
	{ "maxItems", CBI_SCHEMA_COUNT, cbi_schema_max_items },
	{ "maxLength", CBI_SCHEMA_COUNT, cbi_schema_max_length },
	{ "maxProperties", CBI_SCHEMA_COUNT, cbi_schema_max_fields },
	{ "maximum", CBI_SCHEMA_NUMBER, cbi_schema_maximum },
	{ "minItems", CBI_SCHEMA_COUNT, cbi_schema_min_items },
	{ "minLength", CBI_SCHEMA_COUNT, cbi_schema_min_length },
	{ "minProperties", CBI_SCHEMA_COUNT, cbi_schema_min_fields },
	{ "minimum", CBI_SCHEMA_NUMBER, cbi_schema_minimum },
	{ "multipleOf", CBI_SCHEMA_POSITIVE, cbi_schema_multiple },
	{ "not", CBI_SCHEMA_ONE, cbi_schema_none },
	{ "oneOf", CBI_SCHEMA_LIST, cbi_schema_one },
	{ "pattern", CBI_SCHEMA_PATTERN, cbi_schema_pattern },
	{ "patternProperties", CBI_SCHEMA_BY_PATTERN, cbi_schema_by_pattern },
	{ "properties", CBI_SCHEMA_BY_NAME, cbi_schema_fields },
	{ "propertyNames", CBI_SCHEMA_ONE, cbi_schema_names },
	{ "readOnly", CBI_SCHEMA_ANYTHING, NULL },
	{ "required", CBI_SCHEMA_NAMES, cbi_schema_required },
	{ "then", CBI_SCHEMA_ONE, NULL },
	{ "title", CBI_SCHEMA_ANYTHING, NULL },
	{ "type", CBI_SCHEMA_TYPE, cbi_schema_type },
	{ "uniqueItems", CBI_SCHEMA_TRUTH, cbi_schema_unique },
	{ "writeOnly", CBI_SCHEMA_ANYTHING, NULL },
};
#define WORDS (sizeof(words) / sizeof(words[0]))

static int by_name(const void *name, const void *word)
{
	const struct cbi_schema_word *w = word;

	return strcmp(name, w->name);
}

const struct cbi_schema_word *cbi_schema_word(const char *name)
{
	return bsearch(name, words, WORDS, sizeof(words[0]), by_name);
}

const char *cbi_schema_meant(const char *name)
{
	const char *names[WORDS];

	for (size_t i = 0; i < WORDS; i++)
		names[i] = words[i].name;
	return strlen(name) > 64 ? NULL : cbi_str_nearest(name, names, WORDS);
}

/* --- problems --- */

/* Appends what still fits. */
static void append(char *out, const char *text)
{
	size_t len = strlen(out);

	cbi_str_copy(out + len, CBI_SCHEMA_PATH - len, text);
}

static void append_step(struct cbi_schema_problem *problem, const char *key)
{
	char one[2] = { 0, 0 };

	if (problem->path[0])
		append(problem->path, ".");
	append(problem->path, key);
	append(problem->pointer, "/");
	for (; *key; key++) {
		one[0] = *key;
		append(problem->pointer, *key == '~'   ? "~0"
		                         : *key == '/' ? "~1"
		                                       : one);
	}
}

/* From the top down; a chain is as deep as documents are. */
static void append_way(const struct cbi_schema_step *at,
                       struct cbi_schema_problem *problem)
{
	char index[24];

	if (!at)
		return;
	append_way(at->up, problem);
	snprintf(index, sizeof(index), "%zu", at->index);
	append_step(problem, at->key ? at->key : index);
}

void cbi_schema_place(const struct cbi_schema_step *at, const char *key,
                      struct cbi_schema_problem *problem)
{
	problem->path[0] = problem->pointer[0] = '\0';
	append_way(at, problem);
	if (key)
		append_step(problem, key);
	/* A key may have been cut within a character. */
	cbi_str_cut(problem->path);
	cbi_str_cut(problem->pointer);
}

int cbi_schema_unfit(struct cbi_schema_visit *v, const char *rule,
                     const char *fmt, ...)
{
	va_list args;

	if (v->level > v->deepest)
		v->deepest = v->level;
	if (v->quiet)
		return CB_EINVAL;
	cbi_schema_place(v->at, NULL, v->problem);
	v->problem->rule = rule;
	va_start(args, fmt);
	vsnprintf(v->problem->text, sizeof(v->problem->text), fmt, args);
	va_end(args);
	cbi_str_cut(v->problem->text);
	return CB_EINVAL;
}

int cbi_schema_spend(struct cbi_schema_visit *v, size_t n)
{
	if (v->budget <= n) {
		v->budget = 0;
		return CB_ETOOBIG;
	}
	v->budget -= n;
	return CB_OK;
}

int cbi_schema_fits(struct cbi_schema_visit *v, const char *pattern,
                    const char *text, size_t len)
{
	struct cbi_schema_pattern *found;

	HASH_FIND_STR(v->schema->patterns, pattern, found);
	if (!found || v->budget == 0)
		return CB_ETOOBIG;
	return cbi_regex_find(found->regex, text, len, v->scratch, &v->budget);
}

/* --- the walk --- */

int cbi_schema_visit(struct cbi_schema_visit *v, const json_t *schema,
                     const json_t *value)
{
	const char *key;
	json_t *rule;
	int rc = cbi_schema_spend(v, VISIT_COST);

	if (rc < 0 || v->depth == CBI_SCHEMA_DEPTH)
		return CB_ETOOBIG;
	if (json_is_false(schema))
		return cbi_schema_unfit(v, "", "nothing is expected here");
	v->depth++;
	json_object_foreach((json_t *)(uintptr_t)schema, key, rule)
	{
		const struct cbi_schema_word *word = cbi_schema_word(key);

		rc = cbi_schema_spend(v, WORD_COST);
		if (rc == CB_OK && word && word->apply)
			rc = word->apply(v, schema, rule, value);
		if (rc < 0)
			break;
	}
	v->depth--;
	return rc;
}

int cbi_schema_try(struct cbi_schema_visit *v, const json_t *schema,
                   const json_t *value)
{
	bool quiet = v->quiet;
	int rc;

	v->quiet = true;
	rc = cbi_schema_visit(v, schema, value);
	v->quiet = quiet;
	return rc;
}

int cbi_schema_below(struct cbi_schema_visit *v, const json_t *schema,
                     const json_t *value, const char *key, size_t index)
{
	struct cbi_schema_step step = { v->at, key, index };
	int rc;

	v->at = &step;
	v->level++;
	rc = cbi_schema_visit(v, schema, value);
	v->level--;
	v->at = step.up;
	return rc;
}

int cbi_schema_check(struct cb_ctx *ctx, const struct cbi_schema *schema,
                     const json_t *value, struct cbi_schema_problem *problem)
{
	struct cbi_schema_visit v = { .schema = schema,
		                      .problem = problem,
		                      .budget = CBI_SCHEMA_BUDGET };
	struct cbi_ctx_mark mark;
	int rc;

	cbi_ctx_mark(ctx, &mark);
	v.scratch = cb_alloc(ctx, schema->room + 1);
	if (!v.scratch)
		return CB_ENOMEM;
	rc = cbi_schema_visit(&v, schema->root, value);
	cbi_ctx_rewind(ctx, &mark);
	if (rc != CB_ETOOBIG)
		return rc;
	*problem = (struct cbi_schema_problem){ .rule = "" };
	snprintf(problem->text, sizeof(problem->text),
	         "takes too long to check against the schema of its kind, "
	         "expected a smaller document or a simpler schema");
	return CB_EINVAL;
}
