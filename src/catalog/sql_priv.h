/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql_priv.h - what the files of sql.h share.
 */
#ifndef CB_CATALOG_SQL_PRIV_H
#define CB_CATALOG_SQL_PRIV_H

#include "catalog/sql.h"

bool cbi_sql_is_uid(const char *key);
/* "key=value"; NULL when out of memory. */
const char *cbi_sql_token(struct cbi_sql *sql, const char *key,
                          const char *value);
/* The key has a value at all. */
void cbi_sql_exists(struct cbi_sql *sql, const char *key);
/*
 * "[...] and exists (select from unnest(e.tokens) t where t has one of keys":
 * more conditions on t may follow, then a bracket to close.  The tokens are
 * unpacked once for all keys, none of which has a '='.
 */
void cbi_sql_tokens_of(struct cbi_sql *sql, const char *const *keys, size_t n);

#endif
