/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin.c - callboard/http.h.
 *
 * An address made from a connection's name is "<name>:/path": it says which
 * credential it wants without holding any, and two connections to one host
 * stay apart.
 */
#include "http/http_priv.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

#define SEGMENTS_MAX 32

/* Set before the process has threads. */
static struct cbi_http_place the_place;

void cbi_http_open_to_plugins(const struct cbi_http_place *place)
{
	the_place = *place;
}

static bool plain(const char *base)
{
	return cbi_str_starts(base, "http://") ||
	       cbi_str_starts(base, "https://");
}

static int begin(struct cb_ctx *ctx, struct cb_buf *buf, const char *base)
{
	size_t len;

	if (!base || !*base)
		return cb_fail(ctx, CB_EINVAL, "no base url");
	if (plain(base)) {
		len = strcspn(base, "?#");
		while (len > 0 && base[len - 1] == '/')
			len--;
		return cb_buf_add(buf, base, len);
	}
	if (!the_place.http)
		return cb_fail(ctx, CB_EPLACE,
		               "connections are known to fetch only");
	if (!cbi_http_has(the_place.http, base))
		return cb_fail(ctx, CB_EINVAL,
		               "'%s' is neither a url nor a connection", base);
	return cb_buf_printf(buf, "%s:", base);
}

static int add_segment(struct cb_ctx *ctx, struct cb_buf *buf,
                       const char *segment)
{
	/* These three would change which path is meant. */
	if (!*segment || strcmp(segment, ".") == 0 ||
	    strcmp(segment, "..") == 0)
		return cb_fail(ctx, CB_EINVAL, "'%s' as a part of a path",
		               segment);
	cb_buf_text(buf, "/");
	return cbi_str_url_encode(buf, segment, "");
}

static const char *finish(struct cb_ctx *ctx, struct cb_buf *buf, int rc)
{
	const char *url = NULL;

	if (rc == CB_OK)
		rc = buf->failed;
	if (rc == CB_OK)
		url = cb_strdup(ctx, cbi_buf_string(buf));
	else
		cb_fail(ctx, rc, "url longer than %d bytes", CB_URL_MAX);
	cbi_buf_finish(buf);
	return url;
}

const char *cb_url(struct cb_ctx *ctx, const char *base, ...)
{
	struct cb_buf buf;
	const char *segment;
	va_list args;
	int rc;

	cbi_buf_init(&buf, CB_URL_MAX);
	rc = begin(ctx, &buf, base);
	va_start(args, base);
	for (int n = 0; rc == CB_OK && n <= SEGMENTS_MAX; n++) {
		segment = va_arg(args, const char *);
		if (!segment)
			break;
		rc = add_segment(ctx, &buf, segment);
	}
	va_end(args);
	return finish(ctx, &buf, rc);
}

const char *cb_url_arg(struct cb_ctx *ctx, const char *url, const char *name,
                       const char *value)
{
	struct cb_buf buf;

	if (!url)
		return NULL; /* cb_url has said why */
	if (!name || !value) {
		cb_fail(ctx, CB_EINVAL, "a query without name or value");
		return NULL;
	}
	cbi_buf_init(&buf, CB_URL_MAX);
	cb_buf_text(&buf, url);
	cb_buf_text(&buf, strchr(url, '?') ? "&" : "?");
	cbi_str_url_encode(&buf, name, "");
	cb_buf_text(&buf, "=");
	cbi_str_url_encode(&buf, value, "");
	return finish(ctx, &buf, CB_OK);
}

/* Splits "<name>:/path" into policy and path; a URL stays whole. */
static int split(struct cb_ctx *ctx, const char *url, struct cbi_http_ask *ask)
{
	const char *colon;

	ask->url = url;
	if (plain(url) || ask->policy.connection)
		return CB_OK;
	colon = strchr(url, ':');
	if (!colon)
		return cb_fail(ctx, CB_EINVAL,
		               "an address of no scheme and no connection");
	ask->policy.connection = cb_strndup(ctx, url, (size_t)(colon - url));
	if (!ask->policy.connection)
		return CB_ENOMEM;
	if (!cbi_http_has(the_place.http, ask->policy.connection))
		return cb_fail(ctx, CB_EDENIED,
		               "'%s' is neither http(s) nor a connection",
		               ask->policy.connection);
	ask->url = colon[1] ? colon + 1 : "/";
	return ask->url[0] == '/'
	           ? CB_OK
	           : cb_fail(ctx, CB_EINVAL,
	                     "a path that does not begin with /");
}

int cbi_http_from_plugin(struct cb_ctx *ctx, struct cbi_http_ask *ask,
                         struct cbi_http_reply *out)
{
	const char *url = ask->url;
	int rc;

	if (!the_place.http)
		return cb_fail(ctx, CB_EPLACE, "a request outside of fetch");
	if (!url)
		return cb_failure_code(ctx) ? cb_failure_code(ctx)
		                            : cb_fail(ctx, CB_EINVAL, "no url");
	rc = split(ctx, url, ask);
	if (rc == CB_OK && the_place.policy)
		rc = the_place.policy(the_place.arg, ctx, &ask->policy);
	return rc < 0 ? rc : cbi_http_request(ctx, the_place.http, ask, out);
}

int cb_http_get(struct cb_ctx *ctx, const char *url,
                const struct cb_reply **out)
{
	struct cbi_http_ask ask = { .url = url };
	struct cbi_http_reply got;
	struct cb_reply *reply;
	int rc = cbi_http_from_plugin(ctx, &ask, &got);

	if (rc < 0)
		return rc;
	reply = cb_alloc(ctx, sizeof(*reply));
	if (!reply)
		return CB_ENOMEM;
	reply->status = got.status;
	reply->body = got.body;
	reply->body_len = got.body_len;
	reply->type = got.type;
	*out = reply;
	return CB_OK;
}
