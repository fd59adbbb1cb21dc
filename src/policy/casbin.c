/* SPDX-License-Identifier: Apache-2.0 */
/*
 * casbin.c - see casbin.h.
 */
#include "policy/casbin.h"

#include <string.h>

#include "base/str.h"
#include "json/json.h"
#include "policy/policy_store.h"

#define FIELDS 6

struct reader {
	struct cb_ctx *ctx;
	struct cb_buf *report;
	json_t *roles;
	size_t line, wrong;
	char *fields[FIELDS];
	size_t n;
};

static void complain(struct reader *r, const char *what, const char *which)
{
	r->wrong++;
	cb_buf_printf(r->report, "%zu: %s%s%.200s%s\n", r->line, what,
	              which ? " '" : "", which ? which : "", which ? "'" : "");
}

/* What ctx noted becomes a line of the report. */
static void complain_why(struct reader *r)
{
	const char *why = cb_strdup(r->ctx, cb_failure(r->ctx));

	cb_failure_clear(r->ctx);
	complain(r, why ? why : "is not valid", NULL);
}

/* Cuts a line at its commas; blanks and one pair of quotes go. */
static void split(struct reader *r, char *line)
{
	r->n = 0;
	while (line && r->n < FIELDS) {
		char *next = strchr(line, ',');
		size_t len;

		if (next)
			*next++ = '\0';
		line += strspn(line, " \t");
		len = strlen(line);
		while (len && strchr(" \t\r", line[len - 1]))
			line[--len] = '\0';
		if (len > 1 && line[0] == '"' && line[len - 1] == '"') {
			line[len - 1] = '\0';
			line++;
		}
		r->fields[r->n++] = line;
		line = next;
	}
}

int cbi_casbin_role(struct cb_ctx *ctx, const char *ref, const char **out)
{
	const char *slash = strchr(ref, '/');
	const char *name = slash ? slash + 1 : NULL;

	if (!cbi_str_starts(ref, "role:") || !slash)
		return cb_fail(ctx, CB_EINVAL,
		               "expected role:namespace/name, not '%.200s'",
		               ref);
	if (strncmp(ref, "role:default/", 13) != 0)
		name = cb_printf(ctx, "%.*s.%s", (int)(slash - ref - 5),
		                 ref + 5, name);
	if (!name)
		return CB_ENOMEM;
	if (!cbi_policy_role_ok(name))
		return cb_fail(ctx, CB_EINVAL,
		               "not the name of a role: '%.200s'", ref);
	*out = name;
	return CB_OK;
}

/* NULL with a complaint. */
static const char *role_name(struct reader *r, const char *ref)
{
	const char *name = NULL;

	if (cbi_casbin_role(r->ctx, ref, &name) < 0)
		complain_why(r);
	return name;
}

static json_t *role_of(struct reader *r, const char *name)
{
	json_t *role;

	for (size_t i = 0; i < json_array_size(r->roles); i++) {
		role = json_array_get(r->roles, i);
		if (strcmp(json_string_value(json_object_get(role, "name")),
		           name) == 0)
			return role;
	}
	role = json_pack("{s:s, s:[], s:[]}", "name", name, "members",
	                 "permissions");
	json_array_append_new(r->roles, role);
	return role;
}

static void read_permission(struct reader *r)
{
	struct cbi_policy_entry entry = { .condition = NULL };
	const char *name;

	if (r->n != 5) {
		complain(r, "expected p, role, permission, action, effect",
		         NULL);
		return;
	}
	name = role_name(r, r->fields[1]);
	if (!name)
		return;
	entry.permission = r->fields[2];
	entry.action = r->fields[3];
	entry.deny = strcmp(r->fields[4], "deny") == 0;
	if (!entry.deny && strcmp(r->fields[4], "allow") != 0) {
		complain(r, "the effect must be allow or deny, not",
		         r->fields[4]);
		return;
	}
	if (!*entry.action) {
		complain(r, "the action is missing", NULL);
		return;
	}
	if (cbi_policy_entry_check(r->ctx, &entry) < 0) {
		complain_why(r);
		return;
	}
	json_array_append_new(json_object_get(role_of(r, name), "permissions"),
	                      cbi_policy_entry_json(&entry));
}

static void read_member(struct reader *r)
{
	const char *name, *member;

	if (r->n != 3) {
		complain(r, "expected g, user or group, role", NULL);
		return;
	}
	name = role_name(r, r->fields[2]);
	if (!name)
		return;
	if (cbi_policy_member(r->ctx, r->fields[1], &member) < 0) {
		complain_why(r);
		return;
	}
	json_array_append_new(json_object_get(role_of(r, name), "members"),
	                      json_string(member));
}

static void read_line(struct reader *r, char *line)
{
	line += strspn(line, " \t");
	if (!*line || *line == '#' || strcmp(line, "\r") == 0)
		return;
	split(r, line);
	if (strcmp(r->fields[0], "p") == 0)
		read_permission(r);
	else if (strcmp(r->fields[0], "g") == 0)
		read_member(r);
	else
		complain(r, "a line begins with p or g, not", r->fields[0]);
}

int cbi_casbin_read(struct cb_ctx *ctx, const char *text, struct cb_buf *report,
                    json_t **out)
{
	struct reader r = { .ctx = ctx,
		            .report = report,
		            .roles = json_array() };
	char *copy = cb_strdup(ctx, text);
	int rc = cbi_json_keep(ctx, r.roles);

	if (rc < 0 || !copy)
		return rc < 0 ? rc : CB_ENOMEM;
	while (copy && *copy) {
		char *next = strchr(copy, '\n');

		if (next)
			*next++ = '\0';
		if (++r.line > CBI_CASBIN_LINES_MAX)
			return cb_fail(ctx, CB_ETOOBIG,
			               "there are more than %d lines",
			               CBI_CASBIN_LINES_MAX);
		if (cbi_str_utf8(copy, strlen(copy)))
			read_line(&r, copy);
		else
			complain(&r, "the line is not UTF-8", NULL);
		copy = next;
	}
	*out = r.roles;
	if (!r.wrong)
		return CB_OK;
	return cb_fail(ctx, CB_EINVAL, "%zu of %zu lines are not understood",
	               r.wrong, r.line);
}
