/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.c - `callboardctl policy list|show|explain|import`: roles, and why
 * somebody may or may not do something.
 */
#include "ctl/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/member.h"
#include "catalog/ref.h"
#include "catalog/view.h"
#include "json/json.h"
#include "policy/casbin.h"
#include "policy/policy.h"
#include "policy/policy_store.h"

static int usage(const char *what)
{
	return cbi_ctl_complain(CBI_EXIT_USAGE, "%s", what);
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The host's policy: config, copy and what is built in. */
static int open_policy(struct cbi_ctl *ctl, struct cbi_policy **out)
{
	struct cbi_policy_joins joins = {
		.table = CBI_TABLE_ROLE,
		.number = cbi_member_number,
		.members = cbi_member_of,
	};
	int rc = cbi_ctl_registry(ctl);

	joins.copy = ctl->copy;
	return rc < 0 ? rc
	              : cbi_policy_create(&ctl->ctx, ctl->config, &joins, out);
}

/* ---- list, show
 * -------------------------------------------------------------- */

static void add_row(json_t *rows, const json_t *role, const char *from)
{
	json_array_append_new(
	    rows, json_pack("{s:s, s:s, s:I, s:I, s:s}", "name",
	                    text_at(role, "name"), "from", from, "members",
	                    (json_int_t)json_array_size(
				json_object_get(role, "members")),
	                    "permissions",
	                    (json_int_t)json_array_size(
				json_object_get(role, "permissions")),
	                    "description", text_at(role, "description")));
}

int cbi_ctl_policy_list(struct cbi_ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = { "name",        "from",
		                               "members",     "permissions",
		                               "description", NULL };
	struct cbi_policy *policy = NULL;
	struct cbi_policy_joins joins = { .table = CBI_TABLE_ROLE };
	const json_t *config;
	json_t *stored, *rows;
	int rc;

	(void)argv;
	if (argc > 0)
		return usage("policy list takes no argument");
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_policy_create(&ctl->ctx, ctl->config, &joins, &policy) < 0 ||
	    cbi_policy_roles(&ctl->ctx, NULL, &stored) < 0) {
		cbi_policy_destroy(policy);
		return cbi_ctl_fail(ctl);
	}
	rows = json_array();
	config = cbi_policy_config_roles(policy);
	for (size_t i = 0; i < json_array_size(stored); i++)
		add_row(rows, json_array_get(stored, i), "database");
	for (size_t i = 0; i < json_array_size(config); i++)
		add_row(rows, json_array_get(config, i), "config");
	for (size_t i = 0; cbi_policy_builtin(i); i++) {
		json_t *one = json_pack("{s:s}", "name", cbi_policy_builtin(i));

		add_row(rows, one, "built in");
		json_decref(one);
	}
	rc = cbi_ctl_print(ctl, rows, columns);
	json_decref(rows);
	cbi_policy_destroy(policy);
	return rc;
}

int cbi_ctl_policy_show(struct cbi_ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = { "permission", "action", "effect",
		                               "condition", NULL };
	json_t *stored, *role, *rows = json_array();
	int rc = CBI_EXIT_USAGE;

	if (argc != 1)
		usage("policy show takes the name of a role");
	else if (cbi_ctl_database(ctl) < 0 ||
	         cbi_policy_roles(&ctl->ctx, argv[0], &stored) < 0)
		rc = cbi_ctl_fail(ctl);
	else if (json_array_size(stored) == 0)
		rc = cbi_ctl_complain(CBI_EXIT_FAILED,
		                      "no role '%s' in the database", argv[0]);
	else
		rc = CBI_EXIT_OK;
	if (rc != CBI_EXIT_OK) {
		json_decref(rows);
		return rc;
	}
	role = json_array_get(stored, 0);
	if (ctl->output != CBI_OUTPUT_TABLE) {
		json_array_append(rows, role);
	} else {
		const json_t *list = json_object_get(role, "permissions");
		const json_t *members = json_object_get(role, "members");

		for (size_t i = 0; i < json_array_size(members); i++)
			printf("member  %s\n",
			       json_string_value(json_array_get(members, i)));
		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *one = json_array_get(list, i);
			const json_t *condition =
			    json_object_get(one, "condition");
			char *text = json_is_object(condition)
			                 ? json_dumps(condition, JSON_COMPACT)
			                 : NULL;

			json_array_append_new(
			    rows,
			    json_pack("{s:s, s:s, s:s, s:s}", "permission",
			              text_at(one, "permission"), "action",
			              text_at(one, "action"), "effect",
			              text_at(one, "effect"), "condition",
			              text ? text : ""));
			free(text);
		}
	}
	rc = cbi_ctl_print(ctl, rows, columns);
	json_decref(rows);
	return rc;
}

/* ---- explain
 * ------------------------------------------------------------------ */

static int fits(struct cb_ctx *ctx, void *arg, const char *where, bool *out)
{
	return cbi_view_fits(ctx, where, arg, out);
}

static json_t *grant_row(const json_t *one)
{
	const json_t *by = json_object_get(one, "by");
	const json_t *condition = json_object_get(one, "condition");
	const json_t *here = json_object_get(one, "holds");
	char *text = json_is_object(condition)
	                 ? json_dumps(condition, JSON_COMPACT)
	                 : NULL;
	char path[1024] = "";
	json_t *row;

	for (size_t i = 0; i < json_array_size(by); i++) {
		size_t len = strlen(path);

		snprintf(path + len, sizeof(path) - len, "%s%s", i ? " > " : "",
		         json_string_value(json_array_get(by, i)));
	}
	row = json_pack(
	    "{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "role", text_at(one, "role"),
	    "by", path, "says", text_at(one, "effect"), "permission",
	    text_at(one, "permission"), "action", text_at(one, "action"),
	    "condition", text ? text : "", "holds",
	    json_is_null(here)   ? "depends"
	    : json_is_true(here) ? "yes"
				 : "no");
	free(text);
	return row;
}

static int print_why(struct cbi_ctl *ctl, const json_t *all)
{
	static const char *const columns[] = { "role",   "by",
		                               "says",   "permission",
		                               "action", "condition",
		                               "holds",  NULL };
	const json_t *grants = json_object_get(all, "grants");
	json_t *rows = json_array();
	int rc;

	if (ctl->output == CBI_OUTPUT_TABLE) {
		printf("%s\n", text_at(all, "result"));
		for (size_t i = 0; i < json_array_size(grants); i++)
			json_array_append_new(
			    rows, grant_row(json_array_get(grants, i)));
	} else {
		json_array_append(rows, (json_t *)all);
	}
	rc = json_array_size(rows) ? cbi_ctl_print(ctl, rows, columns)
	                           : CBI_EXIT_OK;
	json_decref(rows);
	return rc;
}

static int explain(struct cbi_ctl *ctl, struct cbi_policy *policy, int argc,
                   char **argv, json_t **out)
{
	const struct cbi_permission *known = cbi_permission_find(argv[1]);
	const struct cbi_permission asked = { .name = argv[1] };
	struct cbi_who who = { .kind = CBI_WHO_USER };
	const struct cbi_catalog catalog = {
		.copy = ctl->copy,
		.stale_if_error_ms = ctl->settings->stale_if_error_ms,
	};
	struct cbi_policy_standing standing;
	struct cbi_served served;
	const struct cbi_policy_entity entity = { fits, &served };
	struct cb_ctx *ctx = &ctl->ctx;
	const char *ref = NULL, *why;
	int rc = cbi_policy_member(ctx, argv[0], &who.subject);

	if (rc == CB_OK && argc == 3 &&
	    cbi_ref_canonical(ctx, argv[2], "component", NULL, &ref, &why) < 0)
		rc = cb_fail(ctx, CB_EINVAL, "'%.200s' %s", argv[2], why);
	if (rc == CB_OK && strcmp(who.subject, "user:default/guest") == 0)
		who.kind = CBI_WHO_GUEST;
	if (rc == CB_OK)
		rc = cbi_policy_stand(ctx, policy, &who, &standing);
	if (rc == CB_OK && ref)
		rc = cbi_view_by_ref(ctx, &catalog, ref, &served, NULL);
	return rc < 0
	           ? rc
	           : cbi_policy_explain(ctx, &standing, known ? known : &asked,
	                                ref ? &entity : NULL, out);
}

int cbi_ctl_policy_explain(struct cbi_ctl *ctl, int argc, char **argv)
{
	struct cbi_policy *policy = NULL;
	json_t *all;
	int rc;

	if (argc < 2 || argc > 3)
		return usage("policy explain takes a user, a permission and, "
		             "if it is about one, an entity");
	ctl->ctx.scope.all = true;
	if (cbi_ctl_database(ctl) < 0 || open_policy(ctl, &policy) < 0 ||
	    explain(ctl, policy, argc, argv, &all) < 0) {
		cbi_policy_destroy(policy);
		return cbi_ctl_fail(ctl);
	}
	rc = print_why(ctl, all);
	cbi_policy_destroy(policy);
	return rc;
}

/* ---- import
 * -------------------------------------------------------------------- */

static int read_file(struct cbi_ctl *ctl, const char *path, const char **out)
{
	FILE *file = fopen(path, "r");
	char *text = cb_alloc(&ctl->ctx, CBI_CASBIN_MAX + 1);
	size_t len;

	if (!file)
		return cb_fail(&ctl->ctx, CB_ENOENT, "%s cannot be read", path);
	if (!text) {
		fclose(file);
		return CB_ENOMEM;
	}
	len = fread(text, 1, CBI_CASBIN_MAX + 1, file);
	fclose(file);
	if (len > CBI_CASBIN_MAX)
		return cb_fail(&ctl->ctx, CB_ETOOBIG, "%s is larger than 8 MiB",
		               path);
	if (strlen(text) != len)
		return cb_fail(&ctl->ctx, CB_EINVAL, "%s is no text", path);
	*out = text;
	return CB_OK;
}

static bool is_yaml(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* One file's roles, added to the others'; its faults go to stderr. */
static int read_roles(struct cbi_ctl *ctl, const char *path, bool named,
                      json_t *all)
{
	struct cb_buf report;
	const char *text;
	json_t *roles;
	int rc = read_file(ctl, path, &text);

	if (rc < 0)
		return rc;
	cbi_buf_init(&report, CBI_CASBIN_MAX);
	rc = is_yaml(path)
	         ? cbi_casbin_conditions(&ctl->ctx, text, &report, &roles)
	         : cbi_casbin_read(&ctl->ctx, text, &report, &roles);
	if (rc == CB_EINVAL)
		fprintf(stderr, "%s%s%s", named ? path : "", named ? ":\n" : "",
		        cbi_buf_string(&report));
	cbi_buf_finish(&report);
	if (rc == CB_OK && json_array_extend(all, roles))
		rc = cb_fail(&ctl->ctx, CB_ENOMEM, "no memory for roles");
	return rc;
}

/* A role may stand in several files and documents. */
static size_t count_names(const json_t *roles)
{
	json_t *names = json_object();
	size_t n;

	for (size_t i = 0; i < json_array_size(roles); i++)
		json_object_set_new(names,
		                    text_at(json_array_get(roles, i), "name"),
		                    json_null());
	n = json_object_size(names);
	json_decref(names);
	return n;
}

int cbi_ctl_policy_import(struct cbi_ctl *ctl, int argc, char **argv)
{
	bool try = cbi_ctl_flag(&argc, argv, "--dry-run");
	struct cbi_policy_change change = { .address = NULL };
	json_t *roles = json_array();
	size_t added;
	int rc = cbi_json_keep(&ctl->ctx, roles);

	if (argc < 1)
		return usage("policy import takes files: of p and g lines, and "
		             "(.yaml) of conditional policies");
	for (int i = 0; i < argc && rc == CB_OK; i++)
		rc = read_roles(ctl, argv[i], argc > 1, roles);
	if (rc < 0 || cbi_ctl_database(ctl) < 0 ||
	    cbi_policy_merge(&ctl->ctx, roles, try, &added, &change) < 0)
		return cbi_ctl_fail(ctl);
	if (change.number)
		cbi_ctl_tell(ctl, change.number);
	printf("%zu roles, %zu members and permissions %s\n",
	       count_names(roles), added, try ? "would be new" : "are new");
	return CBI_EXIT_OK;
}
