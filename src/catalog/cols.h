/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cols.h - rows on their way into PostgreSQL, column by column: parameters
 * for `select * from unnest($1::text[], $2::bigint[], ...)`.
 */
#ifndef CB_CATALOG_COLS_H
#define CB_CATALOG_COLS_H

#include <callboard/ctx.h>

#include "db/db.h"

#define CBI_COLS_MAX 16

struct cbi_cols {
	size_t cols, rows, room;
	const char **cells; /* column by column, room apart */
};

/* Room for so many rows; lives with ctx. */
int cbi_cols_init(struct cb_ctx *ctx, struct cbi_cols *cols, size_t n,
                  size_t rows) CB_USED;

/* A row of cols->cols texts, borrowed; NULL is SQL's null. */
void cbi_cols_add(struct cbi_cols *cols, const char *const *cells);

/* Runs stmt with the columns as $1.. and then the n further params.  Without
 * rows it does nothing; *out (may be NULL) is NULL then. */
int cbi_cols_query(struct cb_ctx *ctx, const struct cbi_cols *cols,
                   const struct cbi_db_stmt *stmt, const char *const *params,
                   size_t n, struct cbi_db_result **out) CB_USED;

/* The same within a pipe (db/db.h): nobody waits for the answer. */
int cbi_cols_send(struct cb_ctx *ctx, const struct cbi_cols *cols,
                  const struct cbi_db_stmt *stmt, const char *const *params,
                  size_t n) CB_USED;

/* One list as a parameter; lives with ctx, NULL after a noted failure. */
const char *cbi_cols_ids(struct cb_ctx *ctx, const int64_t *ids,
                         size_t n) CB_USED;
const char *cbi_cols_texts(struct cb_ctx *ctx, const char *const *texts,
                           size_t n) CB_USED;

#endif
