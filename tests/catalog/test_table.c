/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "catalog/table.h"
#include "catalog/view.h"
#include "base/clock.h"
#include "tests/catalog/shelf.h"
#include "tests/lib/stores.h"

static struct shelf shelf;
static char said[2048];

static int open_shelf(void **state)
{
	(void)state;
	shelf_open(&shelf, "rows");
	shelf_fill(&shelf);
	return 0;
}

static int close_shelf(void **state)
{
	(void)state;
	shelf_close(&shelf);
	return 0;
}

static void add(const char *fmt, ...) CB_PRINTF(1, 2);
static void add(const char *fmt, ...)
{
	size_t len = strlen(said);
	va_list args;

	va_start(args, fmt);
	vsnprintf(said + len, sizeof(said) - len, fmt, args);
	va_end(args);
}

static const char *names(const struct cbi_table *table)
{
	said[0] = '\0';
	for (size_t i = 0; i < table->count; i++)
		add("%s%s", i ? " " : "", table->rows[i].name);
	return said;
}

static void choose(struct cbi_table_query *query, int column,
                   const char *const *values, size_t n)
{
	query->filters[column].values = values;
	query->filters[column].n = n;
}

static void read_table(struct cb_ctx *ctx, const struct cbi_table_query *query,
                       struct cbi_table *table, struct cbi_table_rail *rail)
{
	struct cbi_fresh fresh;

	if (cbi_table_read(ctx, &shelf.catalog, query, table, rail, &fresh) < 0)
		fail_msg("%s", cb_failure(ctx));
	assert_false(fresh.stale);
}

static void rows_have_what_is_shown(void **state)
{
	static const char *const kinds[] = { "COMPONENT" };
	struct cbi_table_query query = { .limit = 10 };
	struct cbi_table table;
	const struct cbi_table_row *row;

	(void)state;
	choose(&query, CBI_COLUMN_KIND, kinds, 1);
	read_table(shelf_next(&shelf), &query, &table, NULL);
	assert_string_equal(names(&table), "api-gate Ledger ledger web");
	assert_int_equal(table.total, 4);
	row = &table.rows[3];
	assert_string_equal(row->ref, "component:default/web");
	assert_string_equal(row->kind, "Component");
	assert_string_equal(row->space, "default");
	assert_string_equal(row->title, "The 100%_Web");
	assert_string_equal(row->description, "");
	assert_string_equal(row->type, "website");
	assert_string_equal(row->lifecycle, "production");
	assert_string_equal(row->owner, "group:default/a");
	assert_int_equal(row->tag_count, 2);
	assert_string_equal(row->tags[1], "go");
	assert_true(row->updated_ms > 0);
	assert_string_equal(table.rows[1].space, "billing");
	assert_null(table.rows[1].lifecycle);
}

static void filters_and_text_narrow_the_table(void **state)
{
	static const char *const service[] = { "service" };
	static const char *const owner[] = { "group:default/a", "x" };
	static const char *const tag[] = { "GO" };
	static const char *const space[] = { "billing" };
	static const struct {
		int column;
		const char *const *values;
		size_t n;
		const char *text, *names;
	} rows[] = {
		{ CBI_COLUMN_TYPE, service, 1, NULL, "api-gate Ledger" },
		{ CBI_COLUMN_OWNER, owner, 2, "", "api-gate core quota web" },
		{ CBI_COLUMN_TAG, tag, 1, NULL, "api-gate web" },
		{ CBI_COLUMN_NAMESPACE, space, 1, NULL, "b Ledger" },
		{ CBI_COLUMN_TYPE, NULL, 0, "LED", "Ledger ledger" },
		{ CBI_COLUMN_TYPE, NULL, 0, "the 100%", "web" },
		{ CBI_COLUMN_TYPE, service, 1, "gate", "api-gate" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbi_table_query query = { .limit = 10 };
		struct cbi_table table;

		choose(&query, rows[i].column, rows[i].values, rows[i].n);
		query.text = rows[i].text;
		read_table(shelf_next(&shelf), &query, &table, NULL);
		assert_string_equal(names(&table), rows[i].names);
	}
}

static const char *counts(const struct cbi_table_rail *rail, int column)
{
	said[0] = '\0';
	for (size_t i = 0; i < rail->n[column]; i++) {
		const struct cbi_table_count *c = &rail->counts[column][i];

		add("%s%s:%zu%s", i ? " " : "", c->value, c->count,
		    c->chosen ? "*" : "");
	}
	return said;
}

static void each_facet_leaves_its_own_filter_out(void **state)
{
	static const char *const kind[] = { "component" };
	static const char *const type[] = { "service" };
	struct cbi_table_query query = { .limit = 10 };
	struct cbi_table_rail rail;
	struct cbi_table table;

	(void)state;
	choose(&query, CBI_COLUMN_KIND, kind, 1);
	choose(&query, CBI_COLUMN_TYPE, type, 1);
	read_table(shelf_next(&shelf), &query, &table, &rail);
	assert_int_equal(table.total, 2);
	assert_string_equal(counts(&rail, CBI_COLUMN_KIND), "Component:2*");
	assert_string_equal(counts(&rail, CBI_COLUMN_TYPE),
	                    "Service:1* service:1* website:1");
	assert_string_equal(counts(&rail, CBI_COLUMN_OWNER),
	                    "group:billing/b:1 group:default/a:1");
	assert_string_equal(counts(&rail, CBI_COLUMN_LIFECYCLE),
	                    "experimental:1");
	assert_string_equal(counts(&rail, CBI_COLUMN_TAG), "go:1");
	memset(&query, 0, sizeof(query));
	query.limit = 1;
	query.text = "ledger";
	read_table(shelf_next(&shelf), &query, &table, &rail);
	assert_int_equal(table.total, 2);
	assert_string_equal(counts(&rail, CBI_COLUMN_KIND), "Component:2");
	assert_string_equal(counts(&rail, CBI_COLUMN_NAMESPACE),
	                    "billing:1 default:1");
}

/* Pages of two, there and back again. */
static void walk(enum cbi_table_sort sort, bool descending,
                 const char *const *pages)
{
	static const char *const kinds[] = { "component", "api" };
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_table_query query = { .limit = 2,
		                         .sort = sort,
		                         .descending = descending };
	struct cbi_table table;

	choose(&query, CBI_COLUMN_KIND, kinds, 2);
	for (int i = 0; i < 3; i++) {
		read_table(ctx, &query, &table, NULL);
		assert_string_equal(names(&table), pages[i]);
		assert_int_equal(table.total, 5);
		assert_int_equal(!table.prev, i == 0);
		assert_int_equal(!table.next, i == 2);
		query.after = table.next;
	}
	query.after = NULL;
	for (int i = 1; i >= 0; i--) {
		query.before = table.prev;
		read_table(ctx, &query, &table, NULL);
		assert_string_equal(names(&table), pages[i]);
		assert_int_equal(!table.prev, i == 0);
		assert_non_null(table.next);
	}
}

static void pages_by_every_column(void **state)
{
	static const char *const names_up[] = { "api-gate Ledger",
		                                "ledger quota", "web" };
	static const char *const names_down[] = { "web quota", "ledger Ledger",
		                                  "api-gate" };
	/* openapi, service x 2, website, none */
	static const char *const types_up[] = { "quota api-gate", "Ledger web",
		                                "ledger" };
	static const char *const types_down[] = { "web api-gate",
		                                  "Ledger quota", "ledger" };
	static const char *const owners[] = { "Ledger api-gate", "quota web",
		                              "ledger" };
	static const char *const lives[] = { "api-gate web", "Ledger ledger",
		                             "quota" };

	(void)state;
	walk(CBI_SORT_NAME, false, names_up);
	walk(CBI_SORT_NAME, true, names_down);
	walk(CBI_SORT_TYPE, false, types_up);
	walk(CBI_SORT_TYPE, true, types_down);
	walk(CBI_SORT_OWNER, false, owners);
	walk(CBI_SORT_LIFECYCLE, false, lives);
}

static void bad_positions_and_limits_are_refused(void **state)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_table_query query = { .limit = 0 };
	struct cbi_table table;
	struct cbi_fresh fresh;

	(void)state;
	assert_int_equal(
	    cbi_table_read(ctx, &shelf.catalog, &query, &table, NULL, &fresh),
	    CB_EINVAL);
	query.limit = 10;
	query.after = "nonsense";
	ctx = shelf_next(&shelf);
	assert_int_equal(
	    cbi_table_read(ctx, &shelf.catalog, &query, &table, NULL, &fresh),
	    CB_EINVAL);
}

static void the_newest_and_the_kinds_are_told(void **state)
{
	struct cbi_table table;
	struct cbi_fresh fresh;
	const struct cbi_table_count *kinds;
	size_t n;

	(void)state;
	shelf_put(&shelf, "{\"kind\":\"Group\",\"metadata\":{\"name\":\"a\"},"
	                  "\"spec\":{\"type\":\"team\"}}");
	shelf_follow(&shelf);
	assert_int_equal(cbi_table_recent(shelf_next(&shelf), &shelf.catalog, 3,
	                                  &table, &fresh),
	                 CB_OK);
	assert_string_equal(names(&table), "a core guest");
	assert_int_equal(cbi_table_kinds(shelf_next(&shelf), &shelf.catalog,
	                                 &kinds, &n, &fresh),
	                 CB_OK);
	assert_int_equal(n, 5);
	assert_string_equal(kinds[1].value, "Component");
	assert_int_equal(kinds[1].count, 4);
}

static void a_table_waits_for_what_was_written(void **state)
{
	static const char *const kinds[] = { "resource" };
	struct cbi_table_query query = { .limit = 10 };
	struct cbi_table table;
	struct cbi_fresh fresh;

	(void)state;
	choose(&query, CBI_COLUMN_KIND, kinds, 1);
	shelf_put(&shelf, "{\"kind\":\"Resource\",\"metadata\":{\"name\":"
	                  "\"db\"}}");
	/* Nobody follows: it says so instead of showing an older state. */
	assert_int_equal(cbi_table_read(shelf_next(&shelf), &shelf.catalog,
	                                &query, &table, NULL, &fresh),
	                 CB_EAWAY);
	shelf_follow(&shelf);
	read_table(shelf_next(&shelf), &query, &table, NULL);
	assert_string_equal(names(&table), "db");
	shelf_delete(&shelf, "resource:default/db");
	shelf_follow(&shelf);
	read_table(shelf_next(&shelf), &query, &table, NULL);
	assert_int_equal(table.total, 0);
}

static const char *title(const char *ref)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	const char *out = NULL;
	int rc = cbi_table_title(ctx, &shelf.catalog, ref, &out);

	assert_int_equal(cb_failure_code(ctx), CB_OK);
	assert_int_equal(rc, out ? CB_OK : CB_ENOENT);
	return out;
}

static void a_title_is_as_new_as_what_was_answered(void **state)
{
	(void)state;
	assert_string_equal(title("component:default/web"), "The 100%_Web");
	assert_string_equal(title("component:billing/ledger"), "Ledger");
	assert_null(title("component:default/none"));
	assert_null(title("nonsense"));
	shelf_put(&shelf, "{\"kind\":\"User\",\"metadata\":{\"name\":\"ann\","
	                  "\"title\":\"A\"},\"spec\":{\"profile\":{"
	                  "\"displayName\":\"Ann \\\"B\\\"\"}}}");
	/* Not in the copy yet: asked of PostgreSQL. */
	assert_string_equal(title("user:default/ann"), "Ann \"B\"");
	shelf_follow(&shelf);
	assert_string_equal(title("user:default/ann"), "Ann \"B\"");
	shelf_delete(&shelf, "user:default/ann");
	assert_null(title("user:default/ann"));
	shelf_follow(&shelf);
	assert_null(title("user:default/ann"));
}

static void the_past_is_read_by_ref_and_uid(void **state)
{
	struct cbi_served served;
	struct cbi_fresh fresh;
	struct cb_ctx *ctx;
	int64_t before;

	(void)state;
	shelf_put(&shelf, "{\"kind\":\"API\",\"metadata\":{\"name\":\"p\","
	                  "\"title\":\"one\"}}");
	before = cbi_clock_wall_ms() + 1;
	while (cbi_clock_wall_ms() <= before + 1)
		;
	shelf_put(&shelf, "{\"kind\":\"API\",\"metadata\":{\"name\":\"p\","
	                  "\"title\":\"two\"}}");
	shelf_delete(&shelf, "api:default/p");
	ctx = shelf_next(&shelf);
	ctx->scope.as_of = before;
	assert_int_equal(cbi_view_by_ref(ctx, &shelf.catalog, "api:default/p",
	                                 &served, &fresh),
	                 CB_OK);
	assert_non_null(strstr(served.body, "\"one\""));
	ctx->scope.as_of = before - 3600000;
	assert_int_equal(cbi_view_by_ref(ctx, &shelf.catalog, "api:default/p",
	                                 &served, &fresh),
	                 CB_ENOENT);
	shelf_follow(&shelf);
	ctx = shelf_next(&shelf);
	assert_int_equal(cbi_view_by_ref(ctx, &shelf.catalog, "api:default/p",
	                                 &served, &fresh),
	                 CB_ENOENT);
	assert_int_equal(cbi_view_by_uid(shelf_next(&shelf), &shelf.catalog,
	                                 "00000000-0000-4000-8000-000000000001",
	                                 &served, &fresh),
	                 CB_OK);
	assert_non_null(strstr(served.body, "100%_Web"));
	assert_int_equal(cbi_view_by_uid(shelf_next(&shelf), &shelf.catalog,
	                                 "none", &served, &fresh),
	                 CB_ENOENT);
}

static void refs_are_answered_in_their_order(void **state)
{
	static const char *const refs[] = { "component:default/web",
		                            "Component:default/web",
		                            "",
		                            "component:default/web",
		                            "nope",
		                            "component:billing/ledger" };
	struct cbi_served served[6];
	struct cbi_copy *copy = shelf.catalog.copy;
	struct cbi_fresh fresh;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(cbi_view_by_refs(shelf_next(&shelf),
		                                  &shelf.catalog, refs, 6,
		                                  served, &fresh),
		                 CB_OK);
		assert_non_null(served[0].body);
		assert_null(served[1].body);
		assert_null(served[2].body);
		/* Asked twice, answered twice: from the database too. */
		assert_int_equal(served[3].len, served[0].len);
		assert_null(served[4].body);
		assert_non_null(served[5].body);
		shelf.catalog.copy = NULL;
	}
	shelf.catalog.copy = copy;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_have_what_is_shown),
		cmocka_unit_test(filters_and_text_narrow_the_table),
		cmocka_unit_test(each_facet_leaves_its_own_filter_out),
		cmocka_unit_test(pages_by_every_column),
		cmocka_unit_test(bad_positions_and_limits_are_refused),
		cmocka_unit_test(the_newest_and_the_kinds_are_told),
		cmocka_unit_test(a_table_waits_for_what_was_written),
		cmocka_unit_test(a_title_is_as_new_as_what_was_answered),
		cmocka_unit_test(the_past_is_read_by_ref_and_uid),
		cmocka_unit_test(refs_are_answered_in_their_order),
	};

	stores_start(STORES_POSTGRES);
	return cmocka_run_group_tests(tests, open_shelf, close_shelf);
}
