/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "audit/chain.h"
#include "audit/list.h"
#include "db/db.h"
#include "tests/lib/lane.h"
#include "tests/lib/stores.h"

static const char *conninfo;
static struct lane lane;

static int setup(void **state)
{
	(void)state;
	conninfo = lane_migrated("chain");
	lane_open(&lane);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lane_close(&lane);
	cbi_db_shutdown();
	return 0;
}

static struct cb_ctx *next(void)
{
	lane_next(&lane);
	lane.ctx.actor = "unix:eve";
	return &lane.ctx;
}

static void write_rows(int n, const char *action)
{
	struct cb_ctx *ctx = next();

	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	for (int i = 0; i < n; i++) {
		struct cbi_audit entry = {
			.action = action,
			.object = cb_printf(ctx, "Thing:%d", i),
			.after = i % 2 ? "{}" : NULL,
		};

		assert_int_equal(cbi_audit_write(ctx, &entry), CB_OK);
	}
	assert_int_equal(cbi_db_commit(ctx), CB_OK);
}

static size_t seal(size_t max)
{
	size_t sealed;

	assert_int_equal(cbi_audit_seal(next(), max, &sealed), CB_OK);
	return sealed;
}

static struct cbi_audit_verdict verify(const struct cbi_audit_head *known)
{
	struct cbi_audit_verdict verdict;

	assert_int_equal(cbi_audit_verify(next(), known, &verdict), CB_OK);
	return verdict;
}

/* What somebody does who may do everything in the database. */
static void tamper(const char *sql)
{
	stores_sql(conninfo, "alter table callboard.audit disable trigger all");
	stores_sql(conninfo, sql);
	stores_sql(conninfo, "alter table callboard.audit enable trigger all");
}

static void rows_get_their_places_in_order(void **state)
{
	struct cbi_audit_verdict verdict;

	(void)state;
	assert_int_equal(seal(10), 0);
	write_rows(7, "plugin.enable");
	verdict = verify(NULL);
	assert_int_equal(verdict.broken, 0);
	assert_int_equal(verdict.head.seal, 0);
	assert_int_equal(verdict.unsealed, 7);
	assert_int_equal(seal(5), 5);
	assert_int_equal(seal(5), 2);
	assert_int_equal(seal(5), 0);
	verdict = verify(NULL);
	assert_int_equal(verdict.broken, 0);
	assert_int_equal(verdict.head.seal, 7);
	assert_int_equal(verdict.unsealed, 0);
}

static void nobody_changes_or_removes_a_row(void **state)
{
	static const char *const tries[] = {
		"update callboard.audit set actor = 'nobody'",
		"update callboard.audit set seal = 99 where seal = 7",
		"delete from callboard.audit where seal = 7",
		"truncate callboard.audit",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct cb_ctx *ctx = next();

		assert_true(cbi_db_query_text(ctx, tries[i], NULL, 0, NULL) <
		            0);
		assert_non_null(strstr(cb_failure(ctx), "only added to"));
	}
	assert_int_equal(verify(NULL).broken, 0);
}

static void whatever_was_changed_is_found(void **state)
{
	static const struct {
		const char *change, *back;
		int64_t at;
		const char *why;
	} rows[] = {
		{ "update callboard.audit set actor = 'unix:bob' where seal = "
		  "3",
		  "update callboard.audit set actor = 'unix:eve' where seal = "
		  "3",
		  3, "was changed" },
		{ "update callboard.audit set after = '' where seal = 1",
		  "update callboard.audit set after = null where seal = 1", 1,
		  "was changed" },
		{ "update callboard.audit set at = at + interval '1 "
		  "microsecond' where seal = 7",
		  "update callboard.audit set at = at - interval '1 "
		  "microsecond' where seal = 7",
		  7, "was changed" },
		/* The same letters, cut elsewhere. */
		{ "update callboard.audit set action = 'plugin.enableT', "
		  "object = substr(object, 2) where seal = 2",
		  "update callboard.audit set action = 'plugin.enable', object "
		  "= 'T' || object where seal = 2",
		  2, "was changed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbi_audit_verdict verdict;

		tamper(rows[i].change);
		verdict = verify(NULL);
		assert_int_equal(verdict.broken, rows[i].at);
		assert_non_null(strstr(verdict.why, rows[i].why));
		tamper(rows[i].back);
		assert_int_equal(verify(NULL).broken, 0);
	}
}

static void a_head_kept_elsewhere_proves_the_end(void **state)
{
	struct cbi_audit_head known, other;
	struct cbi_audit_verdict verdict;

	(void)state;
	known = verify(NULL).head;
	assert_int_equal(verify(&known).broken, 0);
	other = known;
	other.hash[0] = other.hash[0] == 'a' ? 'b' : 'a';
	assert_int_equal(verify(&other).broken, 7);
	write_rows(1, "plugin.disable");
	assert_int_equal(seal(10), 1);
	assert_int_equal(verify(&known).broken, 0);
	known = verify(NULL).head;
	tamper("delete from callboard.audit where seal = 8");
	assert_int_equal(verify(NULL).broken, 0);
	verdict = verify(&known);
	assert_int_equal(verdict.broken, 8);
	assert_non_null(strstr(verdict.why, "taken off the end"));
	tamper("delete from callboard.audit where seal = 4");
	verdict = verify(NULL);
	assert_int_equal(verdict.broken, 4);
	assert_non_null(strstr(verdict.why, "missing"));
	assert_int_equal(verdict.head.seal, 3);
}

static void *seal_beside_others(void *arg)
{
	struct lane own;
	size_t sealed = 1, none = 0;

	lane_open(&own);
	while (none < 20) {
		lane_next(&own);
		own.ctx.actor = "service:engine";
		if (cbi_audit_seal(&own.ctx, 3, &sealed) != CB_OK) {
			*(int *)arg = 1;
			break;
		}
		none = sealed ? 0 : none + 1;
	}
	lane_close(&own);
	return NULL;
}

static void many_sealers_make_one_chain(void **state)
{
	pthread_t threads[4];
	int failed[4] = { 0 };

	(void)state;
	tamper("delete from callboard.audit");
	write_rows(60, "location.add");
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		                                seal_beside_others, &failed[i]),
		                 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++)
		assert_int_equal(failed[i], 0);
	assert_int_equal(seal(100), 0);
	assert_int_equal(verify(NULL).head.seal, 60);
	assert_int_equal(verify(NULL).broken, 0);
}

static size_t count(const struct cbi_audit_query *query)
{
	const struct cbi_audit_row *rows;
	size_t n;

	assert_int_equal(cbi_audit_list(next(), query, 1000, &rows, &n), CB_OK);
	return n;
}

static int count_each(void *arg, const struct cbi_audit_row *row)
{
	assert_non_null(row->actor);
	++*(size_t *)arg;
	return CB_OK;
}

static void a_list_answers_what_is_asked(void **state)
{
	static const struct {
		struct cbi_audit_query query;
		size_t n;
	} rows[] = {
		{ { 0 }, 63 },
		{ { .action = "location" }, 60 },
		{ { .action = "location.add" }, 60 },
		{ { .action = "loc" }, 0 },
		{ { .object = "thing:1" }, 12 },
		{ { .object = "%" }, 0 },
		{ { .actor = "unix:eve" }, 62 },
		{ { .actor = "anonymous" }, 1 },
		{ { .outcome = "refused" }, 1 },
		{ { .from_ms = 4102444800000 }, 0 },
		{ { .to_ms = 4102444800000 }, 63 },
		{ { .actor = "' or true --" }, 0 },
	};
	const struct cbi_audit refused = { .action = "plugin.switch",
		                           .object = "POST /x",
		                           .outcome = CBI_AUDIT_REFUSED };
	struct cbi_audit_query query = { 0 };
	const struct cbi_audit_row *page;
	struct cb_ctx *ctx;
	size_t n = 0;

	(void)state;
	write_rows(2, "plugin.enable");
	ctx = next();
	ctx->actor = "";
	assert_int_equal(cbi_audit_refused(ctx, &refused), CB_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (count(&rows[i].query) != rows[i].n)
			fail_msg("row %zu: %zu, expected %zu", i,
			         count(&rows[i].query), rows[i].n);
	assert_int_equal(cbi_audit_list(next(), &query, 2, &page, &n), CB_OK);
	assert_int_equal(n, 2);
	assert_string_equal(page[0].outcome, "refused");
	query.before_id = page[1].id;
	assert_int_equal(count(&query), 61);
	n = 0;
	query.before_id = 0;
	assert_int_equal(cbi_audit_each(next(), &query, count_each, &n), CB_OK);
	assert_int_equal(n, 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_get_their_places_in_order),
		cmocka_unit_test(nobody_changes_or_removes_a_row),
		cmocka_unit_test(whatever_was_changed_is_found),
		cmocka_unit_test(a_head_kept_elsewhere_proves_the_end),
		cmocka_unit_test(many_sealers_make_one_chain),
		cmocka_unit_test(a_list_answers_what_is_asked),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
