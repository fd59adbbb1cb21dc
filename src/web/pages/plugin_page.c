/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin_page.c - pages of plugins, /p/<plugin>/..., within the shell; and
 * their APIs.
 */
#include "web/pages/plugin_page.h"

#include <string.h>

#include "auth/auth.h"
#include "base/str.h"
#include "config/config.h"
#include "foreign/foreign.h"
#include "host/host.h"
#include "html/addr.h"
#include "registry/registry.h"
#include "web/may.h"
#include "web/pages/plugin_action.h"
#include "web/pages/cards.h"
#include "web/pages/pages.h"
#include "web/pages/shell.h"
#include "web/pages/things.h"

static void finish(void *buf)
{
	cbi_buf_finish(buf);
}

/* What the route needs; one that is not there the host tells. */
static int permit(struct cb_req *req, bool api)
{
	const struct cbi_plugin_route *route;
	const struct cbi_snapshot *snapshot;
	const char *rest;
	int rc;

	if (!req->web->registry)
		return CB_OK;
	rc = cbi_registry_look(req->ctx, req->web->registry, &snapshot);
	if (rc < 0)
		return rc;
	route = cbi_snapshot_route(snapshot, req->args[0], api,
	                           req->rest ? req->rest : "", &rest);
	if (!route)
		return CB_OK;
	return cbi_may_plugin(req, route->plugin, route->needs,
	                      strcmp(req->method, "GET") != 0 && !req->head);
}

/* Drawn aside first: until the handler is through nobody knows whether this
 * becomes a page, an error page, or JSON. */
static int call(struct cb_req *req, struct cb_buf **drawn,
                const struct cbi_plugin_route **route)
{
	struct cb_html html;
	int rc;

	*drawn = cb_alloc(req->ctx, sizeof(**drawn));
	if (!*drawn)
		return CB_ENOMEM;
	cbi_buf_init(*drawn, cbi_plugin_output(req, CB_PAGE_HTML_MAX));
	rc = cb_defer(req->ctx, finish, *drawn);
	if (rc < 0)
		return rc;
	cbi_html_init(&html, req->ctx, *drawn, req->args[0], 2);
	cbi_thing_titles(req, &html);
	rc = cbi_host_route(req->ctx, req->web->host, req->args[0], false,
	                    req->rest ? req->rest : "",
	                    req->head ? "GET" : req->method, req, &html, route);
	return rc < 0 ? rc : cbi_html_end(&html);
}

/* The action that the path names, of a plugin that is on; NULL for none. */
static const json_t *action_of(struct cb_req *req,
                               const struct cbi_plugin_entry **plugin)
{
	static const char prefix[] = "actions/";
	const struct cbi_snapshot *snapshot;

	if (!req->rest || !req->web->registry ||
	    strncmp(req->rest, prefix, sizeof(prefix) - 1) != 0 ||
	    cbi_registry_look(req->ctx, req->web->registry, &snapshot) < 0)
		return NULL;
	*plugin = cbi_snapshot_plugin(snapshot, req->args[0]);
	if (!*plugin || !cbi_snapshot_on(*plugin))
		return NULL;
	return cbi_action_find(*plugin, req->rest + sizeof(prefix) - 1);
}

static int show(struct cb_req *req)
{
	struct cbi_page shell = { .here = req->args[0] };
	const struct cbi_plugin_route *route = NULL;
	struct cb_buf *drawn;
	const struct cbi_plugin_entry *plugin;
	const json_t *action = action_of(req, &plugin);
	struct cb_html html;
	int rc;

	if (action)
		return cbi_action_page(req, plugin, action);
	if (!req->web->host)
		return cb_fail(req->ctx, CB_ENOENT,
		               "no plugin '%s' in this pool", req->args[0]);
	rc = permit(req, false);
	if (rc == CB_OK)
		rc = call(req, &drawn, &route);
	if (rc < 0)
		return rc;
	if (req->answer.streamed || req->answer.body->len || req->answer.kept)
		return CB_OK; /* it answered JSON */
	shell.title = cb_tr(req->ctx, route && route->title ? route->title
	                                                    : req->args[0]);
	rc = cbi_page_open(req, &shell, &html);
	if (rc < 0)
		return rc;
	cbi_html_lit(&html, "<header class=\"page-head\"><div><h1>");
	cbi_html_esc(&html, shell.title);
	cbi_html_lit(&html, "</h1></div></header>\n<div class=\"stack\"");
	cbi_html_attr(&html, "data-plugin", req->args[0]);
	cbi_html_lit(&html, ">\n");
	if (drawn->len)
		cbi_html_bytes(&html, drawn->data, drawn->len);
	cbi_html_lit(&html, "</div>\n");
	return cbi_page_close(req, &html);
}

/* ---- Programs that nginx leads to by itself --------------------------------
 */

/*
 * nginx asks before it passes a request on: the same rules as for any API
 * hold, over the path as nginx passes it.  The answer carries who asks, for
 * this plugin alone.
 */
static int identify(struct cb_req *req, const char *path)
{
	const char *head =
	    cb_printf(req->ctx, "%s/api/%s/", req->web->settings->base_path,
	              req->args[0]);
	const struct cbi_plugin_route *route = NULL;
	const struct cbi_snapshot *snapshot;
	const char *rest, *token;
	bool user =
	    req->who.kind == CBI_WHO_USER || req->who.kind == CBI_WHO_GUEST;
	int rc =
	    head ? cbi_registry_look(req->ctx, req->web->registry, &snapshot)
		 : CB_ENOMEM;

	if (rc < 0)
		return rc;
	if (cbi_str_starts(path, head))
		route = cbi_snapshot_route(snapshot, req->args[0], true,
		                           path + strlen(head), &rest);
	if (!route || !cbi_snapshot_on(route->plugin))
		return cb_fail(req->ctx, CB_EDENIED,
		               "plugin '%s' has no such API", req->args[0]);
	if (!cbi_host_method(route->methods, req->method))
		return cb_fail(req->ctx, CB_EDENIED, "allowed: %s",
		               route->methods);
	rc = cbi_may_plugin(req, route->plugin, route->needs,
	                    strcmp(req->method, "GET") != 0 && !req->head);
	if (rc == CB_OK)
		rc = cbi_auth_issue_plugin(
		    req->ctx, req->web->auth, CBI_FOREIGN_SUBJECT, req->args[0],
		    user && !req->who.viewer ? &req->who : NULL, &token);
	if (rc == CB_OK)
		rc = cbi_req_add_header(req, CBI_FOREIGN_IDENTITY, token);
	req->answer.status = 204;
	return rc;
}

static int answer_api(struct cb_req *req)
{
	const struct cbi_plugin_route *route = NULL;
	const char *asked = cbi_req_server(req, "CB_IDENTITY");
	int rc;

	if (!req->web->host)
		return cb_fail(req->ctx, CB_ENOENT,
		               "no plugin '%s' in this pool", req->args[0]);
	if (asked)
		return identify(req, asked);
	rc = permit(req, true);
	if (rc < 0)
		return rc;
	rc = cbi_host_route(req->ctx, req->web->host, req->args[0], true,
	                    req->rest ? req->rest : "",
	                    req->head ? "GET" : req->method, req, NULL, &route);
	if (rc < 0)
		return rc;
	if (!req->answer.streamed && !req->answer.body->len &&
	    !req->answer.kept)
		return cb_fail(req->ctx, CB_EBUG,
		               "plugin '%s' answered nothing", req->args[0]);
	return CB_OK;
}

/* Which permission a route needs stands in its manifest. */
#define ROW(at, verb, level, looks, label, fn)                              \
	{                                                                   \
		.path = at, .method = verb, .access = level, .face = looks, \
		.name = label, .handle = fn,                                \
	}

const struct cbi_endpoint cbi_pages_plugin[] = {
	ROW("/p/{plugin}/*", "GET", CBI_ACCESS_READ, CBI_FACE_PAGE,
	    "page.plugin", show),
	ROW("/p/{plugin}/*", "POST", CBI_ACCESS_READ, CBI_FACE_PAGE,
	    "page.plugin.post", show),
	{ 0 },
};

const struct cbi_endpoint cbi_plugin_apis[] = {
	ROW("/api/{plugin}/*", "GET", CBI_ACCESS_READ, CBI_FACE_API,
	    "api.plugin", answer_api),
	ROW("/api/{plugin}/*", "POST", CBI_ACCESS_READ, CBI_FACE_API,
	    "api.plugin.post", answer_api),
	ROW("/api/{plugin}/*", "PUT", CBI_ACCESS_READ, CBI_FACE_API,
	    "api.plugin.put", answer_api),
	ROW("/api/{plugin}/*", "DELETE", CBI_ACCESS_READ, CBI_FACE_API,
	    "api.plugin.delete", answer_api),
	{ 0 },
};
