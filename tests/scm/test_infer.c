/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "base/ctx.h"
#include "base/limits.h"
#include "scm/codeowners.h"
#include "scm/infer.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;

static void the_last_row_for_everything_names_the_owner(void **state)
{
	static const struct {
		const char *text, *owner;
		int line;
	} rows[] = {
		{ "* @acme/crew\n", "crew", 1 },
		{ "# x\n\n*\t@ann @acme/crew\r\n", "user:ann", 3 },
		{ "* @acme/a\n*  ann@example.org # why\n/docs @b", "ann", 2 },
		{ "* @acme/a\n*.c @b\n/ @c\n", "a", 1 },
		{ "[Section] @acme/b\n* crew", "crew", 2 },
		{ "*\n* # nobody\n", NULL, 0 },
		{ "", NULL, 0 },
		{ "* \xff\xfe\n", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int line = 0;
		const char *owner = cbi_scm_codeowner(
		    &ctx, rows[i].text, strlen(rows[i].text), &line);

		if (!rows[i].owner) {
			assert_null(owner);
			continue;
		}
		assert_non_null(owner);
		assert_string_equal(owner, rows[i].owner);
		assert_int_equal(line, rows[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_row_for_everything_names_the_owner),
	};

	cbi_lane_init(&lane, 4 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
