/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "base/buf.h"
#include "base/str.h"
#include "catalog/facets.h"
#include "catalog/query.h"
#include "catalog/scan.h"
#include "crypto/crypto.h"
#include "tests/catalog/shelf.h"
#include "tests/lib/stores.h"

static struct shelf shelf;
static char said[4096];

/* A stand-in for auth/: any change of the text changes it. */
static int sign(struct cb_ctx *ctx, void *signer, const char *text,
                const char **mac)
{
	char hex[CB_SHA256_HEX];

	(void)signer;
	cbi_crypto_sha256_hex(text, strlen(text), hex);
	*mac = cb_strdup(ctx, hex);
	return *mac ? CB_OK : CB_ENOMEM;
}

static bool is_signed(struct cb_ctx *ctx, void *signer, const char *text,
                      const char *mac)
{
	const char *right;

	return sign(ctx, signer, text, &right) == CB_OK &&
	       strcmp(right, mac) == 0;
}

static int open_shelf(void **state)
{
	(void)state;
	shelf_open(&shelf, "query");
	shelf.catalog.sign = sign;
	shelf.catalog.is_signed = is_signed;
	shelf_fill(&shelf);
	return 0;
}

static int close_shelf(void **state)
{
	(void)state;
	shelf_close(&shelf);
	return 0;
}

/* Gathers the names, as "a b c". */
static int add_name(void *arg, struct cbi_span body)
{
	static const struct cbi_span keys[2] = { { "metadata", 8 },
		                                 { "name", 4 } };
	struct cbi_span metadata, value;
	char name[64];

	(void)arg;
	assert_true(cbi_scan_member(body, keys[0], &metadata));
	assert_true(cbi_scan_member(metadata, keys[1], &value));
	assert_true(cbi_scan_string(value, name, sizeof(name)) > 0);
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%s",
	         *said ? " " : "", name);
	return CB_OK;
}

static const struct cbi_filter *filter_of(struct cb_ctx *ctx, const char *text)
{
	const struct cbi_filter *filter = NULL;

	if (text)
		assert_int_equal(cbi_filter_parse(ctx, &text, 1, &filter),
		                 CB_OK);
	return filter;
}

static const char *run(struct cb_ctx *ctx, const struct cbi_query *query,
                       struct cbi_query_page *page)
{
	said[0] = '\0';
	if (cbi_query_run(ctx, &shelf.catalog, query, add_name, NULL, page) < 0)
		fail_msg("%s", cb_failure(ctx));
	return said;
}

static void filters_and_orders_give_the_right_rows(void **state)
{
	static const struct {
		const char *filter, *order;
		bool descending;
		int total;
		const char *names;
	} rows[] = {
		{ "kind=component", "metadata.name", false, 4,
		  "api-gate Ledger ledger web" },
		{ "kind=component", "metadata.name", true, 4,
		  "web ledger Ledger api-gate" },
		{ "kind=component,spec.type=service", "metadata.name", false, 2,
		  "api-gate Ledger" },
		{ "kind=component,kind=api", "metadata.name", false, 5,
		  "api-gate Ledger ledger quota web" },
		{ "metadata.tags.go", "metadata.name", false, 2,
		  "api-gate web" },
		{ "metadata.tags=go,spec.lifecycle=production", NULL, false, 1,
		  "web" },
		{ "spec.note", NULL, false, 1, "Ledger" },
		{ "spec.note=null", NULL, false, 0, "" },
		{ "spec", NULL, false, 0, "" },
		{ "spec.ports=443", NULL, false, 1, "Ledger" },
		{ "metadata.annotations.a/b.c=x", NULL, false, 1, "api-gate" },
		{ "relations.ownedby=group:default/a", "metadata.name", true, 4,
		  "web quota core api-gate" },
		{ "metadata.namespace=billing", "kind", false, 2, "Ledger b" },
		{ "kind=' or 1=1--", NULL, false, 0, "" },
		{ "metadata.uid=00000000-0000-4000-8000-000000000001", NULL,
		  false, 1, "web" },
		{ "metadata.uid=x", NULL, false, 0, "" },
		/* Those without the value are dropped, arrays repeat. */
		{ NULL, "metadata.tags", false, 2, "web api-gate web" },
		{ NULL, "spec.note", false, 0, "" },
		{ "metadata.tags=java", "metadata.title", true, 1, "web" },
		{ "spec.lifecycle=production,spec.lifecycle=experimental",
		  "spec.lifecycle", false, 2, "api-gate web" },
		{ "relations.ownedby=group:billing/b", NULL, false, 1,
		  "Ledger" },
		{ "kind=component", "spec.type", true, 3,
		  "web Ledger api-gate" },
		{ NULL, "drop table", false, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cb_ctx *ctx = shelf_next(&shelf);
		struct cbi_query query = { .limit = 50, .count = true };
		struct cbi_query_page page;

		query.at.filter = filter_of(ctx, rows[i].filter);
		query.at.order_key = rows[i].order;
		query.at.descending = rows[i].descending;
		/* From the copy's columns where they can, and from SQL. */
		for (int way = 0; way < 2; way++) {
			struct cbi_copy *copy = shelf.catalog.copy;

			if (way == 1)
				shelf.catalog.copy = NULL;
			assert_string_equal(run(ctx, &query, &page),
			                    rows[i].names);
			assert_int_equal(page.total, rows[i].total);
			assert_null(page.next);
			assert_null(page.prev);
			shelf.catalog.copy = copy;
		}
	}
}

static void text_is_found_anywhere_and_literally(void **state)
{
	static const struct {
		const char *term, *field, *order, *names;
	} rows[] = {
		{ " LED ", "metadata.name", "metadata.name", "Ledger ledger" },
		{ "0%_", "metadata.title", NULL, "web" },
		{ "0_%", "metadata.title", NULL, "" },
		{ "%", "metadata.name", NULL, "" },
		{ "\\", "metadata.name", NULL, "" },
		{ "ore", "metadata.description", NULL, "core" },
		{ "go", "metadata.tags", "metadata.name", "api-gate web" },
		/* On the order's own key the row itself must have it. */
		{ "go", "metadata.tags", "metadata.tags", "web api-gate" },
		{ "j", NULL, "metadata.tags", "web" },
		{ "8000-000000000001", NULL, NULL, "web" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cb_ctx *ctx = shelf_next(&shelf);
		struct cbi_query query = { .limit = 50, .count = true };
		struct cbi_query_page page;

		assert_int_equal(
		    cbi_query_term(ctx, rows[i].term, &query.at.term), CB_OK);
		query.at.fields = &rows[i].field;
		query.at.field_count = rows[i].field ? 1 : 0;
		query.at.order_key = rows[i].order;
		assert_string_equal(run(ctx, &query, &page), rows[i].names);
	}
}

static void read_cursor(struct cb_ctx *ctx, const char *text,
                        struct cbi_query *out)
{
	memset(out, 0, sizeof(*out));
	out->limit = 2;
	assert_non_null(text);
	if (cbi_cursor_read(ctx, &shelf.catalog, text, &out->at) < 0)
		fail_msg("%s", cb_failure(ctx));
}

static void pages_go_forth_and_back(const char *order, bool descending,
                                    const char *const *want)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_query query = { .limit = 2, .count = true };
	struct cbi_query_page page;

	query.at.filter = filter_of(ctx, "kind=component,kind=api");
	query.at.order_key = order;
	query.at.descending = descending;
	assert_string_equal(run(ctx, &query, &page), want[0]);
	assert_int_equal(page.total, 5);
	assert_null(page.prev);
	read_cursor(ctx, page.next, &query);
	assert_string_equal(run(ctx, &query, &page), want[1]);
	assert_int_equal(page.total, 5);
	read_cursor(ctx, page.next, &query);
	assert_string_equal(run(ctx, &query, &page), want[2]);
	assert_null(page.next);
	read_cursor(ctx, page.prev, &query);
	assert_string_equal(run(ctx, &query, &page), want[1]);
	assert_non_null(page.next);
	read_cursor(ctx, page.prev, &query);
	assert_string_equal(run(ctx, &query, &page), want[0]);
	assert_null(page.prev);
	read_cursor(ctx, page.next, &query);
	assert_string_equal(run(ctx, &query, &page), want[1]);
}

static void cursors_lead_through_all_pages(void **state)
{
	static const char *const by_name[] = { "api-gate Ledger",
		                               "ledger quota", "web" };
	static const char *const falling[] = { "web quota", "ledger Ledger",
		                               "api-gate" };
	static const char *const by_uid[] = { "web api-gate", "Ledger ledger",
		                              "quota" };
	struct cbi_copy *copy = shelf.catalog.copy;

	(void)state;
	for (int way = 0; way < 2; way++) {
		pages_go_forth_and_back("metadata.name", false, by_name);
		pages_go_forth_and_back("metadata.name", true, falling);
		pages_go_forth_and_back(NULL, false, by_uid);
		shelf.catalog.copy = NULL;
	}
	shelf.catalog.copy = copy;
}

static void limits_offsets_and_totals_are_honoured(void **state)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_query query = { .limit = 0, .count = true };
	struct cbi_query_page page;

	(void)state;
	assert_string_equal(run(ctx, &query, &page), "");
	assert_int_equal(page.total, 9);
	assert_null(page.next);
	query.limit = 1000; /* above what is held: streamed */
	query.count = false;
	query.offset = 7;
	query.at.order_key = "metadata.name";
	assert_string_equal(run(ctx, &query, &page), "quota web");
	assert_int_equal(page.total, 0);
	query.offset = INT64_MAX / 2;
	assert_string_equal(run(ctx, &query, &page), "");
}

static void tampered_cursors_are_refused(void **state)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_query query = { .limit = 2, .count = true };
	struct cbi_query_page page;
	struct cbi_cursor cursor;
	char *text;
	size_t len;

	(void)state;
	query.at.order_key = "metadata.name";
	query.at.term = "e";
	query.at.filter = filter_of(ctx, "kind=component,spec.type");
	run(ctx, &query, &page);
	assert_non_null(page.next);
	len = strlen(page.next);
	srand(7);
	for (int i = 0; i < 1000; i++) {
		text = cb_strdup(ctx, page.next);
		text[(size_t)rand() % len] ^= (char)(1 << (rand() % 7));
		if (strcmp(text, page.next) == 0)
			continue;
		cb_failure_clear(ctx);
		assert_int_equal(
		    cbi_cursor_read(ctx, &shelf.catalog, text, &cursor),
		    CB_EINVAL);
	}
	static const char *const bad[] = {
		"",
		"x",
		"====",
		"e30=",
		"bnVsbA==",
		"W10=",
		/* {"orderFields":[],"sig":"}: one quote is none of a pair */
		"eyJvcmRlckZpZWxkcyI6W10sInNpZyI6In0=",
		/* {"orderFields":[],"orderFieldValues":["x"],"isPrevious":
		 * false,"totalItems":-1} */
		("eyJvcmRlckZpZWxkcyI6W10sIm9yZGVyRmllbGRWYWx1ZXMiOlsieCJdLCJp"
		 "c1ByZXZpb3VzIjpmYWxzZSwidG90YWxJdGVtcyI6LTF9"),
	};
	for (int open = 0; open < 2; open++) {
		/* Also where nothing is signed. */
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			cb_failure_clear(ctx);
			assert_int_equal(cbi_cursor_read(ctx, &shelf.catalog,
			                                 bad[i], &cursor),
			                 CB_EINVAL);
		}
		shelf.catalog.is_signed = NULL;
	}
	shelf.catalog.is_signed = is_signed;
	text = cb_alloc(ctx, CB_MIB + 1);
	memset(text, 'A', CB_MIB);
	cb_failure_clear(ctx);
	assert_int_equal(cbi_cursor_read(ctx, &shelf.catalog, text, &cursor),
	                 CB_EINVAL);
}

/* --- facets --- */

static const char *facets_of(struct cb_ctx *ctx,
                             const struct cbi_filter *filter, const char *name)
{
	const struct cbi_facet *facet;
	struct cbi_fresh fresh;

	said[0] = '\0';
	if (cbi_facets_count(ctx, &shelf.catalog, filter, &name, 1, &facet,
	                     &fresh) < 0)
		fail_msg("%s", cb_failure(ctx));
	assert_string_equal(facet->name, name);
	for (size_t i = 0; i < facet->n; i++)
		snprintf(said + strlen(said), sizeof(said) - strlen(said),
		         "%s%s:%zu", i ? " " : "", facet->values[i].value,
		         facet->values[i].count);
	return said;
}

static void facets_agree_in_copy_and_sql(void **state)
{
	static const struct {
		const char *filter, *name, *counts;
	} rows[] = {
		{ NULL, "kind", "API:1 Component:4 Group:2 System:1 User:1" },
		{ NULL, "spec.Type",
		  "Service:1 openapi:1 service:1 team:2 website:1" },
		{ "kind=component", "metadata.tags", "go:2 java:1" },
		{ "kind=component", "spec.lifecycle",
		  "experimental:1 production:1" },
		{ "spec.type=service", "metadata.namespace",
		  "billing:1 default:1" },
		{ "kind=user", "spec.type", "" },
		{ NULL, "relations.ownedBy",
		  "group:billing/b:1 group:default/a:4" },
		{ NULL, "metadata.name",
		  "Ledger:1 a:1 api-gate:1 b:1 core:1 guest:1 ledger:1 "
		  "quota:1 web:1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cb_ctx *ctx = shelf_next(&shelf);
		const struct cbi_filter *filter =
		    filter_of(ctx, rows[i].filter);
		struct cbi_copy *copy = shelf.catalog.copy;

		assert_string_equal(facets_of(ctx, filter, rows[i].name),
		                    rows[i].counts);
		shelf.catalog.copy = NULL; /* so SQL counts */
		assert_string_equal(facets_of(ctx, filter, rows[i].name),
		                    rows[i].counts);
		shelf.catalog.copy = copy;
	}
}

static void facets_of_any_key_are_counted(void **state)
{
	struct cb_ctx *ctx = shelf_next(&shelf);

	(void)state;
	assert_string_equal(facets_of(ctx, NULL, "spec.x.Y"), "Z:1");
	assert_string_equal(facets_of(ctx, NULL, "spec.ports"), "443:1 80:1");
	assert_string_equal(facets_of(ctx, NULL, "spec.note"), "");
	assert_string_equal(facets_of(ctx, NULL, "nope"), "");
	assert_string_equal(
	    facets_of(ctx, filter_of(ctx, "metadata.title"), "kind"),
	    "Component:1");
}

/* --- the older list --- */

static int note_more(void *arg, bool more)
{
	*(bool *)arg = more;
	return CB_OK;
}

static int list_item(void *arg, struct cbi_span body)
{
	return add_name(arg, body);
}

static const char *list(struct cb_ctx *ctx, const struct cbi_list *asked,
                        bool *more)
{
	struct cbi_fresh fresh;

	said[0] = '\0';
	if (cbi_list_run(ctx, &shelf.catalog, asked, note_more, list_item, more,
	                 &fresh) < 0)
		fail_msg("%s", cb_failure(ctx));
	return said;
}

static void the_older_list_has_two_ways(void **state)
{
	static const struct cbi_list_order title = { "metadata.title", false };
	static const struct cbi_list_order orders[] = {
		{ "spec.type", true }, { "metadata.name", false }
	};
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_list asked = { .limit = -1 };
	struct cbi_copy *copy = shelf.catalog.copy;
	bool more;

	(void)state;
	asked.filter = filter_of(ctx, "kind=component");
	for (int i = 0; i < 2; i++) {
		/* From the copy and from SQL: by uid. */
		assert_string_equal(list(ctx, &asked, &more),
		                    "web api-gate Ledger ledger");
		assert_false(more);
		shelf.catalog.copy = NULL;
	}
	shelf.catalog.copy = copy;
	asked.orders = &title;
	asked.order_count = 1;
	assert_string_equal(list(ctx, &asked, &more), "web");
	asked.paged = true;
	asked.limit = 3;
	assert_string_equal(list(ctx, &asked, &more), "web api-gate Ledger");
	assert_true(more);
	asked.offset = 3;
	assert_string_equal(list(ctx, &asked, &more), "ledger");
	assert_false(more);
	asked.offset = 0;
	asked.limit = 10;
	asked.orders = orders;
	asked.order_count = 2;
	assert_string_equal(list(ctx, &asked, &more),
	                    "web api-gate Ledger ledger");
	asked.order_count = 0; /* by ref */
	assert_string_equal(list(ctx, &asked, &more),
	                    "Ledger api-gate ledger web");
}

/* --- scope and time --- */

static void who_may_see_nothing_counts_nothing(void **state)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_query query = { .limit = 50, .count = true };
	struct cbi_query_page page;
	struct cbi_list asked = { .limit = -1 };
	bool more;

	(void)state;
	ctx->scope.all = false;
	ctx->scope.cls = "none";
	assert_string_equal(run(ctx, &query, &page), "");
	assert_int_equal(page.total, 0);
	assert_string_equal(facets_of(ctx, NULL, "kind"), "");
	assert_string_equal(list(ctx, &asked, &more), "");
}

static void what_sql_showed_no_reader_sees_older(void **state)
{
	struct cbi_board *board = cbi_board();
	struct cb_ctx *ctx;
	struct cbi_query query = { .limit = 1, .at.term = "0" };
	struct cbi_query_page page;

	(void)state;
	shelf_follow(&shelf);
	/* A write of another host: nothing here was told. */
	shelf_put(&shelf, "{\"kind\":\"API\",\"metadata\":{\"name\":\"z\"}}");
	atomic_store(&board->wanted, 0);
	ctx = shelf_next(&shelf);
	run(ctx, &query, &page);
	assert_true(atomic_load(&board->wanted) == page.number);
	assert_true(page.number > atomic_load(&board->copy_number));
	shelf_delete(&shelf, "api:default/z");
	shelf_follow(&shelf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_and_orders_give_the_right_rows),
		cmocka_unit_test(text_is_found_anywhere_and_literally),
		cmocka_unit_test(cursors_lead_through_all_pages),
		cmocka_unit_test(limits_offsets_and_totals_are_honoured),
		cmocka_unit_test(tampered_cursors_are_refused),
		cmocka_unit_test(facets_agree_in_copy_and_sql),
		cmocka_unit_test(facets_of_any_key_are_counted),
		cmocka_unit_test(the_older_list_has_two_ways),
		cmocka_unit_test(who_may_see_nothing_counts_nothing),
		cmocka_unit_test(what_sql_showed_no_reader_sees_older),
	};

	stores_start(STORES_POSTGRES);
	return cmocka_run_group_tests(tests, open_shelf, close_shelf);
}
