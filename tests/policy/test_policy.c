/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_policy.c - roles from PostgreSQL and the config, through the copy, to
 * decisions.
 */
#include "tests/lib/cmock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/board.h"
#include "base/buf.h"
#include "cache/cache.h"
#include "catalog/member.h"
#include "config/config.h"
#include "copy/copy.h"
#include "db/db.h"
#include "policy/condition.h"
#include "policy/policy.h"
#include "policy/policy_store.h"
#include "tests/catalog/shelf.h"
#include "tests/lib/stores.h"

static struct shelf shelf;
static struct cbi_config *config;
static struct cbi_policy *policy;
static struct cbi_cache *cache;

#define MUST(call)                                       \
	do {                                             \
		if ((call) < 0)                          \
			fail_msg("%s", cb_failure(ctx)); \
	} while (0)

static struct cb_ctx *next(void)
{
	struct cb_ctx *ctx = shelf_next(&shelf);

	ctx->actor = "user:default/boss";
	return ctx;
}

static int load(struct cb_ctx *ctx, const char *text)
{
	struct cbi_policy_joins joins = {
		.copy = shelf.catalog.copy,
		.table = CBI_TABLE_ROLE,
		.cache = cache,
		.number = cbi_member_number,
		.members = cbi_member_of,
	};
	char path[200];
	const char *files[] = { path, NULL };
	struct cb_buf report;
	FILE *file;
	int rc;

	snprintf(path, sizeof(path), "%s/policy.yaml", stores_start(0)->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	cbi_policy_destroy(policy);
	cbi_config_destroy(config);
	/* A process has one policy for its life. */
	cbi_cache_clear(cache);
	policy = NULL;
	config = NULL;
	cbi_buf_init(&report, CB_MIB);
	rc = cbi_config_load(ctx, files, &report, &config);
	if (rc < 0)
		fail_msg("%s", cbi_buf_string(&report));
	cbi_buf_finish(&report);
	return cbi_policy_create(ctx, config, &joins, &policy);
}

static void use(const char *text)
{
	struct cb_ctx *ctx = next();

	MUST(load(ctx, text));
}

static enum cbi_policy_result asks(const struct cbi_who *who, const char *name)
{
	struct cb_ctx *ctx = next();
	struct cbi_policy_decision decision;

	MUST(cbi_policy_decide(ctx, policy, who, cbi_permission_find(name),
	                       &decision));
	return decision.result;
}

static enum cbi_policy_result user(const char *ref, const char *name)
{
	struct cbi_who who = { .kind = CBI_WHO_USER, .subject = ref };

	return asks(&who, name);
}

/* ---- Tests -----------------------------------------------------------------
 */

static void who_holds_no_role_may_nothing(void **state)
{
	const struct cbi_who guest = { .kind = CBI_WHO_GUEST,
		                       .subject = "user:default/guest" };
	const struct cbi_who service = { .kind = CBI_WHO_SERVICE,
		                         .subject = "external:ci" };
	const struct cbi_who nobody = { .subject = "" };

	(void)state;
	use("backend: {}\n");
	assert_int_equal(user("user:default/ada", "catalog.entity.read"),
	                 CBI_POLICY_DENY);
	assert_int_equal(asks(&guest, "catalog.entity.read"), CBI_POLICY_ALLOW);
	assert_int_equal(asks(&guest, "catalog.entity.delete"),
	                 CBI_POLICY_DENY);
	assert_int_equal(asks(&guest, "admin.policy.read"), CBI_POLICY_DENY);
	assert_int_equal(asks(&service, "admin.policy.update"),
	                 CBI_POLICY_ALLOW);
	assert_int_equal(asks(&nobody, "catalog.entity.read"), CBI_POLICY_DENY);
}

static void the_config_gives_roles(void **state)
{
	(void)state;
	use("permission:\n"
	    "  defaultRole: reader\n"
	    "  rbac: {admin: {users: [{name: user:default/rob}], superUsers: "
	    "[{name: user:default/sue}]}}\n"
	    "  roles:\n"
	    "    - name: breaker\n"
	    "      members: [group:default/b]\n"
	    "      permissions:\n"
	    "        - catalog.entity.refresh\n"
	    "        - {permission: catalog-entity, action: delete, condition: "
	    "{rule: IS_ENTITY_OWNER, resourceType: catalog-entity, params: "
	    "{claims: [$ownerRefs]}}}\n");
	assert_int_equal(user("user:default/zoe", "catalog.entity.read"),
	                 CBI_POLICY_ALLOW);
	assert_int_equal(user("user:default/zoe", "catalog.entity.refresh"),
	                 CBI_POLICY_DENY);
	assert_int_equal(user("user:default/rob", "admin.policy.update"),
	                 CBI_POLICY_ALLOW);
	assert_int_equal(user("user:default/rob", "admin.plugins.update"),
	                 CBI_POLICY_DENY);
	assert_int_equal(user("user:default/sue", "admin.plugins.update"),
	                 CBI_POLICY_ALLOW);
	/* Ada is in a, which is below b: see the catalog. */
	assert_int_equal(user("user:default/ada", "catalog.entity.refresh"),
	                 CBI_POLICY_ALLOW);
	assert_int_equal(user("user:default/ada", "catalog.entity.delete"),
	                 CBI_POLICY_SOME);
}

static void a_bad_config_says_where(void **state)
{
	static const struct {
		const char *text, *what;
	} rows[] = {
		{ "permission: {roles: [{name: 'a b'}]}\n", "name" },
		{ "permission: {roles: [{name: a, members: [ada]}]}\n",
		  "roles.0.members.0" },
		{ "permission: {roles: [{name: a, permissions: [{permission: "
		  "catalog.entity.read, effect: maybe}]}]}\n",
		  "effect" },
		{ "permission: {roles: [{name: a, permissions: [{permission: "
		  "catalog.location.read, condition: {rule: IS_ENTITY_KIND, "
		  "resourceType: catalog-entity, params: {kinds: [a]}}}]}]}\n",
		  "not about an entity" },
		{ "permission: {roles: [{name: a, permissions: [{permission: "
		  "catalog-entity, condition: {rule: WAS_HERE, resourceType: "
		  "catalog-entity, params: {}}}]}]}\n",
		  "needs a rule" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cb_ctx *ctx = next();

		assert_int_equal(load(ctx, rows[i].text), CB_EINVAL);
		if (!strstr(cb_failure(ctx), rows[i].what) ||
		    !strstr(cb_failure(ctx), "policy.yaml:1:"))
			fail_msg("%zu: %s", i, cb_failure(ctx));
	}
	use("backend: {}\n");
}

static void roles_of_the_database_hold_by_nested_groups(void **state)
{
	const struct cbi_policy_entry entry = { .permission = "catalog.*",
		                                .action = "" };
	struct cbi_policy_change change = { .address = "127.0.0.1" };
	struct cb_ctx *ctx = next();
	uint64_t first;

	(void)state;
	use("backend: {}\n");
	assert_int_equal(user("user:default/ada", "catalog.location.create"),
	                 CBI_POLICY_DENY);
	ctx = next();
	MUST(cbi_policy_role_put(ctx, "ops", "Operators", &change));
	first = change.number;
	assert_true(first > 0);
	ctx = next();
	MUST(cbi_policy_role_put(ctx, "ops", "Operators", &change));
	assert_int_equal(change.number, 0);
	ctx = next();
	MUST(cbi_policy_entry_add(ctx, "ops", &entry, &change));
	/* The group above the group above hers. */
	ctx = next();
	MUST(cbi_policy_member_add(ctx, "ops", "Group:top", &change));
	assert_true(change.number > first);
	cbi_board_raise(&cbi_board()->wanted, change.number);
	shelf_follow(&shelf);
	assert_int_equal(user("user:default/ada", "catalog.location.create"),
	                 CBI_POLICY_ALLOW);
	assert_int_equal(user("user:default/ada", "admin.plugins.read"),
	                 CBI_POLICY_DENY);
	assert_int_equal(user("user:default/eve", "catalog.location.create"),
	                 CBI_POLICY_DENY);
	ctx = next();
	MUST(cbi_policy_role_delete(ctx, "ops", &change));
	cbi_board_raise(&cbi_board()->wanted, change.number);
	shelf_follow(&shelf);
	assert_int_equal(user("user:default/ada", "catalog.location.create"),
	                 CBI_POLICY_DENY);
}

static void each_change_is_in_the_audit_log(void **state)
{
	static const struct cbi_db_stmt count = {
		NULL, "select count(*), count(*) filter (where actor = "
		      "'user:default/boss' and object = 'role ops') from "
		      "callboard.audit where action like 'policy.%'"
	};
	struct cb_ctx *ctx = next();
	struct cbi_db_result *rows;

	(void)state;
	/* put, permission, member, delete: the second put changed nothing. */
	MUST(cbi_db_query(ctx, &count, NULL, 0, &rows));
	assert_int_equal(cbi_db_int(rows, 0, 0), 4);
	assert_int_equal(cbi_db_int(rows, 0, 1), 4);
}

static void what_one_role_denies_no_other_allows(void **state)
{
	(void)state;
	use("permission:\n"
	    "  roles:\n"
	    "    - {name: all, members: [user:default/zoe], permissions: "
	    "['*']}\n"
	    "    - name: not\n"
	    "      members: [user:default/zoe]\n"
	    "      permissions: [{permission: catalog.entity.delete, effect: "
	    "deny}]\n");
	assert_int_equal(user("user:default/zoe", "catalog.entity.refresh"),
	                 CBI_POLICY_ALLOW);
	assert_int_equal(user("user:default/zoe", "catalog.entity.delete"),
	                 CBI_POLICY_DENY);
	/* A star is everything but what is administered. */
	assert_int_equal(user("user:default/zoe", "admin.audit.read"),
	                 CBI_POLICY_DENY);
}

static void without_permissions_everybody_may(void **state)
{
	const struct cbi_who guest = { .kind = CBI_WHO_GUEST,
		                       .subject = "user:default/guest" };

	(void)state;
	use("permission: {enabled: false}\n");
	assert_int_equal(user("user:default/zoe", "catalog.entity.delete"),
	                 CBI_POLICY_ALLOW);
	assert_int_equal(asks(&guest, "catalog.entity.delete"),
	                 CBI_POLICY_DENY);
}

static void a_credential_s_limits_narrow(void **state)
{
	static const char *const names[] = { "catalog.entity.read", NULL };
	static const char *const actions[] = { "create", "delete", NULL };
	const struct cbi_who_limit limits[] = {
		{ .plugin = "catalog", .permissions = names },
		{ .plugin = "oncall", .actions = actions },
	};
	const struct cbi_who who = { .kind = CBI_WHO_SERVICE,
		                     .subject = "external:x",
		                     .limits = limits,
		                     .limits_count = 2 };
	struct cbi_scope scope;
	struct cb_ctx *ctx = next();

	(void)state;
	assert_int_equal(asks(&who, "catalog.entity.read"), CBI_POLICY_ALLOW);
	assert_int_equal(asks(&who, "catalog.entity.delete"), CBI_POLICY_DENY);
	MUST(cbi_policy_scope(ctx, policy, &who, &scope));
	assert_true(scope.all);
}

static void a_scope_is_the_predicate_and_its_class(void **state)
{
	const struct cbi_who who = { .kind = CBI_WHO_USER,
		                     .subject = "user:default/ada" };
	struct cb_ctx *ctx;
	struct cbi_scope scope = { .cls = "" }, again = { .cls = "" };

	(void)state;
	use("permission:\n"
	    "  roles:\n"
	    "    - name: own\n"
	    "      members: [user:default/ada]\n"
	    "      permissions:\n"
	    "        - {permission: catalog.entity.read, condition: {rule: "
	    "IS_ENTITY_OWNER, resourceType: catalog-entity, params: {claims: "
	    "[$ownerRefs]}}}\n"
	    "        - {permission: catalog-entity, action: read, effect: "
	    "deny, "
	    "condition: {not: {rule: HAS_LABEL, resourceType: catalog-entity, "
	    "params: {label: tier, value: gold}}}}\n");
	ctx = next();
	MUST(cbi_policy_scope(ctx, policy, &who, &scope));
	assert_false(scope.all);
	/* Direct groups alone are whose things are hers. */
	assert_string_equal(
	    scope.where,
	    "{\"$all\":[{\"$any\":[{\"relations.ownedBy\":{\"$in\":[\"user:"
	    "default/ada\",\"group:default/a\"]}}]},{\"$not\":{\"$any\":[{"
	    "\"$not\":{\"metadata.labels.tier\":{\"$in\":[\"gold\"]}}}]}}]}");
	assert_int_equal(strlen(scope.cls), 32);
	/* From the process's memory now. */
	MUST(cbi_policy_scope(ctx, policy, &who, &again));
	assert_string_equal(again.where, scope.where);
	assert_string_equal(again.cls, scope.cls);
}

static void members_end_in_a_circle(void **state)
{
	static const char *const ada[] = { "user:default/ada" };
	const struct cbi_member *members;
	struct cbi_copy_txn *txn;
	const char *const *own;
	struct cb_ctx *ctx = next();
	size_t n;

	(void)state;
	MUST(cbi_copy_begin(ctx, shelf.catalog.copy, &txn));
	MUST(cbi_member_of(ctx, txn, ada, 1, &members, &n));
	assert_int_equal(n, 4);
	assert_string_equal(members[1].ref, "group:default/a");
	assert_string_equal(members[3].ref, "group:default/top");
	assert_int_equal(members[3].from, 2);
	MUST(cbi_catalog_owns(ctx, txn, "user:default/ada", &own, &n));
	assert_int_equal(n, 2);
	assert_string_equal(own[1], "group:default/a");
}

static void bad_input_changes_nothing(void **state)
{
	struct cbi_policy_change change = { .address = NULL };
	json_t *kind = json_pack("{s:s, s:s, s:{s:[s]}}", "rule",
	                         "IS_ENTITY_KIND", "resourceType",
	                         "catalog-entity", "params", "kinds", "api");
	const struct cbi_policy_entry bad[] = {
		{ .permission = "", .action = "" },
		{ .permission = "a b", .action = "" },
		{ .permission = "a*b", .action = "" },
		{ .permission = "catalog.entity.read", .action = "look" },
		{ .permission = "catalog.location.read",
		  .action = "",
		  .condition = kind },
	};
	struct cb_ctx *ctx = next();

	(void)state;
	assert_int_equal(cbi_policy_role_put(ctx, "a/b", "", &change),
	                 CB_EINVAL);
	ctx = next();
	assert_int_equal(
	    cbi_policy_member_add(ctx, "ghost", "user:ada", &change),
	    CB_ENOENT);
	ctx = next();
	assert_int_equal(
	    cbi_policy_member_add(ctx, "ghost", "component:x", &change),
	    CB_EINVAL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ctx = next();
		assert_int_equal(
		    cbi_policy_entry_add(ctx, "ghost", &bad[i], &change),
		    CB_EINVAL);
	}
	json_decref(kind);
}

static void what_was_given_is_taken_back(void **state)
{
	const struct cbi_policy_entry entry = { .permission = "catalog.*",
		                                .action = "delete",
		                                .deny = true };
	struct cbi_policy_change change = { .address = NULL };
	struct cb_ctx *ctx = next();
	json_t *all, *list;
	int64_t id;

	(void)state;
	MUST(cbi_policy_role_put(ctx, "back", "", &change));
	MUST(cbi_policy_member_add(ctx, "back", "user:default/ada", &change));
	MUST(cbi_policy_entry_add(ctx, "back", &entry, &change));
	MUST(cbi_policy_roles(ctx, "back", &all));
	list = json_object_get(json_array_get(all, 0), "permissions");
	assert_string_equal(json_string_value(json_object_get(
				json_array_get(list, 0), "effect")),
	                    "deny");
	id = json_integer_value(json_object_get(json_array_get(list, 0), "id"));
	MUST(cbi_policy_entry_remove(ctx, "back", id, &change));
	MUST(
	    cbi_policy_member_remove(ctx, "back", "user:default/ada", &change));
	assert_int_equal(
	    cbi_policy_member_remove(ctx, "back", "user:default/ada", &change),
	    CB_ENOENT);
	ctx = next();
	assert_int_equal(cbi_policy_entry_remove(ctx, "back", id, &change),
	                 CB_ENOENT);
	ctx = next();
	MUST(cbi_policy_roles(ctx, "back", &all));
	all = json_array_get(all, 0);
	assert_int_equal(json_array_size(json_object_get(all, "members")), 0);
	assert_int_equal(json_array_size(json_object_get(all, "permissions")),
	                 0);
}

/* What stands in the config or the database takes its place. */
static void a_built_in_role_can_be_said_anew(void **state)
{
	const struct cbi_who guest = { .kind = CBI_WHO_GUEST,
		                       .subject = "user:default/guest" };
	struct cbi_policy_standing standing;
	struct cbi_policy_grant grant;
	struct cb_ctx *ctx;
	size_t n = 0;

	(void)state;
	use("permission:\n"
	    "  roles: [{name: guest, permissions: [catalog.location.read]}]\n");
	assert_int_equal(asks(&guest, "catalog.entity.read"), CBI_POLICY_DENY);
	assert_int_equal(asks(&guest, "catalog.location.read"),
	                 CBI_POLICY_ALLOW);
	ctx = next();
	MUST(cbi_policy_stand(ctx, policy, &guest, &standing));
	assert_int_equal(standing.count, 1);
	assert_string_equal(standing.grants[0].from, "config");
	assert_false(cbi_policy_about(&standing.grants[0],
	                              cbi_permission_find("catalog.entity."
	                                                  "read")));
	assert_int_equal(json_array_size(cbi_policy_config_roles(policy)), 1);
	assert_true(cbi_policy_enabled(policy));
	assert_string_equal(cbi_policy_builtin(0), "guest");
	while (cbi_policy_builtin_grant("guest", n, &grant))
		n++;
	assert_int_equal(n, 3);
}

static void a_merge_adds_what_is_new_or_only_tries(void **state)
{
	json_t *roles =
	    json_pack("[{s:s, s:[s, s], s:[{s:s, s:s, s:s}]}]", "name",
	              "merged", "members", "user:default/ada",
	              "user:default/eve", "permissions", "permission",
	              "catalog-entity", "action", "read", "effect", "allow");
	struct cbi_policy_change change = { .address = NULL };
	struct cb_ctx *ctx = next();
	json_t *all;
	size_t added;

	(void)state;
	MUST(cbi_policy_merge(ctx, roles, true, &added, &change));
	assert_int_equal(added, 3);
	ctx = next();
	MUST(cbi_policy_roles(ctx, "merged", &all));
	assert_int_equal(json_array_size(all), 0);
	MUST(cbi_policy_merge(ctx, roles, false, &added, &change));
	assert_int_equal(added, 3);
	assert_true(change.number > 0);
	MUST(cbi_policy_merge(ctx, roles, false, &added, &change));
	assert_int_equal(added, 0);
	assert_int_equal(change.number, 0);
	MUST(cbi_policy_roles(ctx, "merged", &all));
	assert_int_equal(
	    json_array_size(json_object_get(json_array_get(all, 0), "members")),
	    2);
	json_decref(roles);
}

#define RELATION(type, target) \
	"{\"type\":\"" type "\",\"targetRef\":\"" target "\"}"

static int open_shelf(void **state)
{
	static const char *const entities[] = {
		"{\"kind\":\"User\",\"metadata\":{\"name\":\"ada\"},"
		"\"relations\":[" RELATION("memberOf", "group:default/a") "]}",
		"{\"kind\":\"Group\",\"metadata\":{\"name\":\"a\"},"
		"\"relations\":[" RELATION("childOf", "group:default/b") "]}",
		"{\"kind\":\"Group\",\"metadata\":{\"name\":\"b\"},"
		"\"relations\":[" RELATION("childOf", "group:default/top") "]}",
		"{\"kind\":\"Group\",\"metadata\":{\"name\":\"top\"},"
		"\"relations\":[" RELATION("childOf", "group:default/a") "]}",
	};

	(void)state;
	shelf_open(&shelf, "policy");
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		shelf_put(&shelf, entities[i]);
	shelf_follow(&shelf);
	cache = cbi_cache_create(CB_MIB);
	return cache ? 0 : -1;
}

static int close_shelf(void **state)
{
	(void)state;
	next();
	cbi_policy_destroy(policy);
	cbi_config_destroy(config);
	cbi_cache_destroy(cache);
	shelf_close(&shelf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_holds_no_role_may_nothing),
		cmocka_unit_test(the_config_gives_roles),
		cmocka_unit_test(a_bad_config_says_where),
		cmocka_unit_test(roles_of_the_database_hold_by_nested_groups),
		cmocka_unit_test(each_change_is_in_the_audit_log),
		cmocka_unit_test(what_one_role_denies_no_other_allows),
		cmocka_unit_test(without_permissions_everybody_may),
		cmocka_unit_test(a_credential_s_limits_narrow),
		cmocka_unit_test(a_scope_is_the_predicate_and_its_class),
		cmocka_unit_test(members_end_in_a_circle),
		cmocka_unit_test(bad_input_changes_nothing),
		cmocka_unit_test(what_was_given_is_taken_back),
		cmocka_unit_test(a_built_in_role_can_be_said_anew),
		cmocka_unit_test(a_merge_adds_what_is_new_or_only_tries),
	};

	return cmocka_run_group_tests(tests, open_shelf, close_shelf);
}
