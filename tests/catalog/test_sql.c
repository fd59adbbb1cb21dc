/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sql.c - filters and texts as conditions of one statement.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "callboard/json.h"
#include "catalog/entity.h"
#include "catalog/filter.h"
#include "catalog/query.h"
#include "tests/catalog/shelf.h"
#include "tests/lib/stores.h"

static struct shelf shelf;
static struct cbi_copy *copy;
static char said[4096];

static int open_shelf(void **state)
{
	(void)state;
	shelf_open(&shelf, "sql");
	shelf_fill(&shelf);
	/* From here on PostgreSQL is asked. */
	copy = shelf.catalog.copy;
	shelf.catalog.copy = NULL;
	return 0;
}

static int close_shelf(void **state)
{
	(void)state;
	shelf.catalog.copy = copy;
	shelf_close(&shelf);
	return 0;
}

/* Gathers the names, as "a b c"; arg is the context. */
static int add_name(void *arg, struct cbi_span body)
{
	const struct cb_entity *entity;

	assert_int_equal(cbi_entity_create(arg, body.ptr, body.len, &entity),
	                 CB_OK);
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%s",
	         *said ? " " : "", cb_entity_name(entity));
	return CB_OK;
}

static const char *run(struct cb_ctx *ctx, const struct cbi_query *query,
                       struct cbi_query_page *page)
{
	said[0] = '\0';
	if (cbi_query_run(ctx, &shelf.catalog, query, add_name, ctx, page) < 0)
		fail_msg("%s", cb_failure(ctx));
	return said;
}

static const struct cbi_filter *wanted;

/* As add_name, but only what memory says that the filter lets through. */
static int add_match(void *arg, struct cbi_span body)
{
	const struct cb_entity *entity;
	struct cb_ctx *ctx = arg;

	assert_int_equal(cbi_entity_create(ctx, body.ptr, body.len, &entity),
	                 CB_OK);
	return cbi_entity_matches(entity, wanted) ? add_name(ctx, body) : CB_OK;
}

static unsigned dice(unsigned sides)
{
	static unsigned state = 7;

	state = state * 1103515245u + 12345u;
	return (state >> 16) % sides;
}

static void add_predicate(struct cb_buf *buf, int depth)
{
	static const char *const leaves[] = {
		"{\"kind\":\"component\"}",
		"{\"metadata.tags\":\"go\"}",
		"{\"metadata.tags\":{\"$in\":[\"java\",\"rust\"]}}",
		"{\"metadata.tags\":{\"$hasPrefix\":\"j\"}}",
		"{\"metadata.name\":{\"$hasPrefix\":\"l\"}}",
		"{\"spec.type\":{\"$exists\":true}}",
		"{\"spec.type\":{\"$hasPrefix\":\"se\"}}",
		"{\"spec.lifecycle\":{\"$exists\":false}}",
		"{\"spec.lifecycle\":\"production\"}",
		"{\"spec.ports\":443}",
		"{\"spec.note\":{\"$exists\":true}}",
		"{\"spec.type\":{\"$in\":[]}}",
		"{\"relations.ownedby\":\"group:default/a\"}",
		"{}",
	};
	unsigned n = 1 + dice(5), kind = depth ? dice(4) : 3;

	if (kind == 3) {
		cb_buf_text(buf,
		            leaves[dice(sizeof(leaves) / sizeof(leaves[0]))]);
		return;
	}
	if (kind == 2) {
		cb_buf_text(buf, "{\"$not\":");
		add_predicate(buf, depth - 1);
		cb_buf_text(buf, "}");
		return;
	}
	cb_buf_text(buf, kind ? "{\"$all\":[" : "{\"$any\":[");
	for (unsigned i = 0; i < n; i++) {
		cb_buf_text(buf, i ? "," : "");
		add_predicate(buf, depth - 1);
	}
	cb_buf_text(buf, "]}");
}

/* Terms that are asked of the tokens at once mean what each means alone. */
static void sql_and_memory_agree_on_any_predicate(void **state)
{
	char found[sizeof(said)];

	(void)state;
	for (int i = 0; i < 400; i++) {
		struct cb_ctx *ctx = shelf_next(&shelf);
		struct cbi_query query = { .limit = 50 };
		struct cbi_query_page page;
		struct cb_buf text;
		json_t *json;

		cbi_buf_init(&text, CB_MIB);
		add_predicate(&text, 4);
		assert_int_equal(
		    cb_json_parse(ctx, cbi_buf_string(&text), text.len, &json),
		    CB_OK);
		assert_int_equal(cbi_filter_predicate(ctx, json, &wanted),
		                 CB_OK);
		query.at.filter = wanted;
		cbi_str_copy(found, sizeof(found), run(ctx, &query, &page));
		query.at.filter = NULL;
		said[0] = '\0';
		assert_int_equal(cbi_query_run(ctx, &shelf.catalog, &query,
		                               add_match, ctx, &page),
		                 CB_OK);
		if (strcmp(found, said) != 0)
			fail_msg("%s: SQL found %s, memory %s",
			         cbi_buf_string(&text), found, said);
		cbi_buf_finish(&text);
	}
}

static void text_in_many_fields_is_text_in_one_of_them(void **state)
{
	static const char *const fields[] = { "spec.type", "metadata.tags",
		                              "metadata.title", "spec.type" };
	static const char *const rows[][2] = {
		{ "se", "api-gate Ledger" },
		{ "java", "web" },
		{ "100%_w", "web" },
		/* The key is no text of its own. */
		{ "spec.", "" },
		{ "=", "" },
	};

	const char *components = "kind=component";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cb_ctx *ctx = shelf_next(&shelf);
		struct cbi_query query = { .limit = 50 };
		struct cbi_query_page page;

		assert_int_equal(
		    cbi_filter_parse(ctx, &components, 1, &query.at.filter),
		    CB_OK);
		query.at.term = rows[i][0];
		query.at.fields = fields;
		query.at.field_count = 4;
		assert_string_equal(run(ctx, &query, &page), rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sql_and_memory_agree_on_any_predicate),
		cmocka_unit_test(text_in_many_fields_is_text_in_one_of_them),
	};

	stores_start(STORES_POSTGRES);
	return cmocka_run_group_tests(tests, open_shelf, close_shelf);
}
