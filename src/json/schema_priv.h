/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_priv.h - between the files of JSON Schema.
 */
#ifndef CB_JSON_SCHEMA_PRIV_H
#define CB_JSON_SCHEMA_PRIV_H

#include <stdbool.h>

#include <uthash.h>

#include "base/regex.h"
#include "json/schema.h"

/* Schemas within schemas, over one value. */
#define CBI_SCHEMA_DEPTH 400
/* Steps of one check: each some nanoseconds. */
#define CBI_SCHEMA_BUDGET 4000000

struct cbi_schema_pattern {
	const char *text; /* the key */
	const struct cbi_regex *regex;
	UT_hash_handle hh;
};

struct cbi_schema {
	const json_t *root;
	struct cbi_schema_pattern *patterns;
	size_t room; /* scratch that the largest pattern needs */
};

/* The way from the top to the value at hand. */
struct cbi_schema_step {
	const struct cbi_schema_step *up;
	const char *key; /* NULL: of a list */
	size_t index;
};

struct cbi_schema_visit {
	const struct cbi_schema *schema;
	struct cbi_schema_problem *problem;
	const struct cbi_schema_step *at;
	void *scratch; /* of patterns */
	size_t budget;
	int depth;   /* of schemas */
	int level;   /* of values */
	int deepest; /* level of what did not fit, while quiet */
	bool quiet;  /* nobody asks why */
};

/* How a keyword's value must look. */
enum cbi_schema_shape {
	CBI_SCHEMA_ONE,
	CBI_SCHEMA_LIST,        /* of schemas, at least one */
	CBI_SCHEMA_BY_NAME,     /* schemas by name */
	CBI_SCHEMA_BY_PATTERN,  /* and by pattern */
	CBI_SCHEMA_ONE_OR_LIST, /* items */
	CBI_SCHEMA_NEEDS,       /* dependencies: schemas, or lists of names */
	CBI_SCHEMA_NAMES,
	CBI_SCHEMA_NUMBER,
	CBI_SCHEMA_POSITIVE,
	CBI_SCHEMA_COUNT,
	CBI_SCHEMA_TRUTH,
	CBI_SCHEMA_PATTERN,
	CBI_SCHEMA_TYPE,
	CBI_SCHEMA_REF,
	CBI_SCHEMA_DRAFT,
	CBI_SCHEMA_VALUES,
	CBI_SCHEMA_ANYTHING,
};

struct cbi_schema_word {
	const char *name;
	enum cbi_schema_shape shape;
	/* rule is the keyword's value in schema.  NULL: it checks nothing, or
	 * with another word. */
	int (*apply)(struct cbi_schema_visit *v, const json_t *schema,
	             const json_t *rule, const json_t *value);
};

/* schema.c: a keyword by its name, and all of them by name. */
const struct cbi_schema_word *cbi_schema_word(const char *name);
const char *cbi_schema_meant(const char *name);

/* schema.c: a value against a schema.  CB_EINVAL: it does not fit; CB_ETOOBIG:
 * the budget is spent, which nothing takes back. */
int cbi_schema_visit(struct cbi_schema_visit *v, const json_t *schema,
                     const json_t *value);
/* The same, nothing being said of why not. */
int cbi_schema_try(struct cbi_schema_visit *v, const json_t *schema,
                   const json_t *value);
/* And of a child at its own place. */
int cbi_schema_below(struct cbi_schema_visit *v, const json_t *schema,
                     const json_t *value, const char *key, size_t index);

/* CB_EINVAL, with the problem filled unless v is quiet. */
int cbi_schema_unfit(struct cbi_schema_visit *v, const char *rule,
                     const char *fmt, ...) CB_PRINTF(3, 4);
int cbi_schema_spend(struct cbi_schema_visit *v, size_t n);
/* 1, 0 or CB_ETOOBIG. */
int cbi_schema_fits(struct cbi_schema_visit *v, const char *pattern,
                    const char *text, size_t len);

/* Path and pointer of a problem at at, and below it key where it is given. */
void cbi_schema_place(const struct cbi_schema_step *at, const char *key,
                      struct cbi_schema_problem *problem);

/* schema_read.c: what "#/definitions/a~1b" leads to; NULL for nothing. */
const json_t *cbi_schema_at(const json_t *root, const char *ref);

/* schema_value.c: are they one value?  1, 0 or CB_ETOOBIG. */
int cbi_schema_same(struct cbi_schema_visit *v, const json_t *a,
                    const json_t *b);
/* Do all items of list differ?  *twice is one that does not. */
int cbi_schema_distinct(struct cbi_schema_visit *v, const json_t *list,
                        size_t *twice);

#define CBI_SCHEMA_RULE(name)                                           \
	int cbi_schema_##name(struct cbi_schema_visit *v,               \
	                      const json_t *schema, const json_t *rule, \
	                      const json_t *value)
/* schema_plain.c */
CBI_SCHEMA_RULE(type);
CBI_SCHEMA_RULE(one_of_values);
CBI_SCHEMA_RULE(constant);
CBI_SCHEMA_RULE(minimum);
CBI_SCHEMA_RULE(maximum);
CBI_SCHEMA_RULE(above);
CBI_SCHEMA_RULE(under);
CBI_SCHEMA_RULE(multiple);
CBI_SCHEMA_RULE(min_length);
CBI_SCHEMA_RULE(max_length);
CBI_SCHEMA_RULE(pattern);
CBI_SCHEMA_RULE(min_items);
CBI_SCHEMA_RULE(max_items);
CBI_SCHEMA_RULE(unique);
CBI_SCHEMA_RULE(min_fields);
CBI_SCHEMA_RULE(max_fields);
CBI_SCHEMA_RULE(required);
/* schema_deep.c */
CBI_SCHEMA_RULE(ref);
CBI_SCHEMA_RULE(items);
CBI_SCHEMA_RULE(more_items);
CBI_SCHEMA_RULE(contains);
CBI_SCHEMA_RULE(fields);
CBI_SCHEMA_RULE(by_pattern);
CBI_SCHEMA_RULE(more_fields);
CBI_SCHEMA_RULE(names);
CBI_SCHEMA_RULE(needs);
CBI_SCHEMA_RULE(all);
CBI_SCHEMA_RULE(any);
CBI_SCHEMA_RULE(one);
CBI_SCHEMA_RULE(none);
CBI_SCHEMA_RULE(condition);

#endif
