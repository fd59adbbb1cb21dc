/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_revoked.c - what has ended before its time, for auth/: from table
 * revocation into the copy.
 */
#include <string.h>

#include "base/clock.h"
#include "catalog/follow_priv.h"
#include "db/db.h"

/* Longer than any transaction that revokes something: its rows are as old as
 * its statements, its change as its end. */
#define MARGIN "interval '10 minutes'"

static int put(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
               const struct cbi_db_result *result)
{
	int rc = CB_OK;

	for (size_t i = 0; rc == CB_OK && i < cbi_db_rows(result); i++) {
		const char *what = cbi_db_text(result, i, 0);
		unsigned char before[8];

		cbi_layout_number((uint64_t)cbi_db_int(result, i, 1), before);
		rc = cbi_copy_put(ctx, txn, CBI_TABLE_REVOKED, what,
		                  strlen(what), before, sizeof(before));
	}
	return rc;
}

#define COLUMNS                                                              \
	"select what, ceil(extract(epoch from before) * 1000)::bigint from " \
	"callboard.revocation "

int cbi_follow_revoked_all(struct cb_ctx *ctx, struct cbi_copy_txn *txn)
{
	static const struct cbi_db_stmt fetch = {
		"catalog_revoked_all",
		COLUMNS "where until > clock_timestamp()",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &fetch, NULL, 0, &result);

	return rc < 0 ? rc : put(ctx, txn, result);
}

int cbi_follow_revoked(struct cb_ctx *ctx, struct cbi_copy_txn *txn,
                       const char *const range[2])
{
	static const struct cbi_db_stmt fetch = {
		"catalog_revoked",
		COLUMNS "where before > (select min(c.at) - " MARGIN
			" from callboard.change c where c.revoked and "
			"c.number > $1 and c.number <= $2)",
	};
	struct cbi_db_result *result;
	int rc = cbi_db_query(ctx, &fetch, range, 2, &result);

	return rc < 0 ? rc : put(ctx, txn, result);
}

int cbi_follow_clean_sessions(struct cb_ctx *ctx)
{
	/* Sessions that are over are shown nowhere; they are kept for a while
	 * for whoever looks into what happened. */
	static const struct cbi_db_stmt clean = {
		"catalog_sessions_clean",
		"with r as (delete from callboard.revocation where until < "
		"clock_timestamp() - interval '1 hour') delete from "
		"callboard.session where expires_at < clock_timestamp() - "
		"interval '30 days'",
	};

	return cbi_db_query(ctx, &clean, NULL, 0, NULL);
}
