/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.c - addresses in pieces and put together again.
 */
#include "scm/scm_priv.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"

#include <string.h>

static const char *decode(struct cb_ctx *ctx, const char *text, size_t len)
{
	char *out = cb_alloc(ctx, len + 1);
	size_t n;

	if (!out)
		return NULL;
	if (cbi_str_url_decode(text, len, false, out, &n) < 0 ||
	    !cbi_str_utf8(out, n)) {
		cb_fail(ctx, CB_EINVAL, "'%.*s': expected UTF-8, escaped",
		        (int)len, text);
		return NULL;
	}
	out[n] = '\0';
	return out;
}

static bool bad_segment(const char *segment)
{
	if (!*segment || strcmp(segment, ".") == 0 ||
	    strcmp(segment, "..") == 0 || strstr(segment, "/../"))
		return true;
	for (; *segment; segment++)
		if ((unsigned char)*segment < 0x20 || *segment == 0x7f)
			return true;
	return false;
}

static int split_path(struct cb_ctx *ctx, const char *path, size_t len,
                      struct cbi_scm_url *out)
{
	while (len > 0 && path[len - 1] == '/')
		len--;
	for (size_t at = 1; at < len;) {
		size_t n = 0;

		while (at + n < len && path[at + n] != '/')
			n++;
		if (out->n == CBI_SCM_SEGMENTS)
			return cb_fail(ctx, CB_EINVAL,
			               "more than %d folders deep",
			               CBI_SCM_SEGMENTS);
		out->segment[out->n] = decode(ctx, path + at, n);
		if (!out->segment[out->n])
			return cb_failure_code(ctx);
		if (bad_segment(out->segment[out->n++]))
			return cb_fail(ctx, CB_EINVAL,
			               "'%.*s': an empty or relative folder",
			               (int)len, path);
		at += n + 1;
	}
	return CB_OK;
}

int cbi_scm_split(struct cb_ctx *ctx, const char *text, struct cbi_scm_url *out)
{
	const char *host = strstr(text, "://");
	struct cbi_scm_url url = { .query = "" };
	size_t len, path;
	char *name;
	int rc;

	if (!host || !(cbi_str_starts(text, "https://") ||
	               cbi_str_starts(text, "http://")))
		return cb_fail(ctx, CB_EINVAL,
		               "%s: expected an http or https address", text);
	host += 3;
	len = strcspn(host, "/?#");
	name = cb_strndup(ctx, host, len);
	url.origin = cb_strndup(ctx, text, (size_t)(host - text) + len);
	if (!name || !url.origin)
		return CB_ENOMEM;
	cbi_str_lower(name);
	if (cbi_str_starts(text, "https://") && cbi_str_ends(name, ":443"))
		name[len - 4] = '\0';
	url.host = name;
	path = strcspn(host + len, "?#");
	rc = split_path(ctx, host + len, path, &url);
	if (rc < 0)
		return rc;
	if (host[len + path] == '?') {
		url.query = cb_strndup(ctx, host + len + path,
		                       strcspn(host + len + path, "#"));
		if (!url.query)
			return CB_ENOMEM;
	}
	*out = url;
	return CB_OK;
}

const char *cbi_scm_join(struct cb_ctx *ctx, const struct cbi_scm_url *url,
                         size_t from, size_t to)
{
	const char *all = "";

	for (size_t i = from; all && i < to; i++)
		all = cb_printf(ctx, "%s%s%s", all, i > from ? "/" : "",
		                url->segment[i]);
	return all;
}

const char *cbi_scm_encode(struct cb_ctx *ctx, const char *text,
                           const char *keep)
{
	struct cb_buf buf;
	const char *out = NULL;

	cbi_buf_init(&buf, CB_URL_MAX);
	if (cbi_str_url_encode(&buf, text, keep) == CB_OK)
		out = cb_strdup(ctx, cbi_buf_string(&buf));
	else
		cb_fail(ctx, buf.failed, "an address of more than %d bytes",
		        CB_URL_MAX);
	cbi_buf_finish(&buf);
	return out;
}

const char *cbi_scm_param(struct cb_ctx *ctx, const char *query,
                          const char *name)
{
	size_t len = strlen(name);

	while (*query) {
		const char *pair = query + 1;
		size_t n = strcspn(pair, "&");

		if (n > len && strncmp(pair, name, len) == 0 &&
		    pair[len] == '=')
			return decode(ctx, pair + len + 1, n - len - 1);
		query = pair + n;
	}
	return "";
}

const char *cbi_scm_url(struct cb_ctx *ctx, const struct cbi_scm_place *place,
                        const char *path)
{
	const char *escaped = cbi_scm_encode(ctx, path, "/*[]{},@:+!");

	return escaped ? cb_printf(ctx, "%s%s%s", place->before, escaped,
	                           place->after)
	               : NULL;
}

int cbi_scm_resolve(struct cb_ctx *ctx, const struct cbi_scm_place *place,
                    const char *target, const char **out)
{
	const char *slash = strrchr(place->path, '/');
	size_t folder = slash ? (size_t)(slash - place->path) : 0;
	const char *from = target;
	char *path = cb_alloc(ctx, folder + strlen(target) + 2);
	size_t len = 0;

	if (!path)
		return CB_ENOMEM;
	if (target[0] != '/') {
		memcpy(path, place->path, folder);
		len = folder;
	}
	path[len] = '\0';
	while (*from) {
		size_t n = strcspn(from, "/");

		if (n == 2 && from[0] == '.' && from[1] == '.') {
			char *up = strrchr(path, '/');

			if (len == 0)
				return cb_fail(ctx, CB_EDENIED,
				               "'%s' leads out of the "
				               "repository",
				               target);
			len = up ? (size_t)(up - path) : 0;
		} else if (n > 0 && !(n == 1 && from[0] == '.')) {
			if (len > 0)
				path[len++] = '/';
			memcpy(path + len, from, n);
			len += n;
		}
		path[len] = '\0';
		from += n + (from[n] == '/');
	}
	*out = cbi_scm_url(ctx, place, path);
	return *out ? CB_OK : cb_failure_code(ctx);
}
