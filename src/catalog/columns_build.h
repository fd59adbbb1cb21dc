/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns_build.h - making a set of columns, for columns.c.
 */
#ifndef CB_CATALOG_COLUMNS_BUILD_H
#define CB_CATALOG_COLUMNS_BUILD_H

#include "catalog/columns.h"

/* CB_ENOMEM is not noted: readers do without. */
int cbi_columns_create(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                       const struct cbi_layout_state *state,
                       struct cbi_columns **out) CB_USED;
void cbi_columns_destroy(struct cbi_columns *columns);

#endif
