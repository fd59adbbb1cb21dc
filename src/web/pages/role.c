/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.c - /admin/roles/<role>: who has it, what it allows, and forms to
 * change both.  What they do is role_change.c's, conditions are
 * role_condition.c's.
 */
#include "web/pages/roles.h"

#include <string.h>

#include "html/addr.h"
#include "policy/policy.h"
#include "policy/policy_store.h"
#include "web/pages/forms.h"
#include "web/pages/shell.h"
#include "web/pages/things.h"

struct role {
	struct cb_req *req;
	const char *name;
	const char *csrf;     /* NULL: who asks may not change it */
	const char *why;      /* why not, or NULL */
	const json_t *stored; /* in the database; NULL: not there */
	const json_t *config; /* in the config; NULL: not there */
};

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool is_builtin(const char *name)
{
	const char *one;

	for (size_t i = 0; (one = cbi_policy_builtin(i)); i++)
		if (strcmp(one, name) == 0)
			return true;
	return false;
}

static int load(struct cb_req *req, struct role *out)
{
	const json_t *roles =
	    req->web->policy ? cbi_policy_config_roles(req->web->policy) : NULL;
	json_t *list;
	int rc;

	*out = (struct role){ .req = req, .name = req->args[0] };
	rc = cbi_policy_roles(req->ctx, out->name, &list);
	if (rc < 0)
		return rc;
	out->stored = json_array_get(list, 0);
	for (size_t i = 0; i < json_array_size(roles); i++)
		if (strcmp(text_at(json_array_get(roles, i), "name"),
		           out->name) == 0)
			out->config = json_array_get(roles, i);
	if (!out->stored && !out->config && !is_builtin(out->name))
		return cb_fail(req->ctx, CB_ENOENT, "no role '%.80s'",
		               out->name);
	out->why = cbi_form_why(req, "admin.policy.update");
	out->csrf = out->why ? NULL : cbi_form_token(req);
	return CB_OK;
}

static void form_open(const struct role *role, struct cb_html *html,
                      const char *act, const char *cls)
{
	const struct cbi_html_form form = {
		.address =
		    cbi_addr(html->ctx, cb_printf(html->ctx, "/admin/roles/%s",
		                                  role->name)),
		.csrf = role->csrf,
		.cls = cls,
	};

	cbi_html_form_open(html, &form);
	cbi_html_hidden(html, "act", act);
}

/* A small form of one button, named for who only hears it. */
static void remove_button(const struct role *role, struct cb_html *html,
                          const char *act, const char *of, const char *said)
{
	if (!role->csrf)
		return;
	form_open(role, html, act, NULL);
	cbi_html_hidden(html, "of", of);
	cbi_html_lit(html, "<button class=\"button small\" type=\"submit\">");
	cbi_html_icon(html, "trash");
	cbi_html_tr(html, "Remove");
	cbi_html_lit(html, "<span class=\"vh\">: ");
	cbi_html_esc(html, said);
	cbi_html_lit(html, "</span></button>");
	cbi_html_form_close(html);
}

static void end_form(struct cb_html *html, const char *title)
{
	cbi_html_lit(html, "<div class=\"buttons\"><button class=\"button\""
	                   " type=\"submit\">");
	cbi_html_tr(html, title);
	cbi_html_lit(html, "</button></div>\n");
	cbi_html_form_close(html);
}

/* ---- Members ---------------------------------------------------------------
 */

static void member_rows(const struct role *role, struct cb_html *html,
                        const json_t *list, bool stored)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *ref = json_string_value(json_array_get(list, i));

		cbi_html_lit(html, "<tr><th class=\"lead\" scope=\"row\">");
		cbi_thing_ref(role->req, html, ref);
		cbi_html_lit(html, "</th><td class=\"num\">");
		if (stored)
			remove_button(role, html, "member.remove", ref, ref);
		else
			cbi_html_tr(html, "config");
		cbi_html_lit(html, "</td></tr>\n");
	}
}

static void members(const struct role *role, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "policy",
		                            .name = "members",
		                            .title = "Members" };
	const json_t *stored = json_object_get(role->stored, "members");
	const json_t *config = json_object_get(role->config, "members");

	cbi_html_card_open(html, &card);
	if (json_array_size(stored) + json_array_size(config)) {
		cbi_html_lit(html, "<div class=\"table-box\"><table"
		                   " class=\"table\"><caption class=\"vh\">");
		cbi_html_tr(html, "Members");
		cbi_html_lit(html, "</caption><tbody>\n");
		member_rows(role, html, config, false);
		member_rows(role, html, stored, true);
		cbi_html_lit(html, "</tbody></table></div>\n");
	} else {
		cb_html_empty(html, "Nobody is named",
		              "A group stands for its members, and those of "
		              "the groups below it.");
	}
	if (role->csrf && role->stored) {
		form_open(role, html, "member.add", "form");
		cbi_role_field(html, "member", "User or group",
		               "group:default/payments", NULL, NULL);
		end_form(html, "Add");
	}
	cbi_html_card_close(html);
}

/* ---- Permissions -----------------------------------------------------------
 */

static void permission_row(const struct role *role, struct cb_html *html,
                           const struct cbi_policy_entry *entry, int64_t id,
                           const char *from)
{
	struct cb_ctx *ctx = html->ctx;

	cbi_html_lit(html, "<tr><th class=\"lead\" scope=\"row\"><code"
	                   " class=\"code-inline\">");
	cbi_html_esc(html, entry->permission);
	cbi_html_lit(html, "</code>");
	if (*entry->action) {
		cbi_html_lit(html, " ");
		cbi_html_esc(html, entry->action);
	}
	cbi_html_lit(html, "</th><td");
	cbi_html_attr_tr(html, "data-label", "Says");
	cbi_html_lit(html, "><span class=\"badge\"");
	cbi_html_attr(html, "data-tone", entry->deny ? "bad" : "good");
	cbi_html_lit(html, ">");
	cbi_html_tr(html, entry->deny ? "deny" : "allow");
	cbi_html_lit(html, "</span></td><td");
	cbi_html_attr_tr(html, "data-label", "Where");
	cbi_html_lit(html, ">");
	if (entry->condition)
		cbi_html_esc(html, cbi_role_condition(ctx, entry->condition));
	else
		cbi_html_tr(html, "everywhere");
	cbi_html_lit(html, "</td><td class=\"num\">");
	if (id)
		remove_button(role, html, "permission.remove",
		              cb_printf(ctx, "%lld", (long long)id),
		              entry->permission);
	else
		cbi_html_tr(html, from);
	cbi_html_lit(html, "</td></tr>\n");
}

static size_t permission_rows(const struct role *role, struct cb_html *html,
                              const json_t *list, const char *from)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		struct cbi_policy_entry entry;

		cbi_policy_entry_read(one, &entry);
		permission_row(role, html, &entry,
		               json_integer_value(json_object_get(one, "id")),
		               from);
	}
	return json_array_size(list);
}

static void permission_table(const struct role *role, struct cb_html *html)
{
	static const char *const heads[] = { "Permission", "Says", "Where" };
	struct cbi_policy_grant grant;
	size_t n;

	cbi_html_lit(html, "<div class=\"table-box\"><table class=\"table\">"
	                   "<caption class=\"vh\">");
	cbi_html_tr(html, "Permissions");
	cbi_html_lit(html, "</caption><thead><tr>");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		cbi_html_lit(html, "<th scope=\"col\">");
		cbi_html_tr(html, heads[i]);
		cbi_html_lit(html, "</th>");
	}
	cbi_html_lit(html, "<th scope=\"col\"><span class=\"vh\">");
	cbi_html_tr(html, "Change");
	cbi_html_lit(html, "</span></th></tr></thead><tbody>\n");
	n = permission_rows(
	    role, html, json_object_get(role->config, "permissions"), "config");
	n += permission_rows(role, html,
	                     json_object_get(role->stored, "permissions"),
	                     "database");
	for (size_t i = 0;
	     !n && cbi_policy_builtin_grant(role->name, i, &grant); i++) {
		const struct cbi_policy_entry entry = {
			.permission = grant.permission,
			.action = grant.action,
		};

		permission_row(role, html, &entry, 0, "built in");
	}
	cbi_html_lit(html, "</tbody></table></div>\n");
}

static void permission_form(const struct role *role, struct cb_html *html)
{
	static const struct cbi_role_choice actions[] = {
		{ "", "any action" },   { "read", "read" },
		{ "create", "create" }, { "update", "update" },
		{ "delete", "delete" }, { "use", "use" },
	};
	static const struct cbi_role_choice effects[] = {
		{ "allow", "allow" },
		{ "deny", "deny" },
	};

	form_open(role, html, "permission.add", "form");
	cbi_role_field(html, "permission", "Permission", "catalog.entity.read",
	               NULL, "permissions");
	cbi_role_permissions(html, "permissions");
	cbi_role_select(html, "action", "Action", actions,
	                sizeof(actions) / sizeof(actions[0]));
	cbi_role_select(html, "effect", "Says", effects, 2);
	cbi_role_condition_fields(html);
	end_form(html, "Add");
}

static void permissions(const struct role *role, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "policy",
		                            .name = "permissions",
		                            .title = "Permissions",
		                            .wide = true };

	cbi_html_card_open(html, &card);
	permission_table(role, html);
	cbi_html_card_close(html);
}

static void change_cards(const struct role *role, struct cb_html *html)
{
	const struct cbi_html_card add = { .plugin = "policy",
		                           .name = "add",
		                           .title = "Add a permission" };
	const struct cbi_html_card drop = { .plugin = "policy",
		                            .name = "drop",
		                            .title = "Delete the role" };

	if (!role->csrf) {
		cbi_form_off(html, NULL,
		             role->why ? role->why
		                       : cbi_form_denied(role->req));
		return;
	}
	if (!role->stored)
		return;
	cbi_html_card_open(html, &add);
	permission_form(role, html);
	cbi_html_card_close(html);
	cbi_html_card_open(html, &drop);
	form_open(role, html, "delete", "form");
	cbi_html_lit(html, "<p>");
	cbi_html_tr(html, "Its members lose what it gives them at once.");
	cbi_html_lit(html, "</p><div class=\"buttons\"><button class=\"button "
	                   "danger\" type=\"submit\">");
	cbi_html_tr(html, "Delete");
	cbi_html_lit(html, "</button></div>\n");
	cbi_html_form_close(html);
	cbi_html_card_close(html);
}

/* A role of the config or a built-in one is taken into the database first. */
static void adopt(const struct role *role, struct cb_html *html)
{
	const struct cbi_html_form form = {
		.address = cbi_addr(html->ctx, "/admin/roles"),
		.csrf = role->csrf,
	};

	if (role->stored || !role->csrf)
		return;
	cbi_html_notice_open(html, CB_TONE_INFO, "note", NULL);
	cbi_html_lit(html, "<p>");
	cbi_html_tr(html, "This role is not in the database. To give it "
	                  "members or permissions here, begin it there; "
	                  "permissions that you give a built-in role take the "
	                  "place of those it has.");
	cbi_html_lit(html, "</p>");
	cbi_html_form_open(html, &form);
	cbi_html_hidden(html, "name", role->name);
	cbi_html_lit(html, "<button class=\"button\" type=\"submit\">");
	cbi_html_tr(html, "Begin it");
	cbi_html_lit(html, "</button>");
	cbi_html_form_close(html);
	cbi_html_notice_close(html);
}

static int show(struct cb_req *req)
{
	struct cbi_page shell = { .here = "roles" };
	const char *about;
	struct cb_html html;
	struct role role;
	int rc = load(req, &role);

	if (rc < 0)
		return rc;
	shell.title = role.name;
	rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	about = text_at(role.stored ? role.stored : role.config, "description");
	{
		const struct cbi_html_step steps[] = {
			{ cb_tr(req->ctx, "Roles"),
			  cbi_addr(req->ctx, "/admin/roles") },
			{ role.name, NULL },
		};

		cbi_html_crumbs(&html, steps, 2);
	}
	cbi_html_lit(&html, "<header class=\"page-head\"><div><h1>");
	cbi_html_esc(&html, role.name);
	cbi_html_lit(&html, "</h1><p>");
	cbi_html_esc(&html, about);
	cbi_html_lit(&html, "</p></div></header>\n");
	adopt(&role, &html);
	cbi_html_lit(&html, "<div class=\"board\">\n<div class=\"cards\">\n");
	permissions(&role, &html);
	members(&role, &html);
	cbi_html_lit(&html, "</div>\n<div class=\"cards board-side\">\n");
	change_cards(&role, &html);
	cbi_html_lit(&html, "</div>\n</div>\n");
	return cbi_page_close(req, &html);
}

const struct cbi_endpoint cbi_pages_role[] = {
	{
	    .path = "/admin/roles/{role}",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.role",
	    .handle = show,
	    .permission = "admin.policy.read",
	},
	{
	    .path = "/admin/roles/{role}",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_PAGE,
	    .name = "page.role.change",
	    .handle = cbi_role_change,
	    .permission = "admin.policy.update",
	},
	{ .path = NULL },
};
