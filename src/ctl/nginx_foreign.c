/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx_foreign.c - the parts of the nginx files that lead to plugins which
 * are programs: an upstream each, and a location for the APIs of each.
 *
 * nginx asks the portal first (`auth_request`), by the rules of any API; what
 * it answers tells the program who asks.  Whatever a browser sends under that
 * name, its cookies and its credential do not get there.
 */
#include "ctl/nginx.h"

#include <string.h>

#include "foreign/foreign.h"
#include "host/host.h"
#include "registry/registry.h"

static const char *text(const json_t *row, const char *name)
{
	const char *value = json_string_value(json_object_get(row, name));

	return value ? value : "";
}

static bool has_api(const json_t *manifest)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(manifest, "routes"), i, row)
	{
		if (json_is_true(json_object_get(row, "api")))
			return true;
	}
	return false;
}

static void add_upstream(struct cb_buf *buf, const char *plugin,
                         const struct cbi_foreign_serve *serve)
{
	cb_buf_printf(buf, "upstream cb_foreign_%s {\n    server \"%s%s\"",
	              plugin, serve->path ? "unix:" : "",
	              serve->path ? serve->path : serve->place);
	cb_buf_text(buf, " max_fails=0;\n}\n");
}

/* What the program hears of a request, beside its headers. */
static void add_fastcgi(struct cb_buf *buf, const char *plugin)
{
	static const char *const params[][2] = {
		{ "GATEWAY_INTERFACE", "CGI/1.1" },
		{ "SERVER_SOFTWARE", "callboard" },
		{ "SERVER_PROTOCOL", "$server_protocol" },
		{ "REQUEST_METHOD", "$request_method" },
		{ "REQUEST_SCHEME", "$scheme" },
		{ "REQUEST_URI", "$uri$is_args$args" },
		{ "DOCUMENT_URI", "$uri" },
		{ "SCRIPT_NAME", "\"\"" },
		{ "PATH_INFO", "$uri" },
		{ "QUERY_STRING", "$args" },
		{ "CONTENT_TYPE", "$content_type" },
		{ "CONTENT_LENGTH", "$content_length" },
		{ "REMOTE_ADDR", "$remote_addr" },
		{ "SERVER_NAME", "$host" },
		{ "HTTP_X_REQUEST_ID", "$request_id" },
		{ "HTTP_X_CALLBOARD_IDENTITY", "$cb_identity" },
		{ "HTTP_X_CALLBOARD_USER", "\"\"" },
		{ "HTTP_COOKIE", "\"\"" },
		{ "HTTP_AUTHORIZATION", "\"\"" },
		{ "HTTP_X_CSRF_TOKEN", "\"\"" },
		{ "HTTP_PROXY", "\"\"" },
	};

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		cb_buf_printf(buf, "        fastcgi_param %s %s;\n",
		              params[i][0], params[i][1]);
	cb_buf_printf(buf,
	              "        fastcgi_keep_conn off;\n"
	              "        fastcgi_hide_header Set-Cookie;\n"
	              "        fastcgi_hide_header Content-Security-Policy;\n"
	              "        fastcgi_ignore_headers X-Accel-Redirect "
	              "X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering "
	              "X-Accel-Charset;\n"
	              "        fastcgi_pass cb_foreign_%s;\n",
	              plugin);
}

static void add_http(struct cb_buf *buf, const char *plugin,
                     const struct cbi_foreign_serve *serve)
{
	static const char *const headers[][2] = {
		{ "Connection", "\"\"" },
		{ "X-Request-Id", "$request_id" },
		{ CBI_FOREIGN_IDENTITY, "$cb_identity" },
		{ "X-Callboard-User", "\"\"" },
		{ "Cookie", "\"\"" },
		{ "Authorization", "\"\"" },
		{ "X-Csrf-Token", "\"\"" },
		{ "Proxy", "\"\"" },
	};

	cb_buf_printf(buf, "        proxy_set_header Host \"%s\";\n",
	              serve->place);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		cb_buf_printf(buf, "        proxy_set_header %s %s;\n",
		              headers[i][0], headers[i][1]);
	cb_buf_printf(buf,
	              "        proxy_http_version 1.1;\n"
	              "        proxy_connect_timeout 2s;\n"
	              "        proxy_read_timeout 30s;\n"
	              "        proxy_hide_header Set-Cookie;\n"
	              "        proxy_hide_header Content-Security-Policy;\n"
	              "        proxy_ignore_headers X-Accel-Redirect "
	              "X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering "
	              "X-Accel-Charset;\n"
	              "        proxy_pass http://cb_foreign_%s;\n",
	              plugin);
}

static void add_location(struct cb_buf *buf, const char *base,
                         const char *plugin, const char *pool,
                         const char *params,
                         const struct cbi_foreign_serve *serve)
{
	cb_buf_printf(
	    buf,
	    "\n"
	    "    location = \"%s/_identity/%s\" {\n"
	    "        internal;\n"
	    "        ssi off;\n"
	    "        gzip off;\n"
	    "        fastcgi_pass_request_body off;\n"
	    "%s"
	    "        fastcgi_pass cb_%s;\n"
	    "    }\n\n"
	    "    location ^~ \"%s/api/%s/\" {\n"
	    "        ssi off;\n"
	    "        auth_basic off;\n"
	    "        auth_request \"%s/_identity/%s\";\n"
	    "        auth_request_set $cb_identity "
	    "$upstream_http_x_callboard_identity;\n"
	    "        error_page 401 = @cb_stranger;\n"
	    "        error_page 403 = @cb_refused;\n"
	    "        error_page 502 504 = @cb_no_program;\n"
	    "        add_header Content-Security-Policy \"default-src 'none'; "
	    "sandbox; frame-ancestors 'none'\" always;\n"
	    "        add_header X-Content-Type-Options nosniff always;\n"
	    "        add_header Cross-Origin-Resource-Policy same-origin "
	    "always;\n"
	    "        set $cb_asked $uri;\n"
	    "        rewrite \"^%s(/.*)$\" $1 break;\n",
	    base, plugin, params, pool, base, plugin, base, plugin, base);
	if (serve->kind == CBI_FOREIGN_HTTP)
		add_http(buf, plugin, serve);
	else
		add_fastcgi(buf, plugin);
	cb_buf_text(buf, "    }\n");
}

/* As the portal says it, since the portal is not asked any more. */
static void add_error(struct cb_buf *buf, const char *location, int status,
                      const char *name, const char *message)
{
	cb_buf_printf(buf,
	              "location @%s {\n"
	              "    default_type application/json;\n"
	              "    return %d '{\"error\":{\"name\":\"%s\","
	              "\"message\":\"%s\"},\"response\":{\"statusCode\":%d}}"
	              "';\n"
	              "}\n\n",
	              location, status, name, message, status);
}

static void add_errors(struct cb_buf *buf)
{
	add_error(buf, "cb_stranger", 401, "AuthenticationError",
	          "this needs a credential");
	add_error(buf, "cb_refused", 403, "NotAllowedError",
	          "this is not allowed, or there is no such API");
	add_error(buf, "cb_no_program", 502, "ServiceUnavailableError",
	          "the program of this plugin does not answer");
}

int cbi_nginx_foreign(struct cbi_ctl *ctl, const char *params,
                      struct cb_buf *upstreams, struct cb_buf *locations,
                      struct cb_buf *errors)
{
	json_t *manifests, *row;
	size_t i;
	int rc = cbi_registry_manifests(&ctl->ctx, ctl->config,
	                                cbi_host_filter(), &manifests);

	if (rc < 0)
		return rc;
	json_array_foreach(json_object_get(manifests, "plugins"), i, row)
	{
		struct cbi_foreign_serve serve;

		if (strcmp(text(row, "tier"), "foreign") != 0 ||
		    strcmp(text(row, "state"), "refused") == 0 || !has_api(row))
			continue;
		rc = cbi_foreign_serve(
		    &ctl->ctx, text(json_object_get(row, "declared"), "serve"),
		    &serve);
		if (rc < 0)
			break;
		add_upstream(upstreams, text(row, "name"), &serve);
		add_location(locations, ctl->settings->base_path,
		             text(row, "name"), text(row, "pool"), params,
		             &serve);
	}
	if (locations->len)
		add_errors(errors);
	json_decref(manifests);
	return rc;
}
