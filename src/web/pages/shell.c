/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shell.c - see shell.h.
 */
#include "config.h"

#include "web/pages/shell.h"

#include <string.h>

#include "auth/auth.h"
#include "base/board.h"
#include "base/clock.h"
#include "base/str.h"
#include "config/config.h"
#include "html/addr.h"
#include "registry/registry.h"
#include "web/at.h"
#include "web/may.h"

/* htmx: no styles of its own (the CSP forbids them), attributes as we write
 * them, and what is no success leaves the page as it is. */
#define HTMX_CONFIG                                       \
	"{\"includeIndicatorCSS\":false,\"prefix\":\"\"," \
	"\"noSwap\":[204,304,\"4xx\",\"5xx\"],\"defaultTimeout\":15000}"

const char *cbi_page_app(const struct cb_req *req)
{
	const struct cbi_settings *s = req->web->settings;

	return s && s->app_title && *s->app_title ? s->app_title : "Callboard";
}

const char *cbi_page_organization(const struct cb_req *req)
{
	const struct cbi_settings *s = req->web->settings;

	return s && s->organization && *s->organization ? s->organization
	                                                : cbi_page_app(req);
}

/* The cookie that keeps a theme: "dark", "light", NULL for the system's. */
static const char *page_theme(const struct cb_req *req)
{
	const char *theme = cbi_req_cookie(req, "callboard-theme");

	if (theme &&
	    (strcmp(theme, "dark") == 0 || strcmp(theme, "light") == 0))
		return theme;
	return NULL;
}

int64_t cbi_page_behind_ms(void)
{
	int64_t level = atomic_load(&cbi_board()->level_ms);
	int64_t behind = level ? cbi_clock_ms() - level : 0;

	return behind > CB_STALE_AFTER_MS ? behind : 0;
}

const char *cbi_page_csrf(struct cb_req *req)
{
	const char *token = NULL;

	if (!req->web->auth || !req->who.session)
		return NULL;
	if (cbi_auth_csrf(req->ctx, req->web->auth, &req->who, &token) < 0)
		cb_failure_clear(req->ctx);
	return token;
}

static void asset_link(struct cb_html *html, const char *name)
{
	cbi_html_esc(html, cbi_addr_asset(html->ctx, name));
}

void cbi_page_head(struct cb_req *req, struct cb_html *html, const char *title,
                   const char *cls)
{
	const char *theme = page_theme(req);

	cbi_html_lit(html, "<!DOCTYPE html>\n<html lang=\"en\"");
	cbi_html_attr(html, "data-theme", theme);
	cbi_html_lit(html, ">\n<head>\n<meta charset=\"utf-8\">\n<title>");
	cbi_html_esc(html, title);
	cbi_html_lit(html, " \xc2\xb7 ");
	cbi_html_esc(html, cbi_page_app(req));
	cbi_html_lit(html, "</title>\n<meta name=\"viewport\""
	                   " content=\"width=device-width, initial-scale=1\">\n"
	                   "<meta name=\"htmx-config\"");
	cbi_html_attr(html, "content", HTMX_CONFIG);
	cbi_html_lit(html, ">\n<link rel=\"icon\" type=\"image/svg+xml\""
	                   " href=\"");
	asset_link(html, "favicon.svg");
	cbi_html_lit(html, "\">\n<link rel=\"stylesheet\" href=\"");
	asset_link(html, "callboard.css");
	cbi_html_lit(html, "\">\n<script src=\"");
	asset_link(html, "callboard.js");
	cbi_html_lit(html, "\"></script>\n<script src=\"");
	asset_link(html, "htmx.js");
	cbi_html_lit(html, "\" defer></script>\n</head>\n<body");
	cbi_html_attr(html, "class", cls);
	cbi_html_lit(html, ">\n");
}

static void mark(struct cb_req *req, struct cb_html *html)
{
	const char *app = cbi_page_app(req);

	cbi_html_lit(html, "<a class=\"mark\"");
	cbi_html_attr(html, "href", cbi_addr(req->ctx, "/"));
	cbi_html_attr(html, "aria-label",
	              cbi_html_say(req->ctx, "{1}, home", app, NULL));
	cbi_html_lit(html, ">");
	cbi_html_logo(html);
	cbi_html_lit(html, "<span class=\"mark-name\">");
	cbi_html_esc(html, app);
	cbi_html_lit(html, "</span></a>\n");
}

/* Where a form comes back to: a page that was read, else home. */
static const char *here_again(const struct cb_req *req)
{
	if (req->raw && (strcmp(req->method, "GET") == 0 || req->head) &&
	    !req->fragment)
		return cbi_addr_local(req->raw);
	return "/";
}

static void theme_form(struct cb_req *req, struct cb_html *html,
                       const char *csrf)
{
	const struct cbi_html_form form = {
		.address = cbi_addr(req->ctx, "/settings/theme"),
		.csrf = csrf,
		.theme = true,
	};

	cbi_html_form_open(html, &form);
	cbi_html_hidden(html, "return", here_again(req));
}

static void theme_buttons(struct cb_req *req, struct cb_html *html,
                          const char *csrf)
{
	theme_form(req, html, csrf);
	cbi_html_lit(html, "<button class=\"top-button theme-to-dark\""
	                   " type=\"submit\" name=\"theme\" value=\"dark\"");
	cbi_html_attr_tr(html, "aria-label", "Switch to the dark theme");
	cbi_html_lit(html, ">");
	cbi_html_icon(html, "moon");
	cbi_html_lit(html, "</button><button class=\"top-button"
	                   " theme-to-light\" type=\"submit\" name=\"theme\""
	                   " value=\"light\"");
	cbi_html_attr_tr(html, "aria-label", "Switch to the light theme");
	cbi_html_lit(html, ">");
	cbi_html_icon(html, "sun");
	cbi_html_lit(html, "</button>");
	cbi_html_form_close(html);
}

/* "user:default/guest" is called Guest; a service by its subject. */
static const char *who_name(struct cb_req *req)
{
	const char *subject = req->who.subject ? req->who.subject : "";
	const char *slash = strrchr(subject, '/');

	if (req->who.kind == CBI_WHO_GUEST)
		return cb_tr(req->ctx, "Guest");
	return slash && slash[1] ? slash + 1 : subject;
}

static void menu_forms(struct cb_req *req, struct cb_html *html,
                       const char *csrf)
{
	const struct cbi_html_form leave = {
		.address = cbi_addr(req->ctx, "/sign-out"),
		.csrf = csrf,
	};

	theme_form(req, html, csrf);
	cbi_html_lit(html, "<button class=\"menu-item\" type=\"submit\""
	                   " name=\"theme\" value=\"auto\"");
	cbi_html_attr(html, "aria-pressed", page_theme(req) ? "false" : "true");
	cbi_html_lit(html, ">");
	cbi_html_icon(html, "monitor");
	cbi_html_tr(html, "Follow the system theme");
	cbi_html_lit(html, "</button>");
	cbi_html_form_close(html);
	cbi_html_form_open(html, &leave);
	cbi_html_lit(html, "<button class=\"menu-item\" type=\"submit\">");
	cbi_html_icon(html, "log-out");
	cbi_html_tr(html, "Sign out");
	cbi_html_lit(html, "</button>");
	cbi_html_form_close(html);
}

static void menu_settings(struct cb_req *req, struct cb_html *html)
{
	cbi_html_lit(html, "<a class=\"menu-item\"");
	cbi_html_attr(html, "href", cbi_addr(req->ctx, "/settings"));
	cbi_html_lit(html, ">");
	cbi_html_icon(html, "settings");
	cbi_html_tr(html, "Settings");
	cbi_html_lit(html, "</a>");
}

static void menu(struct cb_req *req, struct cb_html *html, const char *csrf)
{
	const char *name = who_name(req);

	cbi_html_lit(html, "<details class=\"menu\"><summary"
	                   " class=\"top-button\">");
	cbi_html_avatar(html, name);
	cbi_html_lit(html, "<span class=\"vh\">");
	cbi_html_tr(html, "Account");
	cbi_html_lit(html, ": </span><span class=\"menu-name\">");
	cbi_html_esc(html, name);
	cbi_html_lit(html, "</span><svg class=\"icon chevron\""
	                   " aria-hidden=\"true\"><use href=\"");
	asset_link(html, "icons.svg");
	cbi_html_lit(html, "#chevron-down\"></use></svg></summary>\n"
	                   "<div class=\"menu-body\"><p class=\"menu-who\">"
	                   "<strong>");
	cbi_html_esc(html, name);
	cbi_html_lit(html, "</strong><span class=\"muted small\">");
	cbi_html_esc(html, req->who.subject);
	cbi_html_lit(html, "</span></p>\n");
	menu_settings(req, html);
	if (csrf)
		menu_forms(req, html, csrf);
	cbi_html_lit(html, "</div></details>\n");
}

static void top(struct cb_req *req, struct cb_html *html, bool bare)
{
	const char *csrf = bare ? NULL : cbi_page_csrf(req);
	const struct cbi_html_search search = {
		.address = cbi_addr(req->ctx, "/search"),
		.title = "Portal",
		.label = "Search the catalog",
		.hint = "Search",
		.top = true,
	};

	cbi_html_lit(html, "<header class=\"top\">\n");
	if (!bare) {
		cbi_html_lit(html, "<input class=\"nav-open\" id=\"nav-open\""
		                   " type=\"checkbox\"");
		cbi_html_attr_tr(html, "aria-label", "Show navigation");
		cbi_html_lit(html, ">\n<span class=\"nav-button\""
		                   " aria-hidden=\"true\">");
		cbi_html_icon(html, "menu");
		cbi_html_lit(html, "</span>\n");
	}
	mark(req, html);
	if (!bare) {
		cbi_html_search(html, &search);
		cbi_html_lit(html, "<div class=\"top-end\">\n");
		if (csrf)
			theme_buttons(req, html, csrf);
		if (req->who.kind != CBI_WHO_NOBODY)
			menu(req, html, csrf);
		cbi_html_lit(html, "</div>\n");
	}
	cbi_html_lit(html, "</header>\n");
}

static void side_item(struct cb_html *html, const char *address,
                      const char *icon, const char *title, bool here)
{
	cbi_html_lit(html, "<a class=\"side-item\"");
	cbi_html_attr(html, "href", address);
	cbi_html_current(html, here);
	cbi_html_lit(html, ">");
	cbi_html_icon(html, icon);
	cbi_html_tr(html, title);
	cbi_html_lit(html, "</a>\n");
}

/* The pages that plugins put into the navigation.  Without a registry, or
 * when it is not to be had now, the rest of the page does not suffer. */
static void side_plugins(struct cb_req *req, struct cb_html *html,
                         const char *here)
{
	const struct cbi_plugin_route *const *routes = NULL;
	const struct cbi_snapshot *snapshot;
	size_t n = 0;

	if (!req->web->registry ||
	    cbi_registry_look(req->ctx, req->web->registry, &snapshot) < 0 ||
	    cbi_snapshot_nav(req->ctx, snapshot, &routes, &n) < 0) {
		cb_failure_clear(req->ctx);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!cbi_may_show_plugin(req, routes[i]->plugin,
		                         routes[i]->needs))
			continue;
		side_item(html,
		          cbi_addr_plugin(req->ctx, routes[i]->plugin->name,
		                          routes[i]->path),
		          "puzzle", routes[i]->nav,
		          strcmp(here, routes[i]->plugin->name) == 0);
	}
}

/* What is administered, as far as he may look at it. */
static void side_admin(struct cb_req *req, struct cb_html *html,
                       const char *here)
{
	static const struct {
		const char *permission, *path, *icon, *title, *here;
	} items[] = {
		{ "admin.catalog.read", "/admin", "gauge", "State", "admin" },
		{ "admin.catalog.read", "/admin/catalog", "activity",
		  "Processing", "processing" },
		{ "admin.plugins.read", "/admin/plugins", "puzzle", "Plugins",
		  "plugins" },
		{ "admin.policy.read", "/admin/roles", "key", "Roles",
		  "roles" },
		{ "admin.audit.read", "/admin/audit", "shield", "Audit",
		  "audit" },
	};
	bool begun = false;

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		if (!cbi_may_show(req, items[i].permission))
			continue;
		if (!begun) {
			cbi_html_lit(html, "<p class=\"side-head\">");
			cbi_html_tr(html, "Admin");
			cbi_html_lit(html, "</p>\n");
		}
		begun = true;
		side_item(html, cbi_addr(req->ctx, items[i].path),
		          items[i].icon, items[i].title,
		          strcmp(here, items[i].here) == 0);
	}
}

static void side(struct cb_req *req, struct cb_html *html, const char *here)
{
	struct cb_ctx *ctx = req->ctx;

	cbi_html_lit(html, "<nav class=\"side\"");
	cbi_html_attr_tr(html, "aria-label", "Main");
	cbi_html_lit(html, ">\n");
	side_item(html, cbi_addr_then(ctx, cbi_addr(ctx, "/")), "house", "Home",
	          strcmp(here, "home") == 0);
	side_item(html, cbi_addr_then(ctx, cbi_addr(ctx, "/catalog")),
	          "library", "Catalog", strcmp(here, "catalog") == 0);
	side_item(html, cbi_addr(ctx, "/catalog-import"), "plus", "Register",
	          strcmp(here, "import") == 0);
	side_plugins(req, html, here);
	side_admin(req, html, here);
	cbi_html_lit(html, "</nav>\n");
}

/* Pages answer while PostgreSQL is away; that is said on each. */
static void behind(struct cb_req *req, struct cb_html *html)
{
	int64_t ms = cbi_page_behind_ms();

	if (!ms)
		return;
	cbi_html_notice_open(html, CB_TONE_WARN, "status", NULL);
	cbi_html_lit(html, "<p><strong>");
	cbi_html_esc(html,
	             cbi_html_say(req->ctx, "The catalog is {1} old",
	                          cbi_html_duration_text(req->ctx, ms), NULL));
	cbi_html_lit(html, "</strong></p><p>");
	cbi_html_tr(html, "PostgreSQL does not answer; pages come from this "
	                  "host's copy.");
	cbi_html_lit(html, "</p>");
	cbi_html_notice_close(html);
}

/* A page of the past says so, and where the present is. */
static void then(struct cb_req *req, struct cb_html *html)
{
	char at[CBI_TIME_LEN];

	if (!req->ctx->scope.as_of)
		return;
	cbi_clock_iso(req->ctx->scope.as_of, at);
	cbi_html_notice_open(html, CB_TONE_INFO, "note", NULL);
	cbi_html_lit(html, "<p><strong>");
	cbi_html_tr(html, "The catalog as it was at");
	cbi_html_lit(html, " <time");
	cbi_html_attr(html, "datetime", at);
	cbi_html_lit(html, ">");
	cbi_html_esc(html, cb_printf(req->ctx, "%.10s %.8s UTC", at, at + 11));
	cbi_html_lit(html, "</time></strong></p><p>");
	cbi_html_tr(html, "What tools say is known for now only, and not shown "
	                  "here.");
	cbi_html_lit(html, " <a");
	cbi_html_attr(html, "href", cbi_req_now(req));
	cbi_html_lit(html, ">");
	cbi_html_tr(html, "Back to now");
	cbi_html_lit(html, "</a></p>");
	cbi_html_notice_close(html);
}

/* Who views the portal as somebody else sees on each page that he does, and
 * the way out. */
static void viewing(struct cb_req *req, struct cb_html *html)
{
	const struct cbi_html_form form = {
		.address = cbi_addr(req->ctx, "/admin/view-as/end"),
		.csrf = cbi_page_csrf(req),
	};

	if (!req->who.viewer || !form.csrf)
		return;
	cbi_html_notice_open(html, CB_TONE_INFO, "note", NULL);
	cbi_html_lit(html, "<p><strong>");
	cbi_html_esc(html, cbi_html_say(req->ctx, "You view the portal as {1}",
	                                req->who.subject, NULL));
	cbi_html_lit(html, "</strong></p><p>");
	cbi_html_tr(html, "Nothing can be changed meanwhile.");
	cbi_html_lit(html, "</p>");
	cbi_html_form_open(html, &form);
	cbi_html_lit(html, "<button class=\"button small\" type=\"submit\">");
	cbi_html_tr(html, "Be yourself again");
	cbi_html_lit(html, "</button>");
	cbi_html_form_close(html);
	cbi_html_notice_close(html);
}

int cbi_page_open(struct cb_req *req, const struct cbi_page *page,
                  struct cb_html *html)
{
	cbi_buf_clear(req->answer.body);
	cbi_html_init(html, req->ctx, req->answer.body, "page", 2);
	cbi_page_head(req, html, page->title,
	              page->bare ? "shell bare" : "shell");
	cbi_html_lit(html, "<a class=\"skip\" href=\"#main\">");
	cbi_html_tr(html, "Skip to content");
	cbi_html_lit(html, "</a>\n");
	top(req, html, page->bare);
	if (!page->bare)
		side(req, html, page->here ? page->here : "");
	cbi_html_lit(html, "<main class=\"main\" id=\"main\""
	                   " tabindex=\"-1\">\n");
	viewing(req, html);
	behind(req, html);
	then(req, html);
	return CB_OK;
}

int cbi_page_close(struct cb_req *req, struct cb_html *html)
{
	char id[9];

	cbi_html_block(html);
	cbi_str_copy(id, sizeof(id), cb_request_id(req->ctx));
	cbi_html_lit(
	    html,
	    "</main>\n<footer class=\"foot\"><span>Callboard " PACKAGE_VERSION
	    "</span>");
	if (*id) {
		cbi_html_lit(html, "<span class=\"foot-end\">");
		cbi_html_esc(html,
		             cbi_html_say(req->ctx, "Request {1}", id, NULL));
		cbi_html_lit(html, "</span>");
	}
	cbi_html_lit(html, "</footer>\n</body>\n</html>\n");
	return cbi_html_end(html);
}
