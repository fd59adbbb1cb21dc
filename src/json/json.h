/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - the house's side of callboard/json.h: text that is the same for
 * the same value, and numbers as JavaScript writes them.
 */
#ifndef CB_JSON_JSON_H
#define CB_JSON_JSON_H

#include <callboard/json.h>

/* The longest is -1.2345678901234567e-308. */
#define CBI_JSON_NUMBER_LEN 32

/* Shortest text that reads back as the same double: 1.5, 1e21, 0 for -0;
 * "null" for what is not finite.  Returns its length. */
size_t cbi_json_number(double value, char out[CBI_JSON_NUMBER_LEN]);

/* Compact, keys sorted by their bytes: equal values, equal text. */
int cbi_json_canonical(struct cb_buf *buf, const json_t *value) CB_USED;

/* An object or array as YAML in block style, which reads back as the same
 * value; *out lives with ctx. */
int cbi_json_yaml(struct cb_ctx *ctx, const json_t *value,
                  const char **out) CB_USED;

/* json_decref(value) at the end of ctx.  CB_ENOMEM also for a NULL value. */
int cbi_json_keep(struct cb_ctx *ctx, json_t *value) CB_USED;

#endif
