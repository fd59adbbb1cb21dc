/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx.c - `callboardctl nginx`: the two files an administrator includes, or
 * with --full a whole nginx.conf around them.
 */
#include "ctl/nginx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cbi_nginx_write(struct cbi_ctl *ctl, const char *dir, const char *name,
                    const char *text, size_t len)
{
	char *path = cb_printf(&ctl->ctx, "%s/%s", dir, name);
	char *temp = cb_printf(&ctl->ctx, "%s/.%s.new", dir, name);
	FILE *file = path && temp ? fopen(temp, "w") : NULL;
	bool good;

	if (!file)
		return cb_fail(&ctl->ctx, CB_EINVAL, "%s/%s: %s", dir, name,
		               strerror(errno));
	good = fwrite(text, 1, len, file) == len;
	good = fclose(file) == 0 && good;
	if (!good || rename(temp, path) < 0) {
		unlink(temp);
		return cb_fail(&ctl->ctx, CB_EBUG, "%s: %s", path,
		               strerror(errno));
	}
	return CB_OK;
}

void cbi_nginx_print(const struct cb_buf *http, const struct cb_buf *server)
{
	printf("# ---- " CBI_NGINX_HTTP " ----\n%s\n"
	       "# ---- " CBI_NGINX_SERVER " ----\n%s",
	       http->data, server->data);
}

static int emit(struct cbi_ctl *ctl, const char *dir, struct cb_buf *http,
                struct cb_buf *server)
{
	int rc;

	if (!dir) {
		cbi_nginx_print(http, server);
		return CBI_EXIT_OK;
	}
	rc = cbi_nginx_write(ctl, dir, CBI_NGINX_HTTP, http->data, http->len);
	if (rc == CB_OK)
		rc = cbi_nginx_write(ctl, dir, CBI_NGINX_SERVER, server->data,
		                     server->len);
	return rc == CB_OK ? CBI_EXIT_OK : cbi_ctl_fail(ctl);
}

static int emit_full(const char *home, const char *listen, const char *extra,
                     struct cb_buf *http, struct cb_buf *server)
{
	struct cb_buf full;
	int rc;

	if (extra)
		cb_buf_printf(server, "include \"%s\";\n", extra);
	const struct cbi_nginx_value values[] = {
		{ "HOME", home },
		{ "LISTEN", listen },
		{ "HTTP", cbi_buf_string(http) },
		{ "SERVER", cbi_buf_string(server) },
		{ NULL, NULL },
	};
	cbi_buf_init(&full, CBI_NGINX_TEXT_MAX);
	rc = cbi_nginx_full(&full, values);
	if (rc == CB_OK)
		fputs(full.data, stdout);
	cbi_buf_finish(&full);
	return rc == CB_OK ? CBI_EXIT_OK : CBI_EXIT_FAILED;
}

int cbi_ctl_nginx(struct cbi_ctl *ctl, int argc, char **argv)
{
	bool full = cbi_ctl_flag(&argc, argv, "--full");
	const char *listen = cbi_ctl_option(&argc, argv, "--listen");
	const char *home = cbi_ctl_option(&argc, argv, "--home");
	const char *extra = cbi_ctl_option(&argc, argv, "--include");
	const char *dir = cbi_ctl_option(&argc, argv, "--write");
	struct cb_buf http, server;
	int rc;

	if (argc > 0)
		return cbi_ctl_complain(
		    CBI_EXIT_USAGE, "nginx: unknown argument '%s'", argv[0]);
	if (!listen)
		listen = "127.0.0.1:8080";
	if (!home)
		home = ctl->settings->run_dir;
	if (cbi_nginx_check_text(ctl, "the folder", home) < 0 ||
	    cbi_nginx_check_text(ctl, "the address", listen) < 0)
		return cbi_ctl_fail(ctl);
	cbi_buf_init(&http, CBI_NGINX_TEXT_MAX);
	cbi_buf_init(&server, CBI_NGINX_TEXT_MAX);
	rc = cbi_nginx_render(ctl, &http, &server);
	if (rc < 0) {
		rc = cbi_ctl_fail(ctl);
	} else if (full) {
		rc = emit_full(home, listen, extra, &http, &server);
	} else {
		rc = emit(ctl, dir, &http, &server);
	}
	cbi_buf_finish(&http);
	cbi_buf_finish(&server);
	return rc;
}
