/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flatten.h - an entity's search rows: what every filter, facet and order
 * sees of it.
 */
#ifndef CB_CATALOG_FLATTEN_H
#define CB_CATALOG_FLATTEN_H

#include <callboard/ctx.h>

#include <jansson.h>

/* key and value folded; original as written.  Both NULL for null and for what
 * is too long: the key exists, nothing equals it. */
struct cbi_row {
	const char *key;
	const char *value;
	const char *original;
};

/* Rows of a served entity, distinct by key and value, in the order of the
 * visit; they live with ctx. */
int cbi_flatten(struct cb_ctx *ctx, const json_t *entity, struct cbi_row **out,
                size_t *n) CB_USED;

/* One end's view of a relation. */
struct cbi_model_end;

/* The same for an entity whose relations are not in its JSON yet. */
int cbi_flatten_with(struct cb_ctx *ctx, const json_t *entity,
                     const struct cbi_model_end *ends, size_t ends_n,
                     struct cbi_row **out, size_t *n) CB_USED;

/*
 * As the entity table has them: "key=value" for each row and "key" for each
 * key; originals in step, NULL where folding changed nothing.
 */
struct cbi_tokens {
	const char **tokens;
	const char **originals;
	size_t n;
};
int cbi_flatten_tokens(struct cb_ctx *ctx, const struct cbi_row *rows, size_t n,
                       struct cbi_tokens *out) CB_USED;

/* The folded value of the first row with that key; NULL for none. */
const char *cbi_flatten_value(const struct cbi_row *rows, size_t n,
                              const char *key);

#endif
