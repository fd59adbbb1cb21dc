/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin_action.c - see plugin_action.h.
 *
 * What was done, or was tried in vain, is in the audit log: its transaction
 * is open before the tool is asked, so that nothing is done that nobody could
 * write down.
 */
#include "web/pages/plugin_action.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "catalog/view.h"
#include "db/db.h"
#include "html/addr.h"
#include "source/call.h"
#include "web/may.h"
#include "web/pages/forms.h"
#include "web/pages/shell.h"

static const char *text(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

const json_t *cbi_action_find(const struct cbi_plugin_entry *plugin,
                              const char *name)
{
	json_t *list = json_object_get(plugin->manifest, "actions"), *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (strcmp(text(row, "name"), name) == 0)
			return row;
	}
	return NULL;
}

static const char *address_of(struct cb_ctx *ctx, const char *plugin,
                              const char *name, const char *ref)
{
	const char *address =
	    cbi_addr(ctx, cb_printf(ctx, "/p/%s/actions/%s", plugin, name));

	return ref ? cbi_addr_with(ctx, address, "entity", ref) : address;
}

/* ---- Below a card -------------------------------------------------------- */

static void button(const struct cbi_card *card,
                   const struct cbi_plugin_entry *plugin, const json_t *row,
                   struct cb_html *html)
{
	const struct cbi_form_button form = {
		.address = address_of(html->ctx, plugin->name,
		                      text(row, "name"), NULL),
		.name = card->ref ? "entity" : NULL,
		.value = card->ref,
		.cls = "button",
		.title = text(row, "title"),
	};

	if (!text(row, "confirm")) {
		cbi_form_button(card->req, html, &form);
		return;
	}
	cbi_html_lit(html, "<a class=\"button\"");
	cbi_html_attr(
	    html, "href",
	    address_of(html->ctx, plugin->name, text(row, "name"), card->ref));
	cbi_html_lit(html, ">");
	cbi_html_tr(html, text(row, "title"));
	cbi_html_lit(html, "</a>");
}

void cbi_action_buttons(const struct cbi_card *card,
                        const struct cbi_plugin_entry *plugin,
                        struct cb_html *html)
{
	json_t *list = json_object_get(plugin->manifest, "actions"), *row;
	bool any = false;
	size_t i;

	if (!list || cbi_form_why(card->req, NULL) ||
	    !cbi_form_token(card->req))
		return;
	json_array_foreach(list, i, row)
	{
		if (strcmp(text(row, "card"), card->name) != 0 ||
		    !cbi_may_show_plugin(card->req, plugin, text(row, "needs")))
			continue;
		if (!any)
			cbi_html_lit(html, "<div class=\"buttons\">\n");
		any = true;
		button(card, plugin, row, html);
	}
	if (any)
		cbi_html_lit(html, "</div>\n");
}

/* ---- Doing it ------------------------------------------------------------ */

static const char *dump(struct cb_ctx *ctx, json_t *value)
{
	char *made = value ? json_dumps(value, JSON_COMPACT) : NULL;
	const char *kept = made ? cb_strdup(ctx, made) : NULL;

	free(made);
	json_decref(value);
	return kept;
}

static int note(struct cb_req *req, const struct cbi_plugin_entry *plugin,
                const json_t *action, const char *ref, const char *why)
{
	struct cb_ctx *ctx = req->ctx;
	const struct cbi_audit entry = {
		.action = "plugin.action",
		.object = cb_printf(ctx, "%s.%s%s%s", plugin->name,
		                    text(action, "name"), ref ? " " : "",
		                    ref ? ref : ""),
		.after = dump(ctx, json_pack("{s:s, s:s*}", "version",
		                             plugin->version, "failure", why)),
		.address = req->address,
		.outcome = why ? "failed" : NULL,
	};
	int rc = entry.object && entry.after ? CB_OK : CB_ENOMEM;

	if (rc == CB_OK)
		rc = cbi_audit_write(ctx, &entry);
	return rc == CB_OK ? cbi_db_commit(ctx) : rc;
}

static int run(struct cb_req *req, const struct cbi_plugin_entry *plugin,
               const json_t *action, const char *ref,
               const struct cbi_served *served)
{
	struct cb_ctx *ctx = req->ctx;
	const char *why = NULL;
	json_t *in, *out;
	int rc, noted;

	in = ref ? json_pack("{s:s, s:s, s:s%}", "plugin", plugin->name,
	                     "action", text(action, "name"), "entity",
	                     served->body, served->len)
	         : json_pack("{s:s, s:s}", "plugin", plugin->name, "action",
	                     text(action, "name"));
	if (!in)
		return cb_fail(ctx, CB_ENOMEM, "out of memory");
	rc = cbi_db_begin(ctx);
	if (rc < 0) {
		json_decref(in);
		return rc;
	}
	rc = cbi_source_call(ctx, plugin->pool, "plugin.act", in, CB_CALL_MS,
	                     &out);
	json_decref(in);
	if (rc < 0) {
		why = cb_strdup(ctx, cb_failure(ctx));
		cb_failure_clear(ctx);
	}
	noted = note(req, plugin, action, ref, rc < 0 ? why ? why : "" : NULL);
	if (noted < 0)
		return noted;
	return rc < 0 ? cb_fail(ctx, rc, "%s", why ? why : "") : CB_OK;
}

/* ---- The page ------------------------------------------------------------ */

static void draw_form(struct cb_req *req, const struct cbi_plugin_entry *plugin,
                      const json_t *action, const char *ref,
                      struct cb_html *html)
{
	const char *confirm = text(action, "confirm");
	const struct cbi_form_button form = {
		.address = address_of(html->ctx, plugin->name,
		                      text(action, "name"), NULL),
		.name = ref ? "entity" : NULL,
		.value = ref,
		.cls = "button primary",
		.title = text(action, "title"),
	};
	const char *why = cbi_form_why(req, NULL);

	if (!why && !cbi_form_token(req))
		why = cbi_form_denied(req);
	if (why) {
		cbi_form_off(html, text(action, "title"), why);
		return;
	}
	if (confirm)
		cb_html_text(html, cb_tr(html->ctx, confirm));
	cbi_html_block(html);
	cbi_html_lit(html, "<div class=\"buttons\">\n");
	cbi_form_button(req, html, &form);
	cbi_html_lit(html, "</div>\n");
}

static void draw(struct cb_req *req, const struct cbi_plugin_entry *plugin,
                 const json_t *action, const char *ref, struct cb_html *html)
{
	const struct cbi_html_card card = {
		.plugin = plugin->name,
		.name = text(action, "name"),
		.title = plugin->name,
	};

	cbi_html_page_head(html, text(action, "title"), NULL);
	cbi_html_lit(html, "<div class=\"stack\">\n");
	if (cbi_req_query(req, "done")) {
		cbi_html_notice_open(html, CB_TONE_GOOD, "status", NULL);
		cbi_html_lit(html, "<p>");
		cbi_html_tr(html, text(action, "done"));
		cbi_html_lit(html, "</p>");
		cbi_html_notice_close(html);
	}
	cbi_html_card_open(html, &card);
	if (ref)
		cb_html_field_entity(html, "Entity", ref);
	if (!cbi_req_query(req, "done"))
		draw_form(req, plugin, action, ref, html);
	cbi_html_block(html);
	cbi_html_card_close(html);
	cbi_html_lit(html, "</div>\n");
}

static int show(struct cb_req *req, const struct cbi_plugin_entry *plugin,
                const json_t *action, const char *ref)
{
	const struct cbi_page shell = {
		.title = cb_tr(req->ctx, text(action, "title")),
		.here = plugin->name,
	};
	struct cb_html html;
	int rc = cbi_page_open(req, &shell, &html);

	if (rc < 0)
		return rc;
	draw(req, plugin, action, ref, &html);
	return cbi_page_close(req, &html);
}

int cbi_action_page(struct cb_req *req, const struct cbi_plugin_entry *plugin,
                    const json_t *action)
{
	bool post = strcmp(req->method, "POST") == 0;
	const char *asked =
	    post ? cbi_req_form(req, "entity") : cbi_req_query(req, "entity");
	const char *ref, *path;
	struct cbi_served served;
	int rc = cbi_may_plugin(req, plugin, text(action, "needs"), post);

	if (rc == CB_OK)
		rc = cbi_card_entity(req, asked, &ref, &served);
	if (rc < 0)
		return rc;
	if (!post)
		return show(req, plugin, action, ref);
	if (req->ctx->scope.as_of)
		return cb_fail(
		    req->ctx, CB_EINVAL,
		    "this is the past: nothing in it can be changed");
	rc = run(req, plugin, action, ref, &served);
	if (rc < 0)
		return rc;
	path = cb_printf(req->ctx, "/p/%s/actions/%s?done=1", plugin->name,
	                 text(action, "name"));
	return cbi_req_redirect(
	    req,
	    path && ref ? cbi_addr_with(req->ctx, path, "entity", ref) : path);
}
