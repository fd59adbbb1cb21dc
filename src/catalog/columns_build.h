/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns_build.h - making a set of columns, for columns.c.
 */
#ifndef CB_CATALOG_COLUMNS_BUILD_H
#define CB_CATALOG_COLUMNS_BUILD_H

#include "catalog/columns.h"

struct cbi_copy_cursor;

/* ctx is scratch memory; cursor walks the rows of txn and belongs to its
 * reader.  CB_ENOMEM is not noted there: readers do without. */
int cbi_columns_create(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                       struct cbi_copy_cursor *cursor,
                       const struct cbi_layout_state *state,
                       struct cbi_columns **out) CB_USED;
void cbi_columns_destroy(struct cbi_columns *columns);

#endif
