/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callboard/http.h - how a source's fill, a probe or an action reaches a tool.
 *
 * Works in `fetch` processes only, CB_EPLACE elsewhere.  Every call goes
 * through a connection of the config (base URL, credential, proxy, CA,
 * allowed ranges, budget); a bare URL is one without credential to public
 * addresses.  Bodies are capped at 1 MiB decoded, time at 5 s, redirects at 3
 * and credentials are dropped across origins.
 */
#ifndef CALLBOARD_HTTP_H
#define CALLBOARD_HTTP_H

#include <callboard/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Lives as long as ctx. */
struct cb_reply {
	int status;       /* 200 to 299 when the call returned CB_OK */
	const char *body; /* NUL-terminated, may hold others */
	size_t body_len;
	const char *type; /* Content-Type, "" when there was none */
};

/*
 * An address below base: the segments are percent-encoded and joined with
 * '/'; the list ends in NULL.  base is a config key's value: a URL, or
 * the name of a connection.  NULL (and cb_fail) when it is neither.
 */
const char *cb_url(struct cb_ctx *ctx, const char *base, ...) CB_USED;

/* url with "?name=value" (or "&...") appended, encoded. */
const char *cb_url_arg(struct cb_ctx *ctx, const char *url, const char *name,
                       const char *value) CB_USED;

/*
 * GET.  CB_OK for 2xx; CB_ENOENT for 404, CB_EAUTH for 401 and 403, CB_EBUSY
 * for 429, CB_EUPSTREAM for other answers, CB_EAWAY when there was none,
 * CB_ETIME, CB_ETOOBIG, CB_EDENIED for a blocked address.
 */
int cb_http_get(struct cb_ctx *ctx, const char *url,
                const struct cb_reply **out) CB_USED;

#ifdef __cplusplus
}
#endif

#endif
