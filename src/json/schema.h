/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h - JSON Schema draft-07: does a value look as it should?
 *
 * All of draft-07's keywords but $id and references to other documents.
 * Beside a $ref other keywords hold too, as ajv has it.  `format` and what
 * describes (title, default, ...) check nothing; words that are none of
 * draft-07's are refused when the schema is read, unless they begin with
 * "x-".  Patterns are base/regex.h's.
 *
 * One check costs a bounded time whatever schema and value say: who spends it
 * does not fit.
 */
#ifndef CB_JSON_SCHEMA_H
#define CB_JSON_SCHEMA_H

#include <callboard/ctx.h>

#include <jansson.h>

#define CBI_SCHEMA_PATH 256
#define CBI_SCHEMA_TEXT 256

struct cbi_schema;

struct cbi_schema_problem {
	char path[CBI_SCHEMA_PATH];    /* "spec.ports.0"; "" for the whole */
	char pointer[CBI_SCHEMA_PATH]; /* "/spec/ports/0", RFC 6901 */
	const char *rule; /* the keyword, static; "" when there is none */
	char text[CBI_SCHEMA_TEXT]; /* what is there, what is expected */
};

/*
 * Understands a schema, which is borrowed; *out lives with ctx and may be used
 * by several threads.  CB_EINVAL fills problem with the place in the schema
 * and notes nothing in ctx.
 */
int cbi_schema_read(struct cb_ctx *ctx, const json_t *json,
                    const struct cbi_schema **out,
                    struct cbi_schema_problem *problem) CB_USED;

/* CB_EINVAL fills problem with the first thing that does not fit, and notes
 * nothing in ctx. */
int cbi_schema_check(struct cb_ctx *ctx, const struct cbi_schema *schema,
                     const json_t *value,
                     struct cbi_schema_problem *problem) CB_USED;

#endif
