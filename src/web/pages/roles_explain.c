/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roles_explain.c - /admin/roles-explain: why somebody may or may not do
 * something; and /admin/view-as, to see the portal as he does.
 */
#include "web/pages/roles.h"

#include <string.h>

#include "audit/audit.h"
#include "base/ctx.h"
#include "catalog/ref.h"
#include "catalog/view.h"
#include "db/db.h"
#include "html/addr.h"
#include "policy/policy.h"
#include "policy/policy_store.h"
#include "web/pages/shell.h"
#include "web/pages/things.h"
#include "web/view_as.h"

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- Finding out ------------------------------------------------------------
 */

struct question {
	const char *user, *ref; /* ref NULL: about no entity */
	struct cbi_permission permission;
};

/* An entity, whoever looks: who administers roles is told of all. */
static int fits(struct cb_ctx *ctx, void *arg, const char *where, bool *out)
{
	return cbi_view_fits(ctx, where, arg, out);
}

static int read_question(struct cb_req *req, struct question *out)
{
	const char *user = cbi_req_query(req, "user");
	const char *name = cbi_req_query(req, "permission");
	const char *ref = cbi_req_query(req, "ref");
	const struct cbi_permission *known;
	const char *why;
	int rc = cbi_policy_member(req->ctx, user ? user : "", &out->user);

	if (rc < 0)
		return rc;
	if (!name || !*name)
		return cb_fail(req->ctx, CB_EINVAL,
		               "permission: expected a name");
	known = cbi_permission_find(name);
	out->permission =
	    known ? *known : (struct cbi_permission){ .name = name };
	out->ref = NULL;
	if (ref && *ref &&
	    cbi_ref_canonical(req->ctx, ref, "component", NULL, &out->ref,
	                      &why) < 0)
		return cb_fail(req->ctx, CB_EINVAL, "ref: '%.200s' %s", ref,
		               why);
	return CB_OK;
}

static int find_out(struct cb_req *req, const struct question *q, json_t **out)
{
	struct cbi_scope was = req->ctx->scope;
	const struct cbi_who who = {
		.kind = strcmp(q->user, "user:default/guest") == 0
		            ? CBI_WHO_GUEST
		            : CBI_WHO_USER,
		.subject = q->user,
	};
	struct cbi_policy_standing standing;
	struct cbi_served served;
	const struct cbi_policy_entity entity = { fits, &served };
	int rc = cbi_policy_stand(req->ctx, req->web->policy, &who, &standing);

	if (rc == CB_OK && q->ref) {
		req->ctx->scope.all = true;
		rc = cbi_view_by_ref(req->ctx, req->web->catalog, q->ref,
		                     &served, NULL);
		req->ctx->scope = was;
	}
	return rc < 0 ? rc
	              : cbi_policy_explain(req->ctx, &standing, &q->permission,
	                                   q->ref ? &entity : NULL, out);
}

/* ---- Telling
 * ----------------------------------------------------------------- */

static void verdict(struct cb_req *req, struct cb_html *html,
                    const struct question *q, const json_t *all)
{
	const char *result = text_at(all, "result");
	bool yes = strcmp(result, "ALLOW") == 0;
	bool some = strcmp(result, "CONDITIONAL") == 0;

	cbi_html_notice_open(html,
	                     yes    ? CB_TONE_GOOD
	                     : some ? CB_TONE_INFO
	                            : CB_TONE_WARN,
	                     "status",
	                     yes    ? "Yes, this is allowed"
	                     : some ? "This is allowed for some entities"
	                            : "No, this is denied");
	cbi_html_lit(html, "<p>");
	cbi_html_esc(html, q->user);
	cbi_html_lit(html, ": <code class=\"code-inline\">");
	cbi_html_esc(html, q->permission.name);
	cbi_html_lit(html, "</code>");
	if (q->ref) {
		cbi_html_lit(html, " ");
		cbi_thing_ref(req, html, q->ref);
	}
	cbi_html_lit(html, "</p>");
	if (json_array_size(json_object_get(all, "grants")) == 0) {
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html,
		            "None of their roles says anything about it.");
		cbi_html_lit(html, "</p>");
	}
	cbi_html_notice_close(html);
}

static void by_cell(struct cb_html *html, const json_t *by)
{
	cbi_html_lit(html, "<td");
	cbi_html_attr_tr(html, "data-label", "Held by");
	cbi_html_lit(html, ">");
	for (size_t i = 0; i < json_array_size(by); i++) {
		if (i)
			cbi_html_lit(html, " \xe2\x80\xba ");
		cbi_html_esc(html, json_string_value(json_array_get(by, i)));
	}
	cbi_html_lit(html, "</td>");
}

static void grant_row(struct cb_html *html, const json_t *one)
{
	const json_t *condition = json_object_get(one, "condition");
	const json_t *here = json_object_get(one, "holds");
	bool deny = strcmp(text_at(one, "effect"), "deny") == 0;

	cbi_html_lit(html, "<tr><th class=\"lead\" scope=\"row\"><a");
	cbi_html_attr(
	    html, "href",
	    cbi_addr(html->ctx, cb_printf(html->ctx, "/admin/roles/%s",
	                                  text_at(one, "role"))));
	cbi_html_lit(html, ">");
	cbi_html_esc(html, text_at(one, "role"));
	cbi_html_lit(html, "</a></th>");
	by_cell(html, json_object_get(one, "by"));
	cbi_html_lit(html, "<td");
	cbi_html_attr_tr(html, "data-label", "Says");
	cbi_html_lit(html, "><span class=\"badge\"");
	cbi_html_attr(html, "data-tone", deny ? "bad" : "good");
	cbi_html_lit(html, ">");
	cbi_html_tr(html, deny ? "deny" : "allow");
	cbi_html_lit(html, "</span> <code class=\"code-inline\">");
	cbi_html_esc(html, text_at(one, "permission"));
	cbi_html_lit(html, "</code> ");
	cbi_html_esc(html, text_at(one, "action"));
	cbi_html_lit(html, "</td><td");
	cbi_html_attr_tr(html, "data-label", "Where");
	cbi_html_lit(html, ">");
	if (json_is_object(condition))
		cbi_html_esc(html, cbi_role_condition(html->ctx, condition));
	else
		cbi_html_tr(html, "everywhere");
	cbi_html_lit(html, "</td><td");
	cbi_html_attr_tr(html, "data-label", "Holds here");
	cbi_html_lit(html, ">");
	cbi_html_tr(html, json_is_null(here)   ? "depends on the entity"
	                  : json_is_true(here) ? "yes"
	                                       : "no");
	cbi_html_lit(html, "</td></tr>\n");
}

static void grants(struct cb_html *html, const json_t *list)
{
	static const char *const heads[] = { "Role", "Held by", "Says", "Where",
		                             "Holds here" };
	const struct cbi_html_card card = { .plugin = "policy",
		                            .name = "grants",
		                            .title = "What their roles say",
		                            .wide = true };

	if (json_array_size(list) == 0)
		return;
	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<div class=\"table-box\"><table class=\"table\">"
	                   "<caption class=\"vh\">");
	cbi_html_tr(html, "What their roles say");
	cbi_html_lit(html, "</caption><thead><tr>");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		cbi_html_lit(html, "<th scope=\"col\">");
		cbi_html_tr(html, heads[i]);
		cbi_html_lit(html, "</th>");
	}
	cbi_html_lit(html, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < json_array_size(list); i++)
		grant_row(html, json_array_get(list, i));
	cbi_html_lit(html, "</tbody></table></div>\n");
	cbi_html_card_close(html);
}

static void belongs(struct cb_req *req, struct cb_html *html,
                    const json_t *members)
{
	const struct cbi_html_card card = { .plugin = "policy",
		                            .name = "belongs",
		                            .title = "What they belong to" };

	cbi_html_card_open(html, &card);
	cbi_html_lit(html, "<ul class=\"list\">\n");
	for (size_t i = 0; i < json_array_size(members); i++) {
		cbi_html_lit(html, "<li>");
		cbi_thing_ref(req, html,
		              json_string_value(json_array_get(members, i)));
		cbi_html_lit(html, "</li>\n");
	}
	cbi_html_lit(html, "</ul>\n");
	cbi_html_card_close(html);
}

static int show(struct cb_req *req)
{
	const struct cbi_page shell = { .title = cb_tr(req->ctx, "A decision"),
		                        .here = "roles" };
	struct question question;
	struct cb_html html;
	json_t *all;
	int rc = read_question(req, &question);

	if (rc == CB_OK)
		rc = find_out(req, &question, &all);
	if (rc == CB_OK)
		rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	{
		const struct cbi_html_step steps[] = {
			{ cb_tr(req->ctx, "Roles"),
			  cbi_addr(req->ctx, "/admin/roles") },
			{ shell.title, NULL },
		};

		cbi_html_crumbs(&html, steps, 2);
	}
	cbi_html_page_head(&html, "A decision",
	                   "What one role denies no other allows; what none "
	                   "allows is denied.");
	cbi_html_lit(&html, "<div class=\"stack\">\n");
	verdict(req, &html, &question, all);
	grants(&html, json_object_get(all, "grants"));
	belongs(req, &html, json_object_get(all, "members"));
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

/* ---- Viewing as somebody
 * ------------------------------------------------------- */

static int note(struct cb_ctx *ctx, void *arg)
{
	return cbi_audit_write(ctx, arg);
}

static int begin(struct cb_req *req)
{
	const char *as = cbi_req_form(req, "as"), *ref;
	struct cbi_audit entry = { .action = "policy.view-as",
		                   .address = req->address };
	int rc = cbi_policy_member(req->ctx, as ? as : "", &ref);

	if (rc == CB_OK && strncmp(ref, "user:", 5) != 0)
		rc = cb_fail(req->ctx, CB_EINVAL,
		             "'%.200s' is no user: expected "
		             "user:namespace/name",
		             ref);
	if (rc == CB_OK)
		rc = cbi_view_as_begin(req, ref);
	if (rc < 0)
		return rc;
	entry.object = ref;
	rc = cbi_db_transact(req->ctx, note, &entry);
	return rc < 0 ? rc : cbi_req_redirect(req, "/");
}

static int end(struct cb_req *req)
{
	int rc = cbi_view_as_end(req);

	return rc < 0 ? rc : cbi_req_redirect(req, "/admin/roles");
}

const struct cbi_endpoint cbi_pages_explain[] = {
	{
	    .path = "/admin/roles-explain",
	    .method = "GET",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.roles.explain",
	    .handle = show,
	    .permission = "admin.policy.read",
	},
	{
	    .path = "/admin/view-as",
	    .method = "POST",
	    .access = CBI_ACCESS_WRITE,
	    .face = CBI_FACE_PAGE,
	    .name = "page.view-as",
	    .handle = begin,
	    .permission = "admin.policy.view-as",
	},
	{
	    .path = "/admin/view-as/end",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.view-as.end",
	    .handle = end,
	    .viewing = true,
	},
	{ .path = NULL },
};
