/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roles.c - /admin/roles: every role there is, where it comes from, and a form
 * for a new one.
 */
#include "web/pages/roles.h"

#include <string.h>

#include "base/board.h"
#include "base/buf.h"
#include "base/limits.h"
#include "html/addr.h"
#include "json/json.h"
#include "policy/policy.h"
#include "policy/policy_store.h"
#include "web/pages/forms.h"
#include "web/pages/shell.h"

/* ---- What the pages of roles share --------------------------------------- */

void cbi_role_field(struct cb_html *html, const char *name, const char *label,
                    const char *hint, const char *value, const char *list)
{
	cbi_html_lit(html, "<div class=\"field\"><label");
	cbi_html_attr(html, "for", name);
	cbi_html_lit(html, ">");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</label><input class=\"input\" type=\"text\""
	                   " autocomplete=\"off\" spellcheck=\"false\"");
	cbi_html_attr(html, "id", name);
	cbi_html_attr(html, "name", name);
	cbi_html_attr(html, "value", value);
	cbi_html_attr(html, "placeholder", hint);
	cbi_html_attr(html, "list", list);
	cbi_html_lit(html, "></div>\n");
}

void cbi_role_select(struct cb_html *html, const char *name, const char *label,
                     const struct cbi_role_choice *choices, size_t n)
{
	cbi_html_lit(html, "<div class=\"field\"><label");
	cbi_html_attr(html, "for", name);
	cbi_html_lit(html, ">");
	cbi_html_tr(html, label);
	cbi_html_lit(html, "</label><select class=\"input\"");
	cbi_html_attr(html, "id", name);
	cbi_html_attr(html, "name", name);
	cbi_html_lit(html, ">");
	for (size_t i = 0; i < n; i++) {
		cbi_html_lit(html, "<option");
		cbi_html_attr(html, "value", choices[i].value);
		cbi_html_lit(html, ">");
		cbi_html_tr(html, choices[i].title);
		cbi_html_lit(html, "</option>");
	}
	cbi_html_lit(html, "</select></div>\n");
}

void cbi_role_permissions(struct cb_html *html, const char *id)
{
	size_t n;
	const struct cbi_permission *all = cbi_permissions(&n);

	cbi_html_lit(html, "<datalist");
	cbi_html_attr(html, "id", id);
	cbi_html_lit(html, ">");
	for (size_t i = 0; i < n; i++) {
		cbi_html_lit(html, "<option");
		cbi_html_attr(html, "value", all[i].name);
		cbi_html_lit(html, ">");
		cbi_html_tr(html, all[i].help);
		cbi_html_lit(html, "</option>");
	}
	cbi_html_lit(html, "<option value=\"catalog-entity\"></option>"
	                   "<option value=\"catalog.*\"></option>"
	                   "<option value=\"*\"></option></datalist>\n");
}

static void say_list(struct cb_buf *buf, const json_t *list,
                     const char *between)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		cb_buf_text(buf, i ? between : "");
		cb_buf_text(buf, json_string_value(json_array_get(list, i)));
	}
}

static void say(struct cb_buf *buf, const json_t *condition);

static void say_group(struct cb_buf *buf, const json_t *list,
                      const char *between)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		cb_buf_text(buf, i ? between : "(");
		say(buf, json_array_get(list, i));
	}
	cb_buf_text(buf, ")");
}

static void say_rule(struct cb_buf *buf, const json_t *condition)
{
	static const struct {
		const char *rule, *words, *key;
	} rules[] = {
		{ "HAS_ANNOTATION", "annotation ", "annotation" },
		{ "HAS_LABEL", "label ", "label" },
		{ "HAS_METADATA", "metadata.", "key" },
		{ "HAS_SPEC", "spec.", "key" },
	};
	const char *rule =
	    json_string_value(json_object_get(condition, "rule"));
	const json_t *params = json_object_get(condition, "params");
	const char *value = json_string_value(json_object_get(params, "value"));

	for (size_t i = 0; rule && i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (strcmp(rules[i].rule, rule) != 0)
			continue;
		cb_buf_printf(
		    buf, "%s%s", rules[i].words,
		    json_string_value(json_object_get(params, rules[i].key)));
		if (value)
			cb_buf_printf(buf, " = %s", value);
		return;
	}
	if (rule && strcmp(rule, "IS_ENTITY_KIND") == 0) {
		cb_buf_text(buf, "kind = ");
		say_list(buf, json_object_get(params, "kinds"), " | ");
		return;
	}
	cb_buf_text(buf, "owner = ");
	say_list(buf, json_object_get(params, "claims"), " | ");
}

static void say(struct cb_buf *buf, const json_t *condition)
{
	const json_t *all = json_object_get(condition, "allOf");
	const json_t *any = json_object_get(condition, "anyOf");
	const json_t *not = json_object_get(condition, "not");

	if (all || any) {
		say_group(buf, all ? all : any, all ? " and " : " or ");
	} else if (not ) {
		cb_buf_text(buf, "not ");
		say(buf, not );
	} else {
		say_rule(buf, condition);
	}
}

const char *cbi_role_condition(struct cb_ctx *ctx, const json_t *condition)
{
	struct cb_buf buf;
	const char *out;

	cbi_buf_init(&buf, CB_MIB);
	say(&buf, condition);
	out = cb_strdup(ctx, cbi_buf_string(&buf));
	cbi_buf_finish(&buf);
	return out;
}

/* ---- The list -------------------------------------------------------------
 */

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Rows of {name, description, from, members, permissions}, each name once. */
static json_t *find_row(json_t *rows, const char *name)
{
	for (size_t i = 0; i < json_array_size(rows); i++)
		if (strcmp(text_at(json_array_get(rows, i), "name"), name) == 0)
			return json_array_get(rows, i);
	return NULL;
}

static void add_row(json_t *rows, const json_t *role, const char *name,
                    const char *from)
{
	json_t *row = find_row(rows, name);
	json_int_t members =
	    (json_int_t)json_array_size(json_object_get(role, "members"));
	json_int_t entries =
	    (json_int_t)json_array_size(json_object_get(role, "permissions"));
	const char *about = text_at(role, "description");

	if (!row) {
		row = json_pack("{s:s, s:s, s:[], s:I, s:I}", "name", name,
		                "description", "", "from", "members",
		                (json_int_t)0, "permissions", (json_int_t)0);
		json_array_append_new(rows, row);
	}
	json_array_append_new(json_object_get(row, "from"), json_string(from));
	if (about && *about)
		json_object_set_new(row, "description", json_string(about));
	json_object_set_new(
	    row, "members",
	    json_integer(json_integer_value(json_object_get(row, "members")) +
	                 members));
	json_object_set_new(row, "permissions",
	                    json_integer(json_integer_value(json_object_get(
					     row, "permissions")) +
	                                 entries));
}

static int load(struct cb_req *req, json_t **out)
{
	static const char *const about[] = {
		"What everybody who is a guest may",
		"Sees everything",
		"Sees everything and changes the catalog",
		"May do everything",
		"Administers roles",
	};
	const json_t *config =
	    req->web->policy ? cbi_policy_config_roles(req->web->policy) : NULL;
	json_t *rows = json_array(), *stored;
	const char *name;
	int rc = cbi_json_keep(req->ctx, rows);

	if (rc == CB_OK)
		rc = cbi_policy_roles(req->ctx, NULL, &stored);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < json_array_size(stored); i++)
		add_row(rows, json_array_get(stored, i),
		        text_at(json_array_get(stored, i), "name"), "database");
	for (size_t i = 0; i < json_array_size(config); i++)
		add_row(rows, json_array_get(config, i),
		        text_at(json_array_get(config, i), "name"), "config");
	for (size_t i = 0; (name = cbi_policy_builtin(i)); i++) {
		json_t *row;

		add_row(rows, NULL, name, "built in");
		row = find_row(rows, name);
		if (!*text_at(row, "description"))
			json_object_set_new(
			    row, "description",
			    json_string(cb_tr(req->ctx, about[i])));
	}
	*out = rows;
	return CB_OK;
}

static void row(struct cb_html *html, const json_t *one)
{
	const char *name = text_at(one, "name");
	const json_t *from = json_object_get(one, "from");

	cbi_html_lit(html, "<tr>\n<th class=\"lead\" scope=\"row\">"
	                   "<div class=\"entity-cell\">");
	cbi_html_icon(html, "shield");
	cbi_html_lit(html, "<div><a");
	cbi_html_attr(
	    html, "href",
	    cbi_addr(html->ctx, cb_printf(html->ctx, "/admin/roles/%s", name)));
	cbi_html_lit(html, "><b>");
	cbi_html_esc(html, name);
	cbi_html_lit(html, "</b></a><p>");
	cbi_html_esc(html, text_at(one, "description"));
	cbi_html_lit(html, "</p></div></div></th>\n<td");
	cbi_html_attr_tr(html, "data-label", "From");
	cbi_html_lit(html, ">");
	for (size_t i = 0; i < json_array_size(from); i++) {
		cbi_html_lit(html, "<span class=\"badge\""
		                   " data-tone=\"neutral\">");
		cbi_html_tr(html, json_string_value(json_array_get(from, i)));
		cbi_html_lit(html, "</span> ");
	}
	cbi_html_lit(html, "</td>\n<td class=\"num\"");
	cbi_html_attr_tr(html, "data-label", "Members");
	cbi_html_lit(html, ">");
	cbi_html_esc(html,
	             cbi_html_number_text(
			 html->ctx,
			 json_integer_value(json_object_get(one, "members"))));
	cbi_html_lit(html, "</td>\n</tr>\n");
}

static void table(struct cb_html *html, const json_t *rows)
{
	const struct cbi_html_card card = { .plugin = "policy",
		                            .name = "roles",
		                            .title = "All roles",
		                            .wide = true };

	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<div class=\"table-box\"><table class=\"table\">"
	                   "<caption class=\"vh\">");
	cbi_html_tr(html, "Roles");
	cbi_html_lit(html, "</caption><thead><tr><th scope=\"col\">");
	cbi_html_tr(html, "Role");
	cbi_html_lit(html, "</th><th scope=\"col\">");
	cbi_html_tr(html, "From");
	cbi_html_lit(html, "</th><th scope=\"col\" class=\"num\">");
	cbi_html_tr(html, "Members");
	cbi_html_lit(html, "</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < json_array_size(rows); i++)
		row(html, json_array_get(rows, i));
	cbi_html_lit(html, "</tbody></table></div>\n");
	cbi_html_card_close(html);
}

static void new_form(struct cb_req *req, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "policy",
		                            .name = "new",
		                            .title = "A new role" };
	const char *why = cbi_form_why(req, "admin.policy.update");
	const struct cbi_html_form form = {
		.address = cbi_addr(html->ctx, "/admin/roles"),
		.csrf = cbi_form_token(req),
		.cls = "form",
	};

	cbi_html_card_open(html, &card);
	if (why || !form.csrf) {
		cbi_form_off(html, NULL, why ? why : cbi_form_denied(req));
		cbi_html_card_close(html);
		return;
	}
	cbi_html_form_open(html, &form);
	cbi_role_field(html, "name", "Name", "payments-team", NULL, NULL);
	cbi_role_field(html, "description", "What it is for", NULL, NULL, NULL);
	cbi_html_lit(html, "<div class=\"buttons\"><button class=\"button "
	                   "primary\" type=\"submit\">");
	cbi_html_tr(html, "Make the role");
	cbi_html_lit(html, "</button></div>\n");
	cbi_html_form_close(html);
	cbi_html_card_close(html);
}

static void explain_form(struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "policy",
		                            .name = "ask",
		                            .title = "Why may somebody ...?" };
	const struct cbi_html_form form = {
		.address = cbi_addr(html->ctx, "/admin/roles-explain"),
		.cls = "form",
	};

	cbi_html_card_open(html, &card);
	cbi_html_form_open(html, &form);
	cbi_role_field(html, "user", "Who", "user:default/ada", NULL, NULL);
	cbi_role_field(html, "permission", "Permission", "catalog.entity.read",
	               "catalog.entity.read", "permissions");
	cbi_role_field(html, "ref", "On which entity, if any",
	               "component:default/booking-desk", NULL, NULL);
	cbi_role_permissions(html, "permissions");
	cbi_html_lit(html, "<div class=\"buttons\"><button class=\"button\""
	                   " type=\"submit\">");
	cbi_html_tr(html, "Explain");
	cbi_html_lit(html, "</button></div>\n");
	cbi_html_form_close(html);
	cbi_html_card_close(html);
}

static void view_form(struct cb_req *req, struct cb_html *html)
{
	const struct cbi_html_card card = { .plugin = "policy",
		                            .name = "view",
		                            .title = "View the portal as" };
	const char *why = cbi_form_why(req, "admin.policy.view-as");
	const struct cbi_html_form form = {
		.address = cbi_addr(html->ctx, "/admin/view-as"),
		.csrf = req->who.session ? cbi_form_token(req) : NULL,
		.cls = "form",
	};

	if (why || !form.csrf)
		return;
	cbi_html_card_open(html, &card);
	cbi_html_form_open(html, &form);
	cbi_role_field(html, "as", "User", "user:default/ada", NULL, NULL);
	cbi_html_lit(html, "<p class=\"field-help\">");
	cbi_html_tr(html, "Read-only, for half an hour at most, and noted in "
	                  "the audit log.");
	cbi_html_lit(html, "</p><div class=\"buttons\"><button class=\"button\""
	                   " type=\"submit\">");
	cbi_html_tr(html, "View");
	cbi_html_lit(html, "</button></div>\n");
	cbi_html_form_close(html);
	cbi_html_card_close(html);
}

static int show(struct cb_req *req)
{
	const struct cbi_page shell = { .title = cb_tr(req->ctx, "Roles"),
		                        .here = "roles" };
	struct cb_html html;
	json_t *rows;
	int rc = load(req, &rows);

	if (rc == CB_OK)
		rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	cbi_html_page_head(&html, "Roles",
	                   "Who may do what: nobody may do what no role "
	                   "gives. Changes are on every host within a second.");
	cbi_html_lit(&html, "<div class=\"board\">\n<div class=\"cards\">\n");
	table(&html, rows);
	cbi_html_lit(&html, "</div>\n<div class=\"cards board-side\">\n");
	explain_form(&html);
	view_form(req, &html);
	new_form(req, &html);
	cbi_html_lit(&html, "</div>\n</div>\n");
	return cbi_page_close(req, &html);
}

static int make(struct cb_req *req)
{
	const char *name = cbi_req_form(req, "name");
	const char *description = cbi_req_form(req, "description");
	struct cbi_policy_change change = { .address = req->address };
	const char *path;
	int rc;

	rc = cbi_policy_role_put(req->ctx, name ? name : "",
	                         description ? description : "", &change);
	if (rc < 0)
		return rc;
	cbi_board_raise(&cbi_board()->wanted, change.number);
	path = cb_printf(req->ctx, "/admin/roles/%s", name);
	return path ? cbi_req_redirect(req, path) : CB_ENOMEM;
}

const struct cbi_endpoint cbi_pages_roles[] = {
	{
	    .path = "/admin/roles",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.roles",
	    .handle = show,
	    .permission = "admin.policy.read",
	},
	{
	    .path = "/admin/roles",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_PAGE,
	    .name = "page.roles.make",
	    .handle = make,
	    .permission = "admin.policy.update",
	},
	{ .path = NULL },
};
