/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "catalog/columns_build.h"
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

static const char *value_of(const struct cbi_columns *c, uint32_t id)
{
	return cbi_columns_text(c, c->value[id]);
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
		assert_true(strcmp(value_of(c, c->by_value[i - 1]),
		                   value_of(c, c->by_value[i])) < 0);
	for (uint32_t i = 1; i < c->n; i++) {
		const uint32_t *order = c->order[CBI_ORDER_NAME];

		assert_true(
		    strcmp(cbi_columns_key(c, CBI_ORDER_NAME, order[i - 1]),
		           cbi_columns_key(c, CBI_ORDER_NAME, order[i])) <= 0);
	}
	/* Another context of the same state shares it. */
	ctx = shelf_next(&shelf);
	assert_int_equal(cbi_copy_begin(ctx, shelf.catalog.copy, &txn), CB_OK);
	again = cbi_columns_look(ctx, txn, false);
	assert_ptr_equal(again, c);
}

/* --- sets made from the one before --- */

/* So many different tags that they get no sets of rows. */
static void put(int i, int version)
{
	char json[400], title[40] = "";

	if ((i + version) % 3)
		snprintf(title, sizeof(title), ",\"title\":\"T%d\"",
		         (i * 7 + version) % 10);
	snprintf(json, sizeof(json),
	         "{\"kind\":\"%s\",\"metadata\":{\"name\":\"Row-%02d\","
	         "\"namespace\":\"%s\",\"tags\":[\"t%d\",\"all\",\"a%d\",\"b%"
	         "d\",\"c%d\","
	         "\"d%d\"]%s},"
	         "\"spec\":{\"type\":\"%s%d\"%s}}",
	         i % 2 ? "API" : "Resource", i, i % 5 ? "default" : "far",
	         (i + version) % 4, i, i, i, i, title, i % 7 ? "kind" : "Kind",
	         (i + version) % 3,
	         (i + version) % 4 ? ",\"lifecycle\":\"old\"" : "");
	shelf_put(&shelf, json);
}

static struct cbi_columns *make(const struct cbi_columns *old, int *rc)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_layout_state state;
	struct cbi_columns *made = NULL;
	struct cbi_copy_cursor *cursor;
	struct cbi_copy_txn *txn;
	unsigned char since[8] = { 0 };

	if (old)
		cbi_layout_number(old->number + 1, since);
	assert_int_equal(cbi_copy_begin(ctx, shelf.catalog.copy, &txn), CB_OK);
	assert_int_equal(cbi_layout_state_get(txn, &state), CB_OK);
	assert_int_equal(cbi_copy_seek(ctx, txn,
	                               old ? CBI_TABLE_RECENT : CBI_TABLE_ROW,
	                               since, old ? 8 : 0, &cursor),
	                 CB_OK);
	*rc = old ? cbi_columns_next(ctx, txn, cursor, old, &state, &made)
	          : cbi_columns_create(ctx, txn, cursor, &state, &made);
	return made;
}

static void same_orders(const struct cbi_columns *a,
                        const struct cbi_columns *b)
{
	char one[CB_REF_MAX + 1], other[CB_REF_MAX + 1];

	for (int i = 0; i < CBI_ORDERS; i++) {
		enum cbi_columns_order by = (enum cbi_columns_order)i;

		assert_int_equal(a->order_count[i], b->order_count[i]);
		assert_int_equal(cbi_columns_size(a, a->ordered[i]),
		                 b->order_count[i]);
		for (uint32_t k = 0; k < a->order_count[i]; k++) {
			uint32_t x = a->order[i][k], y = b->order[i][k];
			const char *key = cbi_columns_key(a, by, x);

			cbi_columns_ref(a, x, one);
			cbi_columns_ref(b, y, other);
			assert_string_equal(one, other);
			if (key)
				assert_string_equal(key,
				                    cbi_columns_key(b, by, y));
			if (by == CBI_ORDER_REF)
				assert_int_equal(a->rank[x], k);
		}
	}
}

static void same_counts(const struct cbi_columns *a,
                        const struct cbi_columns *b)
{
	struct cb_ctx *ctx = shelf_next(&shelf);
	struct cbi_columns_count *x, *y;
	size_t n, m;

	for (int place = 0; place < CBI_PLACES; place++) {
		assert_int_equal(
		    cbi_columns_count(ctx, a, a->alive, place, &x, &n), CB_OK);
		assert_int_equal(
		    cbi_columns_count(ctx, b, b->alive, place, &y, &m), CB_OK);
		assert_int_equal(n, m);
		for (size_t i = 0; i < n; i++) {
			assert_string_equal(value_of(a, x[i].id),
			                    value_of(b, y[i].id));
			assert_int_equal(x[i].count, y[i].count);
		}
	}
}

static void a_set_made_from_the_one_before_equals_a_new_one(void **state)
{
	struct cbi_columns *old, *next, *anew;
	int rc;

	(void)state;
	for (int i = 0; i < 40; i++)
		put(i, 0);
	shelf_follow(&shelf);
	old = make(NULL, &rc);
	for (int version = 1; version < 6; version++) {
		/* Some again, some for the first time. */
		for (int i = version; i < 40; i += 3)
			put(i, version);
		put(40 + version, version);
		shelf_follow(&shelf);
		next = make(old, &rc);
		assert_int_equal(rc, CB_OK);
		anew = make(NULL, &rc);
		assert_int_equal(rc, CB_OK);
		assert_true(next->n > next->live);
		assert_int_equal(next->live, anew->n);
		assert_int_equal(next->number, anew->number);
		same_orders(next, anew);
		same_counts(next, anew);
		cbi_columns_destroy(anew);
		cbi_columns_destroy(old);
		old = next;
	}
	/* What was deleted leaves no trace to go by. */
	shelf_delete(&shelf, "api:default/row-01");
	shelf_follow(&shelf);
	assert_null(make(old, &rc));
	assert_int_equal(rc, CB_ENOTSUP);
	cbi_columns_destroy(old);
	for (int i = 0; i < 46; i++) {
		char ref[64];

		snprintf(ref, sizeof(ref), "%s:%s/row-%02d",
		         i % 2 ? "api" : "resource", i % 5 ? "default" : "far",
		         i);
		if (i != 1 && i != 40)
			shelf_delete(&shelf, ref);
	}
	shelf_follow(&shelf);
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
		cmocka_unit_test(
		    a_set_made_from_the_one_before_equals_a_new_one),
		cmocka_unit_test(only_what_columns_hold_is_asked_of_them),
		cmocka_unit_test(threads_read_on_while_sets_are_replaced),
	};

	stores_start(STORES_POSTGRES);
	return cmocka_run_group_tests(tests, open_shelf, close_shelf);
}
