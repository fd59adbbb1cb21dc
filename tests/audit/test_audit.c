/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "db/db.h"
#include "tests/lib/lane.h"
#include "tests/lib/stores.h"

static const char *conninfo;
static const struct cbi_audit added = {
	.action = "location.add",
	.object = "url:https://example.org/'x",
	.after = "{\"a\":1}",
};

static int setup(void **state)
{
	static struct lane lane;

	conninfo = lane_migrated("audit");
	lane_open(&lane);
	*state = &lane;
	return 0;
}

static int teardown(void **state)
{
	lane_close(*state);
	cbi_db_shutdown();
	return 0;
}

static struct cb_ctx *next(void **state)
{
	struct cb_ctx *ctx = &((struct lane *)*state)->ctx;

	lane_next(*state);
	ctx->actor = "service:ci";
	snprintf(ctx->request_id, sizeof(ctx->request_id), "r1");
	return ctx;
}

static const char *rows(void)
{
	return stores_sql(conninfo,
	                  "select count(*), max(actor || ' ' || action || ' ' "
	                  "|| object || ' ' || coalesce(before, 'null') || ' ' "
	                  "|| after || ' ' || request_id || ' ' || address || "
	                  "' ' || outcome) from callboard.audit");
}

static void nothing_is_written_outside_of_a_transaction(void **state)
{
	struct cb_ctx *ctx = next(state);

	assert_int_equal(cbi_audit_write(ctx, &added), CB_EBUG);
	assert_string_equal(rows(), "0|");
}

static void a_change_that_nobody_made_is_refused(void **state)
{
	struct cb_ctx *ctx = next(state);

	ctx->actor = "";
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(cbi_audit_write(ctx, &added), CB_EBUG);
	assert_int_equal(cbi_db_commit(ctx), CB_OK);
	assert_string_equal(rows(), "0|");
}

static void the_row_stands_if_and_only_if_the_change_does(void **state)
{
	struct cb_ctx *ctx = next(state);

	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(cbi_audit_write(ctx, &added), CB_OK);
	cbi_db_rollback(ctx);
	assert_string_equal(rows(), "0|");
	assert_int_equal(cbi_db_begin(ctx), CB_OK);
	assert_int_equal(cbi_audit_write(ctx, &added), CB_OK);
	assert_int_equal(cbi_db_commit(ctx), CB_OK);
	assert_string_equal(rows(),
	                    "1|service:ci location.add "
	                    "url:https://example.org/'x null {\"a\":1} r1  "
	                    "done");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_written_outside_of_a_transaction),
		cmocka_unit_test(a_change_that_nobody_made_is_refused),
		cmocka_unit_test(the_row_stands_if_and_only_if_the_change_does),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
