/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.c - reads `serve:`.
 *
 * It also becomes a line of an nginx file, so it holds nothing that could end
 * one: letters, digits and a few marks.
 */
#include "foreign/foreign.h"

#include <string.h>
#include <sys/un.h>

#include "base/str.h"

#define PATH_SET                                                         \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
	"/._-+@"
#define HOST_SET \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
#define HEX_SET "0123456789abcdefABCDEF:."

static int wrong(struct cb_ctx *ctx, const char *text)
{
	return cb_fail(ctx, CB_EINVAL,
	               "serve: expected fastcgi:unix:/PATH, fastcgi:HOST:PORT "
	               "or http://HOST:PORT, not '%.80s'",
	               text);
}

static int read_unix(struct cb_ctx *ctx, const char *path,
                     struct cbi_foreign_serve *out)
{
	if (path[0] != '/' || path[strspn(path, PATH_SET)])
		return wrong(ctx, out->text);
	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return cb_fail(ctx, CB_EINVAL,
		               "serve: the socket's path is longer than %zu "
		               "bytes",
		               sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
	out->kind = CBI_FOREIGN_UNIX;
	out->path = path;
	return CB_OK;
}

/* "host:port" or "[v6]:port", with nothing behind it. */
static int read_place(struct cb_ctx *ctx, const char *place,
                      struct cbi_foreign_serve *out)
{
	bool literal = place[0] == '[';
	const char *end = literal ? strchr(place, ']') : strrchr(place, ':');
	const char *colon = literal && end ? end + 1 : end;
	int64_t port;
	size_t len;

	if (!end || *colon != ':' || colon == place)
		return wrong(ctx, out->text);
	len = (size_t)(end - place) - (literal ? 1 : 0);
	out->host = cb_strndup(ctx, place + (literal ? 1 : 0), len);
	out->port = cb_strdup(ctx, colon + 1);
	out->place = cb_strdup(ctx, place);
	if (!out->host || !out->port || !out->place)
		return CB_ENOMEM;
	if (len == 0 ||
	    out->host[strspn(out->host, literal ? HEX_SET : HOST_SET)] ||
	    cbi_str_int(out->port, 1, 65535, &port) < 0)
		return wrong(ctx, out->text);
	return CB_OK;
}

int cbi_foreign_serve(struct cb_ctx *ctx, const char *text,
                      struct cbi_foreign_serve *out)
{
	struct cbi_foreign_serve serve = { .text = cb_strdup(ctx, text) };
	const char *at = serve.text;
	char *slash;
	int rc;

	if (!at)
		return CB_ENOMEM;
	if (cbi_str_starts(at, "fastcgi:unix:")) {
		rc = read_unix(ctx, at + strlen("fastcgi:unix:"), &serve);
	} else if (cbi_str_starts(at, "fastcgi:")) {
		serve.kind = CBI_FOREIGN_TCP;
		rc = read_place(ctx, at + strlen("fastcgi:"), &serve);
	} else if (cbi_str_starts(at, "http://")) {
		char *place = cb_strdup(ctx, at + strlen("http://"));

		if (!place)
			return CB_ENOMEM;
		slash = strchr(place, '/');
		if (slash && !slash[1])
			*slash = '\0';
		serve.kind = CBI_FOREIGN_HTTP;
		rc = read_place(ctx, place, &serve);
	} else {
		rc = wrong(ctx, text);
	}
	if (rc == CB_OK)
		*out = serve;
	return rc;
}
