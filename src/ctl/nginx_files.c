/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx_files.c - what the templates of nginx/ become for this config.
 */
#include "ctl/nginx.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "nginx/templates.h"

/* API names that the house answers itself; every other is a plugin's. */
#define CORE_APIS                                                      \
	"catalog|auth|search|permission|events|signals|notifications|" \
	"scaffolder|techdocs|app|audit|user-settings"

/* Everything but the values of @NAME@ is copied. */
static int fill(struct cb_buf *out, const char *template,
                const struct cbi_nginx_value *values)
{
	while (*template) {
		const char *at = strchr(template, '@');
		size_t len =
		    at ? strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") : 0;
		const struct cbi_nginx_value *v = values;

		if (!at)
			return cb_buf_text(out, template);
		cb_buf_add(out, template, (size_t)(at - template));
		if (!len || at[len + 1] != '@') {
			cb_buf_add(out, "@", 1);
			template = at + 1;
			continue;
		}
		while (v->name && (strlen(v->name) != len ||
		                   memcmp(v->name, at + 1, len) != 0))
			v++;
		if (!v->name)
			return CB_EBUG;
		cb_buf_text(out, v->text);
		template = at + len + 2;
	}
	return out->failed;
}

static void add_upstream(struct cb_buf *buf, const char *run_dir,
                         const char *pool)
{
	/* Twice the same socket and max_fails=0: nginx's default takes the
	 * only server out for ten seconds after one failure. */
	cb_buf_printf(buf,
	              "upstream cb_%s {\n"
	              "    server \"unix:%s/web-%s.sock\" max_fails=0;\n"
	              "    server \"unix:%s/web-%s.sock\" max_fails=0;\n"
	              "    keepalive 512;\n"
	              "    keepalive_timeout 5s;\n"
	              "    keepalive_requests 1000000;\n"
	              "}\n"
	              "upstream cb_%s_again {\n"
	              "    server \"unix:%s/web-%s.sock\" max_fails=0;\n"
	              "}\n",
	              pool, run_dir, pool, run_dir, pool, pool, run_dir, pool);
}

static void add_row(struct cb_buf *buf, const char *base, const char *plugin,
                    const char *pool, const char *suffix)
{
	cb_buf_printf(buf,
	              "    \"~^%s/(?:_cards|fragments|p|api)/%s(?:/|$)\" "
	              "cb_%s%s;\n",
	              base, plugin, pool, suffix);
}

struct parts {
	struct cb_buf upstreams, rows, again_rows, params, card_params;
	struct cb_buf identity, foreign, errors;
};

static void add_pools(struct parts *parts, const struct cbi_ctl *ctl)
{
	const struct cbi_pool *pools;
	size_t n = cbi_config_pools(ctl->config, &pools);
	const struct cbi_settings *s = ctl->settings;

	for (size_t i = 0; i < n; i++) {
		const char *const *p = pools[i].plugins;

		if (pools[i].leaving)
			continue;
		add_upstream(&parts->upstreams, s->run_dir, pools[i].name);
		if (strcmp(pools[i].name, "tools") == 0)
			continue;
		for (; p && *p; p++) {
			add_row(&parts->rows, s->base_path, *p, pools[i].name,
			        "");
			add_row(&parts->again_rows, s->base_path, *p,
			        pools[i].name, "_again");
		}
	}
}

/* Names a worker believes come from nginx alone. */
enum asked { OF_PAGE, OF_CARD, OF_IDENTITY };

static void add_params(struct cb_buf *buf, enum asked asked)
{
	static const char *const common[][2] = {
		{ "QUERY_STRING", "$args" },
		{ "SERVER_PROTOCOL", "$server_protocol" },
		{ "REQUEST_SCHEME", "$scheme" },
		{ "REMOTE_ADDR", "$remote_addr" },
		{ "SERVER_NAME", "$host" },
		{ "REQUEST_ID", "$request_id" },
		{ "HTTP_PROXY", "\"\"" },
		{ "HTTP_X_FORWARDED_HOST", "\"\"" },
		{ "HTTP_X_FORWARDED_PROTO", "\"\"" },
		{ "HTTP_X_FORWARDED_FOR", "\"\"" },
		{ "HTTP_X_CALLBOARD_USER", "\"\"" },
		{ "HTTP_X_CALLBOARD_PROXY_SECRET", "\"\"" },
	};
	static const char *const of_page[][2] = {
		{ "REQUEST_METHOD", "$request_method" },
		{ "REQUEST_URI", "$request_uri" },
		{ "CONTENT_TYPE", "$content_type" },
		{ "CONTENT_LENGTH", "$content_length" },
		{ "CB_CARD", "\"\"" },
	};
	/* A subrequest inherits the page's method, body and headers. */
	static const char *const of_card[][2] = {
		{ "REQUEST_METHOD", "GET" },
		{ "REQUEST_URI", "$uri?$args" },
		{ "CONTENT_TYPE", "\"\"" },
		{ "CONTENT_LENGTH", "\"\"" },
		{ "CB_CARD", "1" },
		{ "HTTP_ACCEPT", "text/html" },
		{ "HTTP_ACCEPT_ENCODING", "\"\"" },
		{ "HTTP_IF_NONE_MATCH", "\"\"" },
		{ "HTTP_IF_MODIFIED_SINCE", "\"\"" },
		{ "HTTP_RANGE", "\"\"" },
		{ "HTTP_HX_REQUEST", "\"\"" },
		{ "HTTP_CONTENT_TYPE", "\"\"" },
		{ "HTTP_CONTENT_LENGTH", "\"\"" },
		{ "HTTP_TRANSFER_ENCODING", "\"\"" },
	};
	/* May this be passed on?  The path is as it is going to be passed. */
	static const char *const of_identity[][2] = {
		{ "REQUEST_METHOD", "$request_method" },
		{ "REQUEST_URI", "$request_uri" },
		{ "CONTENT_TYPE", "\"\"" },
		{ "CONTENT_LENGTH", "\"\"" },
		{ "HTTP_TRANSFER_ENCODING", "\"\"" },
		{ "CB_CARD", "\"\"" },
		{ "CB_IDENTITY", "$cb_asked" },
	};
	const char *const(*own)[2] = of_page;
	size_t n = sizeof(of_page) / sizeof(of_page[0]);

	if (asked == OF_CARD) {
		own = of_card;
		n = sizeof(of_card) / sizeof(of_card[0]);
	} else if (asked == OF_IDENTITY) {
		own = of_identity;
		n = sizeof(of_identity) / sizeof(of_identity[0]);
	}

	for (size_t i = 0; i < n; i++)
		cb_buf_printf(buf, "    fastcgi_param %s %s;\n", own[i][0],
		              own[i][1]);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		cb_buf_printf(buf, "    fastcgi_param %s %s;\n", common[i][0],
		              common[i][1]);
}

static const char *headers(struct cbi_ctl *ctl, const char *ancestors)
{
	bool https = cbi_str_starts(ctl->settings->base_url, "https://");

	return cb_printf(
	    &ctl->ctx,
	    "    add_header Content-Security-Policy \"default-src 'none'; "
	    "script-src 'self'; style-src 'self'; img-src 'self' data:; "
	    "connect-src 'self'; form-action 'self'; frame-ancestors %s; "
	    "base-uri 'none'\" always;\n"
	    "    add_header X-Content-Type-Options nosniff always;\n"
	    "    add_header Referrer-Policy same-origin always;\n"
	    "    add_header Cross-Origin-Opener-Policy same-origin always;\n"
	    "    add_header Cross-Origin-Resource-Policy same-origin always;\n"
	    "%s",
	    ancestors,
	    https ? "    add_header Strict-Transport-Security "
		    "\"max-age=31536000\" always;\n"
		  : "");
}

/* The page that ends a sign-in in a window of its own is to reach the window
 * that opened it, and brings a policy for its one script. */
static const char *frame(struct cbi_ctl *ctl)
{
	bool https = cbi_str_starts(ctl->settings->base_url, "https://");

	return cb_printf(
	    &ctl->ctx,
	    "        location ~ \"^%s/api/auth/[A-Za-z0-9_-]+/handler/frame$\" "
	    "{\n"
	    "            fastcgi_pass $cb_pool;\n"
	    "            add_header X-Content-Type-Options nosniff always;\n"
	    "            add_header Referrer-Policy no-referrer always;\n"
	    "            add_header Cross-Origin-Opener-Policy unsafe-none "
	    "always;\n%s        }",
	    ctl->settings->base_path,
	    https ? "            add_header Strict-Transport-Security "
		    "\"max-age=31536000\" always;\n"
		  : "");
}

/* The present release of the assets: where the link `current` leads. */
static const char *release_of(struct cbi_ctl *ctl)
{
	char target[256];
	char *path =
	    cb_printf(&ctl->ctx, "%s/current", ctl->settings->asset_dir);
	ssize_t len = path ? readlink(path, target, sizeof(target) - 1) : -1;
	const char *name;

	if (len <= 0)
		return "none";
	target[len] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (name[strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz")])
		return "none";
	return cb_strdup(&ctl->ctx, name);
}

int cbi_nginx_check_text(struct cbi_ctl *ctl, const char *what,
                         const char *text)
{
	if (!text[strcspn(text, "\"\\$;{}\n'")])
		return CB_OK;
	return cb_fail(&ctl->ctx, CB_EINVAL,
	               "%s '%s' has a character that an nginx file cannot "
	               "hold",
	               what, text);
}

/* A file of the administrator's, which is never written here: there nginx
 * says who asks (docs/sign-in.md).  It may be missing. */
static const char *const auth = "    include callboard-auth*.conf;\n";

static const char *const again = "    fastcgi_keep_conn off;\n"
				 "    fastcgi_connect_timeout 2s;\n"
				 "    fastcgi_read_timeout 30s;\n"
				 "    fastcgi_buffer_size 16k;\n"
				 "    fastcgi_buffers 32 16k;\n";

static const char *grey(struct cbi_ctl *ctl)
{
	const char *base = ctl->settings->base_path;

	/* As web/pages draws a placeholder; apostrophes would end it. */
	return cb_printf(
	    &ctl->ctx,
	    "<section class=\"card\" data-plugin=\"$cb_card_plugin\" "
	    "data-state=\"loading\" aria-busy=\"true\" "
	    "aria-label=\"$cb_card_plugin\" "
	    "hx-get=\"%s/fragments/$cb_card?$args\" "
	    "hx-trigger=\"load delay:3s\" hx-swap=\"outerHTML\">"
	    "<header class=\"card-head\"><h2 class=\"card-title\">"
	    "$cb_card_plugin</h2></header><div class=\"card-body\">"
	    "<div class=\"skeleton\" aria-hidden=\"true\"><span></span>"
	    "<span></span><span></span></div>"
	    "<p class=\"note\" role=\"status\">This card is not available "
	    "right now. <a class=\"nojs\" href=\"\">Reload</a></p></div>"
	    "</section>",
	    base);
}

static int render(struct cbi_ctl *ctl, struct cb_buf *http,
                  struct cb_buf *server)
{
	const struct cbi_settings *s = ctl->settings;
	const char *ancestors = cbi_config_text(
	    ctl->config, "backend.csp.frame-ancestors", "'none'");
	struct parts parts;
	int rc;

	cbi_buf_init(&parts.upstreams, CBI_NGINX_TEXT_MAX);
	cbi_buf_init(&parts.rows, CBI_NGINX_TEXT_MAX);
	cbi_buf_init(&parts.again_rows, CBI_NGINX_TEXT_MAX);
	cbi_buf_init(&parts.params, CBI_NGINX_TEXT_MAX);
	cbi_buf_init(&parts.card_params, CBI_NGINX_TEXT_MAX);
	cbi_buf_init(&parts.identity, CBI_NGINX_TEXT_MAX);
	cbi_buf_init(&parts.foreign, CBI_NGINX_TEXT_MAX);
	cbi_buf_init(&parts.errors, CBI_NGINX_TEXT_MAX);
	add_pools(&parts, ctl);
	add_params(&parts.params, OF_PAGE);
	add_params(&parts.card_params, OF_CARD);
	add_params(&parts.identity, OF_IDENTITY);
	rc = cbi_nginx_foreign(ctl, cbi_buf_string(&parts.identity),
	                       &parts.upstreams, &parts.foreign, &parts.errors);
	const struct cbi_nginx_value values[] = {
		{ "BASE", s->base_path },
		{ "UPSTREAMS", cbi_buf_string(&parts.upstreams) },
		{ "POOL_ROWS", cbi_buf_string(&parts.rows) },
		{ "POOL_AGAIN_ROWS", cbi_buf_string(&parts.again_rows) },
		{ "CORE_APIS", CORE_APIS },
		{ "RELEASE", release_of(ctl) },
		{ "ASSETS", s->asset_dir },
		{ "PARAMS", cbi_buf_string(&parts.params) },
		{ "CARD_PARAMS", cbi_buf_string(&parts.card_params) },
		{ "FOREIGN", cbi_buf_string(&parts.foreign) },
		{ "FOREIGN_ERRORS", cbi_buf_string(&parts.errors) },
		{ "HEADERS", headers(ctl, "'none'") },
		{ "FRAGMENT_HEADERS", headers(ctl, ancestors) },
		{ "FRAME", frame(ctl) },
		{ "AUTH", auth },
		{ "AGAIN", again },
		{ "GREY", grey(ctl) },
		{ "ROOT_REDIRECT", *s->base_path
		                       ? cb_printf(&ctl->ctx,
		                                   "location = %s {\n"
		                                   "    return 308 %s/;\n}\n",
		                                   s->base_path, s->base_path)
		                       : "" },
		{ NULL, NULL },
	};
	if (rc == CB_OK)
		rc = fill(http, template_http, values);
	if (rc == CB_OK)
		rc = fill(server, template_server, values);
	cbi_buf_finish(&parts.upstreams);
	cbi_buf_finish(&parts.rows);
	cbi_buf_finish(&parts.again_rows);
	cbi_buf_finish(&parts.params);
	cbi_buf_finish(&parts.card_params);
	cbi_buf_finish(&parts.identity);
	cbi_buf_finish(&parts.foreign);
	cbi_buf_finish(&parts.errors);
	return rc;
}

int cbi_nginx_render(struct cbi_ctl *ctl, struct cb_buf *http,
                     struct cb_buf *server)
{
	int rc =
	    cbi_nginx_check_text(ctl, "backend.runDir", ctl->settings->run_dir);

	if (rc == CB_OK)
		rc = cbi_nginx_check_text(ctl, "backend.assetDir",
		                          ctl->settings->asset_dir);
	if (rc < 0)
		return rc;
	rc = render(ctl, http, server);
	return rc < 0
	           ? cb_fail(&ctl->ctx, rc, "the nginx files cannot be written")
	           : CB_OK;
}

int cbi_nginx_full(struct cb_buf *out, const struct cbi_nginx_value *values)
{
	return fill(out, template_full, values);
}
