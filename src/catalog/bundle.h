/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - a description of an API in several files as one text:
 * `{ $openapi: ./api.yaml }` and its kin.
 */
#ifndef CB_CATALOG_BUNDLE_H
#define CB_CATALOG_BUNDLE_H

#include <callboard/ctx.h>

#include <jansson.h>

#include "catalog/placeholder.h"

/* Of one description: files read, bytes of all, and values it comes to. */
#define CBI_BUNDLE_FILES 50
#define CBI_BUNDLE_BYTES (4 * 1024 * 1024)
#define CBI_BUNDLE_VALUES 50000

/*
 * Reads target, relative to base, and what its `$ref`s name in other files,
 * relative to the file that says so.  The first `$ref` to a place becomes what
 * stands there, further ones lead to that place: "#/paths/~1orders/get".  *out
 * is a JSON text of YAML, a new reference.  Fails as the reader does;
 * CB_EINVAL for what does not parse, leads nowhere or to itself; CB_ETOOBIG.
 */
int cbi_bundle(struct cb_ctx *ctx, const struct cbi_placeholder_reader *reader,
               const char *base, const char *target, json_t **out) CB_USED;

#endif
