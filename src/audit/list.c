/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - see list.h.
 */
#include "audit/audit_priv.h"

#include <string.h>

#include "base/clock.h"
#include "db/db.h"

#define PARAMS 8

#define WHERE                                                                  \
	" from audit where ($1::text is null or actor = $1) and "              \
	"($2::text is null or action = $2 or starts_with(action, $2 || '.')) " \
	"and ($3::text is null or position(lower($3) in lower(object)) > 0) "  \
	"and ($4::text is null or outcome = $4) and "                          \
	"($5::bigint is null or at >= to_timestamp($5::bigint / 1000.0)) and " \
	"($6::bigint is null or at < to_timestamp($6::bigint / 1000.0)) and "  \
	"($7::bigint is null or id < $7::bigint) order by id desc limit $8"

static const struct cbi_db_stmt page = {
	"audit_page",
	"select " CBI_AUDIT_COLUMNS WHERE,
};

void cbi_audit_row_read(const struct cbi_db_result *result, size_t row,
                        struct cbi_audit_row *out)
{
	out->id = cbi_db_int(result, row, 0);
	out->seal = cbi_db_int(result, row, 1);
	out->at_us = cbi_db_int(result, row, 2);
	out->actor = cbi_db_text(result, row, 3);
	out->action = cbi_db_text(result, row, 4);
	out->object = cbi_db_text(result, row, 5);
	out->before = cbi_db_text(result, row, 6);
	out->after = cbi_db_text(result, row, 7);
	out->request_id = cbi_db_text(result, row, 8);
	out->address = cbi_db_text(result, row, 9);
	out->outcome = cbi_db_text(result, row, 10);
	out->hash = cbi_db_text(result, row, 11);
}

json_t *cbi_audit_json(const struct cbi_audit_row *row)
{
	char at[CBI_TIME_LEN];
	json_t *out;

	cbi_clock_iso(row->at_us / 1000, at);
	out =
	    json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:s*}",
	              "id", (json_int_t)row->id, "at", at, "actor", row->actor,
	              "action", row->action, "object", row->object, "outcome",
	              row->outcome, "requestId", row->request_id, "address",
	              row->address, "before", row->before, "after", row->after);
	if (out && row->seal &&
	    (json_object_set_new(out, "seal", json_integer(row->seal)) ||
	     json_object_set_new(out, "hash", json_string(row->hash)))) {
		json_decref(out);
		return NULL;
	}
	return out;
}

static const char *some(const char *text)
{
	return text && *text ? text : NULL;
}

static int fill(struct cb_ctx *ctx, const struct cbi_audit_query *query,
                size_t max, const char *params[PARAMS])
{
	const int64_t numbers[] = { query->from_ms, query->to_ms,
		                    query->before_id, (int64_t)max };

	params[0] = some(query->actor);
	params[1] = some(query->action);
	params[2] = some(query->object);
	params[3] = some(query->outcome);
	for (size_t i = 0; i < 4; i++) {
		params[4 + i] = NULL;
		if (!numbers[i])
			continue;
		params[4 + i] = cbi_db_number(ctx, numbers[i]);
		if (!params[4 + i])
			return CB_ENOMEM;
	}
	return CB_OK;
}

int cbi_audit_list(struct cb_ctx *ctx, const struct cbi_audit_query *query,
                   size_t max, const struct cbi_audit_row **out, size_t *n)
{
	struct cbi_db_result *result;
	struct cbi_audit_row *rows;
	const char *params[PARAMS];
	int rc = fill(ctx, query, max, params);

	if (rc == CB_OK)
		rc = cbi_db_query(ctx, &page, params, PARAMS, &result);
	if (rc < 0)
		return rc;
	rows = cb_alloc(ctx, (cbi_db_rows(result) + 1) * sizeof(*rows));
	if (!rows)
		return CB_ENOMEM;
	for (size_t i = 0; i < cbi_db_rows(result); i++)
		cbi_audit_row_read(result, i, &rows[i]);
	*out = rows;
	*n = cbi_db_rows(result);
	return CB_OK;
}

struct each {
	int (*fn)(void *arg, const struct cbi_audit_row *row);
	void *arg;
};

static int hand_over(void *arg, const struct cbi_db_result *result)
{
	const struct each *each = arg;
	struct cbi_audit_row row;

	cbi_audit_row_read(result, 0, &row);
	return each->fn(each->arg, &row);
}

int cbi_audit_each(struct cb_ctx *ctx, const struct cbi_audit_query *query,
                   int (*fn)(void *arg, const struct cbi_audit_row *row),
                   void *arg)
{
	struct each each = { fn, arg };
	const char *params[PARAMS];
	int rc = fill(ctx, query, 0, params);

	/* Without a limit: the eighth parameter is null. */
	return rc < 0 ? rc
	              : cbi_db_stream(ctx, &page, params, PARAMS, hand_over,
	                              &each);
}
