/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/db.h - a plugin's own tables, in a schema that bears its name.
 *
 * Needs `migrations` in the descriptor.  This host does not serve them yet:
 * a descriptor with migrations is refused by name, and the call returns
 * CB_ENOTSUP.
 */
#ifndef CALLBOARD_DB_H
#define CALLBOARD_DB_H

#include <callboard/ctx.h>
#include <callboard/json.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Rows as an array of objects; params are texts, NULL is SQL's null. */
int cb_db_query(struct cb_ctx *ctx, const char *sql, const char *const *params,
                size_t n, json_t **out) CB_USED;

#ifdef __cplusplus
}
#endif

#endif
