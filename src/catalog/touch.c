/* SPDX-License-Identifier: Apache-2.0 */
/*
 * touch.c - see touch.h.
 */
#include "catalog/touch.h"

#include <string.h>

#include "base/feed.h"
#include "catalog/cols.h"
#include "db/db.h"

/* $1: "url:" and the repository's address in lower case, without its slash.
 * An index on lower(key) gives the range; '@' is what follows '?', and '/' is
 * before it. */
static const struct cbi_db_stmt known = {
	"touch_known",
	"select node, substr(key, 5) from refresh_key"
	" where lower(key) >= $1 and lower(key) < $1 || '@'"
	" and substr(key, length($1) + 1, 1) in ('/', '?') order by node",
};

/* In the order that all locks of nodes are taken. */
static const struct cbi_db_stmt make_due = {
	"touch_due",
	"with mine as (select id from node where due_at is not null"
	"  and id = any($1::bigint[]) order by ref for no key update)"
	" update node n set due_at = clock_timestamp() from mine"
	" where n.id = mine.id returning 1",
};

static int find(struct cb_ctx *ctx, const struct cbi_feed *feed,
                const struct cbi_supply_event *event, int64_t **out, size_t *n)
{
	size_t len = strlen(event->repo);
	const char *prefix =
	    cb_printf(ctx, "url:%.*s", (int)(len ? len - 1 : 0), event->repo);
	struct cbi_db_result *rows;
	int rc;

	if (!prefix)
		return CB_ENOMEM;
	rc = cbi_db_query(ctx, &known, &prefix, 1, &rows);
	if (rc < 0)
		return rc;
	*n = 0;
	*out = cb_alloc(ctx, (cbi_db_rows(rows) + 1) * sizeof(**out));
	if (!*out)
		return CB_ENOMEM;
	for (size_t i = 0; i < cbi_db_rows(rows); i++) {
		int64_t node = cbi_db_int(rows, i, 0);

		if (*n && (*out)[*n - 1] == node)
			continue;
		if (feed->concerned(ctx, feed->arg, cbi_db_text(rows, i, 1),
		                    event))
			(*out)[(*n)++] = node;
	}
	return CB_OK;
}

int cbi_touch(struct cb_ctx *ctx, const struct cbi_feed *feed,
              const struct cbi_supply_event *event, size_t *n)
{
	struct cbi_db_result *rows;
	const char *param;
	int64_t *ids;
	size_t count;
	int rc;

	*n = 0;
	if (!*event->repo || !feed->concerned)
		return CB_OK;
	rc = find(ctx, feed, event, &ids, &count);
	if (rc < 0 || count == 0)
		return rc;
	param = cbi_cols_ids(ctx, ids, count);
	if (!param)
		return cb_failure_code(ctx);
	rc = cbi_db_query(ctx, &make_due, &param, 1, &rows);
	if (rc == CB_OK)
		*n = cbi_db_rows(rows);
	return rc;
}
