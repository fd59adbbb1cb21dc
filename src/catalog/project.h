/* SPDX-License-Identifier: Apache-2.0 */
/*
 * project.h - the `fields` of a request: an entity cut down to some paths.
 *
 * Works on the served bytes directly.  Paths are case-sensitive; dots within
 * keys are found by joining parts greedily, as upstream does.
 */
#ifndef CB_CATALOG_PROJECT_H
#define CB_CATALOG_PROJECT_H

#include "base/buf.h"

#include "base/str.h"

struct cbi_fields;

/*
 * Reads n values, each a comma-joined list; *out is NULL when they name
 * nothing.  CB_EINVAL for a '[' in a path and beyond CB_FILTER_TERMS_MAX
 * paths.  *out lives with ctx and serves one write at a time: it holds the
 * scratch memory, so that any number of entities costs no more.
 */
int cbi_fields_parse(struct cb_ctx *ctx, const char *const *params, size_t n,
                     struct cbi_fields **out) CB_USED;

/* Appends the object of just these paths; "{}" when the entity has none of
 * them. */
int cbi_fields_write(struct cbi_fields *fields, struct cbi_span body,
                     struct cb_buf *out);

#endif
