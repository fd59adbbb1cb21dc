/* SPDX-License-Identifier: Apache-2.0 */
/*
 * location_priv.h - what location.c and location_change.c share.
 */
#ifndef CB_CATALOG_LOCATION_PRIV_H
#define CB_CATALOG_LOCATION_PRIV_H

#include "catalog/location.h"

struct cbi_db_result;
struct cbi_db_stmt;

/* A row of id, type, target, entity_ref. */
int cbi_location_row(struct cb_ctx *ctx, const struct cbi_db_result *rows,
                     size_t row, struct cbi_location *out) CB_USED;

/* The one row of a statement; CB_ENOENT says "no location <what>". */
int cbi_location_one(struct cb_ctx *ctx, const struct cbi_db_stmt *stmt,
                     const char *const *params, size_t n, const char *what,
                     struct cbi_location *out) CB_USED;

/* CB_EINVAL for what is no UUID. */
int cbi_location_check_id(struct cb_ctx *ctx, const char *id) CB_USED;

/* At the commit of the open transaction, engines look for work. */
int cbi_location_wake(struct cb_ctx *ctx) CB_USED;

#endif
