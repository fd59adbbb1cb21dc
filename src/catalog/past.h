/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past.h - the catalog as it was: scope.as_of, and what reads of the past have
 * instead of the copy.
 *
 * The past is in PostgreSQL: versions that are over hold what the entity's row
 * held, so the same statements ask both (cbi_sql_from).  The table and its
 * rail need every row's columns; they are made for the one request.
 */
#ifndef CB_CATALOG_PAST_H
#define CB_CATALOG_PAST_H

#include "base/ctx.h"

/*
 * From here on ctx reads the catalog as it was then (milliseconds since the
 * epoch).  CB_EINVAL for a moment that is still to come (half a minute is
 * forgiven: clocks differ), and for one before what retention has kept.
 */
int cbi_past_set(struct cb_ctx *ctx, int64_t as_of) CB_USED;

struct cbi_columns;
struct cbi_table_row;

/* The columns of everything that was served then; they go with ctx.  Private
 * to catalog/, like the next. */
int cbi_past_columns(struct cb_ctx *ctx,
                     const struct cbi_columns **out) CB_USED;

/* A ref's row, as the copy would have had it; CB_ENOENT, not noted. */
int cbi_past_row(struct cb_ctx *ctx, const char *ref,
                 struct cbi_table_row *out) CB_USED;

/* The refs of the n that had changed last, newest first; *total is how many
 * there were. */
int cbi_past_recent(struct cb_ctx *ctx, size_t n, const char ***out,
                    size_t *count, size_t *total) CB_USED;

#endif
