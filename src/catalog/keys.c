/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - see keys.h.
 */
#include "catalog/keys.h"

#include <string.h>

#include "catalog/cols.h"
#include "crypto/crypto.h"
#include "db/db.h"

#define KEPT 180

static const struct cbi_db_stmt write_keys = {
	"keys_write",
	"with new as (select distinct unnest($2::text[]) as key),"
	" gone as (delete from refresh_key r where r.node = $1::bigint"
	"  and not exists (select 1 from new n where n.key = r.key))"
	" insert into refresh_key (node, key) select $1::bigint, n.key"
	" from new n where not exists (select 1 from refresh_key r"
	"  where r.node = $1::bigint and r.key = n.key)",
};

/* In the order that all locks of nodes are taken. */
static const struct cbi_db_stmt make_due = {
	"keys_due",
	"with mine as (select id from node where due_at is not null and id in"
	"  (select node from refresh_key where key = $1)"
	"  order by ref for no key update)"
	" update node n set due_at = clock_timestamp() from mine"
	" where n.id = mine.id returning 1",
};

static const struct cbi_db_stmt wake = {
	"keys_wake",
	"select pg_notify('callboard_work', '')",
};

static const char *cut(struct cb_ctx *ctx, const char *key)
{
	size_t len = strlen(key), kept = KEPT;
	char hash[65];

	if (len <= CBI_KEYS_MAX)
		return key;
	/* Not through the middle of a character. */
	while (kept > 0 && ((unsigned char)key[kept] & 0xc0) == 0x80)
		kept--;
	cbi_crypto_sha256_hex(key, len, hash);
	return cb_printf(ctx, "%.*s#sha256:%s", (int)kept, key, hash);
}

int cbi_keys_write(struct cb_ctx *ctx, int64_t node, const json_t *keys)
{
	size_t n = json_array_size(keys);
	const char **texts = cb_alloc(ctx, (n + 1) * sizeof(*texts));
	const char *params[2] = { cbi_db_number(ctx, node) };

	if (!texts || !params[0])
		return CB_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		texts[i] = cut(ctx, json_string_value(json_array_get(keys, i)));
		if (!texts[i])
			return CB_ENOMEM;
	}
	params[1] = cbi_cols_texts(ctx, texts, n);
	return params[1] ? cbi_db_query(ctx, &write_keys, params, 2, NULL)
	                 : cb_failure_code(ctx);
}

struct refresh {
	const char *key;
	size_t n;
};

static int refresh(struct cb_ctx *ctx, void *arg)
{
	struct refresh *r = arg;
	struct cbi_db_result *rows;
	int rc = cbi_db_query(ctx, &make_due, &r->key, 1, &rows);

	if (rc < 0)
		return rc;
	r->n = cbi_db_rows(rows);
	return r->n ? cbi_db_query(ctx, &wake, NULL, 0, NULL) : CB_OK;
}

int cbi_keys_refresh(struct cb_ctx *ctx, const char *key, size_t *n)
{
	struct refresh r = { .key = cut(ctx, key) };
	int rc = r.key ? cbi_db_transact(ctx, refresh, &r) : CB_ENOMEM;

	if (rc == CB_OK)
		*n = r.n;
	return rc;
}
