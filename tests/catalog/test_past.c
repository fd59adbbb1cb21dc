/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of catalog/past.c and of all that reads as of a time: what was
 * answered at a moment is answered again later for that moment.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "catalog/facets.h"
#include "catalog/past.h"
#include "catalog/query.h"
#include "catalog/table.h"
#include "catalog/view.h"
#include "shelf.h"
#include "tests/lib/stores.h"

#define MOMENTS 25

static struct shelf shelf;
static unsigned seed;

static unsigned dice(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return seed / 65536 % n;
}

static int setup(void **state)
{
	(void)state;
	shelf_open(&shelf, "past");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	shelf_close(&shelf);
	return 0;
}

/* --- everything that reads, as one text --- */

static int add_item(void *arg, struct cbi_span body)
{
	cb_buf_add(arg, body.ptr, body.len);
	cb_buf_text(arg, "\n");
	return CB_OK;
}

static int add_begin(void *arg, bool more)
{
	return cb_buf_printf(arg, "more %d\n", more);
}

static const struct cbi_filter *filter_of(struct cb_ctx *ctx, const char *text)
{
	const struct cbi_filter *filter = NULL;

	if (text)
		assert_int_equal(cbi_filter_parse(ctx, &text, 1, &filter), 0);
	return filter;
}

static const char *const filters[] = {
	NULL,
	"kind=component",
	"kind=component,spec.type=service",
	"metadata.tags=go",
	"relations.ownedby=group:default/a",
	"metadata.annotations.note",
	"spec.lifecycle=production,metadata.tags=java",
};
#define FILTERS (sizeof(filters) / sizeof(filters[0]))

/* Pages forward until the end, by cursors. */
static void add_pages(struct cb_buf *buf, const char *filter, const char *order,
                      const char *term)
{
	struct cb_ctx *ctx = &shelf.lane.ctx;
	struct cbi_query query = { .limit = 3, .count = true };
	struct cbi_query_page page;

	query.at.filter = filter_of(ctx, filter);
	query.at.order_key = order;
	query.at.term = term;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(cbi_query_run(ctx, &shelf.catalog, &query,
		                               add_item, buf, &page),
		                 0);
		cb_buf_printf(buf, "of %lld, back %d\n", (long long)page.total,
		              page.prev != NULL);
		if (!page.next)
			return;
		assert_int_equal(
		    cbi_cursor_read(ctx, &shelf.catalog, page.next, &query.at),
		    0);
	}
	fail_msg("pages without end");
}

static void add_queries(struct cb_buf *buf)
{
	static const char *const orders[] = { NULL, "metadata.name",
		                              "metadata.title", "metadata.tags",
		                              "spec.type" };

	for (size_t i = 0; i < FILTERS; i++) {
		cb_buf_printf(buf, "filter %s\n", filters[i] ? filters[i] : "");
		add_pages(buf, filters[i], orders[i % 5], NULL);
	}
	add_pages(buf, NULL, "metadata.name", "c1");
	add_pages(buf, NULL, NULL, "0000");
}

static void add_lists(struct cb_buf *buf)
{
	struct cb_ctx *ctx = &shelf.lane.ctx;
	const struct cbi_list_order order = { "metadata.title", true };
	struct cbi_list list = { .limit = -1 };
	struct cbi_fresh fresh;

	for (int i = 0; i < 3; i++) {
		list.filter = filter_of(ctx, filters[i]);
		assert_int_equal(cbi_list_run(ctx, &shelf.catalog, &list,
		                              add_begin, add_item, buf, &fresh),
		                 0);
		list.paged = true;
		list.limit = 4;
		list.offset = i;
		list.orders = &order;
		list.order_count = i > 0;
	}
}

static void add_facets(struct cb_buf *buf)
{
	static const char *const names[] = { "kind", "spec.type",
		                             "metadata.tags",
		                             "relations.ownedBy",
		                             "metadata.annotations.note" };
	struct cb_ctx *ctx = &shelf.lane.ctx;
	const struct cbi_facet *facets;
	struct cbi_fresh fresh;

	for (size_t f = 0; f < 4; f++) {
		assert_int_equal(cbi_facets_count(ctx, &shelf.catalog,
		                                  filter_of(ctx, filters[f]),
		                                  names, 5, &facets, &fresh),
		                 0);
		for (size_t i = 0; i < 5; i++)
			for (size_t j = 0; j < facets[i].n; j++)
				cb_buf_printf(buf, "%s %s %zu\n", names[i],
				              facets[i].values[j].value,
				              facets[i].values[j].count);
	}
}

static void add_rows(struct cb_buf *buf, const struct cbi_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct cbi_table_row *row = &table->rows[i];

		cb_buf_printf(buf, "%s %s %s %s %s %zu %llu %lld\n", row->ref,
		              row->title, row->type ? row->type : "-",
		              row->lifecycle ? row->lifecycle : "-",
		              row->owner ? row->owner : "-", row->tag_count,
		              (unsigned long long)row->number,
		              (long long)row->updated_ms);
	}
	cb_buf_printf(buf, "of %zu\n", table->total);
}

static void add_table(struct cb_buf *buf, enum cbi_table_sort sort, bool down)
{
	static const char *const kinds[] = { "Component" };
	static const char *const tags[] = { "go", "java" };
	struct cb_ctx *ctx = &shelf.lane.ctx;
	struct cbi_table_query query = { .sort = sort,
		                         .descending = down,
		                         .limit = 4 };
	struct cbi_table_rail rail;
	struct cbi_table table;

	for (int turn = 0; turn < 3; turn++) {
		query.filters[CBI_COLUMN_KIND].values = kinds;
		query.filters[CBI_COLUMN_KIND].n = turn > 0;
		query.filters[CBI_COLUMN_TAG].values = tags;
		query.filters[CBI_COLUMN_TAG].n = turn > 1 ? 2 : 0;
		query.text = turn == 1 ? "c" : NULL;
		query.after = NULL;
		do {
			assert_int_equal(cbi_table_read(ctx, &shelf.catalog,
			                                &query, &table, &rail,
			                                NULL),
			                 0);
			add_rows(buf, &table);
			query.after = table.next;
		} while (query.after);
		for (int i = 0; i < CBI_COLUMNS; i++)
			for (size_t j = 0; j < rail.n[i]; j++)
				cb_buf_printf(buf, "%d %s %zu %d\n", i,
				              rail.counts[i][j].value,
				              rail.counts[i][j].count,
				              rail.counts[i][j].chosen);
	}
}

static void add_singles(struct cb_buf *buf)
{
	static const char *const refs[] = {
		"component:default/c1", "component:default/nobody",
		"component:default/c2", "component:default/c1",
		"api:default/c3",
	};
	struct cb_ctx *ctx = &shelf.lane.ctx;
	struct cbi_served served[5], one;
	struct cbi_fresh fresh;

	assert_int_equal(
	    cbi_view_by_refs(ctx, &shelf.catalog, refs, 5, served, &fresh), 0);
	for (size_t i = 0; i < 5; i++) {
		int rc =
		    cbi_view_by_ref(ctx, &shelf.catalog, refs[i], &one, &fresh);

		cb_buf_printf(buf, "%s: %.*s\n", refs[i],
		              served[i].body ? (int)served[i].len : 0,
		              served[i].body ? served[i].body : "");
		assert_int_equal(rc == CB_OK, served[i].body != NULL);
		cb_failure_clear(ctx);
		if (rc < 0)
			continue;
		cb_buf_printf(buf, "%s %llu %lld\n", one.etag,
		              (unsigned long long)one.number,
		              (long long)one.updated_ms);
		assert_int_equal(
		    cbi_view_by_uid(ctx, &shelf.catalog, one.uid, &one, &fresh),
		    0);
		add_item(buf, (struct cbi_span){ one.body, one.len });
	}
}

static void add_glance(struct cb_buf *buf)
{
	struct cb_ctx *ctx = &shelf.lane.ctx;
	const struct cbi_table_count *kinds;
	struct cbi_table table;
	size_t n;

	assert_int_equal(cbi_table_kinds(ctx, &shelf.catalog, &kinds, &n, NULL),
	                 0);
	for (size_t i = 0; i < n; i++)
		cb_buf_printf(buf, "%s %zu\n", kinds[i].value, kinds[i].count);
	assert_int_equal(cbi_table_recent(ctx, &shelf.catalog, 5, &table, NULL),
	                 0);
	add_rows(buf, &table);
}

/* As of a moment (0: now); the caller frees it. */
static char *everything(int64_t moment)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cb_buf buf;
	char *out;

	if (moment)
		assert_int_equal(cbi_past_set(ctx, moment), 0);
	cbi_buf_init(&buf, 16 * CB_MIB);
	add_singles(&buf);
	add_queries(&buf);
	add_lists(&buf);
	add_facets(&buf);
	add_table(&buf, CBI_SORT_NAME, false);
	add_table(&buf, CBI_SORT_OWNER, true);
	add_glance(&buf);
	out = strdup(cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return out;
}

/* --- edits --- */

static void edit(void)
{
	static const char *const kinds[] = { "Component", "API" };
	static const char *const types[] = { "service", "Website", "library" };
	static const char *const lists[] = { "", "\"go\"", "\"go\",\"Java\"",
		                             "\"x-y\"" };
	static const char *const lives[] = { "production", "experimental" };
	static const char *const owners[] = { "a", "b", "Team.C" };
	unsigned kind = dice(2), name = dice(6);
	char text[600], ref[60];

	snprintf(ref, sizeof(ref), "%s:default/c%u", kind ? "api" : "component",
	         name);
	if (dice(4) == 0) {
		char sql[200];

		snprintf(sql, sizeof(sql),
		         "select count(*) from callboard.entity where ref = "
		         "'%s'",
		         ref);
		if (strcmp(stores_sql(shelf.conninfo, sql), "1") == 0)
			shelf_delete(&shelf, ref);
		return;
	}
	snprintf(
	    text, sizeof(text),
	    "{\"kind\":\"%s\",\"metadata\":{\"name\":\"c%u\",%s"
	    "\"tags\":[%s],\"annotations\":{%s}},\"spec\":{\"type\":\"%s\","
	    "\"lifecycle\":\"%s\"},\"relations\":[{\"type\":\"ownedBy\","
	    "\"targetRef\":\"group:default/%s\"}]}",
	    kinds[kind], name, dice(2) ? "\"title\":\"T Title\"," : "",
	    lists[dice(4)], dice(3) ? "" : "\"note\":\"N\"", types[dice(3)],
	    lives[dice(2)], owners[dice(3)]);
	shelf_put(&shelf, text);
}

static void what_was_answered_is_answered_again(void **state)
{
	char *answers[MOMENTS];
	int64_t moments[MOMENTS];

	(void)state;
	for (int run = 0; run < 2; run++) {
		seed = 20261127u + (unsigned)run;
		for (int i = 0; i < MOMENTS; i++) {
			for (unsigned n = dice(4); n > 0; n--)
				edit();
			shelf_follow(&shelf);
			/* Nothing of this millisecond is still to come. */
			usleep(3000);
			moments[i] = cbi_clock_wall_ms();
			usleep(3000);
			answers[i] = everything(0);
		}
		for (int i = 0; i < MOMENTS; i++) {
			char *again = everything(moments[i]);

			assert_string_equal(again, answers[i]);
			free(again);
			free(answers[i]);
		}
	}
}

static void before_the_first_there_was_nothing(void **state)
{
	struct cb_ctx *ctx;
	struct cbi_query query = { .limit = 5, .count = true };
	struct cbi_query_page page;
	struct cb_buf buf;

	(void)state;
	ctx = shelf_next(&shelf);
	assert_int_equal(cbi_past_set(ctx, 946684800000), 0);
	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(
	    cbi_query_run(ctx, &shelf.catalog, &query, add_item, &buf, &page),
	    0);
	assert_int_equal(page.total, 0);
	assert_int_equal(buf.len, 0);
	cbi_buf_finish(&buf);
}

static void what_is_to_come_is_refused(void **state)
{
	struct cb_ctx *ctx = shelf_next(&shelf);

	(void)state;
	assert_int_equal(cbi_past_set(ctx, cbi_clock_wall_ms() + 3600000),
	                 CB_EINVAL);
	assert_non_null(strstr(cb_failure(ctx), "still to come"));
}

static void a_cursor_keeps_its_moment(void **state)
{
	struct cbi_query query = { .limit = 1 };
	struct cbi_query_page page;
	struct cb_ctx *ctx = shelf_next(&shelf);
	int64_t moment = cbi_clock_wall_ms();
	char next[2000];
	struct cb_buf buf;

	(void)state;
	cbi_buf_init(&buf, CB_MIB);
	assert_int_equal(cbi_past_set(ctx, moment), 0);
	assert_int_equal(
	    cbi_query_run(ctx, &shelf.catalog, &query, add_item, &buf, &page),
	    0);
	cbi_buf_finish(&buf);
	assert_non_null(page.next);
	snprintf(next, sizeof(next), "%s", page.next);
	/* Without saying so again, and when saying the same. */
	ctx = shelf_next(&shelf);
	assert_int_equal(cbi_cursor_read(ctx, &shelf.catalog, next, &query.at),
	                 0);
	assert_int_equal(ctx->scope.as_of, moment);
	ctx = shelf_next(&shelf);
	ctx->scope.as_of = moment - 1;
	assert_int_equal(cbi_cursor_read(ctx, &shelf.catalog, next, &query.at),
	                 CB_EINVAL);
	assert_non_null(strstr(cb_failure(ctx), "another moment"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_answered_is_answered_again),
		cmocka_unit_test(before_the_first_there_was_nothing),
		cmocka_unit_test(what_is_to_come_is_refused),
		cmocka_unit_test(a_cursor_keeps_its_moment),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
