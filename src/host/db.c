/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.c - callboard/db.h for plugins: not served yet.
 */
#include <callboard/db.h>

int cb_db_query(struct cb_ctx *ctx, const char *sql, const char *const *params,
                size_t n, json_t **out)
{
	(void)sql;
	(void)params;
	(void)n;
	(void)out;
	return cb_fail(ctx, CB_ENOTSUP,
	               "this host does not serve tables of plugins yet");
}
