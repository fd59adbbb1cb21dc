/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/json.h - JSON as a plugin reads and writes it.
 *
 * Values are jansson's json_t; a value got from a context lives as long as
 * that context and is not decref'ed by the caller.
 */
#ifndef CALLBOARD_JSON_H
#define CALLBOARD_JSON_H

#include <callboard/buf.h>
#include <callboard/ctx.h>

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Parses len bytes.  Depth at most 64, duplicate keys and trailing text are
 * refused.  CB_EINVAL names line and column.  *out lives with ctx.
 */
int cb_json_parse(struct cb_ctx *ctx, const char *text, size_t len,
                  json_t **out) CB_USED;

/* The value at a dotted path ("a.b.0.c"); NULL when there is none. */
json_t *cb_json_at(json_t *root, const char *path);

/* The text at a path; fallback when it is absent or not a string. */
const char *cb_json_text(json_t *root, const char *path, const char *fallback);
/* The number at a path, also from a numeric string; fallback otherwise. */
double cb_json_number(json_t *root, const char *path, double fallback);

/* Appends value as compact JSON, numbers the JavaScript way. */
int cb_json_write(struct cb_buf *buf, const json_t *value) CB_USED;

#ifdef __cplusplus
}
#endif

#endif
