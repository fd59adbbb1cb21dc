/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_priv.h - rows and their places, for table.c and table_row.c.
 */
#ifndef CB_CATALOG_TABLE_PRIV_H
#define CB_CATALOG_TABLE_PRIV_H

#include "catalog/layout.h"
#include "catalog/table.h"

/* What a row is sorted by; texts in lower case. */
struct cbi_table_place {
	const char *value; /* NULL: sorted by name, or it has none */
	bool valued;       /* sorted by a column other than name */
	const char *name, *kind, *space;
};

/* As text that fits an URL once encoded; NULL without memory. */
const char *cbi_table_position(struct cb_ctx *ctx,
                               const struct cbi_table_place *place);
/* CB_EINVAL for what is not a position. */
int cbi_table_place_read(struct cb_ctx *ctx, const char *text,
                         struct cbi_table_place *out) CB_USED;

/* From a record of table row, in which its texts lie. */
int cbi_table_row_fill(struct cb_ctx *ctx, struct cbi_span record,
                       struct cbi_table_row *out) CB_USED;

/* A ref's row; CB_ENOENT, not noted, for none.  txn NULL: as of a time. */
int cbi_table_row_get(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                      const char *ref, struct cbi_table_row *out) CB_USED;

struct cbi_columns;
/* The columns of what txn sees; NULL: of what was served as of a time. */
int cbi_table_columns(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                      const struct cbi_columns **out) CB_USED;

/* The copy to read in; NULL as of a time.  *none: the scope sees nothing. */
int cbi_table_begin(struct cb_ctx *ctx, const struct cbi_catalog *catalog,
                    struct cbi_fresh *fresh, struct cbi_copy_txn **txn,
                    bool *none) CB_USED;

#endif
