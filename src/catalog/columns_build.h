/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns_build.h - making a set of columns.  Private to catalog/.
 */
#ifndef CB_CATALOG_COLUMNS_BUILD_H
#define CB_CATALOG_COLUMNS_BUILD_H

#include "catalog/columns.h"

struct cbi_copy_cursor;

/* From all rows of the copy; ctx is scratch memory, the cursor walks the rows
 * of txn and belongs to its reader.  CB_ENOMEM is not noted there. */
int cbi_columns_create(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                       struct cbi_copy_cursor *cursor,
                       const struct cbi_layout_state *state,
                       struct cbi_columns **out) CB_USED;

/* From an older set of the same database and what was written since: the
 * cursor walks `recent` from the number after the old one on.  CB_ENOTSUP,
 * not noted, when that is too much, or when something was deleted. */
int cbi_columns_next(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                     struct cbi_copy_cursor *cursor,
                     const struct cbi_columns *old,
                     const struct cbi_layout_state *state,
                     struct cbi_columns **out) CB_USED;

/* From rows that come from elsewhere: so many are begun with (NULL without
 * memory), added one by one as layout.h packs them, and put in order. */
struct cbi_columns *cbi_columns_begin(size_t rows);
int cbi_columns_add(struct cb_ctx *ctx, struct cbi_columns *columns,
                    struct cbi_span record) CB_USED;
int cbi_columns_end(struct cbi_columns *columns) CB_USED;

void cbi_columns_destroy(struct cbi_columns *columns);

/* columns_seen.c: what classes see of a set, or saw of the one before (NULL:
 * there was none).  NULL without memory. */
struct cbi_columns_seen *cbi_columns_seen_create(const struct cbi_columns *old);
void cbi_columns_seen_destroy(struct cbi_columns_seen *seen);

/* columns_order.c: orders, ranks and sets of values.  `old` is the set that
 * the first rows and values were taken from; NULL for none. */
int cbi_columns_arrange(struct cbi_columns *columns,
                        const struct cbi_columns *old) CB_USED;

#endif
