/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cmock.h"

#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "policy/casbin.h"

static struct cbi_lane lane;
static struct cb_ctx ctx;
static struct cb_buf report;

static int begin(void **state)
{
	(void)state;
	cbi_lane_init(&lane, 64 * CB_MIB);
	cbi_ctx_init(&ctx, &lane);
	cbi_buf_init(&report, CB_MIB);
	return 0;
}

static int end(void **state)
{
	(void)state;
	cbi_buf_finish(&report);
	cbi_ctx_finish(&ctx);
	cbi_lane_finish(&lane);
	return 0;
}

static void roles_members_and_permissions_are_read(void **state)
{
	json_t *roles, *role, *one;

	(void)state;
	assert_int_equal(
	    cbi_casbin_read(
		&ctx,
		"# ours\n"
		"p, role:default/team, catalog-entity, read, allow\r\n"
		"p, \"role:default/team\", catalog.entity.create, "
		"create, deny\n"
		"\n"
		"g, user:default/Ada, role:default/team\n"
		"g, group:crew, role:dept/ops",
		&report, &roles),
	    CB_OK);
	assert_int_equal(json_array_size(roles), 2);
	role = json_array_get(roles, 0);
	assert_string_equal(json_string_value(json_object_get(role, "name")),
	                    "team");
	one = json_array_get(json_object_get(role, "permissions"), 1);
	assert_string_equal(
	    json_string_value(json_object_get(one, "permission")),
	    "catalog.entity.create");
	assert_string_equal(json_string_value(json_object_get(one, "effect")),
	                    "deny");
	assert_string_equal(json_string_value(json_array_get(
				json_object_get(role, "members"), 0)),
	                    "user:default/ada");
	role = json_array_get(roles, 1);
	assert_string_equal(json_string_value(json_object_get(role, "name")),
	                    "dept.ops");
	assert_string_equal(json_string_value(json_array_get(
				json_object_get(role, "members"), 0)),
	                    "group:default/crew");
}

static void what_is_wrong_is_told_at_its_line(void **state)
{
	static const char *const lines[] = {
		"2: a line begins with p or g, not 'x'\n",
		"3: expected p, role, permission, action, effect\n",
		"4: expected role:namespace/name, not 'team'\n",
		"5: the effect must be allow or deny, not 'maybe'\n",
		"6: action 'look'",
		"7: permission 'a b'",
		"8: expected g, user or group, role\n",
		"9: 'component:default/x' is no member",
		"10: the line is not UTF-8\n",
	};
	json_t *roles;

	(void)state;
	assert_int_equal(
	    cbi_casbin_read(&ctx,
	                    "p, role:default/a, catalog-entity, read, allow\n"
	                    "x, y\n"
	                    "p, role:default/a, catalog-entity, read\n"
	                    "p, team, catalog-entity, read, allow\n"
	                    "p, role:default/a, catalog-entity, read, maybe\n"
	                    "p, role:default/a, catalog-entity, look, allow\n"
	                    "p, role:default/a, a b, read, allow\n"
	                    "g, user:default/a\n"
	                    "g, component:default/x, role:default/a\n"
	                    "g, user:default/\xff, role:default/a\n",
	                    &report, &roles),
	    CB_EINVAL);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strstr(cbi_buf_string(&report), lines[i]))
			fail_msg("'%s' is not in:\n%s", lines[i],
			         cbi_buf_string(&report));
	assert_non_null(strstr(cb_failure(&ctx), "9 of 10 lines"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    roles_members_and_permissions_are_read, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_is_wrong_is_told_at_its_line, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
