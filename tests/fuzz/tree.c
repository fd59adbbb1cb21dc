/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/tree.h"

#include <string.h>

#include "base/buf.h"
#include "catalog/entity.h"
#include "catalog/sql.h"
#include "json/json.h"
#include "tests/fuzz/fuzz.h"

static const char body[] =
    "{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"Component\","
    "\"metadata\":{\"name\":\"a\",\"namespace\":\"default\",\"uid\":\"u\","
    "\"etag\":\"e\",\"tags\":[\"java\",\"go\"],\"annotations\":"
    "{\"a/b\":\"c\"}},\"spec\":{\"type\":\"service\",\"owner\":\"x\"},"
    "\"relations\":[{\"type\":\"ownedBy\",\"targetRef\":"
    "\"group:default/x\"}]}";

static const char *written(struct cb_ctx *ctx, const struct cbi_filter *filter)
{
	struct cb_buf buf;
	const char *text = NULL;

	cbi_buf_init(&buf, 16 * CB_MIB);
	if (cbi_filter_write(&buf, filter) == CB_OK)
		text = cb_strdup(ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return text;
}

static void as_sql(struct cb_ctx *ctx, const struct cbi_filter *filter)
{
	struct cbi_sql sql;

	FUZZ_MUST(cbi_sql_begin(ctx, &sql) == CB_OK);
	cbi_sql_where(&sql, filter);
	if (cbi_sql_done(&sql) < 0)
		cb_failure_clear(ctx); /* more parameters than SQL takes */
}

void fuzz_tree(struct cb_ctx *ctx, const struct cbi_filter *filter)
{
	const char *text = written(ctx, filter), *again;
	const struct cb_entity *entity;
	const struct cbi_filter *same;
	json_t *json;

	FUZZ_MUST(text);
	FUZZ_MUST(cb_json_parse(ctx, text, strlen(text), &json) == CB_OK);
	FUZZ_MUST(cbi_filter_predicate(ctx, json, &same) == CB_OK);
	again = written(ctx, same);
	FUZZ_MUST(again && strcmp(text, again) == 0);
	FUZZ_MUST(cbi_entity_create(ctx, body, sizeof(body) - 1, &entity) ==
	          CB_OK);
	FUZZ_MUST(cbi_entity_matches(entity, filter) ==
	          cbi_entity_matches(entity, same));
	as_sql(ctx, filter);
}
