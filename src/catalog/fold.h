/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold.h - the one way search keys and values become lower case: at ingest
 * when rows are written, and here when they are looked for.
 *
 * Simple Unicode mappings, one letter for one letter; JavaScript's special
 * cases (the dotted capital I, a final sigma) are not followed on either
 * side, so they still find each other.
 */
#ifndef CB_CATALOG_FOLD_H
#define CB_CATALOG_FOLD_H

#include <callboard/ctx.h>

/* The text in lower case, in ctx; the text itself when it is already.  What
 * is not UTF-8 stays as it is.  NULL only without memory. */
const char *cbi_catalog_fold(struct cb_ctx *ctx, const char *text) CB_USED;

#endif
