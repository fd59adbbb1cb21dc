/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - `callboardctl token create|list|revoke`: personal access tokens,
 * and the end of all that lets somebody in.
 */
#include "ctl/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "auth/expel.h"
#include "auth/personal.h"
#include "base/clock.h"
#include "base/str.h"
#include "json/json.h"

/* All values of an option that may be given several times, as an array; NULL
 * for none. */
static json_t *options(int *argc, char **argv, const char *name)
{
	const char *value;
	json_t *list = NULL;

	while ((value = cbi_ctl_option(argc, argv, name))) {
		if (!list)
			list = json_array();
		json_array_append_new(list, json_string(value));
	}
	return list;
}

static json_t *scope_row(const json_t *plugin, json_t *permissions,
                         json_t *actions)
{
	json_t *row = json_object();

	if (plugin)
		json_object_set_new(row, "plugin",
		                    json_string(json_string_value(plugin)));
	if (permissions)
		json_object_set(row, "permission", permissions);
	if (actions)
		json_object_set_new(row, "permissionAttribute",
		                    json_pack("{s:O}", "action", actions));
	return row;
}

/* A row for each plugin; without one, a row for all of them.  NULL: the token
 * is not limited. */
static json_t *read_scope(int *argc, char **argv)
{
	json_t *plugins = options(argc, argv, "--plugin");
	json_t *permissions = options(argc, argv, "--permission");
	json_t *actions = options(argc, argv, "--action");
	json_t *rows = NULL;

	if (plugins || permissions || actions)
		rows = json_array();
	for (size_t i = 0; i < json_array_size(plugins); i++)
		json_array_append_new(rows,
		                      scope_row(json_array_get(plugins, i),
		                                permissions, actions));
	if (rows && !plugins)
		json_array_append_new(rows,
		                      scope_row(NULL, permissions, actions));
	json_decref(plugins);
	json_decref(permissions);
	json_decref(actions);
	return rows;
}

static json_t *row_json(const struct cbi_personal_row *row)
{
	char created[CBI_TIME_LEN], expires[CBI_TIME_LEN];

	cbi_clock_iso(row->created_ms, created);
	cbi_clock_iso(row->expires_ms, expires);
	return json_pack("{s:s, s:s, s:s, s:s+, s:o, s:s, s:s, s:s, s:s, s:b}",
	                 "id", row->id, "owner", row->owner, "name", row->name,
	                 "begins", row->hint, "...", "scope",
	                 json_loads(row->scope, 0, NULL), "created", created,
	                 "by", row->created_by, "expires", expires, "used",
	                 row->used, "expired", row->expired);
}

/* The token alone goes to stdout, so that it can be kept by a script without
 * standing on a screen. */
static int say_created(struct cbi_ctl *ctl, const char *token,
                       const struct cbi_personal_row *row)
{
	char expires[CBI_TIME_LEN];
	json_t *value;

	if (ctl->output == CBI_OUTPUT_TABLE) {
		printf("%s\n", token);
		cbi_clock_iso(row->expires_ms, expires);
		fprintf(stderr,
		        "token %s of %s, until %.10s; it is not shown again\n",
		        row->id, row->owner, expires);
	} else {
		static const char *const columns[] = { "id", NULL };
		json_t *rows = json_array();
		int rc;

		value = row_json(row);
		json_object_set_new(value, "token", json_string(token));
		json_array_append_new(rows, value);
		rc = cbi_ctl_print(ctl, rows, columns);
		json_decref(rows);
		return rc;
	}
	return ferror(stdout) ? CBI_EXIT_FAILED : CBI_EXIT_OK;
}

int cbi_ctl_token_create(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *name = cbi_ctl_option(&argc, argv, "--name");
	const char *days = cbi_ctl_option(&argc, argv, "--days");
	json_t *scope = read_scope(&argc, argv);
	struct cbi_personal_wish wish = { .name = name, .scope = scope };
	struct cbi_personal_row row;
	int64_t n = CBI_PERSONAL_DAYS;
	const char *token;
	uint64_t number;
	int rc;

	if (scope && cbi_json_keep(&ctl->ctx, scope) < 0)
		return cbi_ctl_fail(ctl);
	if (days && cbi_str_int(days, 1, CBI_PERSONAL_DAYS_MAX, &n))
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "--days: expected 1 to %d",
		                        CBI_PERSONAL_DAYS_MAX);
	if (!name)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "--name: expected what it is for");
	wish.days = (int)n;
	rc = cbi_ctl_ref(ctl, argc, argv, &wish.owner);
	if (rc)
		return rc;
	if (cbi_personal_create(&ctl->ctx, &wish, &token, &row, &number) < 0)
		return cbi_ctl_fail(ctl);
	cbi_ctl_tell(ctl, number);
	cbi_ctl_settle(number);
	return say_created(ctl, token, &row);
}

int cbi_ctl_token_list(struct cbi_ctl *ctl, int argc, char **argv)
{
	static const char *const columns[] = { "id",   "owner",   "name",
		                               "used", "expires", NULL };
	const char *owner = cbi_ctl_option(&argc, argv, "--owner");
	struct cbi_personal_row *list;
	json_t *rows;
	size_t n;
	int rc;

	if (argc)
		return cbi_ctl_complain(CBI_EXIT_USAGE, "unknown argument '%s'",
		                        argv[0]);
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_personal_list(&ctl->ctx, owner, &list, &n) < 0)
		return cbi_ctl_fail(ctl);
	rows = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, row_json(&list[i]));
	rc = cbi_ctl_print(ctl, rows, columns);
	json_decref(rows);
	return rc;
}

/* All that lets a user in. */
static int revoke_all(struct cbi_ctl *ctl, const char *user)
{
	struct cbi_expelled gone;
	char *words[] = { (char *)(uintptr_t)user };
	const char *ref;
	int rc = cbi_ctl_ref(ctl, 1, words, &ref);

	if (rc)
		return rc;
	if (!cbi_str_starts(ref, "user:"))
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "--user: expected a user such as "
		                        "user:default/ada");
	if (cbi_expel(&ctl->ctx, ref, NULL, &gone) < 0)
		return cbi_ctl_fail(ctl);
	cbi_ctl_tell(ctl, gone.number);
	cbi_ctl_settle(gone.number);
	printf("%s: %zu sessions and %zu personal tokens are ended, and what "
	       "front ends have\n",
	       ref, gone.sessions, gone.tokens);
	return CBI_EXIT_OK;
}

int cbi_ctl_token_revoke(struct cbi_ctl *ctl, int argc, char **argv)
{
	const char *user = cbi_ctl_option(&argc, argv, "--user");
	uint64_t number;

	if (user && argc == 0)
		return revoke_all(ctl, user);
	if (argc != 1 || user)
		return cbi_ctl_complain(CBI_EXIT_USAGE,
		                        "expected the id of a token, see "
		                        "callboardctl token list, or --user "
		                        "and a user");
	if (cbi_ctl_database(ctl) < 0 ||
	    cbi_personal_revoke(&ctl->ctx, argv[0], NULL, NULL, &number) < 0)
		return cbi_ctl_fail(ctl);
	cbi_ctl_tell(ctl, number);
	cbi_ctl_settle(number);
	printf("token %s is revoked\n", argv[0]);
	return CBI_EXIT_OK;
}
