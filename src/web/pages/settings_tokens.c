/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_tokens.c - somebody's personal access tokens: made (and shown
 * once), listed, revoked.
 */
#include "web/pages/settings.h"

#include <string.h>

#include "auth/personal.h"
#include "base/board.h"
#include "base/clock.h"
#include "base/str.h"
#include "html/addr.h"
#include "json/json.h"
#include "web/api/error.h"
#include "web/pages/forms.h"
#include "web/pages/shell.h"

#define PLUGINS_TEXT_MAX 400

/* What was typed, and what was wrong with it. */
struct typed {
	const char *name, *days, *scope, *plugins;
	const char *problem;
};

/* ---- The list -----------------------------------------------------------
 */

/* "reading, in catalog" of a scope; it was checked when it was stored. */
static const char *scope_text(struct cb_ctx *ctx, const char *scope)
{
	const char *plugins = "", *reads;
	json_t *rows, *row;
	size_t i;

	if (cb_json_parse(ctx, scope, strlen(scope), &rows) < 0) {
		cb_failure_clear(ctx);
		return "";
	}
	if (json_array_size(rows) == 0)
		return cb_tr(ctx, "All that you may");
	json_array_foreach(rows, i, row)
	{
		const char *one = cb_json_text(row, "plugin", NULL);

		if (one && plugins)
			plugins = cb_printf(ctx, "%s%s%s", plugins,
			                    *plugins ? ", " : "", one);
	}
	row = json_array_get(rows, 0);
	reads = json_object_get(row, "permissionAttribute") ||
	                json_object_get(row, "permission")
	            ? cb_tr(ctx, "Some of it")
	            : cb_tr(ctx, "All that you may");
	if (strcmp(cb_json_text(row, "permissionAttribute.action.0", ""),
	           "read") == 0)
		reads = cb_tr(ctx, "Reading");
	return plugins && *plugins
	           ? cbi_html_say(ctx, "{1}, in {2}", reads, plugins)
	           : reads;
}

static void draw_times(struct cb_html *html, const struct cbi_personal_row *row)
{
	struct cb_ctx *ctx = html->ctx;
	char until[CBI_TIME_LEN];

	cbi_clock_iso(row->expires_ms, until);
	until[10] = '\0';
	cbi_html_lit(html, "<p class=\"muted small\">");
	cbi_html_esc(html, row->expired
	                       ? cbi_html_say(ctx, "ended on {1}", until, NULL)
	                       : cbi_html_say(ctx, "until {1}", until, NULL));
	cbi_html_lit(html, " \xc2\xb7 ");
	cbi_html_esc(html, *row->used ? cbi_html_say(ctx, "last used on {1}",
	                                             row->used, NULL)
	                              : cb_tr(ctx, "never used"));
	cbi_html_lit(html, "</p>");
}

static void draw_row(struct cb_req *req, struct cb_html *html,
                     const struct cbi_personal_row *row)
{
	const struct cbi_form_button button = {
		.address = cbi_addr(req->ctx, "/settings/tokens/revoke"),
		.name = "token",
		.value = row->id,
		.cls = "button",
		.icon = "x",
		.title = "Revoke",
	};

	cbi_html_lit(html, "<li class=\"session\">");
	cbi_html_icon(html, "lock");
	cbi_html_lit(html, "<div class=\"session-what\"><p><strong>");
	cbi_html_esc(html, row->name);
	cbi_html_lit(html, "</strong> <code>");
	cbi_html_esc(html, cb_printf(req->ctx, "%s\xe2\x80\xa6", row->hint));
	cbi_html_lit(html, "</code></p><p class=\"muted small\">");
	cbi_html_esc(html, scope_text(req->ctx, row->scope));
	cbi_html_lit(html, "</p>");
	draw_times(html, row);
	cbi_html_lit(html, "</div>");
	cbi_form_button(req, html, &button);
	cbi_html_lit(html, "</li>\n");
}

/* ---- The form -------------------------------------------------------------
 */

static void option(struct cb_html *html, const char *value, const char *title,
                   const char *chosen)
{
	cbi_html_lit(html, "<option");
	cbi_html_attr(html, "value", value);
	if (chosen && strcmp(chosen, value) == 0)
		cbi_html_lit(html, " selected");
	cbi_html_lit(html, ">");
	cbi_html_tr(html, title);
	cbi_html_lit(html, "</option>");
}

static void field_open(struct cb_html *html, const char *id, const char *title)
{
	cbi_html_lit(html, "<div class=\"field\"><label");
	cbi_html_attr(html, "for", id);
	cbi_html_lit(html, ">");
	cbi_html_tr(html, title);
	cbi_html_lit(html, "</label>");
}

static void draw_fields(struct cb_html *html, const struct typed *typed)
{
	field_open(html, "token-name", "What is it for?");
	cbi_html_lit(html, "<input class=\"input\" id=\"token-name\""
	                   " name=\"name\" type=\"text\" required"
	                   " maxlength=\"80\" autocomplete=\"off\"");
	cbi_html_attr(html, "value", typed->name);
	cbi_html_lit(html, "></div>\n");
	field_open(html, "token-days", "How long is it valid?");
	cbi_html_lit(html, "<select class=\"input\" id=\"token-days\""
	                   " name=\"days\">");
	option(html, "7", "7 days", typed->days);
	option(html, "30", "30 days", typed->days);
	option(html, "90", "90 days", typed->days ? typed->days : "90");
	option(html, "365", "A year", typed->days);
	cbi_html_lit(html, "</select></div>\n");
	field_open(html, "token-scope", "What may it do?");
	cbi_html_lit(html, "<select class=\"input\" id=\"token-scope\""
	                   " name=\"scope\">");
	option(html, "read", "Read what you may read", typed->scope);
	option(html, "all", "All that you may", typed->scope);
	cbi_html_lit(html, "</select></div>\n");
	field_open(html, "token-plugins", "Only at these plugins");
	cbi_html_lit(html, "<input class=\"input\" id=\"token-plugins\""
	                   " name=\"plugins\" type=\"text\""
	                   " autocomplete=\"off\" spellcheck=\"false\""
	                   " placeholder=\"catalog, search\""
	                   " aria-describedby=\"token-plugins-help\"");
	cbi_html_attr(html, "value", typed->plugins);
	cbi_html_lit(html, "><p class=\"field-help\""
	                   " id=\"token-plugins-help\">");
	cbi_html_tr(html, "Their names as in /api/<name>; empty: all of them.");
	cbi_html_lit(html, "</p></div>\n");
}

static void draw_form(struct cb_req *req, struct cb_html *html,
                      const struct typed *typed)
{
	const struct cbi_html_form form = {
		.address = cbi_addr(req->ctx, "/settings/tokens/create"),
		.csrf = cbi_form_token(req),
		.cls = "form token-form",
		.label = "A new token",
	};

	if (!form.csrf)
		return;
	cbi_html_form_open(html, &form);
	if (typed->problem) {
		cbi_html_lit(html, "<p class=\"field-error\" role=\"alert\">");
		cbi_html_esc(html, typed->problem);
		cbi_html_lit(html, "</p>\n");
	}
	draw_fields(html, typed);
	cbi_html_lit(html, "<div class=\"buttons\"><button type=\"submit\""
	                   " class=\"button primary\">");
	cbi_html_icon(html, "plus");
	cbi_html_tr(html, "Make a token");
	cbi_html_lit(html, "</button></div>\n");
	cbi_html_form_close(html);
}

static int draw(struct cb_req *req, struct cb_html *html)
{
	const struct typed nothing = { 0 };
	struct cbi_personal_row *rows;
	size_t n;
	int rc = cbi_personal_list(req->ctx, req->who.subject, &rows, &n);

	if (rc == CB_EAWAY || rc == CB_ETIME || rc == CB_EBUSY) {
		cb_failure_clear(req->ctx);
		cb_html_note(html, "PostgreSQL does not answer: your tokens "
		                   "cannot be shown now.");
		return CB_OK;
	}
	if (rc < 0)
		return rc;
	cb_html_note(html, "For scripts of yours. A token acts as you, as far "
	                   "as it may.");
	if (n) {
		cbi_html_lit(html, "<ul class=\"sessions\">\n");
		for (size_t i = 0; i < n; i++)
			draw_row(req, html, &rows[i]);
		cbi_html_lit(html, "</ul>\n");
	}
	draw_form(req, html, &nothing);
	return CB_OK;
}

const struct cbi_settings_section cbi_settings_tokens = {
	.name = "tokens",
	.title = "Personal access tokens",
	.fits = cbi_settings_person,
	.draw = draw,
};

/* ---- Making and revoking --------------------------------------------------
 */

static int check_person(struct cb_req *req)
{
	return cbi_settings_person(req)
	           ? CB_OK
	           : cb_fail(req->ctx, CB_EDENIED,
	                     "only people who signed in have tokens");
}

static json_t *scope_row(const char *plugin, size_t len, bool reads)
{
	json_t *row = json_object();

	if (plugin)
		json_object_set_new(row, "plugin", json_stringn(plugin, len));
	if (reads)
		json_object_set_new(row, "permissionAttribute",
		                    json_pack("{s:[s]}", "action", "read"));
	return row;
}

/* NULL in *out: it is not limited. */
static int read_scope(struct cb_req *req, const struct typed *typed,
                      json_t **out)
{
	static const char between[] = ", \t\r\n";
	bool reads = !typed->scope || strcmp(typed->scope, "all") != 0;
	const char *at = typed->plugins ? typed->plugins : "";
	json_t *rows;

	*out = NULL;
	if (strlen(at) > PLUGINS_TEXT_MAX)
		return cb_fail(req->ctx, CB_EINVAL,
		               "the names of plugins are too long");
	at += strspn(at, between);
	if (!*at && !reads)
		return CB_OK;
	rows = json_array();
	if (!*at)
		json_array_append_new(rows, scope_row(NULL, 0, reads));
	while (*at) {
		size_t len = strcspn(at, between);

		json_array_append_new(rows, scope_row(at, len, reads));
		at += len;
		at += strspn(at, between);
	}
	*out = rows;
	return cbi_json_keep(req->ctx, rows);
}

static int make(struct cb_req *req, const struct typed *typed,
                const char **token)
{
	struct cbi_personal_wish wish = { .owner = req->who.subject,
		                          .name = typed->name,
		                          .address = req->address };
	struct cbi_personal_row row;
	int64_t days = CBI_PERSONAL_DAYS;
	uint64_t number;
	json_t *scope;
	int rc = read_scope(req, typed, &scope);

	if (rc == CB_OK && typed->days &&
	    cbi_str_int(typed->days, 1, CBI_PERSONAL_DAYS_MAX, &days))
		rc = cb_fail(req->ctx, CB_EINVAL, "days: expected 1 to %d",
		             CBI_PERSONAL_DAYS_MAX);
	if (rc < 0)
		return rc;
	wish.scope = scope;
	wish.days = (int)days;
	rc = cbi_personal_create(req->ctx, &wish, token, &row, &number);
	if (rc == CB_OK)
		cbi_board_raise(&cbi_board()->wanted, number);
	return rc;
}

/* Shown here and nowhere again. */
static void draw_token(struct cb_html *html, const char *token)
{
	cbi_html_notice_open(html, CB_TONE_GOOD, "status",
	                     "Your new token, shown this once");
	cbi_html_lit(html, "<p><input class=\"input mono\" readonly"
	                   " id=\"token\" autocomplete=\"off\""
	                   " spellcheck=\"false\"");
	cbi_html_attr(html, "aria-label", cb_tr(html->ctx, "Your new token"));
	cbi_html_attr(html, "value", token);
	cbi_html_lit(html, "></p><p>");
	cbi_html_tr(html, "Keep it where your script reads it, and where "
	                  "nobody else does.");
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

static int answer(struct cb_req *req, const struct typed *typed,
                  const char *token)
{
	const struct cbi_page page = { .title = cb_tr(req->ctx, "Settings"),
		                       .here = "settings" };
	const struct cbi_html_card card = {
		.plugin = "settings",
		.name = "tokens",
		.title = "Personal access tokens",
		.wide = true,
	};
	struct cb_html html;
	int rc = cbi_page_open(req, &page, &html);

	if (rc < 0)
		return rc;
	cbi_html_page_head(&html, "Settings",
	                   "What is yours here, and only yours to see.");
	cbi_html_lit(&html, "<div class=\"cards settings\">\n");
	cbi_html_card_open(&html, &card);
	if (token)
		draw_token(&html, token);
	else
		draw_form(req, &html, typed);
	cbi_html_lit(&html, "<div class=\"buttons\">");
	cbi_html_button_link(&html, "", "chevron-left", "Back to settings",
	                     cbi_addr(req->ctx, "/settings"));
	cbi_html_lit(&html, "</div>\n");
	cbi_html_card_close(&html);
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

static int create(struct cb_req *req)
{
	struct typed typed = {
		.name = cbi_req_form(req, "name"),
		.days = cbi_req_form(req, "days"),
		.scope = cbi_req_form(req, "scope"),
		.plugins = cbi_req_form(req, "plugins"),
	};
	const char *token = NULL;
	int rc = check_person(req);

	if (rc < 0)
		return rc;
	if (!typed.name)
		typed.name = "";
	rc = make(req, &typed, &token);
	/* What somebody can mend stands beside the form. */
	if (rc == CB_EINVAL || rc == CB_ECONFLICT) {
		typed.problem = cb_strdup(req->ctx, cb_failure(req->ctx));
		cb_failure_clear(req->ctx);
		req->answer.status = cbi_api_status(rc, 400);
		rc = typed.problem ? CB_OK : CB_ENOMEM;
	}
	return rc < 0 ? rc : answer(req, &typed, token);
}

static int revoke(struct cb_req *req)
{
	const char *id = cbi_req_form(req, "token");
	uint64_t number;
	int rc = check_person(req);

	if (rc == CB_OK)
		rc = cbi_personal_revoke(req->ctx, id ? id : "",
		                         req->who.subject, req->address,
		                         &number);
	if (rc < 0)
		return rc;
	cbi_board_raise(&cbi_board()->wanted, number);
	return cbi_req_redirect(req, "/settings?done=token");
}

const struct cbi_endpoint cbi_pages_settings_tokens[] = {
	{
	    .path = "/settings/tokens/create",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.token-create",
	    .handle = create,
	},
	{
	    .path = "/settings/tokens/revoke",
	    .method = "POST",
	    .access = CBI_ACCESS_READ,
	    .face = CBI_FACE_PAGE,
	    .name = "page.token-revoke",
	    .handle = revoke,
	},
	{ .path = NULL },
};
