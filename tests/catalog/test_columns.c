/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "catalog/columns.h"
#include "catalog/query.h"
#include "copy/copy.h"
#include "db/db.h"
#include "tests/catalog/shelf.h"
#include "tests/lib/stores.h"

#define THREADS 4
#define ROUNDS 30

static struct shelf shelf;
static atomic_bool stop;

struct reader {
	pthread_t thread;
	int64_t answers;
	int64_t backwards; /* totals that were smaller than one before */
	int64_t failures;
};

static int open_shelf(void **state)
{
	(void)state;
	shelf_open(&shelf, "columns");
	shelf_fill(&shelf);
	return 0;
}

static int close_shelf(void **state)
{
	(void)state;
	shelf_close(&shelf);
	return 0;
}

static int nothing(void *arg, struct cbi_span body)
{
	(void)body;
	++*(int *)arg;
	return CB_OK;
}

/* How many entities of kind API there are, as this thread sees it. */
static int64_t ask(struct cbi_lane *lane, struct reader *reader)
{
	static const char *const kind = "kind=api";
	struct cbi_query query = { .limit = 1000, .count = true };
	struct cbi_query_page page = { .total = -1 };
	struct cb_ctx ctx;
	int items = 0;

	cbi_ctx_init(&ctx, lane);
	query.at.order_key = "metadata.name";
	if (cbi_filter_parse(&ctx, &kind, 1, &query.at.filter) < 0 ||
	    cbi_query_run(&ctx, &shelf.catalog, &query, nothing, &items,
	                  &page) < 0)
		reader->failures++;
	cbi_ctx_finish(&ctx);
	return page.total;
}

static void *read_on(void *arg)
{
	struct reader *reader = arg;
	struct cbi_lane lane;
	int64_t most = 0, total;

	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	while (!atomic_load(&stop)) {
		total = ask(&lane, reader);
		reader->answers++;
		if (total < most)
			reader->backwards++;
		most = total > most ? total : most;
	}
	cbi_copy_lane_finish(&lane);
	cbi_db_lane_finish(&lane);
	cbi_lane_finish(&lane);
	return NULL;
}

static void threads_read_on_while_sets_are_replaced(void **state)
{
	struct reader readers[THREADS] = { 0 };
	struct cbi_lane lane;
	char json[128];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&readers[i].thread, NULL,
		                                read_on, &readers[i]),
		                 0);
	for (int i = 0; i < ROUNDS; i++) {
		snprintf(json, sizeof(json),
		         "{\"kind\":\"API\",\"metadata\":{\"name\":\"n%d\"},"
		         "\"spec\":{\"type\":\"t%d\"}}",
		         i, i);
		shelf_put(&shelf, json);
		shelf_follow(&shelf);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_true(readers[i].answers > 0);
		assert_int_equal(readers[i].backwards, 0);
		assert_int_equal(readers[i].failures, 0);
	}
	cbi_lane_init(&lane, CB_ARENA_REQUEST_MAX);
	assert_int_equal(ask(&lane, &readers[0]), 1 + ROUNDS);
	cbi_copy_lane_finish(&lane);
	cbi_db_lane_finish(&lane);
	cbi_lane_finish(&lane);
}

static void a_set_holds_what_the_copy_holds(void **state)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	const struct cbi_columns *c, *again;
	struct cbi_copy_txn *txn;

	(void)state;
	assert_int_equal(cbi_copy_begin(ctx, shelf.catalog.copy, &txn), CB_OK);
	c = cbi_columns_look(ctx, txn, true);
	assert_non_null(c);
	assert_int_equal(c->n, cbi_copy_count(txn, CBI_TABLE_ROW));
	assert_int_equal(c->order_count[CBI_ORDER_UID], c->n);
	assert_int_equal(c->order_count[CBI_ORDER_TITLE], 1);
	for (uint32_t i = 1; i < c->value_count; i++)
		assert_true(strcmp(c->values[i - 1], c->values[i]) < 0);
	for (uint32_t i = 1; i < c->n; i++) {
		const uint32_t *order = c->order[CBI_ORDER_NAME];
		const char **key = c->key[CBI_ORDER_NAME];

		assert_true(strcmp(key[order[i - 1]], key[order[i]]) <= 0);
	}
	/* Another context of the same state shares it. */
	ctx = shelf_next(&shelf);
	assert_int_equal(cbi_copy_begin(ctx, shelf.catalog.copy, &txn), CB_OK);
	again = cbi_columns_look(ctx, txn, false);
	assert_ptr_equal(again, c);
}

static void only_what_columns_hold_is_asked_of_them(void **state)
{
	static const struct {
		const char *filter;
		bool can;
	} rows[] = {
		{ "kind=a,spec.type=b", true },
		{ "kind", true },
		{ "spec.type", false }, /* also true of null values */
		{ "metadata.tags=x,relations.ownedby=y", true },
		{ "metadata.name=x", false },
		{ "metadata.title=x", false },
		{ "metadata.tags.x", false },
	};
	struct cb_ctx *ctx = shelf_next(&shelf);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cbi_filter *filter;

		assert_int_equal(
		    cbi_filter_parse(ctx, &rows[i].filter, 1, &filter), CB_OK);
		assert_int_equal(cbi_columns_can(filter), rows[i].can);
	}
	assert_true(cbi_columns_can(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_holds_what_the_copy_holds),
		cmocka_unit_test(only_what_columns_hold_is_asked_of_them),
		cmocka_unit_test(threads_read_on_while_sets_are_replaced),
	};

	stores_start(STORES_POSTGRES);
	return cmocka_run_group_tests(tests, open_shelf, close_shelf);
}
