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

static void conditional_policies_are_read(void **state)
{
	json_t *roles, *role, *one;

	(void)state;
	assert_int_equal(
	    cbi_casbin_conditions(
		&ctx,
		"---\nresult: CONDITIONAL\nroleEntityRef: role:default/team\n"
		"pluginId: catalog\nresourceType: catalog-entity\n"
		"permissionMapping:\n  - read\n  - update\nconditions:\n"
		"  anyOf:\n"
		"    - {rule: IS_ENTITY_OWNER, resourceType: catalog-entity, "
		"params: {claims: [$ownerRefs]}}\n"
		"    - not: {rule: IS_ENTITY_KIND, resourceType: "
		"catalog-entity, params: {kinds: [Group]}}\n"
		"---\n# nothing\n---\n"
		"result: CONDITIONAL\nroleEntityRef: role:dept/ops\n"
		"pluginId: catalog\nresourceType: catalog-entity\n"
		"permissionMapping: [delete]\nconditions: {rule: HAS_LABEL, "
		"resourceType: catalog-entity, params: {label: tier}}\n",
		&report, &roles),
	    CB_OK);
	assert_int_equal(json_array_size(roles), 2);
	role = json_array_get(roles, 0);
	assert_string_equal(json_string_value(json_object_get(role, "name")),
	                    "team");
	assert_int_equal(json_array_size(json_object_get(role, "permissions")),
	                 2);
	one = json_array_get(json_object_get(role, "permissions"), 1);
	assert_string_equal(
	    json_string_value(json_object_get(one, "permission")),
	    "catalog-entity");
	assert_string_equal(json_string_value(json_object_get(one, "action")),
	                    "update");
	assert_int_equal(json_array_size(json_object_get(
			     json_object_get(one, "condition"), "anyOf")),
	                 2);
	assert_string_equal(json_string_value(json_object_get(
				json_array_get(roles, 1), "name")),
	                    "dept.ops");
}

static void each_conditional_policy_that_is_wrong_is_told(void **state)
{
#define HEAD                                                      \
	"result: CONDITIONAL\nroleEntityRef: role:default/team\n" \
	"pluginId: catalog\nresourceType: catalog-entity\n"
#define RULE                                                                   \
	"conditions: {rule: HAS_LABEL, resourceType: catalog-entity, params: " \
	"{label: tier}}\n"
	static const char *const rows[][2] = {
		{ "result: ALLOW\n", "1: result: expected CONDITIONAL" },
		{ "result: CONDITIONAL\npluginId: scaffolder\nresourceType: "
		  "scaffolder-template\n",
		  "'scaffolder' and 'scaffolder-template'" },
		{ HEAD "permissionMapping: []\n" RULE, "permissionMapping" },
		{ HEAD "permissionMapping: [write]\n" RULE, "action 'write'" },
		{ HEAD "permissionMapping: [read]\n", "conditions: expected" },
		{ HEAD "permissionMapping: [read]\nconditions: {rule: "
		       "HAS_ODD, resourceType: catalog-entity}\n",
		  "a rule that the catalog has" },
		{ HEAD "permissionMapping: [read]\nexcept: x\n" RULE,
		  "'except' is not known" },
		{ "- a list\n", "expected a mapping" },
		{ "a: [\n", "1: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *roles;

		cbi_buf_clear(&report);
		assert_int_equal(
		    cbi_casbin_conditions(&ctx, rows[i][0], &report, &roles),
		    CB_EINVAL);
		if (!strstr(cbi_buf_string(&report), rows[i][1]))
			fail_msg("%s: %s", rows[i][0], cbi_buf_string(&report));
		cb_failure_clear(&ctx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    roles_members_and_permissions_are_read, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_is_wrong_is_told_at_its_line, begin, end),
		cmocka_unit_test_setup_teardown(conditional_policies_are_read,
		                                begin, end),
		cmocka_unit_test_setup_teardown(
		    each_conditional_policy_that_is_wrong_is_told, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
